"""The same content gives the same bytes, and the run id is all that a run adds."""

import time
from pathlib import Path

import numpy as np
import pytest

from scitex_io import load, read_stamp, save, saving_into

ARRAY = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
NEEDS = {
    "h5": "h5py",
    "jpg": "PIL",
    "mat": "scipy",
    "parquet": "pyarrow",
    "pdf": "PIL",
    "png": "PIL",
    "pt": "torch",
    "tif": "PIL",
    "xlsx": "openpyxl",
    "yaml": "yaml",
}
OBJECTS = {
    "csv": ARRAY[0],
    "csv.gz": ARRAY[0],
    "h5": {"a": {"b": ARRAY}, "s": "text"},
    "jpg": ARRAY,
    "json": {"a": 1},
    "json.gz": {"a": 1},
    "mat": {"a": ARRAY},
    "npy": ARRAY,
    "npz": {"a": ARRAY},
    "parquet": {"a": [1, 2]},
    "pdf": ARRAY,
    "pkl": {"a": 1},
    "pkl.gz": {"a": 1},
    "png": ARRAY,
    "pt": {"a": 1},
    "tif": ARRAY,
    "txt": "x",
    "xlsx": {"a": [1, 2]},
    "yaml": {"a": 1},
}
STAMPED = ["jpg", "pdf", "png", "npz", "parquet", "h5"]
RUN = "2026Y-02M-13D-14h30m15s_Z5MR; (a) <b> %3B"


def obj_for(ending):
    """Return an object for the ending, or skip where its library is missing."""
    if ending in NEEDS:
        pytest.importorskip(NEEDS[ending])
    if ending in {"xlsx", "parquet"}:
        pytest.importorskip("pandas")
    return OBJECTS[ending]


@pytest.mark.parametrize("ending", OBJECTS)
def test_the_same_bytes_at_another_time(ending, monkeypatch):
    """No time, no temporary name and no random id gets into a file."""
    obj = obj_for(ending)
    first = save(obj, f"x.{ending}").read_bytes()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 4000)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(now + 90_000))
    assert save(obj, f"y.{ending}").read_bytes() == first


def test_figures_have_the_same_bytes_in_another_process(python):
    """A figure made in processes of other hash seeds and epochs is one file in each format."""
    pytest.importorskip("matplotlib")
    code = (
        "import matplotlib; matplotlib.use('Agg')\n"
        "import matplotlib.pyplot as plt, scitex_io as io\n"
        "fig, ax = plt.subplots(); ax.plot([1, 2], label='x'); ax.legend()\n"
        "ax.fill([0, 1, 1], [0, 0, 1], hatch='/')\n"
        "ax.imshow([[1, 2], [3, 4]]); ax.set_title('Title')\n"
        "for form in ('png', 'pdf', 'svg', 'jpg', 'tif'): io.save(fig, f'x.{form}')"
    )
    made = []
    for seed, epoch in (("1", {}), ("2", {"SOURCE_DATE_EPOCH": "1000000000"})):
        python(code, PYTHONHASHSEED=seed, **epoch)
        made.append({path.name: path.read_bytes() for path in Path().glob("x.*")})
    assert len(made[0]) == 6
    assert made[0] == made[1]
    assert not any(b"CreationDate" in content for content in made[0].values())
    assert b"<dc:date>" not in made[0]["x.svg"]


@pytest.mark.parametrize("ending", STAMPED)
def test_files_carry_the_id_of_their_run(ending, tmp_path):
    """Renamed and without its ending a file still tells its run; without a run it tells none."""
    obj = obj_for(ending)
    assert read_stamp(save(obj, f"x.{ending}")) is None
    with saving_into(".", run_id=RUN):
        path = save(obj, f"y.{ending}")
    renamed = path.rename(tmp_path / "no ending")
    assert read_stamp(renamed) == RUN


@pytest.mark.parametrize("ending", STAMPED)
def test_the_id_is_read_without_a_library(ending, python):
    """`read_stamp` reads bytes: it imports nothing that is not the standard library's."""
    with saving_into(".", run_id="Z5MR"):
        save(obj_for(ending), f"x.{ending}")
    code = (
        "import sys, scitex_io as io\n"
        f"print(io.read_stamp('x.{ending}'))\n"
        "print([m for m in ('numpy', 'h5py', 'pyarrow', 'PIL', 'zipfile') if m in sys.modules])"
    )
    assert python(code).split("\n")[:2] == ["Z5MR", "[]"]


@pytest.mark.parametrize("ending", STAMPED)
def test_the_id_changes_nothing_else(ending):
    """What is loaded is the same, and two runs with ids of one length differ in these alone."""
    obj = obj_for(ending)
    contents = []
    for run in ("AAAA", "BBBB"):
        with saving_into(".", run_id=run):
            contents.append(save(obj, f"x.{ending}").read_bytes())
    assert len(contents[0]) == len(contents[1])
    differing = [n for n, pair in enumerate(zip(*contents, strict=True)) if len(set(pair)) > 1]
    assert 4 <= len(differing) <= 16  # the id, and a checksum over it
    if ending not in {"pdf", "jpg"}:
        plain = load(save(obj, f"plain.{ending}"))
        assert repr(load(f"x.{ending}")) == repr(plain)


def test_the_innermost_id_counts_and_outer_ones_are_inherited():
    """A context without an id saves under that of the one around it."""
    with saving_into("a", run_id="outer"):
        with saving_into("b"):
            assert read_stamp(save([1], "x.npz")) == "outer"
        with saving_into("c", run_id="inner"):
            assert read_stamp(save([1], "x.npz")) == "inner"


@pytest.mark.parametrize("form", ["png", "pdf", "svg", "jpg"])
def test_figures_carry_the_id(plt, form):
    """Figures of matplotlib too, beside metadata of the user's own."""
    figure = plt.figure()
    with saving_into(".", run_id=RUN):
        assert read_stamp(save(figure, f"x.{form}")) == RUN
        own = {"png": {"Title": "T"}, "svg": {"Identifier": "mine", "Keywords": "k"}}
        if form in {"png", "svg"}:
            path = save(figure, f"x.{form}", metadata=own[form])
            assert read_stamp(path) == RUN
            assert (b"mine" if form == "svg" else b"Title") in path.read_bytes()
        if form == "pdf":
            path = save(figure, "x.pdf", metadata={"Keywords": "eeg"})
            assert read_stamp(path) == RUN
            assert b"eeg" in path.read_bytes()
        if form == "jpg":
            path = save(figure, "x.jpg", pil_kwargs={"comment": "mine"})
            assert read_stamp(path) == RUN
            assert b"mine" in path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT",
        b"\xff\xd8\xff\xe0",
        b"%PDF-1.4 /Keywords (never closed",
        b"PK\x03\x04",
        b"PAR1",
        b"PAR1\xff\xff\xff\x7fPAR1",
        b"\x89HDF\r\n\x1a\n",
        b"<svg><metadata>scitex-run=</metadata></svg>",
        b"scitex-run=abc;",
    ],
)
def test_files_without_an_id(tmp_path, content):
    """Empty, cut off and foreign files carry none, and are no error."""
    (tmp_path / "x").write_bytes(content)
    assert read_stamp("x") is None


def test_a_missing_file_is_an_error():
    """`read_stamp` of no file says so."""
    with pytest.raises(FileNotFoundError):
        read_stamp("nowhere")
