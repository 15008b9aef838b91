"""Endings that need a library of their own."""

import numpy as np
import pytest

from scitex_io import UnfitObjectError, load, save


@pytest.fixture
def pd():
    """Return pandas."""
    return pytest.importorskip("pandas")


@pytest.fixture
def frame(pd):
    """Return a frame of numbers, text and gaps."""
    return pd.DataFrame({"n": [1, 2, 3], "v": [0.1, np.nan, 1e300 / 3], "s": ["a,b", 'q"', "é\nx"]})


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "tsv.gz", "pkl", "parquet", "xlsx"])
def test_frames_come_back(frame, pd, ending):
    """A DataFrame is the same after saving and loading, to the last digit."""
    if ending in {"parquet", "xlsx"}:
        pytest.importorskip({"parquet": "pyarrow", "xlsx": "openpyxl"}[ending])
    exact = ending != "xlsx"  # whose writer keeps 16 digits
    pd.testing.assert_frame_equal(load(save(frame, f"x.{ending}")), frame, check_exact=exact)


def test_an_index_of_its_own_is_written(pd):
    """An index that says something becomes a column; the mere number of the row does not."""
    frame = pd.DataFrame({"v": [1, 2]}, index=pd.Index(["p", "q"], name="who"))
    assert load(save(frame, "x.csv")).columns.tolist() == ["who", "v"]
    assert load(save(frame.reset_index(), "x.csv")).columns.tolist() == ["who", "v"]
    assert load(save(frame, "x.json")) == [{"who": "p", "v": 1}, {"who": "q", "v": 2}]


def test_frames_in_json(pd):
    """Gaps and times have a form in JSON."""
    frame = pd.DataFrame({"t": pd.to_datetime(["2024-01-02", None]), "v": [1, 2]})
    assert load(save(frame, "x.json")) == [
        {"t": "2024-01-02T00:00:00", "v": 1},
        {"t": None, "v": 2},
    ]


def test_series(pd):
    """A Series is a table of one column."""
    save(pd.Series([1, 2], name="v"), "x.csv")
    assert load("x.csv")["v"].tolist() == [1, 2]


def test_frames_with_numbers_for_names(pd):
    """Names that are numbers are names after loading."""
    frame = pd.DataFrame(np.ones((2, 2)), columns=[2001, 2002])
    assert load(save(frame, "x.csv")).columns.tolist() == ["2001", "2002"]


def test_options_reach_pandas(frame):
    """What `to_csv` and `read_csv` take can be given."""
    save(frame, "x.csv", columns=["n"], index=True)
    assert load("x.csv", index_col=0).columns.tolist() == ["n"]


def test_several_sheets(frame, pd):
    """A dict of frames is a workbook of sheets, and comes back as one."""
    pytest.importorskip("openpyxl")
    back = load(save({"one": frame, "two": frame[["n"]]}, "x.xlsx"))
    assert list(back) == ["one", "two"]
    pd.testing.assert_frame_equal(back["two"], frame[["n"]])
    assert load("x.xlsx", sheet="two").columns.tolist() == ["n"]
    with pytest.raises(UnfitObjectError, match="a/b"):
        save({"a/b": frame}, "y.xlsx")


@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_plain_tables_too(pd, ending):
    """A list of dicts, a dict of columns and an array are tables for every format of tables."""
    pytest.importorskip({"parquet": "pyarrow", "xlsx": "openpyxl"}[ending])
    path = f"x.{ending}"
    expected = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    for table in ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], {"a": [1, 2], "b": ["x", "y"]}):
        pd.testing.assert_frame_equal(load(save(table, path)), expected)
    assert load(save(np.ones((2, 3)), path)).shape == (2, 3)


