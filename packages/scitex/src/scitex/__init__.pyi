# What type checkers see of ``import scitex as stx``.

from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, overload

from matplotlib import pyplot as plt

import scitex_io as io
import scitex_repro as repro
import scitex_session as _session
from scitex_session import INJECTED as INJECTED

__all__ = ["INJECTED", "io", "plt", "repro", "session"]

__version__: str

_P = ParamSpec("_P")
_R = TypeVar("_R")

class _Session(ModuleType):
    @overload
    def __call__(self, func: Callable[_P, _R], /) -> Callable[_P, _R]: ...
    @overload
    def __call__(
        self,
        func: None = None,
        *,
        verbose: bool = False,
        agg: bool = True,
        notify: bool = False,
        sdir_suffix: str | None = None,
        **session_kwargs: Any,
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...

    INJECTED = _session.INJECTED
    ConfigError = _session.ConfigError
    SessionError = _session.SessionError
    SessionManager = _session.SessionManager
    UsageError = _session.UsageError
    close = staticmethod(_session.close)
    on_preempt = staticmethod(_session.on_preempt)
    record_input = staticmethod(_session.record_input)
    run = staticmethod(_session.run)
    running2finished = staticmethod(_session.running2finished)
    session = staticmethod(_session.session)
    start = staticmethod(_session.start)

session: _Session
