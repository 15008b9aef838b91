"""The colours: their names, and whether everyone can tell them apart."""

import copy
import itertools
import math
import pickle

import pytest

from scitex_plt_style import COLORS

NAMES = [
    *("blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "grey", "yellow"),
    *("lightblue", "navy", "black", "white"),
]

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation
# of color vision deficiency", IEEE Trans. Vis. Comput. Graph. 15 (2009): severity 1.0, linear RGB.
VISIONS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)


def times(matrix, vector):
    """Product of a matrix and a vector."""
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)


def seen(colour, vision):
    """CIELAB coordinates (D65) of an sRGB colour as seen with a colour vision."""
    srgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in srgb]
    clipped = [min(max(c, 0), 1) for c in times(VISIONS[vision], linear)]
    ratios = [c / w for c, w in zip(times(XYZ, clipped), WHITE, strict=True)]
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def mean_hue(one, two):
    """Mean of two hue angles of chromatic colours, on the shorter way round."""
    if abs(one - two) <= 180:
        return (one + two) / 2
    return (one + two + 360) / 2 % 360


def difference(one, two):
    """CIEDE2000 colour difference of two CIELAB colours."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    grow = 1.5 - 0.5 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    a1, a2 = a1 * grow, a2 * grow
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    hue = mean_hue(h1, h2) if c1 * c2 else h1 + h2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    cosines = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    weight = 1 + sum(f * math.cos(math.radians(n * hue + at)) for f, n, at in cosines)
    d_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2))
    d_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    d_hue = (
        2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / (1 + 0.015 * chroma * weight)
    )
    rotate = math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    rotate *= -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    return math.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + rotate * d_chroma * d_hue)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (50, 3.2592, 0.335), 1.0),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_is_ciede2000(one, two, expected):
    """The difference computed here agrees with the published test data of Sharma et al. (2005)."""
    assert difference(one, two) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("vision", VISIONS)
def test_all_colours_can_be_told_apart(vision):
    """No two colours come closer than a CIEDE2000 difference of 10 under any colour vision."""
    colours = {name: seen(COLORS[name], vision) for name in COLORS if name != "grey"}
    near = {
        pair: difference(colours[pair[0]], colours[pair[1]])
        for pair in itertools.combinations(colours, 2)
    }
    closest = min(near, key=near.get)
    assert near[closest] > 10, closest


def test_names():
    """The names are the promised ones, gray and grey one colour, each a six-digit hex string."""
    assert sorted(COLORS) == sorted(NAMES)
    assert len(COLORS) == len(NAMES)
    assert COLORS.gray == COLORS.grey
    for name in NAMES:
        assert getattr(COLORS, name) == COLORS[name] == dict(COLORS.items())[name]
        assert int(COLORS[name][1:], 16) >= 0
        assert len(COLORS[name]) == 7


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("red", 0, 60), ("yellow", 90, 120), ("green", 140, 180), ("blue", 220, 290)],
)
def test_colours_look_like_their_names(name, low, high):
    """A colour has a hue that people call by its name."""
    _, a, b = seen(COLORS[name], "normal")
    assert low <= math.degrees(math.atan2(b, a)) % 360 <= high


def test_it_reads_like_a_mapping():
    """Keys, values, items, get, in, dict() and ** work as for a dict."""
    assert dict(COLORS) == dict(COLORS.items()) == dict(**COLORS)
    assert list(COLORS.keys()) == list(COLORS)
    assert COLORS.get("blue") in COLORS.values()
    assert COLORS.get("mauve") is None
    assert COLORS.get("mauve", "#123456") == "#123456"
    assert "blue" in COLORS
    assert "mauve" not in COLORS
    assert "blue='#0072B2'" in repr(COLORS)


def test_a_misspelt_colour_names_the_nearest():
    """An unknown colour is an error with a suggestion, or with all names."""
    with pytest.raises(AttributeError, match="COLORS has no 'bleu'; did you mean 'blue'"):
        COLORS.bleu  # noqa: B018 - the reading is the point
    with pytest.raises(KeyError, match="COLORS has no 'Orange'; did you mean 'orange'"):
        COLORS["Orange"]
    with pytest.raises(AttributeError, match="COLORS has no 'xyz'; there are blue, orange"):
        COLORS.xyz  # noqa: B018 - the reading is the point
    with pytest.raises(KeyError, match="COLORS has no 7"):
        COLORS[7]
    assert not hasattr(COLORS, "__array__")


def test_nothing_can_be_changed():
    """Colours are the same everywhere: no setting, no deleting, one object in all copies."""
    with pytest.raises(AttributeError, match="cannot set 'blue'"):
        COLORS.blue = "#000000"
    with pytest.raises(AttributeError, match="cannot delete 'blue'"):
        del COLORS.blue
    with pytest.raises(TypeError):
        COLORS["blue"] = "#000000"
    assert copy.deepcopy(COLORS) is COLORS
    assert pickle.loads(pickle.dumps(COLORS)) is COLORS


def test_colours_need_no_matplotlib(python):
    """The colours, and the lazy pyplot unused, import neither matplotlib nor numpy."""
    program = (
        "import sys; from scitex_plt_style import COLORS, lazy_pyplot; COLORS.blue; "
        "plt = lazy_pyplot(fig_size_mm=(80, 60), agg=True); repr(plt); plt.__name__; "
        "print([m for m in ('matplotlib', 'numpy', 'typing') if m in sys.modules])"
    )
    assert python(program) == "[]\n"
