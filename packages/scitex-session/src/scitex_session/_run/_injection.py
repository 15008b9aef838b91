"""What a session hands to the script: as parameters, and as globals for its length."""

from __future__ import annotations

import os
import sys
from datetime import datetime

from .._config._directory import load_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import Any

    from ._active import Run

PARAMETERS = frozenset({"CONFIG", "plt", "COLORS", "CC", "logger", "rngg", "rng"})
GLOBALS = ("CONFIG", "plt", "COLORS", "rngg", "logger")
_ABSENT = object()


class LazyLogger:
    """A logger that is made when it is first used, since ``logging`` is felt at start-up.

    It stands for a `logging.Logger` in every way that a script can ask for, `isinstance` included.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], logging.Logger]) -> None:
        self._make = make
        self._made: logging.Logger | None = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        import logging

        return logging.Logger

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)

    def __repr__(self) -> str:
        return repr(self._made) if self._made is not None else "<logger of the session>"


def session_logger(name: str, *, debug: bool) -> LazyLogger:
    """Return a logger that writes to standard error, and so into the session's log.

    Parameters
    ----------
    name : str
        Shown in each line.
    debug : bool
        Whether messages of the level DEBUG are shown.
    """

    def make() -> logging.Logger:
        import logging

        logger = logging.getLogger(f"scitex.{name}")
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        if not logger.handlers:
            handler = _PresentStream()
            handler.setFormatter(
                logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
            )
            logger.addHandler(handler)
            logger.propagate = False
        return logger

    return LazyLogger(make)


def _PresentStream() -> logging.Handler:  # noqa: N802 - made as a class only where logging is used
    """Return a handler that writes to whatever standard error is at that moment."""
    import logging

    class PresentStream(logging.StreamHandler):  # type: ignore[type-arg]
        @property
        def stream(self) -> Any:
            return sys.stderr

        @stream.setter
        def stream(self, _value: Any) -> None:
            return

    return PresentStream()


def complete(run: Run, *, verbose: bool) -> dict[str, Any]:
    """Return all objects of a run by the names under which they are injected."""
    objects = run.objects
    if "logger" not in objects:
        debug = verbose or bool(run.config["IS_DEBUG"])
        objects["logger"] = session_logger(_stem(run.record.run["script"]), debug=debug)
    return objects


def stand_alone(script: str | None, names: list[str]) -> dict[str, Any]:
    """Return objects for a function that is called plainly, outside any session.

    CONFIG holds what ``./config`` holds and names the working directory, which is where
    `scitex_io.save` puts a relative path then. Nothing is made on the disk. The generators are
    fixed as in a session if ``rngg`` is among the names, and only then.

    Parameters
    ----------
    script : str or None
        The script's real path.
    names : list of str
        What the function asks for.
    """
    makers: dict[str, Callable[[], Any]] = {
        "CONFIG": lambda: _stand_alone_config(script),
        "plt": _pyplot,
        "COLORS": _colors,
        "logger": lambda: session_logger(_stem(script), debug=False),
        "rngg": _manager,
    }
    made = {name: makers[_SAME.get(name, name)]() for name in {_SAME.get(n, n) for n in names}}
    return {name: made[_SAME.get(name, name)] for name in names}


_SAME = {"CC": "COLORS", "rng": "rngg"}


def _stand_alone_config(script: str | None) -> Any:
    from scitex_dotdict import DotDict
    from scitex_repro import gen_ID, gen_timestamp

    from .._record._record import first_config, paths_of

    now = datetime.now().astimezone()
    identifier = f"{gen_timestamp(now)}_{gen_ID(4)}"
    config = DotDict(first_config(identifier, load_directory(), script, now))
    config.update(paths_of(os.getcwd(), os.getcwd()))
    config["ARGS"] = {}
    return config


def _stem(script: str | None) -> str:
    return os.path.splitext(os.path.basename(script))[0] if script else "session"


def _pyplot() -> Any:
    from scitex_plt_style import lazy_pyplot

    return lazy_pyplot()


def _colors() -> Any:
    from scitex_plt_style import COLORS

    return COLORS


def _manager() -> Any:
    from scitex_repro import RandomStateManager

    return RandomStateManager(42)


def put_globals(namespace: dict[str, Any], objects: dict[str, Any]) -> Callable[[], None]:
    """Put the objects into a module's globals.

    Parameters
    ----------
    namespace : dict
        The globals of the decorated function.
    objects : dict
        All objects of the session.

    Returns
    -------
    callable
        Puts back what stood there before.
    """
    before = {name: namespace.get(name, _ABSENT) for name in GLOBALS}
    namespace.update({name: objects[name] for name in GLOBALS})

    def put_back() -> None:
        for name, value in before.items():
            if value is _ABSENT:
                namespace.pop(name, None)
            else:
                namespace[name] = value

    return put_back
