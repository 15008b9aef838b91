"""What counts as the same content, format by format: a table of a pure function, hence private."""

import datetime as dt
import gzip
import io
import json
import pickle
import subprocess
import sys
import tarfile
import zipfile
import zlib

import pytest

from scitex_session._reproduce._compare_outputs import compare_files
from scitex_session._reproduce._verdict import Rules


@pytest.fixture
def compare(tmp_path):
    """Write two contents and compare them."""

    def compare(old, new, name="file.bin", **rules):
        for folder, data in (("old", old), ("new", new)):
            (tmp_path / folder).mkdir(exist_ok=True)
            content = data.encode() if isinstance(data, str) else data
            (tmp_path / folder / name).write_bytes(content)
        paths = [str(tmp_path / folder / name) for folder in ("old", "new")]
        return compare_files(*paths, name, Rules(**rules))

    return compare


def test_the_same_bytes(compare):
    """The same bytes are identical."""
    assert compare(b"\x00abc", b"\x00abc").status == "identical"


def test_other_bytes(compare):
    """Of unknown bytes the first place that differs is named."""
    result = compare(b"\x00abc", b"\x00abd")
    assert (result.status, result.detail) == ("different", "from byte 3 on")


def test_ids_of_the_run_are_set_aside(compare):
    """The id of the second run stands for that of the first."""
    result = compare("run A1 here", "run B2 here", "x.txt", aliases={b"B2": b"A1"})
    assert result.status == "identical"
    assert "IDs and paths" in result.detail


def test_a_process_number_is_set_aside_as_a_whole(compare):
    """`pid 12` of the second run stands for its own number, not for the beginning of another."""
    old, new = "pid 7 asks pid 123, or 1\n", "pid 12 asks pid 123, or 1\n"
    assert compare(old, new, "x.txt", aliases={b"pid 12": b"pid 7"}).status == "identical"


def test_numbers_in_a_table(compare):
    """In a table it is said how many numbers differ and by how much."""
    result = compare("a,b\n1.5,2\n3,4\n", "a,b\n1.5,2.5\n3,4\n", "x.csv")
    assert result.status == "different"
    assert result.detail == "1 of 4 numbers differ, by at most 0.5 (0.2 of the value)"


def test_numbers_within_tolerance(compare):
    """Numbers within the tolerance are equal; without one, they are not."""
    pair = json.dumps({"x": 1.0}), json.dumps({"x": 1.0000000001})
    assert compare(*pair, "x.json").status == "different"
    assert compare(*pair, "x.json", tolerance=1e-6).status == "equal"


def test_the_same_numbers_written_differently(compare):
    """`1e3` is `1000.0`."""
    assert compare("x\n1e3\n", "x\n1000.0\n", "x.csv").status == "equal"


def test_text_that_differs(compare):
    """In a text the first line that differs is shown."""
    result = compare("a\nb\nc\n", "a\nX\nc\n", "x.txt")
    assert result.detail == "line 2: 'b' became 'X'"
    assert compare("a\n", "a\nb\n", "x.txt").detail == "goes on in line 2: 'b'"
    assert compare("a\nb\n", "a\n", "x.txt").detail == "ends after 1 lines, without 'b'"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("took 1.52 s", "took 0.98 s"),
        ("2026-02-13 14:30:15,123 INFO x", "2026-03-14 15:31:16,456 INFO x"),
        ("100%|##| 10/10 [00:01<00:00,  8.11it/s]", "100%|##| 10/10 [00:02<00:00,  4.25it/s]"),
        ("<object at 0x7f3a2b1c0d10>", "<object at 0x7f1122334455>"),
        ("elapsed 0:00:12", "elapsed 0:00:13"),
    ],
)
def test_what_varies_in_logs(compare, old, new):
    """Times, rates and addresses differ in logs by nature, and in outputs they do not."""
    assert compare(old, new, "x.log", log=True).status == "equal"
    assert compare(old, new, "x.txt").status == "different"


def test_results_in_logs_count(compare):
    """A number that a program prints is a result."""
    assert not compare("loss 0.25\n", "loss 0.26\n", "x.log", log=True).same