def test_polars_frames():
    """Frames of polars are known without importing polars."""
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"n": [1, 2], "s": ["a", "b"]})
    assert load(save(frame, "x.csv"), kind="rows") == frame.to_dicts()
    assert load(save(frame, "x.json")) == frame.to_dicts()
    pytest.importorskip("pyarrow")
    assert load(save(frame, "x.parquet"))["n"].tolist() == [1, 2]


def test_hdf5_holds_a_nest():
    """Groups, arrays, numbers and text; compressed where that pays."""
    pytest.importorskip("h5py")
    nest = {
        "a": {"b": {"c": np.arange(6.0).reshape(2, 3)}},
        "n": 3,
        "text": "é",
        "texts": ["one", "two"],
        "big": np.zeros(100_000),
        "z": np.array([1 + 2j]),
        "empty": np.empty((0, 3)),
        "flags": np.array([True, False]),
    }
    back = load(save(nest, "x.h5"))
    np.testing.assert_array_equal(back["a"]["b"]["c"], nest["a"]["b"]["c"])
    assert (back["n"], back["text"], back["texts"].tolist()) == (3, "é", ["one", "two"])
    assert back["z"].tolist() == [1 + 2j]
    assert back["empty"].shape == (0, 3)
    assert back["flags"].tolist() == [True, False]
    assert load("x.h5", key="a/b")["c"].shape == (2, 3)
    assert save(nest["big"], "big.hdf5").stat().st_size < 50_000
    assert load("big.hdf5")["data"].shape == (100_000,)
    with pytest.raises(ValueError, match=r"no 'q' in it; it has .*text"):
        load("x.h5", key="q")


@pytest.mark.parametrize(
    "bad", [{"a/b": 1}, {"": 1}, {1: 2}, {"a": None}, {"a": np.array(["2024"], "M8[D]")}]
)
def test_hdf5_refuses_what_it_cannot_hold(bad, names):
    """Names with slashes, objects and dates are refused by their place."""
    pytest.importorskip("h5py")
    with pytest.raises(UnfitObjectError, match=r"\.h5"):
        save(bad, "x.h5")
    assert names() == []


def test_mat_holds_variables():
    """Arrays, numbers, text, lists of text and structs."""
    pytest.importorskip("scipy")
    nest = {
        "x": np.arange(6.0).reshape(2, 3),
        "n": 3,
        "s": "text",
        "c": ["a", "bcd"],
        "t": {"y": 1},
    }
    back = load(save(nest, "x.mat"))
    np.testing.assert_array_equal(back["x"], nest["x"])
    assert (back["n"], back["s"], list(back["c"]), back["t"]) == (3, "text", ["a", "bcd"], {"y": 1})
    assert sorted(back) == sorted(nest)
    for bad in ({"_x": 1}, {"1x": 1}, {"a b": 1}, {"x" * 64: 1}):
        with pytest.raises(UnfitObjectError, match="MATLAB name"):
            save(bad, "y.mat")


