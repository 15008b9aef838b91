"""One matplotlib style: colour-blind safe colours and figures measured in millimetres."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._colors import COLORS
    from ._pyplot import configure_mpl, lazy_pyplot

    __version__: str

__all__ = ["COLORS", "configure_mpl", "lazy_pyplot"]

_MODULE_OF = {"COLORS": "_colors", "configure_mpl": "_pyplot", "lazy_pyplot": "_pyplot"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-plt-style")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{_MODULE_OF[name]}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
