# ruff: noqa: NPY002 - numpy's global generator is among what is recorded
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_repro import RandomStateManager, compare


def _drawn(rngg, name):
    return rngg.record()["streams"][name]["drawn"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=6))
def test_draws_are_counted_exactly(sizes):
    """The count of a stream is the number of 64-bit words taken from it."""
    rngg = RandomStateManager(1)
    for size in sizes:
        rngg("a").random(size)
    rngg("a")
    assert _drawn(rngg, "numpy:a") == sum(sizes)


def test_any_method_is_counted_and_large_counts_cost_nothing():
    """Integers, normals and jumps ahead are counted; 2**100 words as readily as two."""
    rngg = RandomStateManager(1)
    rngg("a").bit_generator.advance(2**100 + 3)
    assert _drawn(rngg, "numpy:a") == 2**100 + 3
    rngg("b").integers(0, 2**32, 4, dtype=np.uint32)
    assert _drawn(rngg, "numpy:b") == 2
    assert rngg("a", fresh=True) is rngg("a")
    assert _drawn(rngg, "numpy:a") == 0


@pytest.mark.parametrize("count", [0, 1, 311, 312, 313, 623, 624, 2000, 100_000])
def test_draws_of_the_mersenne_twister_are_counted(count):
    """Random and RandomState, named or global: two 32-bit words for each double."""
    rngg = RandomStateManager(1)
    named, state = rngg.python("a"), rngg.get_sklearn_random_state("a")
    for _ in range(count):
        named.random()
        random.random()
    state.random_sample(count)
    np.random.rand(count)
    record = rngg.record()
    assert record["streams"]["python:a"]["drawn"] == 2 * count
    assert record["streams"]["sklearn:a"]["drawn"] == 2 * count
    assert record["globals"]["random"]["drawn"] == 2 * count
    assert record["globals"]["numpy"]["drawn"] == 2 * count


def test_the_twister_is_counted_without_numpy_too(python):
    """Where numpy is not loaded the count is the same."""
    code = """
        import random, sys
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager(1)
        for _ in range(5000): random.random()
        print(rngg.record()["globals"]["random"]["drawn"], "numpy" in sys.modules)
    """
    assert python(code, options=["-I"]) == "10000 False\n"


def test_what_cannot_be_counted_is_none():
    """A stream given another state, or too far away to walk to, has a digest and no count."""
    rngg = RandomStateManager(1)
    rngg("a").bit_generator.state = np.random.PCG64DXSM(5).state
    rngg.python("b").seed(3)
    rngg.get_sklearn_random_state("c").random_sample(2**20)
    streams = rngg.record()["streams"]
    assert [streams[name]["drawn"] for name in ("numpy:a", "python:b", "sklearn:c")] == [None] * 3
    assert all(len(at["state"]) == 64 for at in streams.values())


def test_a_record_is_plain_data_with_all_that_matters():
    """Seed, algorithm, lineage, hash order, libraries, streams, globals and marks, as JSON."""
    rngg = RandomStateManager(42)
    rngg.child("fold/3*", shared=True)("in:it").random()
    rngg("\udcff").random()
    rngg.random()
    rngg.child("x").mark("half")
    record = json.loads(json.dumps(rngg.child("x").record()).encode("utf-8"))
    assert record["schema"] == "scitex-randomness"
    assert (record["seed"], record["algorithm"]) == (42, "scitex-streams-1")
    assert record["lineage"] == []
    assert set(record["hash_order"]) == {"fixed", "seed", "for_children"}
    assert list(record["streams"]) == [
        "numpy:\\\\udcff",
        "numpy:(root)",
        "fold\\/3\\**/numpy:in:it",
    ]
    assert [mark["name"] for mark in record["marks"]] == ["half"]


def test_the_same_run_twice_compares_as_the_same():
    """Two runs that draw alike agree, whatever order their streams were made in."""

    def run(order):
        rngg = RandomStateManager(42)
        for name in order:
            rngg(name).random(3)
        rngg.mark("one")
        random.random()
        return rngg.record()

    result = compare(run("abc"), run("cab"))
    assert result
    assert result.same
    assert result.first is None
    assert str(result).startswith("the same")