def test_gzip(compare):
    """Of gzip files the content counts, not the stamp."""
    old, new = (gzip.compress(b"1,2\n", mtime=n) for n in (1, 2))
    assert compare(old, new, "x.csv.gz").status == "equal"
    result = compare(old, gzip.compress(b"1,3\n"), "x.csv.gz")
    assert "1 of 2 numbers differ" in result.detail


def zipped(members, date):
    """Return a zip file whose members all have one date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (date, 1, 1, 0, 0, 0)), data)
    return stream.getvalue()


def test_zip(compare):
    """Of zip files the members count, each by its own format."""
    old = zipped({"a.csv": "1\n", "b": "x"}, 2020)
    assert compare(old, zipped({"a.csv": "1\n", "b": "x"}, 2021), "x.zip").status == "equal"
    assert "a.csv: 1 of 1 numbers" in compare(old, zipped({"a.csv": "2\n", "b": "x"}, 2020)).detail
    assert compare(old, zipped({"a.csv": "1\n", "c": "x"}, 2020)).detail == "without b; with c"


def test_tar(compare):
    """Of compressed tar archives the members count."""

    def packed(stamp, data):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            info = tarfile.TarInfo("a.txt")
            info.mtime, info.size = stamp, len(data)
            archive.addfile(info, io.BytesIO(data))
        return stream.getvalue()

    assert compare(packed(1, b"x"), packed(2, b"x"), "x.tar.gz").status == "equal"
    assert "a.txt" in compare(packed(1, b"x"), packed(2, b"y"), "x.tar.gz").detail


def npy(array):
    """Return an array as an NPY file."""
    np = pytest.importorskip("numpy")
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_arrays(compare):
    """Of arrays it is said how many elements differ, where first and by how much; NaN is NaN."""
    np = pytest.importorskip("numpy")
    old = np.array([[1.0, np.nan], [3.0, 4.0]])
    new = old.copy()
    new[1, 0] = 3.3
    result = compare(npy(old), npy(new), "x.npy")
    assert result.detail.startswith("1 of 4 values differ, first at [1, 0], by at most 0.3")
    assert compare(npy(old), npy(new), "x.npy", tolerance=0.2).status == "equal"
    assert compare(npy(old), npy(old.T.copy()[:1]), "x.npy").detail == "shape (2, 2), then (1, 2)"
    assert "type float64, then float32" in compare(npy(old), npy(old.astype("f4"))).detail


def test_npz(compare):
    """Of NPZ files the arrays count."""
    np = pytest.importorskip("numpy")
    a, b = npy(np.arange(3)), npy(np.arange(3) * 2)
    assert compare(zipped({"x.npy": a}, 2020), zipped({"x.npy": a}, 2021), "f.npz").same
    assert (
        "x.npy: 2 of 3 values"
        in compare(zipped({"x.npy": a}, 2020), zipped({"x.npy": b}, 2020)).detail
    )


def test_sets_in_pickles(compare):
    """The order in which a set was pickled is no difference; its members are."""
    code = "import pickle, sys; sys.stdout.buffer.write(pickle.dumps({c * 3 for c in 'abcdefgh'}))"
    old, new = (
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert old != new
    assert compare(old, new, "x.pkl").status == "equal"
    assert "members of a set" in compare(pickle.dumps({1, 2}), pickle.dumps({1, 3}), "x.pkl").detail


class Evil:
    """A class whose pickle runs a program when it is loaded."""

    def __init__(self, path, number):
        self.path, self.number = path, number

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.path}; exit {self.number}",)


def test_pickles_are_not_executed(compare, tmp_path):
    """Nothing that a pickle names is run; the difference is found all the same."""
    old, new = (pickle.dumps([Evil(tmp_path / "trapped", n)]) for n in (1, 2))
    result = compare(old, new, "x.pkl")
    assert result.status == "different"
    assert "exit 2" in result.detail or "became" in result.detail
    assert not (tmp_path / "trapped").exists()


def test_arrays_in_pickles(compare):
    """An array inside a pickle is compared as numbers."""
    np = pytest.importorskip("numpy")
    old, new = ({"a": np.array([1.0, 2.0])}, {"a": np.array([1.0, 2.5])})
    result = compare(pickle.dumps(old), pickle.dumps(new), "x.pkl")
    assert "['a']: 1 of 2 values differ" in result.detail


def test_mappings_in_pickles(compare):
    """Order of keys is no difference; a value or a key is, with its place."""
    assert compare(pickle.dumps({"a": 1, "b": 2}), pickle.dumps({"b": 2, "a": 1}), "x.pkl").same
    assert (
        "['b']: 2 became 3"
        in compare(pickle.dumps({"a": 1, "b": 2}), pickle.dumps({"a": 1, "b": 3}), "x.pkl").detail
    )


def png(rows, text=b"x", level=9):
    """Return a grey PNG picture."""

    def chunk(kind, body):
        crc = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + crc

    height, width = len(rows), len(rows[0])
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), level)
    parts = [chunk(b"IHDR", head), chunk(b"tEXt", b"k\0" + text), chunk(b"IDAT", pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def test_png(compare):
    """Of pictures the pixels count; the run's id in one is no difference at all."""
    rows = [[0, 50], [100, 200]]
    old = png(rows, b"run A1")
    assert compare(old, png(rows, b"run B2"), "x.png").status == "equal"
    assert compare(old, png(rows, b"run B2"), "x.png", aliases={b"B2": b"A1"}).status == "identical"
    assert compare(old, png(rows, b"run A1", 0), "x.png").same
    pytest.importorskip("PIL")
    result = compare(old, png([[0, 50], [100, 203]]), "x.png")
    assert result.detail == "1 of 4 pixels differ (25.00%), by at most 3"
    assert compare(old, png([[0, 50]]), "x.png").detail == "2 x 2 pixels, then 2 x 1"


