"""What each kind of plot leaves in the table of its figure."""

import datetime as dt
import warnings

import numpy as np
import pytest

from scitex_io import figure_data, save


@pytest.fixture
def table(plt):
    """Return a function that draws on one axes and gives the rows, without empty cells."""

    def rows(draw, **options):
        figure, axes = plt.subplots(**options)
        draw(axes)
        figure.canvas.draw()
        return cells(figure_data(figure))

    return rows


def cells(rows):
    """Return the rows without axes, series and what is empty."""
    skip = {"axes", "series"}
    return [
        {key: value for key, value in row.items() if key not in skip and value not in (None, "")}
        for row in rows
    ]


def pick(rows, *keys):
    """Return the values of some keys for each row."""
    return [tuple(row.get(key) for key in keys) for row in rows]


def test_lines(table):
    """Every point of every line, with the label that the user gave."""
    rows = table(lambda ax: (ax.plot([1, 2], [3, np.nan], label="a"), ax.plot([5], [6])))
    assert pick(rows, "artist", "label", "x") == [
        ("line", "a", 1),
        ("line", "a", 2),
        ("line", None, 5),
    ]
    assert np.isnan(rows[1]["y"])


def test_series_tell_unlabelled_artists_apart(plt):
    """The number of the axes and of the artist are in each row."""
    figure, axes = plt.subplots(1, 2)
    axes[1].plot([1, 2])
    axes[1].plot([3, 4])
    rows = figure_data(figure)
    assert [(row["axes"], row["series"]) for row in rows] == [(1, 0), (1, 0), (1, 1), (1, 1)]
    assert list(rows[0]) == ["axes", "artist", "label", "x", "y", "series"]


def test_dates_and_categories_are_readable(table):
    """Dates are ISO 8601, days without a clock; categories have their names."""
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]
    assert pick(table(lambda ax: ax.plot(days, [1, 2])), "x") == [("2024-01-01",), ("2024-01-02",)]
    times = np.array(["2024-01-01T10:30:00.25", "NaT"], "M8[ms]")
    assert table(lambda ax: ax.scatter(times, [1, 2]))[0]["x"].startswith("2024-01-01T10:30:00.25")
    assert pick(table(lambda ax: ax.bar(["p", "q"], [1, 2])), "x", "y") == [("p", 1), ("q", 2)]
    rows = table(lambda ax: ax.plot([1, 2], ["low", "high"]))
    assert pick(rows, "y") == [("low",), ("high",)]


def test_scatters(table):
    """Points with the numbers behind colour and size, where these vary."""
    rows = table(lambda ax: ax.scatter([1, 2], [3, 4], c=[5, 6], s=[7, 8]))
    assert pick(rows, "artist", "x", "y", "value", "size") == [
        ("scatter", 1, 3, 5, 7),
        ("scatter", 2, 4, 6, 8),
    ]
    assert set(table(lambda ax: ax.scatter([1, 2], [3, 4], s=9))[0]) == {"artist", "x", "y"}


def test_bars(table):
    """Centre, value, width, base and error bounds; lying bars the other way round."""
    rows = table(lambda ax: ax.bar([1, 2], [3, 4], yerr=[0.5, 1], bottom=[0, 1], label="b"))
    assert pick(rows, "artist", "label", "x", "y", "width", "base") == [
        ("bar", "b", 1, 3, 0.8, 0),
        ("bar", "b", 2, 4, 0.8, 1),
    ]
    assert pick(rows, "y_low", "y_high") == [(2.5, 3.5), (4, 6)]
    rows = table(lambda ax: ax.barh(["u", "v"], [3, 4], xerr=0.5))
    assert pick(rows, "artist", "x", "y", "x_low", "x_high") == [
        ("barh", 3, "u", 2.5, 3.5),
        ("barh", 4, "v", 3.5, 4.5),
    ]


def test_names_of_ticks(table):
    """Bars over ticks that were named by hand carry the names."""
    rows = table(lambda ax: (ax.bar([0, 1], [3, 4]), ax.set_xticks([0, 1], ["p", "q"])))
    assert pick(rows, "x", "x_name") == [(0, "p"), (1, "q")]


def test_names_of_groups(table):
    """Bars beside the tick of their group carry its name, too."""

    def draw(ax):
        ax.bar([-0.2, 0.8], [1, 2], width=0.4, label="left")
        ax.bar([0.2, 1.2], [3, 4], width=0.4, label="right")
        ax.set_xticks([0, 1], ["p", "q"])

    assert pick(table(draw), "label", "x_name", "y") == [
        ("left", "p", 1),
        ("left", "q", 2),
        ("right", "p", 3),
        ("right", "q", 4),
    ]