def _run(extra_at=None, extra=lambda rngg: rngg("noise").random()):
    rngg = RandomStateManager(42)
    for epoch in range(3):
        rngg("order").permutation(10)
        rngg("noise").normal(size=5)
        if epoch == extra_at:
            extra(rngg)
        rngg.mark(f"epoch {epoch}")
    if extra_at == "end":
        extra(rngg)
    return rngg.record()


@pytest.mark.parametrize(
    ("at", "mark"),
    [(0, "mark 'epoch 0'"), (1, "mark 'epoch 1'"), (2, "mark 'epoch 2'"), ("end", "the end")],
)
def test_the_first_mark_and_stream_that_differ_are_named(at, mark):
    """One draw too many is found at its mark, in its stream, with both counts."""
    result = compare(_run(), _run(at))
    assert not result
    assert result.first.stream == "numpy:noise"
    assert result.first.mark == mark
    assert [one.stream for one in result.differences] == ["numpy:noise"]
    assert f"numpy:noise differs at {mark}: " in str(result)
    assert result.first.b["drawn"] == result.first.a["drawn"] + 1


def test_global_generators_are_compared_too():
    """A draw from numpy's global generator is found."""
    result = compare(_run(1, lambda _: np.random.rand()), _run())
    assert result.first.stream == "global numpy"
    assert result.first.mark == "mark 'epoch 1'"


def test_a_stream_that_only_one_run_has_is_a_difference():
    """A stream made in one run only is named, with nothing on the other side."""
    result = compare(_run(1, lambda rngg: rngg("more").random()), _run())
    assert result.first.stream == "numpy:more"
    assert "nothing in b" in str(result)


def test_another_seed_and_missing_marks_are_named():
    """What was set before the start comes first; a mark that one run lacks is a difference."""
    other = RandomStateManager(7)
    other("order").random()
    result = compare(_run(), other.record())
    assert [(one.stream, one.mark) for one in result.differences[:2]] == [
        ("seed", None),
        ("mark", "the mark after the start"),
    ]
    assert str(result.first) == "seed differs from the start: 42 in a, 7 in b"


def test_records_are_read_from_files(tmp_path):
    """A JSON file with a record, by itself or under "randomness", will do."""
    plain, within = tmp_path / "a.json", tmp_path / "b.json"
    plain.write_text(json.dumps(_run()), encoding="utf-8")
    within.write_text(json.dumps({"randomness": _run()}), encoding="utf-8")
    assert compare(plain, str(within))
    with pytest.raises(ValueError, match="compare: b is no record"):
        compare(plain, {"seed": 3})


def test_a_mark_needs_a_name():
    """Marks are named by texts."""
    with pytest.raises(TypeError, match="the name of a mark is 1"):
        RandomStateManager(1).mark(1)


def test_verifications_enter_the_record(tmp_path):
    """What was verified is noted with its digest and the answer."""
    rngg = RandomStateManager(1)
    rngg.verify([1, 2], "pair", directory=tmp_path)
    rngg.child("x").verify([1, 3], "pair", directory=tmp_path)
    noted = rngg.record()["verified"]
    assert [(one["name"], one["same"]) for one in noted] == [("pair", True), ("pair", False)]


def test_a_mark_has_only_what_changed_and_compare_knows_the_rest():
    """Marks without draws are empty; a stream left alone is compared where it was before."""

    def run(again):
        rngg = RandomStateManager(42)
        rngg("a").random(3)
        for name in ("one", "two", "three"):
            rngg.mark(name)
        if again:
            rngg("a").random()
        rngg.mark("four")
        return rngg.record()

    assert [list(mark["streams"]) for mark in run(again=False)["marks"]] == [
        ["numpy:a"],
        [],
        [],
        [],
    ]
    first = compare(run(again=True), run(again=False)).first
    assert (first.mark, first.a["drawn"], first.b["drawn"]) == ("mark 'four'", 4, 3)
