"""A dict whose keys can also be read and set as attributes."""

from __future__ import annotations

from ._dotdict import DotDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str

__all__ = ["DotDict"]


def __getattr__(name: str) -> str:
    """Read the version from the installed metadata when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-dotdict")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
