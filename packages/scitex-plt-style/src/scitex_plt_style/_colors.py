"""The colours, by name. matplotlib is not needed for them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

# Okabe and Ito's eight colours (here blue, orange, green, red, pink, yellow, lightblue, black), and
# four more, placed so that no two of all these are more alike, under any colour vision, than two of
# theirs are. A test computes it.
_HEX = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "red": "#D55E00",
    "purple": "#62109A",
    "brown": "#7A3B0C",
    "pink": "#CC79A7",
    "gray": "#6C6C6C",
    "grey": "#6C6C6C",
    "yellow": "#F0E442",
    "lightblue": "#56B4E9",
    "navy": "#0A2350",
    "black": "#000000",
    "white": "#FFFFFF",
}

# Without yellow, faint on paper, and black and white, which are for text and background.
CYCLE = (
    *("blue", "orange", "green", "red", "purple"),
    *("lightblue", "brown", "pink", "gray", "navy"),
)


class Colors:
    """Colours that people with any colour vision can tell apart, by attribute or by key.

    Each value is a string such as ``"#0072B2"``, which every plotting library takes. The names
    are blue, orange, green, red, purple, brown, pink, gray (or grey), yellow, lightblue, navy,
    black and white. Nothing in it can be changed.

    Raises
    ------
    AttributeError, KeyError
        For a name that it does not have; the message names the nearest one, or all.

    References
    ----------
    M. Okabe and K. Ito, "Color universal design: how to make figures and presentations that are
    friendly to colorblind people", 2002 (revised 2008), https://jfly.uni-koeln.de/color/

    Examples
    --------
    >>> COLORS.blue, COLORS["blue"]
    ('#0072B2', '#0072B2')
    """

    blue: str
    orange: str
    green: str
    red: str
    purple: str
    brown: str
    pink: str
    gray: str
    grey: str
    yellow: str
    lightblue: str
    navy: str
    black: str
    white: str

    def __init__(self) -> None:
        self.__dict__.update(_HEX)

    if not TYPE_CHECKING:  # type checkers are to find a misspelt colour themselves

        def __getattr__(self, name: str) -> str:
            if name[:2] == "__":  # looked up by copy, inspect and the like
                raise AttributeError(name)
            raise AttributeError(_no_such_colour(name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name!r}: COLORS is the same everywhere")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: COLORS is the same everywhere")

    def __getitem__(self, name: str) -> str:
        try:
            return _HEX[name]
        except (KeyError, TypeError):
            raise KeyError(_no_such_colour(name)) from None

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the colour of that name, or `default` if there is none."""
        return _HEX.get(name, default)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return _HEX.keys()

    def values(self) -> ValuesView[str]:
        """Return the colours."""
        return _HEX.values()

    def items(self) -> ItemsView[str, str]:
        """Return pairs of name and colour."""
        return _HEX.items()

    def __iter__(self) -> Iterator[str]:
        return iter(_HEX)

    def __len__(self) -> int:
        return len(_HEX)

    def __contains__(self, name: object) -> bool:
        return name in _HEX

    def __repr__(self) -> str:
        return f"COLORS({', '.join(f'{name}={value!r}' for name, value in _HEX.items())})"

    def __reduce__(self) -> str:
        return "COLORS"


def _no_such_colour(name: object) -> str:
    from difflib import get_close_matches  # only a mistake pays for this import

    near = get_close_matches(str(name).lower(), _HEX, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_HEX)}"
    return f"COLORS has no {name!r}; {hint}"


COLORS = Colors()