def test_error_bars(table):
    """Each point with the ends of its bars, however many have one."""
    rows = table(lambda ax: ax.errorbar([1, 2], [3, 4], xerr=0.5, yerr=[[1, 2], [3, 4]], label="e"))
    assert pick(rows, "artist", "label", "x", "y", "x_low", "x_high", "y_low", "y_high") == [
        ("errorbar", "e", 1, 3, 0.5, 1.5, 2, 6),
        ("errorbar", "e", 2, 4, 1.5, 2.5, 2, 8),
    ]
    rows = table(lambda ax: ax.errorbar([1, 2, 3], [4, 5, 6], yerr=1, errorevery=2))
    assert pick(rows, "x", "y_low")[0] == (1, 3)
    assert np.isnan(rows[1]["y_low"])
    rows = table(lambda ax: ax.errorbar([1, 2], [3, 4], yerr=1, fmt="none"))
    assert pick(rows, "x", "y_low", "y_high") == [(1, 2, 4), (2, 3, 5)]


@pytest.mark.parametrize("histtype", ["bar", "step", "stepfilled"])
@pytest.mark.parametrize("orientation", ["vertical", "horizontal"])
def test_histograms(table, histtype, orientation):
    """Counts with the edges of their bins, in every style."""
    data = [0.5, 1.5, 1.6, 3.5]
    rows = table(lambda ax: ax.hist(data, [0, 1, 2, 4], histtype=histtype, orientation=orientation))
    at, value = "xy" if orientation == "vertical" else "yx"
    assert pick(rows, "artist", at, value, f"{at}_low", f"{at}_high") == [
        ("histogram", 0.5, 1, 0, 1),
        ("histogram", 1.5, 2, 1, 2),
        ("histogram", 3, 1, 2, 4),
    ]


def test_stacked_histograms(table):
    """Those above stand on those below."""
    data = [[0.5, 1.5], [1.5]]
    rows = table(lambda ax: ax.hist(data, [0, 1, 2], histtype="stepfilled", stacked=True))
    assert pick(rows, "y", "base") == [(1, 1), (2, 1), (1, None), (1, None)]


def test_histogram_of_one_value(table):
    """Outlines of few bins are told from other polygons."""
    assert pick(table(lambda ax: ax.hist([1.0], 1, histtype="step")), "artist", "y") == [
        ("histogram", 1)
    ]
    rows = table(lambda ax: ax.fill([0, 1, 0.5], [0, 0, 1]))
    assert {row["artist"] for row in rows} == {"polygon"}


def test_stairs(table):
    """Values between edges."""
    rows = table(lambda ax: ax.stairs([1, 2], [0, 1, 3]))
    assert pick(rows, "artist", "y", "x_low", "x_high") == [
        ("stairs", 1, 0, 1),
        ("stairs", 2, 1, 3),
    ]


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_images(table, origin):
    """Each pixel at its place on the axes."""
    array = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rows = table(lambda ax: ax.imshow(array, origin=origin))
    assert pick(rows, "artist", "x", "y", "value") == [
        ("image", x, y, array[y, x]) for y in range(3) for x in range(2)
    ]
    rows = table(lambda ax: ax.imshow(array, extent=(0, 4, 0, 6), origin=origin))
    assert pick(rows, "x", "y", "value")[0] == (1, 5 if origin == "upper" else 1, 1)


def test_images_of_colour(table):
    """Colours are split into their channels."""
    rows = table(lambda ax: ax.imshow(np.array([[[10, 20, 30]]], np.uint8)))
    assert pick(rows, "red", "green", "blue") == [(10, 20, 30)]


def test_masked_cells_are_empty(table):
    """What is masked has no value."""
    rows = table(lambda ax: ax.imshow(np.ma.masked_array([[1.0, 2.0]], [[False, True]])))
    assert pick(rows, "value") == [(1,), (None,)]


def test_meshes(table):
    """Cells of a mesh by their centres; gouraud shading by the corners."""
    edges = ([0, 1, 3], [0, 2])
    for draw in ("pcolormesh", "pcolor"):
        rows = table(lambda ax, draw=draw: getattr(ax, draw)(*edges, [[5, 6]]))
        assert pick(rows, "artist", "x", "y", "value") == [("mesh", 0.5, 1, 5), ("mesh", 2, 1, 6)]
    rows = table(lambda ax: ax.pcolormesh([0, 1], [0, 1], [[1, 2], [3, 4]], shading="gouraud"))
    assert pick(rows, "x", "y", "value") == [(0, 0, 1), (1, 0, 2), (0, 1, 3), (1, 1, 4)]


