"""What each plotting argument does."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba

from scitex_plt_style import COLORS, configure_mpl, lazy_pyplot


def saved_shape(fig, **options):
    """Width and height in pixels of the figure as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    fig.savefig(file, format="png", **options)
    with Image.open(file) as image:
        return image.size


@pytest.mark.parametrize(
    ("size", "scale", "dpi", "pixels"),
    [
        ((160, 100), 1, 300, (1890, 1181)),
        ((160, 100), 2, 300, (3780, 2362)),
        ((80, 60), 1, 600, (1890, 1417)),
        ((85, 85), 0.5, 150, (251, 251)),
        ((183, 247), 1, 72, (519, 700)),
        ((100.3, 77.7), 1, 137, (541, 419)),
    ],
)
def test_a_saved_figure_has_its_size_to_the_pixel(plt, size, scale, dpi, pixels):
    """fig_size_mm times fig_scale at dpi_save is the size of the file, whatever is drawn in it."""
    configure_mpl(plt, fig_size_mm=size, fig_scale=scale, dpi_save=dpi)
    fig, ax = plt.subplots()
    ax.set_xlabel("a label that reaches out of the figure " * 9)
    assert saved_shape(fig) == pixels


def test_every_size_is_saved_to_the_nearest_pixel(plt):
    """No size loses a pixel to rounding: 1 to 300 mm at four resolutions."""
    for dpi in (72, 96, 300, 600.5):
        for side in range(1, 301):
            configure_mpl(plt, fig_size_mm=(side, 2 * side), dpi_save=dpi)
            width, height = mpl.rcParams["figure.figsize"]
            # As matplotlib computes the size of a file.
            assert int(width * dpi) == round(side / 25.4 * dpi)
            assert int(height * dpi) == round(2 * side / 25.4 * dpi)


def test_the_screen_has_a_resolution_of_its_own(plt):
    """dpi_display is the resolution of a figure that is not saved."""
    configure_mpl(plt, dpi_display=50)
    fig = plt.figure()
    assert fig.dpi == 50
    assert saved_shape(fig) == (1890, 1181)
    assert saved_shape(fig, dpi="figure") == (315, 196)


@pytest.mark.parametrize(
    ("fontsize", "points"), [("small", 8.33), ("medium", 10), ("xx-large", 17.28), (7, 7)]
)
def test_fontsize(plt, fontsize, points):
    """Fontsize is the size of labels in points, by number or by name."""
    configure_mpl(plt, fontsize=fontsize)
    _, ax = plt.subplots()
    assert ax.xaxis.label.get_fontsize() == pytest.approx(points)
    assert ax.title.get_fontsize() == pytest.approx(points)


@pytest.mark.parametrize(
    "name", ["xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large"]
)
def test_names_of_font_sizes_are_matplotlibs(plt, name):
    """Each name means what matplotlib means by it at its own ten points."""
    from matplotlib.font_manager import font_scalings

    configure_mpl(plt, fontsize=name)
    assert mpl.rcParams["font.size"] == pytest.approx(10 * font_scalings[name])


@pytest.mark.parametrize("hide", [True, False])
def test_spines(plt, hide):
    """hide_top_right_spines leaves the left and bottom side only."""
    configure_mpl(plt, hide_top_right_spines=hide)
    _, ax = plt.subplots()
    visible = {side for side, spine in ax.spines.items() if spine.get_visible()}
    assert visible == ({"left", "bottom"} if hide else {"left", "bottom", "top", "right"})


@pytest.mark.parametrize("alpha", [0.9, 0.5, 1.0, 0])
def test_alpha_is_the_opacity_of_the_cycle(plt, alpha):
    """Lines, bars and scatters drawn without a colour have this opacity."""
    configure_mpl(plt, alpha=alpha)
    _, ax = plt.subplots()
    (line,) = ax.plot([1, 2])
    (bar,) = ax.bar([1], [1])
    points = ax.scatter([1], [1])
    for colour in (line.get_color(), bar.get_facecolor(), points.get_facecolor()[0]):
        assert to_rgba(colour)[3] == pytest.approx(alpha)
    (explicit,) = ax.plot([1, 2], color=COLORS.red, alpha=0.3)
    assert explicit.get_alpha() == 0.3


def test_the_cycle_is_made_of_the_colours(plt):
    """The first lines are blue, orange and green of COLORS, and no two of ten are the same."""
    configure_mpl(plt)
    _, ax = plt.subplots()
    drawn = [to_hex(ax.plot([1, 2])[0].get_color()).upper() for _ in range(10)]
    assert drawn[:3] == [COLORS.blue, COLORS.orange, COLORS.green]
    assert len(set(drawn)) == 10
    assert set(drawn) <= set(COLORS.values())


def test_line_width(plt):
    """line_width is the width of lines in points."""
    configure_mpl(plt, line_width=2.5)
    _, ax = plt.subplots()
    assert ax.plot([1, 2])[0].get_linewidth() == 2.5


def test_autolayout(plt):
    """Autolayout fits labels into the figure; without it nothing moves the axes."""

    def left_edge(*, autolayout):
        configure_mpl(plt, autolayout=autolayout)
        fig, ax = plt.subplots()
        ax.set_ylabel("many\nlines\nof\nlabel\nneed\nroom\nhere\nreally")
        fig.canvas.draw()
        return ax.get_position().x0

    assert left_edge(autolayout=True) > left_edge(autolayout=False) == 0.125


def test_it_returns_the_module_and_the_colours(plt):
    """configure_mpl gives back the pyplot it was given, and COLORS."""
    assert configure_mpl(plt) == (plt, COLORS)