def test_pixels_come_back():
    """Arrays of pixels are the same after PNG and TIFF, and near after JPEG."""
    pytest.importorskip("PIL")
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    colour = np.dstack([grey, grey[::-1], grey.T])
    for pixels in (grey, colour, np.dstack([colour, grey])):
        for ending in ("png", "tif", "tiff"):
            np.testing.assert_array_equal(load(save(pixels, f"x.{ending}")), pixels)
    deep = grey.astype(np.uint16) * 1000
    np.testing.assert_array_equal(load(save(deep, "x.png")), deep)
    np.testing.assert_array_equal(load(save(deep, "x.tif")), deep)
    real = np.linspace(-5, 5, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(load(save(real, "x.tif")), real)
    assert np.abs(load(save(grey, "x.jpg")).astype(int) - grey).max() < 8
    assert load(save(np.eye(4), "x.png")).tolist() == (np.eye(4) * 255).tolist()
    assert load(save(np.eye(4, dtype=bool), "x.png")).max() == 255


def test_pil_images():
    """An image of PIL is saved as it is, and a palette is read as its colours."""
    image = pytest.importorskip("PIL.Image")
    picture = image.new("RGB", (4, 3), (1, 2, 3))
    assert load(save(picture, "x.png")).shape == (3, 4, 3)
    assert load(save(picture.quantize(), "x.png"))[0, 0].tolist() == [1, 2, 3]
    assert save(picture, "x.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(UnfitObjectError, match="RGB"):
        save(picture.convert("RGBA"), "x.jpg")


@pytest.mark.parametrize(
    "bad",
    [
        np.array([[2.0]]),
        np.array([[np.nan]]),
        np.zeros(3),
        np.zeros((2, 2, 2)),
        np.zeros((2, 2), int),
        np.zeros((0, 2)),
    ],
)
def test_pixels_that_make_no_picture(bad, names):
    """Wrong ranges, shapes and types are refused, not guessed at."""
    pytest.importorskip("PIL")
    with pytest.raises(UnfitObjectError):
        save(bad, "x.png")
    assert names() == []


@pytest.mark.torch
def test_torch_loads_weights_only():
    """Tensors come back; a file that would run code is refused."""
    torch = pytest.importorskip("torch")
    back = load(save({"w": torch.arange(3)}, "x.pt"))
    assert back["w"].tolist() == [0, 1, 2]
    save(print, "y.pt")
    with pytest.raises(ValueError, match=r"y\.pt"):
        load("y.pt")
    assert load("y.pt", weights_only=False) is print


@pytest.mark.parametrize(
    ("ending", "library", "how"),
    [
        ("xlsx", "pandas", "'scitex-io[excel]'"),
        ("parquet", "pyarrow", "'scitex-io[parquet]'"),
        ("h5", "h5py", "'scitex-io[hdf5]'"),
        ("mat", "scipy", "'scitex-io[mat]'"),
        ("png", "PIL", "'scitex-io[image]'"),
        ("pt", "torch", "torch"),
    ],
)
def test_a_missing_library_is_named(python, names, ending, library, how):
    """The error says what to install, is an ImportError, and comes before anything is written."""
    code = (
        f"import sys, numpy; sys.modules[{library!r}] = None\n"
        "import scitex_io as io\n"
        "obj = numpy.zeros((2, 2), 'uint8')\n"
        f"try: io.save(obj, 'new/x.{ending}')\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    said = python(code)
    assert said.startswith("MissingLibraryError")
    assert f"pip install {how}" in said
    assert names() == []


def test_yaml_is_written_without_a_library_and_read_with_one(python):
    """Saving YAML imports no PyYAML; loading it says what to install."""
    code = (
        "import sys; sys.modules['yaml'] = None\n"
        "import scitex_io as io\n"
        "path = io.save({'a': [1, 'yes']}, 'x.yaml'); print(path.read_text().strip())\n"
        "try: io.load(path)\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    written, said = python(code).splitlines()
    assert written == 'a: [1, "yes"]'
    assert said.startswith("MissingLibraryError")
    assert "pip install 'scitex-io[yaml]'" in said


def test_every_kind_of_line_end_in_frames(pd):
    """A carriage return within a text is no end of a row."""
    frame = pd.DataFrame({"s": ["a\rb", "c\r\nd"], "n": [1.5, 2]})
    pd.testing.assert_frame_equal(load(save(frame, "x.csv")), frame)


def test_unknown_options_for_pixels(names):
    """PIL would pass over an option that it does not know; it is refused instead."""
    pytest.importorskip("PIL")
    with pytest.raises(TypeError, match=r"'qualty' for pixels; it takes .*quality"):
        save(np.zeros((2, 2), np.uint8), "x.jpg", qualty=3)
    assert names() == []
    small = save(np.zeros((64, 64), np.uint8), "x.jpg", quality=5).stat().st_size
    assert small < save(np.zeros((64, 64), np.uint8), "y.jpg", quality=100).stat().st_size