def test_filled_areas(table):
    """The two edges of what is between them; of several pieces too."""
    rows = table(lambda ax: ax.fill_between([1, 2, 3], [1, 1, 1], [2, 3, 4], label="ci"))
    assert pick(rows, "artist", "label", "x", "y_low", "y_high") == [
        ("fill", "ci", 1, 1, 2),
        ("fill", "ci", 2, 1, 3),
        ("fill", "ci", 3, 1, 4),
    ]
    rows = table(lambda ax: ax.fill_betweenx([1, 2], [0, 0], [1, 2]))
    assert pick(rows, "y", "x_low", "x_high") == [(1, 0, 1), (2, 0, 2)]
    where = [True, True, False, True, True]
    rows = table(lambda ax: ax.fill_between(range(5), 0, [1, 2, 3, 4, 5], where=where))
    assert pick(rows, "x", "y_high") == [(0, 1), (1, 2), (3, 4), (4, 5)]
    rows = table(lambda ax: ax.stackplot([1, 2], [1, 1], [2, 2], labels=["a", "b"]))
    assert pick(rows, "label", "y_low", "y_high")[2] == ("b", 1, 3)


def test_box_plots(table):
    """One row for each box, with its numbers, and one for each outlier."""
    data = [[1, 2, 3, 4, 5, 20], [10, 11, 12]]
    for options in ({}, {"patch_artist": True}, {"notch": True}, {"showcaps": False}):
        rows = table(lambda ax, options=options: ax.boxplot(data, **options))
        boxes = [row for row in rows if row["artist"] == "box"]
        assert pick(boxes, "x", "y", "low", "q1", "median", "q3", "high") == [
            (1, 3.5, 1, 2.25, 3.5, 4.75, 5),
            (2, 11, 10, 10.5, 11, 11.5, 12),
        ], options
        outliers = [row for row in rows if row["artist"] == "outlier"]
        assert pick(outliers, "x", "y") == [(1, 20)]
        assert not [row for row in rows if row["artist"] == "line"]