def test_the_last_call_counts(plt):
    """A second call undoes what the first one set."""
    configure_mpl(plt, fig_size_mm=(50, 50), alpha=0.1, line_width=9, fontsize=30, autolayout=True)
    changed = dict(mpl.rcParams)
    configure_mpl(plt)
    assert dict(mpl.rcParams) != changed
    again = dict(mpl.rcParams)
    configure_mpl(plt)
    assert dict(mpl.rcParams) == again
    assert mpl.rcParams["figure.autolayout"] is False


def test_the_sheet_is_the_default_style(plt):
    """plt.style.use gives what configure_mpl gives by default, but for the opacity."""
    configure_mpl(plt, alpha=1)
    configured = dict(mpl.rcParams)
    plt.style.use("default")
    mpl.rcParams["backend"] = "agg"
    plt.style.use("scitex_plt_style.scitex")
    by_sheet = dict(mpl.rcParams)
    for name, value in configured.items():
        if name == "axes.prop_cycle":
            found = [to_hex(c).upper() for c in by_sheet[name].by_key()["color"]]
            assert found == value.by_key()["color"]
        elif name == "figure.figsize":
            assert by_sheet[name] == pytest.approx(value)
        elif name != "backend":
            assert by_sheet[name] == value, name


def test_the_talk_sheet_is_larger(plt):
    """The sheet for slides has larger text and heavier lines than the style."""
    configure_mpl(plt)
    before = dict(mpl.rcParams)
    plt.style.use("scitex_plt_style.talk")
    for name in ("font.size", "lines.linewidth", "axes.linewidth", "lines.markersize"):
        assert mpl.rcParams[name] > before[name]


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_vector_files_are_the_same_twice(plt, suffix, monkeypatch):
    """The same figure gives the same bytes, and a PDF keeps its text as text."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    configure_mpl(plt)
    files = []
    for _ in range(2):
        fig, ax = plt.subplots()
        ax.plot([1, 2], label="line")
        ax.legend()
        file = io.BytesIO()
        fig.savefig(file, format=suffix)
        files.append(file.getvalue())
    assert files[0] == files[1]
    assert mpl.rcParams["pdf.fonttype"] == 42


WRONG = [
    ({"fig_size_mm": (160,)}, ValueError, r"fig_size_mm must be a width and a height .* \(160,\)"),
    ({"fig_size_mm": (160, 0)}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": (160, -1)}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": (160, "100")}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": "16"}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": 160}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": (float("nan"), 1)}, ValueError, "fig_size_mm must be"),
    ({"fig_size_mm": (0.01, 100)}, ValueError, "a figure side of 0.01 mm .* less than one pixel"),
    ({"fig_scale": 0}, ValueError, "fig_scale must be a number above 0, not 0"),
    ({"dpi_save": float("inf")}, ValueError, "dpi_save must be a number above 0"),
    ({"dpi_save": "300"}, ValueError, "dpi_save must be a number above 0, not '300'"),
    ({"dpi_display": True}, ValueError, "dpi_display must be a number above 0, not True"),
    ({"fontsize": "tiny"}, ValueError, "fontsize must be a number of points .* xx-small.* 'tiny'"),
    ({"fontsize": -3}, ValueError, "fontsize must be"),
    ({"alpha": 1.1}, ValueError, r"alpha must be a number from 0 .* to 1 .* not 1\.1"),
    ({"alpha": None}, ValueError, "alpha must be"),
    ({"line_width": "thick"}, ValueError, "line_width must be a number above 0, not 'thick'"),
    ({"autolayout": "no"}, TypeError, "autolayout must be True or False, not 'no'"),
    ({"hide_top_right_spines": None}, TypeError, "hide_top_right_spines must be True or False"),
    ({"agg": 1}, TypeError, "agg must be True or False, not 1"),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
def test_wrong_values_are_refused_and_change_nothing(plt, options, error, message):
    """A wrong value is one line that says what it may be, from both doors, and nothing is set."""
    before = dict(mpl.rcParams)
    for call in (lambda: configure_mpl(plt, **options), lambda: lazy_pyplot(**options)):
        with pytest.raises(error, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert dict(mpl.rcParams) == before


def test_numpy_numbers_and_flags_are_taken(plt):
    """Numbers and flags of numpy are as good as Python's."""
    configure_mpl(
        plt,
        fig_size_mm=np.array([80, 60]),
        dpi_save=np.int64(100),
        alpha=np.float32(0.5),
        autolayout=np.bool_(True),
    )
    assert mpl.rcParams["savefig.dpi"] == 100
    assert mpl.rcParams["figure.autolayout"] is True


def test_what_is_not_pyplot_is_refused():
    """Handing over matplotlib itself, or anything else, is an error that says what is wanted."""
    with pytest.raises(TypeError, match=r"plt must be the module matplotlib\.pyplot, not <module"):
        configure_mpl(mpl)
    with pytest.raises(TypeError, match="unexpected keyword"):
        configure_mpl(mpl, fig_size=(1, 2))
    with pytest.raises(TypeError, match="no plotting argument 'fig_size'; did you mean 'fig_size"):
        lazy_pyplot(fig_size=(1, 2))
    with pytest.raises(TypeError, match="no plotting argument 'xyz'; there are agg, fig_size_mm"):
        lazy_pyplot(xyz=1)


def test_public_names():
    """`__all__` is what the package exports, and the version is that of the distribution."""
    import scitex_plt_style

    assert sorted(scitex_plt_style.__all__, key=str.lower) == scitex_plt_style.__all__[:]
    for name in scitex_plt_style.__all__:
        assert getattr(scitex_plt_style, name) is not None
        assert name in dir(scitex_plt_style)
    assert scitex_plt_style.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        scitex_plt_style.nothing  # noqa: B018 - the reading is the point
