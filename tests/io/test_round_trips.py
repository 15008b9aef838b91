"""What is saved comes back as it was."""

import datetime as dt
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scitex_io import UnfitObjectError, load, save

FAST = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
NESTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20
)
DATES = st.dates() | st.datetimes()
# Text that a reader of tables takes for nothing else.
WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
CELL_TEXT = WORD.filter(lambda text: not any(sign in "0123456789" for sign in text)).filter(
    lambda text: (
        text.strip().lower().lstrip("+-") not in {"nan", "inf", "infinity", "true", "false"}
    )
)


@FAST
@given(NESTS)
def test_json(nest):
    """A nest of dicts, lists and scalars."""
    assert load(save(nest, "x.json")) == nest
    assert load(save(nest, "x.json.gz")) == nest


@FAST
@given(NESTS | st.dictionaries(st.integers() | TEXT, NESTS | DATES))
def test_yaml(nest):
    """The same, and dates and keys that are numbers; text stays text whatever it looks like."""
    pytest.importorskip("yaml")
    assert load(save(nest, "x.yaml")) == nest


@FAST
@given(TEXT)
def test_txt(text):
    """Text to the letter, line ends too."""
    assert load(save(text, "x.txt")) == text
    assert load(save(text, "x.txt.gz")) == text


@FAST
@given(NESTS | st.sets(st.integers()) | st.complex_numbers(allow_nan=False))
def test_pkl(obj):
    """Any object of Python."""
    assert load(save(obj, "x.pkl")) == obj
    assert load(save(obj, "x.pkl.gz")) == obj


ARRAYS = hnp.arrays(
    hnp.scalar_dtypes() | hnp.unicode_string_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)
)


@FAST
@given(ARRAYS)
def test_npy(array):
    """An array of any type and shape, to the bit."""
    back = load(save(array, "x.npy"))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


@FAST
@given(st.dictionaries(WORD, ARRAYS, max_size=3))
def test_npz(arrays):
    """Arrays by name, whatever the names are."""
    back = load(save(arrays, "x.npz"))
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].tobytes() == array.tobytes()


@FAST
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.tuples(*[st.integers(-(10**12), 10**12) | st.floats(allow_nan=False)] * width),
            min_size=1,
        )
    )
)
def test_csv_of_numbers(rows):
    """A 2-D array of numbers, to the last digit."""
    array = np.array(rows, float)
    for path in ("x.csv", "x.tsv", "x.csv.gz"):
        back = load(save(array, path))
        np.testing.assert_array_equal(back, array)
        assert back.shape == array.shape


COLUMNS = {
    "count": st.integers(-(2**62), 2**62),
    "real": st.floats(allow_nan=False),
    "word": CELL_TEXT,
    "is it": st.booleans(),
}


@FAST
@given(st.lists(st.fixed_dictionaries(COLUMNS), min_size=1))
def test_csv_of_rows(rows):
    """A list of dicts, with quotes, commas and line ends in its texts."""
    for path in ("x.csv", "x.tsv"):
        assert load(save(rows, path), kind="rows") == [
            {**row, "real": float(row["real"])} for row in rows
        ]


def test_csv_of_columns():
    """A dict of columns of arrays or lists comes back as arrays."""
    columns = {"t": np.arange(3), "v": [0.1, math.nan, 3.0], "who": ["001", "002", "010"]}
    back = load(save(columns, "x.csv"), kind="columns")
    assert back["t"].dtype == np.int64
    np.testing.assert_array_equal(back["v"], columns["v"])
    assert back["who"].tolist() == columns["who"]


def test_csv_of_one_row():
    """A dict of single values is one row."""
    save({"accuracy": 0.9, "epochs": 3}, "x.csv")
    assert Path("x.csv").read_text(encoding="utf-8") == "accuracy,epochs\n0.9,3\n"


@pytest.mark.parametrize("number", [5, 2.5])
def test_numbers_as_names_are_still_names(number):
    """Column names that look like numbers are quoted, and read as names again."""
    back = load(save({str(number): [1, 2]}, "x.csv"), kind="columns")
    assert list(back) == [str(number)]


def test_a_header_can_be_given():
    """`header` names the columns of an array; `header=False` on loading overrules the guess."""
    path = save(np.ones((2, 2)), "x.csv", header=["a", "b"])
    assert Path(path).read_text(encoding="utf-8").splitlines()[0] == "a,b"
    Path("years.csv").write_text("2001,2002\n1,2\n", encoding="utf-8")
    assert load("years.csv").shape == (2, 2)
    assert list(load("years.csv", header=True, kind="columns")) == ["2001", "2002"]
    assert load("years.csv", header=True, kind="array").tolist() == [[1, 2]]


def test_empty_tables():
    """No rows, or no columns, are tables too."""
    assert load(save([], "x.csv"), kind="rows") == []
    assert load(save({}, "x.csv"), kind="columns") == {}
    assert load(save({"a": []}, "x.csv"), kind="rows") == []
    assert load(save(np.empty((0, 2)), "x.csv"), kind="rows") == []


def test_rows_of_unlike_keys():
    """A key that a row lacks is an empty cell, and nan among numbers."""
    back = load(save([{"a": 1}, {"b": 2.5}], "x.csv"), kind="rows")
    assert back[0]["a"] == 1
    assert math.isnan(back[0]["b"])
    assert back[1]["b"] == 2.5


