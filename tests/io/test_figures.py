"""Saving figures: their size, and where their data goes."""

import struct
from pathlib import Path

import numpy as np
import pytest

from scitex_io import UnfitObjectError, figure_data, load, save, saving_into


def size_of(path):
    """Return width and height of a PNG."""
    return struct.unpack(">II", Path(path).read_bytes()[16:24])


def drawn(plt, ys=(1, 2, 3)):
    """Return a figure with one line."""
    figure, axes = plt.subplots()
    axes.plot(ys, label="y")
    return figure


@pytest.mark.parametrize(
    ("mm", "dpi"), [((160, 100), 300), ((85, 60), 300), ((160, 100), 96), ((33.3, 44.4), 217)]
)
def test_the_size_is_exact_to_the_pixel(plt, mm, dpi):
    """Width and height are the millimetres asked for, rounded to whole pixels."""
    figure = drawn(plt)
    figure.set_size_inches(mm[0] / 25.4, mm[1] / 25.4)
    before = figure.get_size_inches().tolist()
    assert size_of(save(figure, "x.png", dpi=dpi)) == tuple(round(m / 25.4 * dpi) for m in mm)
    assert figure.get_size_inches().tolist() == before
    plt.rcParams["savefig.dpi"] = dpi
    assert size_of(save(figure, "x.png")) == tuple(round(m / 25.4 * dpi) for m in mm)


def test_cropping_only_when_asked_for(plt):
    """`bbox_inches="tight"` reaches matplotlib, and so does the user's own setting."""
    figure = drawn(plt)
    whole = size_of(save(figure, "x.png", dpi=100))
    assert size_of(save(figure, "x.png", dpi=100, bbox_inches="tight")) != whole
    plt.rcParams["savefig.bbox"] = "tight"
    assert size_of(save(figure, "x.png", dpi=100)) != whole


def test_the_paper_size_of_vector_files(plt):
    """PDF and SVG have the size of the figure in points."""
    figure = drawn(plt)
    figure.set_size_inches(5, 4)
    assert b"/MediaBox [ 0 0 360 288 ]" in save(figure, "x.pdf").read_bytes()
    assert 'width="360pt" height="288pt"' in load(save(figure, "x.svg"))


def test_whatever_belongs_to_a_figure(plt):
    """Axes, arrays of axes, subfigures, containers of a figure and pyplot stand for the figure."""
    figure, axes = plt.subplots(2, 2)
    axes[0, 0].plot([1, 2])

    class Grid:
        def __init__(self):
            self.figure = figure

    expected = save(figure, "x.png").read_bytes()
    for obj in (axes[0, 0], axes, list(axes[0]), Grid(), plt):
        assert save(obj, "x.png").read_bytes() == expected
    other = plt.figure()
    part = other.subfigures(1, 2)[0]
    inner = part.subplots()
    assert save(inner, "y.png").read_bytes() == save(other, "y.png").read_bytes()
    plt.close("all")
    with pytest.raises(UnfitObjectError, match="no figure is open"):
        save(plt, "z.png")


def test_the_data_lies_beside_the_figure(plt, names):
    """`<stem>.csv` has one row for each point; `data=False` writes none."""
    figure = drawn(plt)
    save(figure, "a/x.png")
    assert load("a/x.csv", kind="rows") == figure_data(figure)
    assert Path("a/x.csv").read_text(encoding="utf-8").splitlines() == [
        "axes,artist,label,x,y,series",
        "0,line,y,0.0,1.0,0",
        "0,line,y,1.0,2.0,0",
        "0,line,y,2.0,3.0,0",
    ]
    save(figure, "b/x.png", data=False)
    assert names() == ["a", "a/x.csv", "a/x.png", "b", "b/x.png"]
    with pytest.raises(ValueError, match='True, False or "all"'):
        save(figure, "c/x.png", data="some")


def test_the_data_alone(plt):
    """Saving a figure as a table writes its data."""
    figure = drawn(plt)
    assert load(save(figure, "x.csv"), kind="rows") == figure_data(figure)
    assert load(save(figure.axes[0], "x.tsv"), kind="rows") == figure_data(figure)


def test_both_files_are_told_of(plt):
    """`on_save` hears of the picture and of its table."""
    heard = []
    with saving_into("run", on_save=lambda path: heard.append(Path(path).name)):
        save(drawn(plt), "x.png")
    assert heard == ["x.png", "x.csv"]


def test_a_table_of_the_user_is_never_replaced(plt, names):
    """If `<stem>.csv` is the user's own, the data goes to `<stem>_figure.csv`."""
    save([{"a": 1}], "x.csv")
    for _ in range(2):
        save(drawn(plt), "x.png")
        save(drawn(plt), "x.pdf")
    assert load("x.csv", kind="rows") == [{"a": 1}]
    assert names() == ["x.csv", "x.pdf", "x.png", "x_figure.csv"]


