"""Any object becomes plain data: numbers, text, dates, lists and dicts."""

import argparse
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import os
import pathlib
import sys
import threading
import types
import typing
import uuid

import numpy as np
import pytest

from scitex_io import describe, dump_yaml, to_plain


class Colour(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Settings:
    rate: float = 0.1
    where: object = pathlib.Path("a") / "b"


class Point(typing.NamedTuple):
    x: int
    y: int


class Unspeakable:
    def __repr__(self):
        raise ValueError("no")


class Broken:
    """Every way to look at it fails."""

    def __repr__(self):
        raise ValueError("no")

    def __getattribute__(self, name):
        raise OSError("no")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (collections.UserDict(a=collections.Counter("b")), {"a": {"b": 1}}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        ((1, (2.0,)), [1, [2.0]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset("ba"), ["a", "b"]),
        (collections.deque([1]), [1]),
        (range(3), [0, 1, 2]),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Settings(), {"rate": 0.1, "where": os.path.join("a", "b")}),
        (argparse.Namespace(a=1), {"a": 1}),
        (types.SimpleNamespace(a=(1,)), {"a": [1]}),
        (Colour.RED, "RED"),
        (Level.HIGH, "HIGH"),
        (pathlib.PurePosixPath("/a b"), "/a b"),
        (1 + 2j, "1.0+2.0j"),
        (decimal.Decimal("0.10"), "0.10"),
        (fractions.Fraction(1, 3), "1/3"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (dt.timedelta(seconds=90), "0:01:30"),
        (dt.time(1, 2), "01:02:00"),
        (b"\x00", b"\x00"),
        (bytearray(b"a"), b"a"),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.longdouble(0.5), 0.5),
        (np.datetime64("2024-01-02"), dt.date(2024, 1, 2)),
        (np.datetime64("NaT", "s"), None),
        (np.complex64(1 + 2j), "1.0+2.0j"),
        (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.array(["a"]), ["a"]),
        (True, True),
        (None, None),
    ],
)
def test_values_become_builtins(value, plain):
    """What may stand in CONFIG or ARGS has one plain form, and no warning is given."""
    found, warnings = to_plain({"k": value})
    assert (found, warnings) == ({"k": plain}, [])
    assert type(found["k"]) is type(plain)


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: lambda: 0, "<lambda>>"),
        (lambda: sys, "<module 'sys' (built-in)>"),
        (lambda: np.zeros((1000, 1000)), "<numpy.ndarray shape=(1000, 1000) dtype=float64>"),
        (lambda: np.zeros(3, dtype="f8,i4"), "<numpy.ndarray shape=(3,)"),
        (object, "<object object>"),
        (threading.Lock, "<unlocked _thread.lock object>"),
        (lambda: (x for x in ()), "<generator object"),
        (lambda: Settings, "<class '"),
        (Broken, "Broken"),
        (lambda: b"x" * 100_000, "<100,000 bytes>"),
        (lambda: "x" * 70_000_000, "<70,000,000 characters>"),
    ],
)
def test_what_cannot_be_written_is_described_and_named(make, shown):
    """The description stands in its place, without an address, and a warning names the key."""
    found, warnings = to_plain({"ARGS": {"odd": [1, make()]}, "after": 2})
    assert found["after"] == 2
    assert shown in found["ARGS"]["odd"][1]
    assert "0x" not in found["ARGS"]["odd"][1]
    assert len(warnings) == 1
    assert warnings[0].startswith("ARGS.odd.1 ")
    assert len(warnings[0].splitlines()) == 1


def test_an_open_file(tmp_path):
    """A file is described by its name and mode."""
    with (tmp_path / "x").open("w", encoding="utf-8") as file:
        found, warnings = to_plain({"log": file})
    assert str(tmp_path / "x") in found["log"]
    assert len(warnings) == 1


def test_what_contains_itself():
    """What is inside itself ends in a description; parts that are merely shared are kept."""
    config = {"a": {}}
    config["a"]["up"] = config
    loop = [1]
    loop.append(loop)
    shared = {"x": 1}
    found, warnings = to_plain({"config": config, "loop": loop, "two": [shared, shared]})
    assert found["config"] == {"a": {"up": "<dict that contains itself>"}}
    assert found["loop"] == [1, "<list that contains itself>"]
    assert found["two"] == [{"x": 1}, {"x": 1}]
    assert [line.split()[0] for line in warnings] == ["config.a.up", "loop.1"]


def test_nesting_without_end():
    """A thousand levels are cut off at a hundred, and the rest can be written."""
    deep = leaf = []
    for _ in range(5000):
        leaf.append([])
        leaf = leaf[0]
    found, warnings = to_plain(deep)
    assert len(warnings) == 1
    assert "more than 100 levels" in warnings[0]
    assert dump_yaml(found)


@pytest.mark.slow
def test_an_object_that_unfolds_without_end():
    """Lists that share their parts a billionfold are cut off with a note of what is left out."""
    lists = [0]
    for _ in range(40):
        lists = [lists, lists]
    _, warnings = to_plain({"x": lists})
    assert "is too large" in warnings[0]


def test_keys_become_distinct_and_readable():
    """Keys that no reader finds again, or that would fall together, get names of their own."""
    keys = {None: 0, math.nan: 1, (1, 2): 2, "None": 3, Colour.RED: 4, "\udc80": 5, "\\udc80": 6}
    keys[Unspeakable()] = 7
    found, _ = to_plain(keys)
    assert found == {
        "None": 0, "nan": 1, "(1, 2)": 2, "None (2)": 3, "RED": 4, "\\udc80": 5, "\\udc80 (2)": 6,
        f"<{__name__}.Unspeakable, whose repr raises ValueError>": 7,
    }  # fmt: skip


def test_half_a_surrogate_pair():
    """A file name that is not UTF-8 can be written; what was changed is told."""
    found, warnings = to_plain({"name": os.fsdecode(b"caf\xe9")})
    assert found == {"name": "caf\\udce9"}
    assert warnings[0].startswith("name is no Unicode text")


def test_paths_and_tuples_stay_for_a_pickle():
    """With `for_pickle` what a pickle can hold is kept, at any depth."""
    value = {"where": [pathlib.Path("a")], "pair": (1, (2.5, {3})), "named": Point(1, 2)}
    found, warnings = to_plain(value, for_pickle=True)
    assert warnings == []
    assert found == {
        "where": [pathlib.Path("a")],
        "pair": (1, (2.5, [3])),
        "named": {"x": 1, "y": 2},
    }


def test_moments_have_whole_minutes():
    """A datetime stays the same instant; an offset with seconds, which no file has, goes to UTC."""
    odd = dt.datetime(1880, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(minutes=9, seconds=21)))
    found, _ = to_plain(odd)
    assert found == odd
    assert found.utcoffset() == dt.timedelta(0)


def test_a_description_is_one_line_without_an_address():
    """Whatever the repr of an object does, its description can be read and compared."""
    assert describe([1, 2]) == "<list [1, 2]>"
    assert "0x" not in describe(object())
    assert describe(Unspeakable()).endswith("Unspeakable, whose repr raises ValueError>")
    assert len(describe("x" * 1000)) < 250