def test_gaps_and_great_numbers_in_arrays():
    """An empty cell among numbers is nan; whole numbers stay whole as long as 64 bits hold them."""
    Path("x.csv").write_text("1,2\n,4\n", encoding="utf-8")
    np.testing.assert_array_equal(load("x.csv"), [[1, 2], [np.nan, 4]])
    great = np.array([[2**63 - 1, -(2**63)]])
    assert load(save(great, "x.csv")).tolist() == great.tolist()
    Path("x.csv").write_text(f"{2**70},1\n", encoding="utf-8")
    assert load("x.csv").tolist() == [[float(2**70), 1.0]]
    Path("x.csv").write_text("1,2\na,4\n", encoding="utf-8")
    with pytest.raises(ValueError, match="more than numbers"):
        load("x.csv", kind="array")


def test_structured_and_boolean_arrays_in_tables():
    """A structured array has its names as header; truth in an array is 1 and 0."""
    array = np.array([(1, 2.5, "x")], dtype=[("n", int), ("v", float), ("s", "U3")])
    assert load(save(array, "x.csv"), kind="rows") == [{"n": 1, "v": 2.5, "s": "x"}]
    assert load(save(np.eye(2, dtype=bool), "x.csv")).tolist() == [[1, 0], [0, 1]]


def test_arrays_of_text_keep_their_first_row():
    """The first row of a table of text is not taken for names."""
    back = load(save(np.array([["a", "b"], ["c", "d"]]), "x.csv"), kind="rows")
    assert back == [{"0": "a", "1": "b"}, {"0": "c", "1": "d"}]


def test_a_byte_order_mark_is_no_part_of_the_data():
    """Tables and JSON from programs that write one are read."""
    Path("x.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert load("x.csv", kind="rows") == [{"a": 1, "b": 2}]
    Path("x.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert load("x.json") == [1]


def test_repeated_names_are_numbered():
    """Two columns of one name are both there."""
    Path("x.csv").write_text("a,a,a.1\n1,2,3\n", encoding="utf-8")
    assert load("x.csv", kind="rows") == [{"a": 1, "a.1": 2, "a.1.1": 3}]


def test_json_of_what_science_uses():
    """Numpy numbers and arrays, dates, paths and dataclasses are written in their natural form."""
    import dataclasses

    @dataclasses.dataclass
    class Result:
        score: float
        when: dt.date

    nest = {
        "n": np.int64(3),
        "v": np.float32(0.5),
        "flag": np.bool_(True),
        "a": np.arange(4).reshape(2, 2),
        "t": np.array(["2024-01-02"], dtype="datetime64[D]"),
        "r": Result(0.9, dt.date(2024, 1, 2)),
        "p": Path("some") / "where",
        1: None,
        "tuple": (1, 2),
    }
    assert load(save(nest, "x.json")) == {
        "n": 3,
        "v": 0.5,
        "flag": True,
        "a": [[0, 1], [2, 3]],
        "t": ["2024-01-02"],
        "r": {"score": 0.9, "when": "2024-01-02"},
        "p": str(Path("some/where")),
        "1": None,
        "tuple": [1, 2],
    }


def test_json_keeps_nan_unless_told_otherwise():
    """A result that holds nan is not lost at the end of a long run."""
    assert math.isnan(load(save({"x": math.nan}, "x.json"))["x"])
    with pytest.raises(UnfitObjectError):
        save({"x": math.nan}, "y.json", allow_nan=False)


def test_yaml_reads_numbers_as_people_write_them():
    """1e-3 is a number, `on` and `017` are what version 1.2 says, and a key twice is refused."""
    pytest.importorskip("yaml")
    Path("x.yaml").write_text("a: 1e-3\nb: on\nc: 017\nd: 0x10\ne: 12:30\n", encoding="utf-8")
    assert load("x.yaml") == {"a": 1e-3, "b": "on", "c": 17, "d": 16, "e": "12:30"}
    Path("x.yaml").write_text("base: &b {k: 1}\nx: {<<: *b, k: 2}\n", encoding="utf-8")
    assert load("x.yaml")["x"] == {"k": 2}
    Path("x.yaml").write_text("a: 1\nb: 2\na: 3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.yaml, line 3, key 'a': .*first on line 1"):
        load("x.yaml")


def test_lines_of_text():
    """A list of strings becomes lines."""
    assert load(save(["a", "b"], "x.txt")) == "a\nb\n"


def test_arrays_come_from_lists_and_numbers():
    """What numpy makes an array of can be saved as one; a dict-less npz has numbered names."""
    assert load(save([1, 2, 3], "x.npy")).tolist() == [1, 2, 3]
    assert load(save(2.5, "x.npy")).item() == 2.5
    assert list(load(save([np.ones(2), np.ones(3)], "x.npz"))) == ["arr_0", "arr_1"]
    assert load(save(np.ones(2), "x.npz"))["arr_0"].tolist() == [1, 1]


def test_npy_can_stay_on_the_disk():
    """`mmap_mode` maps the file instead of reading it."""
    save(np.arange(5), "x.npy")
    mapped = load("x.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert mapped.tolist() == [0, 1, 2, 3, 4]


def test_object_arrays_only_when_asked_for():
    """Arrays of objects are pickles inside, so they need `allow_pickle` both ways."""
    objects = np.array([{"a": 1}, None], dtype=object)
    for path in ("x.npy", "x.npz"):
        with pytest.raises(UnfitObjectError, match="allow_pickle"):
            save(objects, path)
        save(objects, path, allow_pickle=True)
        with pytest.raises(ValueError, match="allow_pickle"):
            load(path)
    assert load("x.npy", allow_pickle=True).tolist() == objects.tolist()


def test_pickles_are_of_the_protocol_that_every_python_reads():
    """Protocol 5, whatever this Python's highest is."""
    assert Path(save([1], "x.pkl")).read_bytes()[:2] == bytes([0x80, 5])
    assert pickle.loads(Path("x.pkl").read_bytes()) == [1]
