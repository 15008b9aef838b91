"""A pyplot that imports and styles matplotlib when it is first used."""

from __future__ import annotations

import sys
from _thread import RLock

from scitex_plt_style._options import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Unpack

    from scitex_plt_style._options import StyleOptions
else:
    ModuleType = type(sys)


class _Request:
    """The style that was asked for last, and whether matplotlib has it."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.options: dict[str, Any] | None = None
        self.pending = False


_asked = _Request()


def request(options: dict[str, Any]) -> None:
    """Have matplotlib take the style: now if it is there, else at its first use by way of us."""
    with _asked.lock:
        _asked.options = options
        _asked.pending = True
        if hasattr(sys.modules.get("matplotlib"), "rcParamsOrig"):
            _put(keep_changes=False)


def _put(*, keep_changes: bool) -> None:
    from scitex_plt_style._apply import apply

    apply(_asked.options or {}, keep_changes=keep_changes)
    _asked.pending = False


def _pyplot() -> ModuleType:
    """Return the real pyplot, with the style that was asked for last."""
    loaded = sys.modules.get("matplotlib.pyplot")
    if loaded is not None and not _asked.pending:
        return loaded
    # Outside the lock: an import waits for other threads, which may be waiting for the lock.
    import matplotlib.pyplot as plt

    with _asked.lock:
        if _asked.pending:  # asked for before matplotlib was there: what a script has set
            _put(keep_changes=True)  # since then is the more recent wish
    return plt


class LazyPyplot(ModuleType):
    """Stands for ``matplotlib.pyplot``: the same names, the same figures, the same state."""

    def __getattr__(self, name: str) -> Any:
        # Names with two underscores are asked of every module by inspect, pytest and the like.
        if name[:2] == "__" and "matplotlib.pyplot" not in sys.modules:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(_pyplot(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(_pyplot(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_pyplot(), name)

    def __dir__(self) -> list[str]:
        return dir(_pyplot())

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} in the style of scitex_plt_style>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_pickle, (_asked.options,)


def _from_pickle(options: dict[str, Any] | None) -> ModuleType:
    """Stand for pyplot in a worker process, with the style of the process that sent it."""
    if options is not None and _asked.options is None:
        request(options)
    return lazy_pyplot()


_proxy = LazyPyplot("matplotlib.pyplot")


def lazy_pyplot(**style: Unpack[StyleOptions]) -> ModuleType:
    """Return a pyplot that imports and styles matplotlib when it is first used.

    There is one such object, and one style, for the whole process: the one that was asked for
    last, by this function or by `configure_mpl`. What a script itself sets in
    ``matplotlib.rcParams`` between the asking and the first use stays set.

    Parameters
    ----------
    **style
        The arguments of `configure_mpl`, checked at once. Without any, the style that was asked
        for before stays, or is the default one.

    Returns
    -------
    module
        Stands for ``matplotlib.pyplot``.

    Raises
    ------
    TypeError, ValueError
        For an argument that does not exist or cannot be what it is.

    Examples
    --------
    >>> plt = lazy_pyplot(fig_size_mm=(80, 60), agg=True)
    >>> fig, ax = plt.subplots()  # matplotlib is imported here
    """
    if style:
        request(checked(style))
    with _asked.lock:
        if _asked.options is None:
            _asked.options = checked({})
            _asked.pending = True
    return _proxy