def test_a_torn_picture_is_different(compare):
    """Half a file is different, and no error."""
    whole = png([[0, 50], [100, 200]])
    assert compare(whole, whole[:60], "x.png").status == "different"


@pytest.mark.parametrize("kind", ["pdf", "svg"])
def test_documents(compare, kind):
    """Of PDF and SVG, dates and internal names are no difference; what is drawn is."""
    plt = pytest.importorskip("matplotlib.pyplot")
    import matplotlib as mpl

    def draw(values, salt, stamp):
        mpl.use("agg")
        with mpl.rc_context({"svg.hashsalt": salt}):
            fig, ax = plt.subplots()
            ax.plot(values, marker="o", clip_on=True)
            stream = io.BytesIO()
            date = {"pdf": "CreationDate", "svg": "Date"}[kind]
            when = dt.datetime(2020, 1, stamp, tzinfo=dt.UTC)
            fig.savefig(stream, format=kind, metadata={date: when})
            plt.close(fig)
        return stream.getvalue()

    old = draw([1, 2, 3], "a", 1)
    assert compare(old, draw([1, 2, 3], "b", 2), f"x.{kind}").status == "equal"
    assert compare(old, draw([1, 2, 4], "a", 1), f"x.{kind}").status == "different"


def test_hdf5(compare, tmp_path):
    """Of HDF5 files groups, datasets and attributes count."""
    h5py = pytest.importorskip("h5py")

    def made(value, attribute):
        path = tmp_path / "made.h5"
        with h5py.File(path, "w", track_order=bool(value)) as file:
            file["g/x"] = [1.0, value]
            file["g/x"].attrs["unit"] = attribute
        return path.read_bytes()

    old = made(2.0, "V")
    assert compare(old, made(2.0, "V") + b"\0" * 8, "x.h5").status == "equal"
    assert "g/x: 1 of 2 values differ" in compare(old, made(2.5, "V"), "x.h5").detail
    assert compare(old, made(2.0, "mV"), "x.h5").detail == "g/x: attributes"


def test_parquet(compare, tmp_path):
    """Of parquet files the columns count."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

    def made(value, codec):
        parquet.write_table(pyarrow.table({"a": [1.0, value]}), tmp_path / "x", compression=codec)
        return (tmp_path / "x").read_bytes()

    assert compare(made(2.0, "snappy"), made(2.0, "gzip"), "x.parquet").status == "equal"
    assert "a: 1 of 2 values" in compare(made(2.0, "gzip"), made(2.5, "gzip"), "x.parquet").detail
