import json
import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scitex_repro import RandomStateManager, fingerprint, verify


def test_the_first_time_is_remembered_and_the_second_compared(tmp_path):
    """First True and `first`, then True as the same, then False with what differs."""
    value = {"x": np.arange(3.0), "n": 3}
    first = verify(value, "result", directory=tmp_path)
    assert first
    assert first.first
    assert str(first).startswith(f"result: remembered in {tmp_path}")
    again = verify(value, "result", directory=tmp_path)
    assert again
    assert not again.first
    assert str(again) == f"result: the same (sha256 {fingerprint(value)[:12]})"
    other = verify({"x": np.array([0.0, 1.0, 2.5]), "n": 4}, "result", directory=tmp_path)
    assert not other
    assert other.reference == first.digest
    assert other.differences == [
        "result['x']: 1 of 3 elements differ, largest difference 0.5 (1125899906842624 ULP)",
        "result['n']: 3 before, 4 now",
    ]
    assert verify(value, "result", directory=tmp_path), "a difference changes no memory"


@pytest.mark.parametrize(
    ("before", "now", "line"),
    [
        (np.zeros(3), np.zeros(4), "result: shape [3] before, [4] now"),
        (np.zeros(3), np.zeros(3, "f4"), "result: dtype <f8 before, <f4 now"),
        (1, 1.0, "result: kind int before, float now"),
        ("a", "b", "result: a before, b now"),
        (0.1, 0.2, "result: 0.1 before, 0.2 now"),
        (1j, 2j, "result: 0.0 1.0 before, 0.0 2.0 now"),
        (b"a", b"b", "result: 'a' before, 'b' now"),
        ([1, 2], [1, 2, 3], "result[2]: new"),
        ({"a": 1, "b": 2}, {"a": 1}, "result['b']: no longer there"),
        ({1, 2}, {1, 3}, "result: other content"),
        ([1, [2, {"k": (3,)}]], [1, [2, {"k": (4,)}]], "result[1][1]['k'][0]: 3 before, 4 now"),
        (np.array([1, 5], "u1"), np.array([255, 5], "u1"), "1 of 2 elements differ, largest diff"),
        (np.array(["a"]), np.array(["b"]), "result: 1 of 1 elements differ"),
        (np.array([1, None]), np.array([2, None]), "result: 1 of 1 blocks"),
        ("x" * 500, "y" * 500, "... (500 characters)"),
    ],
)
def test_every_difference_is_told(tmp_path, before, now, line):
    """Shape, dtype, kind, value, what is new and what has gone: each has its line."""
    assert verify(before, "it", directory=tmp_path)
    result = verify(now, "it", directory=tmp_path)
    assert not result
    assert any(line in one for one in result.differences), result.differences


def test_large_arrays_are_compared_by_blocks(tmp_path):
    """Above `keep` only digests are kept, which tell the blocks that differ."""
    data = np.zeros(500_000)
    verify(data, "large", directory=tmp_path, keep=1000)
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    data[[0, 499_999]] = 1
    result = verify(data, "large", directory=tmp_path)
    assert "2 of 4 blocks of 1 MiB differ" in str(result)
    assert "keep=" in str(result)


def test_renew_remembers_anew_and_clears_up(tmp_path):
    """renew=True takes the result as the new reference; the old copy goes."""
    verify(np.zeros(3), "it", directory=tmp_path)
    renewed = verify(np.ones(3), "it", directory=tmp_path, renew=True)
    assert renewed.first
    assert verify(np.ones(3), "it", directory=tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]


def test_names_of_any_kind_have_files_of_their_own(tmp_path):
    """Names that look alike, or are no file names, are kept apart."""
    names = ["a/b", "a_b", "A_B", "a b", "..", "é" * 200, "con"]
    for number, name in enumerate(names):
        verify(number, name, directory=tmp_path)
    for number, name in enumerate(names):
        assert verify(number, name, directory=tmp_path), name
    assert all(len(path.name) < 110 for path in tmp_path.iterdir())


def test_results_are_remembered_in_the_project(tmp_path, monkeypatch):
    """By default in .scitex_repro beside pyproject.toml, from any directory below."""
    (tmp_path / "pyproject.toml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    result = RandomStateManager(1).verify([1], "x")
    assert result.path.startswith(str(tmp_path / ".scitex_repro"))


def test_without_a_project_they_are_remembered_where_one_is(tmp_path, monkeypatch):
    """Outside a project the working directory has them."""
    exists = os.path.exists
    project_files = ("pyproject.toml", "setup.py", ".git")
    monkeypatch.chdir(tmp_path)
    # The directory of the tests may itself lie in a project.
    monkeypatch.setattr(
        "os.path.exists", lambda path: exists(path) and not str(path).endswith(project_files)
    )
    assert verify([1], "x").path.startswith(str(tmp_path / ".scitex_repro"))


def test_nothing_that_is_read_back_is_executed(tmp_path):
    """Memory is JSON and npz without pickles."""
    verify({"a": np.arange(3), "b": np.array([None, "x"])}, "it", directory=tmp_path)
    (known,) = tmp_path.glob("*.json")
    assert json.loads(known.read_text(encoding="utf-8"))["name"] == "it"
    (arrays,) = tmp_path.glob("*.npz")
    with np.load(arrays, allow_pickle=False) as file:
        assert [file[name].tolist() for name in file.files] == [[0, 1, 2]]


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "x"}'])
def test_a_file_that_remembers_nothing_is_refused(tmp_path, content):
    """A damaged file is named, with what to do; renew=True replaces it."""
    path = verify(1, "it", directory=tmp_path).path
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    with pytest.raises(ValueError, match="remove it, or call verify with renew=True"):
        verify(1, "it", directory=tmp_path)
    assert verify(1, "it", directory=tmp_path, renew=True)