def test_lying_box_plots_with_means(table):
    """Horizontal ones as well, and means in either form."""
    for options in ({"showmeans": True}, {"showmeans": True, "meanline": True}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `vert` is the word of older versions
            rows = table(
                lambda ax, options=options: ax.boxplot([[1, 2, 3, 4, 100]], vert=False, **options)
            )
        (box,) = (row for row in rows if row["artist"] == "box")
        assert (box["y"], box["median"], box["mean"]) == (1, 3, 22)
        assert pick([row for row in rows if row["artist"] == "outlier"], "x", "y") == [(100, 1)]


def test_violins(table):
    """The width at each height, around the position."""
    rows = table(lambda ax: ax.violinplot([[1.0, 2.0, 2.0, 3.0]], positions=[4], showextrema=False))
    assert {row["artist"] for row in rows} == {"violin"}
    assert {row["x"] for row in rows} == {4}
    assert all(row["width"] == pytest.approx(2 * (row["x_high"] - 4)) for row in rows)


def test_contours(table):
    """Lines of a level with its value; filled ones between two."""
    x = np.linspace(-1, 1, 5)
    z = x[None, :] ** 2 + x[:, None] ** 2
    rows = table(lambda ax: ax.contour(x, x, z, levels=[0.5, 1]))
    assert {row["value"] for row in rows} == {0.5, 1}
    assert {row["artist"] for row in rows} == {"contour"}
    rows = table(lambda ax: ax.contourf(x, x, z, levels=[0, 0.5, 1]))
    assert {(row["value"], row["value_high"]) for row in rows} == {(0, 0.5), (0.5, 1)}


def test_lines_from_edge_to_edge(table):
    """Only the coordinate that says something is written; spans have two."""

    def draw(ax):
        ax.axhline(1, label="h")
        ax.axvline(2)
        ax.axline((0, 0), slope=3)
        ax.axhspan(4, 5)
        ax.axvspan(6, 7)

    rows = table(draw)
    assert pick(rows[:3], "artist", "label", "x", "y", "slope") == [
        ("hline", "h", None, 1, None),
        ("vline", None, 2, None, None),
        ("axline", None, 0, 0, 3),
    ]
    assert pick(rows[3:], "artist", "x_low", "x_high", "y_low", "y_high") == [
        ("hspan", None, None, 4, 5),
        ("vspan", 6, 7, None, None),
    ]


def test_the_rest_of_what_is_common(table):
    """Stems, arrows, events, hexagons, bundles of lines, circles and pies."""
    assert pick(table(lambda ax: ax.stem([1, 2], [3, 4])), "artist", "x", "y") == [
        ("stem", 1, 3),
        ("stem", 2, 4),
    ]
    assert pick(table(lambda ax: ax.quiver([1], [2], [3], [4])), "x", "y", "u", "v") == [
        (1, 2, 3, 4)
    ]
    assert pick(table(lambda ax: ax.barbs([1], [2], [30], [40])), "x", "y", "u", "v") == [
        (1, 2, 30, 40)
    ]
    assert pick(table(lambda ax: ax.eventplot([1, 2], lineoffsets=5)), "x", "y") == [(1, 5), (2, 5)]
    rows = table(lambda ax: ax.hlines([1, 2], 0, 3))
    assert pick(rows, "artist", "part", "x", "y") == [
        ("lines", 0, 0, 1),
        ("lines", 0, 3, 1),
        ("lines", 1, 0, 2),
        ("lines", 1, 3, 2),
    ]
    hexagons = table(lambda ax: ax.hexbin([0, 1, 1], [0, 1, 1], gridsize=2))
    assert sum(row["value"] for row in hexagons) == 3
    pie = table(lambda ax: ax.pie([1, 3], labels=["a", "b"]))
    assert pick(pie, "artist", "label", "value") == [("wedge", "a", 0.25), ("wedge", "b", 0.75)]


def test_space(table):
    """Lines and points in three dimensions have z; surfaces their corners."""
    in_space = {"subplot_kw": {"projection": "3d"}}
    rows = table(lambda ax: ax.plot([1, 2], [3, 4], [5, 6]), **in_space)
    assert pick(rows, "artist", "x", "y", "z") == [("line", 1, 3, 5), ("line", 2, 4, 6)]
    rows = table(lambda ax: ax.scatter([1, 2], [3, 4], [5, 6], c=[7, 8]), **in_space)
    assert sorted(pick(rows, "x", "y", "z", "value")) == [(1, 3, 5, 7), (2, 4, 6, 8)]
    x, y = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    rows = table(lambda ax: ax.plot_surface(x, y, x + y), **in_space)
    assert {(row["x"], row["y"], row["z"]) for row in rows} == {
        (0, 0, 0),
        (1, 0, 1),
        (0, 1, 1),
        (1, 1, 2),
    }
    rows = table(lambda ax: ax.bar3d([0], [0], [0], 1, 1, 2), **in_space)
    assert max(row["z"] for row in rows) == 2
    rows = table(lambda ax: ax.plot_wireframe(x, y, x + y), **in_space)
    assert {row["artist"] for row in rows} == {"lines"}


def test_what_is_no_data_is_left_out(plt):
    """Invisible artists, legends, texts, arrows and colour bars."""
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="seen")
    axes.plot([3, 4], visible=False)
    axes.bar([1], [2])[0].set_visible(False)
    axes.text(0, 0, "text")
    axes.annotate("note", (0, 0), (1, 1), arrowprops={"arrowstyle": "->"})
    axes.legend()
    figure.colorbar(axes.scatter([1], [1], c=[3]))
    hidden = figure.add_subplot()
    hidden.plot([7, 8])
    hidden.set_visible(False)
    assert {(row["artist"], row["label"]) for row in figure_data(figure)} == {
        ("line", "seen"),
        ("scatter", ""),
    }


def test_axes_within_axes(plt):
    """Insets and subfigures are read, with numbers of their own."""
    figure, axes = plt.subplots()
    axes.plot([1])
    axes.inset_axes([0.5, 0.5, 0.4, 0.4]).plot([2])
    assert [(row["axes"], row["y"]) for row in figure_data(figure)] == [(0, 1), (1, 2)]


def test_an_artist_that_cannot_be_read_is_noted(plt):
    """Its row says why; the other artists and the picture are not harmed."""
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    bad = axes.scatter([1], [1], label="odd")
    bad.get_offsets = lambda: 1 / 0
    (note,) = (row for row in figure_data(figure) if row.get("note"))
    assert (note["artist"], note["label"]) == ("PathCollection", "odd")
    assert "ZeroDivisionError" in note["note"]
    del bad.get_offsets
    save(figure, "x.png")


def test_units_of_others(plt):
    """Positions in units of another library are written as that library writes them."""
    pd = pytest.importorskip("pandas")
    figure, axes = plt.subplots()
    pd.Series([1, 2], index=pd.period_range("2024-01", periods=2, freq="M")).plot(ax=axes)
    assert [row["x"] for row in figure_data(figure)] == ["2024-01", "2024-02"]


def test_empty_figures(plt):
    """A figure without data has a table without rows."""
    assert figure_data(plt.figure()) == []
    assert figure_data(plt.subplots()[0]) == []
