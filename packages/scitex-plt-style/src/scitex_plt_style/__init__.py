"""One matplotlib style: colour-blind safe colours and figures measured in millimetres."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_plt_style._colors import COLORS
    from scitex_plt_style._lazy import lazy_pyplot
    from scitex_plt_style._style import configure_mpl

    __version__: str

__all__ = ["COLORS", "configure_mpl", "lazy_pyplot"]

_HOME = {"COLORS": "_colors", "configure_mpl": "_style", "lazy_pyplot": "_lazy"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-plt-style")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{_HOME[name]}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
