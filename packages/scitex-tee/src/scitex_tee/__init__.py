"""Everything a process and its children print, on the terminal and in a readable log."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._capture import Capture, active, capture
    from ._log._renderer import clean_log
    from ._standalone import tee
    from ._tee import Tee

__all__ = ["Capture", "Tee", "active", "capture", "clean_log", "tee"]

_HOMES = {
    "Capture": "_capture",
    "Tee": "_tee",
    "active": "_capture",
    "capture": "_capture",
    "clean_log": "_log._renderer",
    "tee": "_standalone",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(__import__(f"scitex_tee.{_HOMES[name]}", fromlist=[name]), name)
        globals()[name] = value
        return value
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-tee")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
