import argparse
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import os
import pathlib
import pickle
import subprocess
import sys
import threading
import types
import typing
import uuid

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scitex_dotdict import DotDict
from scitex_session._config import dump_pickle, dump_yaml, load_yaml, to_plain
from scitex_session._record._json import dump, to_json


def dump_json(plain):
    """Write plain values as the record does."""
    return dump(to_json(plain))


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


def strict_json(data):
    """Load JSON without Python's own NaN and Infinity."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(data, parse_constant=refuse)


def readers(tmp_path, data):
    """Yield what each YAML reader makes of some bytes."""
    yield yaml.safe_load(data)
    yield yaml.load(data, yaml.CSafeLoader)
    (tmp_path / "x.yaml").write_bytes(data)
    yield load_yaml(tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (DotDict(a=DotDict(b=1)), {"a": {"b": 1}}),
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
    """A thousand levels are cut off at a hundred, and every writer can write the rest."""
    deep = leaf = []
    for _ in range(5000):
        leaf.append([])
        leaf = leaf[0]
    found, warnings = to_plain(deep)
    assert len(warnings) == 1
    assert "more than 100 levels" in warnings[0]
    for write in (dump_yaml, dump_json, dump_pickle):
        assert write(found)


@pytest.mark.slow
def test_an_object_that_unfolds_without_end():
    """Lists that share their parts a billionfold are cut off with a note of what is left out."""
    lists = [0]
    for _ in range(40):
        lists = [lists, lists]
    _, warnings = to_plain({"x": lists})
    assert "is too large" in warnings[0]


def test_keys_become_distinct_and_readable(tmp_path):
    """Keys that no reader finds again, or that would fall together, get names of their own."""
    keys = {None: 0, math.nan: 1, (1, 2): 2, "None": 3, Colour.RED: 4, "\udc80": 5, "\\udc80": 6}
    keys[Unspeakable()] = 7
    found, _ = to_plain(keys)
    assert found == {
        "None": 0, "nan": 1, "(1, 2)": 2, "None (2)": 3, "RED": 4, "\\udc80": 5, "\\udc80 (2)": 6,
        f"<{__name__}.Unspeakable, whose repr raises ValueError>": 7,
    }  # fmt: skip
    for read in readers(tmp_path, dump_yaml(found)):
        assert read == found


def test_half_a_surrogate_pair():
    """A file name that is not UTF-8 can be written; what was changed is told."""
    found, warnings = to_plain({"name": os.fsdecode(b"caf\xe9")})
    assert found == {"name": "caf\\udce9"}
    assert warnings[0].startswith("name is no Unicode text")


@pytest.mark.parametrize("write", [dump_yaml, dump_json])
def test_only_plain_values_are_written(write):
    """The writers refuse what has not gone through to_plain, naming its type."""
    with pytest.raises(TypeError, match="Path"):
        write({"a": [pathlib.Path("b")]})


NASTY = [
    "", " ", "yes", "No", "ON", "y", "null", "~", "true", "1", "1e-3", "1e5", "017", "0x1", "1_0",
    "1:30", ".5", ".inf", "nan", "-", "- a", "? a", ": a", "a: b", "a #b", "#", "&a", "*a", "!a",
    "%a", "|", ">", "@a", "`a", "'", '"', "\\", "[a]", "{a}", ",", "a,b", "<<", "=", "2024-01-01",
    "a\nb", "a\r\nb", "\ta", "a ", " a", "\x00\x07\x1b\x7f\x80\x85\x9f\xa0\xad", "\u2028\u2029",
    "\ufeff\ufffe\U0001f600\U000e0001\U0010ffff", "é", "---", "...", "a\u0300", "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_any_text_comes_back(tmp_path, text):
    """As a value, as a key and in a list: what YAML 1.1 or 1.2 would misread is quoted."""
    plain = {text: text, "list": [text, [text]], "deep": {text: [{text: text}]}}
    for read in readers(tmp_path, dump_yaml(plain)):
        assert read == plain
    assert strict_json(dump_json(plain)) == plain
    assert pickle.loads(dump_pickle(plain)) == plain


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(lambda when: when.replace(fold=0))
)
KEYS = st.text() | st.integers() | st.dates()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(TREES)
def test_yaml_brings_every_value_back(tmp_path_factory, tree):
    """What is plain is written so that PyYAML and our own reader load the very same value."""
    folder = tmp_path_factory.getbasetemp()
    for read in readers(folder, dump_yaml(tree)):
        assert repr(read) == repr(tree)


@given(TREES)
def test_a_pickle_brings_every_value_back(tree):
    """The pickle holds the same value, in the same types."""
    assert repr(pickle.loads(dump_pickle(tree))) == repr(tree)


@given(TREES)
def test_json_is_json(tree):
    """Whatever is plain is JSON by the letter of RFC 8259."""
    strict_json(dump_json(tree))


@pytest.mark.parametrize(
    ("number", "as_yaml", "as_json"),
    [
        (1e-5, b"1.0e-05\n", 1e-5),
        (1e22, b"1.0e+22\n", 1e22),
        (math.inf, b".inf\n", "Infinity"),
        (-math.inf, b"-.inf\n", "-Infinity"),
        (math.nan, b".nan\n", "NaN"),
    ],
)
def test_numbers_that_readers_disagree_on(tmp_path, number, as_yaml, as_json):
    """YAML 1.1 takes 1e-05 for a word and JSON has no infinity: each gets what its readers know."""
    data = dump_yaml(number)
    assert data == as_yaml
    assert [repr(read) for read in readers(tmp_path, data)] == [repr(number)] * 3
    assert strict_json(dump_json({"x": number})) == {"x": as_json}


def test_a_number_of_five_thousand_digits(tmp_path):
    """Where Python refuses to write a whole number in decimal, it is written to base 16."""
    number = 10**5000
    assert list(readers(tmp_path, dump_yaml(number))) == [number] * 3
    assert pickle.loads(dump_pickle(number)) == number
    assert strict_json(dump_json({"x": number})) == {"x": hex(number)}


def test_json_of_what_json_has_not():
    """Dates are ISO text, bytes a data URL, keys text, and no two keys fall together."""
    day = dt.date(2024, 1, 2)
    plain = {1: "a", "1": "b", day: day, "b": b"\x00\xff"}
    assert strict_json(dump_json(plain)) == {
        "1 (2)": "a",
        "1": "b",
        "2024-01-02": "2024-01-02",
        "b": "data:application/octet-stream;base64,AP8=",
    }


def test_moments_keep_their_offset(tmp_path):
    """A datetime comes back as the same instant; an offset with seconds goes to UTC."""
    paris = dt.timezone(dt.timedelta(hours=1, minutes=30), "Somewhere")
    odd = dt.timezone(dt.timedelta(minutes=9, seconds=21))
    moments = {
        "a": dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=paris),
        "b": dt.datetime(1880, 1, 2, 3, 4, 5, tzinfo=odd),
        "c": dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.timezone(-dt.timedelta(minutes=30))),
    }
    found, warnings = to_plain(moments)
    assert warnings == []
    for read in (*readers(tmp_path, dump_yaml(found)), pickle.loads(dump_pickle(moments))):
        assert read == moments
    assert dt.datetime.fromisoformat(strict_json(dump_json(found))["a"]) == moments["a"]


def test_the_pickle_holds_builtins_paths_and_datetimes_only():
    """No class of ours or of numpy is named in it: of all modules, pathlib and datetime alone."""
    import pickletools

    value = {
        "path": pathlib.Path("a/b"), "pure": pathlib.PurePosixPath("/c"), "pair": (1, 2.5),
        "when": dt.datetime(2024, 1, 2, tzinfo=dt.UTC), "day": dt.date(2024, 1, 2),
        "odd": lambda: 0, "n": np.float64(1.5), "dot": DotDict(a=1), "set": {1}, "broken": Broken(),
    }  # fmt: skip
    data = dump_pickle(value)
    texts = [arg for op, arg, _ in pickletools.genops(data) if "UNICODE" in op.name]
    modules = {text for text in texts if text.partition(".")[0] in sys.modules} - set(value)
    assert modules == {"pathlib", "datetime"}
    read = pickle.loads(data)
    assert read["path"] == pathlib.Path("a/b")
    assert read["pair"] == (1, 2.5)
    assert read["when"] == value["when"]
    assert (type(read["n"]), type(read["dot"])) == (float, dict)


def test_the_pickle_loads_without_this_package(tmp_path):
    """An interpreter that has never heard of us loads it."""
    file = tmp_path / "x.pkl"
    file.write_bytes(dump_pickle({"p": tmp_path, "t": dt.datetime.now(dt.UTC), "x": [1, {}, []]}))
    code = f"import pickle; print(pickle.load(open({str(file)!r}, 'rb'))['p'])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == f"{tmp_path}\n"


def test_writing_imports_no_yaml():
    """A session without configuration files writes its records without the YAML library."""
    code = (
        "import sys; from scitex_session._config import dump_yaml, dump_pickle, to_plain;"
        "dump_yaml(to_plain({'a': [1, 'x']})[0]); dump_pickle({'a': 1});"
        "print({'yaml', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "set()\n"


def test_json_takes_subclasses_and_names_that_are_no_unicode():
    """What a record may hold beside builtins is written as the builtin that it stands for."""

    class Level(enum.IntEnum):
        HIGH = 3

    plain = {"level": Level.HIGH, "pair": (1, ("x",)), "name": "\udcff.csv", "of": {}}
    read = json.loads(dump_json(plain))
    assert read == {"level": 3, "pair": [1, ["x"]], "name": "\udcff.csv", "of": {}}