def test_a_lost_copy_leaves_the_digests(tmp_path):
    """Without the npz the answer is still right, and says less."""
    verify(np.zeros(3), "it", directory=tmp_path)
    for path in tmp_path.glob("*.npz"):
        path.unlink()
    assert verify(np.zeros(3), "it", directory=tmp_path)
    assert "1 of 1 blocks" in str(verify(np.ones(3), "it", directory=tmp_path))


def test_frames_and_figures_are_told_apart_by_part(tmp_path):
    """The column of a frame that changed is named; of a figure the pixels are counted."""
    pd = pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    def make(value):
        figure = Figure()
        figure.subplots().plot([0, value])
        return {"frame": pd.DataFrame({"a": [1, 2], "b": [value, 4]}), "figure": figure}

    verify(make(3), "it", directory=tmp_path)
    frame, figure = verify(make(5), "it", directory=tmp_path).differences
    assert frame == "result['frame']['b']: 1 of 2 elements differ, largest difference 2"
    assert figure.startswith("result['figure']: ")
    assert "elements differ" in figure


@pytest.fixture
def difference(tmp_path):
    """Return the line that verify gives for two arrays: what follows the name, or None."""

    def of(before, now):
        verify(before, "it", directory=tmp_path, renew=True)
        lines = verify(now, "it", directory=tmp_path).differences
        return lines[0].removeprefix("result: ") if lines else None

    return of


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_neighbours_are_one_ulp_apart(difference, dtype):
    """From one floating-point number to the next is 1, across zero and at the ends."""
    values = np.array([1, -1, 0, -np.finfo(dtype).max, np.finfo(dtype).tiny, -3.5], dtype)
    above = np.nextafter(values, np.array(np.finfo(dtype).max, dtype))
    assert difference(values, above).endswith(" (1 ULP)")
    tiny = np.nextafter(np.zeros(1, dtype), np.ones(1, dtype))
    assert difference(-tiny, tiny).endswith(" (2 ULP)")
    high = np.array([np.finfo(dtype).max])
    apart = 2 * int(high.view(f"i{high.itemsize}")[0])
    assert difference(-high, high).endswith(f" ({apart} ULP)")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_counts_and_largest_differences_are_those_of_a_plain_loop(difference, data):
    """Against a loop in Python, over floats with NaN, infinities and zeros of both signs."""
    size = data.draw(st.integers(0, 8))
    draw = hnp.arrays("f8", size, elements=st.floats() | st.sampled_from([0.0, -0.0, 1.0]))
    a, b = data.draw(draw), data.draw(draw)
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x.tobytes() != y.tobytes()]
    finite = [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]
    expected = f"{len(pairs)} of {size} elements differ" if pairs else None
    if finite:
        with np.errstate(over="ignore"):
            expected += f", largest difference {max(abs(x - y) for x, y in finite):.6g} ("
        assert difference(a, b).startswith(expected)
    else:
        assert difference(a, b) == expected


def test_integers_are_compared_without_wrapping(difference):
    """64-bit integers at both ends differ by more than 64 bits hold."""
    low, high = np.iinfo("i8").min, np.iinfo("i8").max
    line = difference(np.array([low, 5]), np.array([high, 6]))
    assert line == f"2 of 2 elements differ, largest difference {float(high - low):.6g}"
    one_apart = difference(np.array([2**63], "u8"), np.array([2**63 + 1], "u8"))
    assert one_apart == "1 of 1 elements differ, largest difference 1"
    assert difference(np.array([True]), np.array([False])) == one_apart


def test_complex_numbers_differ_if_a_part_does(difference):
    """Elements are counted, not parts; the distance is in the plane, the ULP of the parts."""
    line = difference(np.array([1 + 1j, 0]), np.array([4 + 5j, 0]))
    assert line.startswith("1 of 2 elements differ, largest difference 5 (")
    next_part = np.array([1 + 1j, 0]), np.array([1 + np.nextafter(1, 2) * 1j, 0])
    assert difference(*next_part).endswith(" (1 ULP)")


def test_scalars_and_long_doubles_are_compared(difference):
    """Arrays without axes, and numbers wider than 64 bits, have counts too."""
    assert difference(np.array(1.0), np.array(2.0)).startswith("1 of 1 elements differ")
    one, two = np.array([1, np.nan], np.longdouble), np.array([2, np.nan], np.longdouble)
    assert difference(one, two).startswith("1 of 2 elements differ, largest difference 1")