def test_a_table_of_earlier_times_is_never_replaced(plt, names):
    """The same for a file that was there before, whoever made it."""
    Path("x.csv").write_text("axes,b\n1,2\n", encoding="utf-8")
    Path("x_figure.csv").write_text("mine\n", encoding="utf-8")
    save(drawn(plt), "x.png")
    assert Path("x.csv").read_text(encoding="utf-8") == "axes,b\n1,2\n"
    assert names() == ["x.csv", "x.png", "x_figure.csv", "x_figure_2.csv"]


def test_figure_data_that_the_user_saved_by_name_is_never_replaced(plt, tmp_path, names):
    """It looks like a table that goes with a figure; in this process it is the user's all the same.

    The same holds for a table that was saved through a link.
    """
    save(drawn(plt, [1]), "x.csv")
    save(drawn(plt, [2]), "x.png")
    (tmp_path / "link").symlink_to(".")
    save(drawn(plt, [3]), "link/y.csv")
    save(drawn(plt, [4]), "y.png")
    found = {name: load(name, kind="rows")[0]["y"] for name in names() if name.endswith(".csv")}
    assert found == {"x.csv": 1, "x_figure.csv": 2, "y.csv": 3, "y_figure.csv": 4}


def test_what_is_no_table_at_all_is_left_alone(plt, tmp_path, names):
    """A directory of the table's name stays, and the data goes to `<stem>_figure.csv`."""
    (tmp_path / "x.csv").mkdir()
    save(drawn(plt), "x.png")
    assert names() == ["x.csv", "x.png", "x_figure.csv"]


def test_data_of_an_earlier_figure_is_replaced(plt, names):
    """Saving a figure again renews its table, in another process too."""
    save(drawn(plt), "x.png")
    save(drawn(plt, [5]), "x.png")
    assert [row["y"] for row in load("x.csv", kind="rows")] == [5]
    assert names() == ["x.csv", "x.png"]


def test_the_user_may_take_the_name_later(plt):
    """A table saved by name stands, and the next figure goes around it."""
    save(drawn(plt), "x.png")
    save([{"a": 1}], "x.csv")
    save(drawn(plt), "x.png")
    assert load("x.csv", kind="rows") == [{"a": 1}]
    assert load("x_figure.csv", kind="rows")[0]["artist"] == "line"


def test_great_pictures_do_not_make_great_tables(plt):
    """Above 100,000 cells the table says so in one row; `data="all"` writes them."""
    figure, axes = plt.subplots()
    axes.imshow(np.zeros((400, 300)))
    axes.plot([1, 2])
    save(figure, "x.png")
    rows = load("x.csv", kind="rows")
    assert [row["artist"] for row in rows] == ["line", "line", "image"]
    assert "120000 rows are too many" in rows[2]["note"]
    save(figure, "x.png", data="all")
    assert len(load("x.csv", kind="rows")) == 120_002


def test_saving_changes_nothing_of_matplotlib(plt):
    """Neither settings nor open figures are other afterwards."""
    figure = drawn(plt)
    before = dict(plt.rcParams)
    for form in ("png", "pdf", "svg"):
        save(figure, f"x.{form}")
    assert dict(plt.rcParams) == before
    assert plt.get_fignums() == [figure.number]


def test_unknown_options_reach_the_library(plt, names):
    """What `savefig` does not take it refuses, and nothing is left."""
    with pytest.raises(TypeError):
        save(drawn(plt), "x.png", no_such_option=1)
    assert names() == []


def test_no_figure_no_data():
    """`figure_data` of something else is a TypeError; `data` is an option of figures alone."""
    with pytest.raises(TypeError, match="needs a matplotlib figure"):
        figure_data([1, 2])
    with pytest.raises(TypeError, match="'data'"):
        save([1], "x.json", data=False)


def test_a_protected_table_is_not_replaced(python, bound):
    """The table beside a figure is refused like any other file that is write-protected."""
    pytest.importorskip("matplotlib")
    code = (
        "from matplotlib.figure import Figure\n"
        "import scitex_io as io\n"
        "figure = Figure(); axes = figure.subplots(); axes.plot([1, 2])\n"
        "path = io.save(figure, 'x.png').with_suffix('.csv'); path.chmod(0o444)\n"
        "axes.plot([3, 4])\n"
        "try: io.save(figure, 'x.png')\n"
        "except PermissionError as error: print(error)\n"
    )
    assert "x.csv: it is write-protected" in python(code, prefix=bound)
    assert len(Path("x.csv").read_text(encoding="utf-8").splitlines()) == 3
