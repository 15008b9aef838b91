"""One decorator that turns a Python script into an experiment."""

from ._sentinel import INJECTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._decorator import session
    from ._lifecycle.doors import close, running2finished, start
    from ._lifecycle.signals import on_preempt
    from ._manager import SessionManager
    from ._record import record_input
    from ._run import run
    from .errors import ConfigError, SessionError, UsageError

__all__ = [
    "INJECTED",
    "ConfigError",
    "SessionError",
    "SessionManager",
    "UsageError",
    "close",
    "on_preempt",
    "record_input",
    "run",
    "running2finished",
    "session",
    "start",
]

_HOME = {
    "ConfigError": "errors",
    "SessionError": "errors",
    "SessionManager": "_manager",
    "UsageError": "errors",
    "close": "_lifecycle.doors",
    "on_preempt": "_lifecycle.signals",
    "record_input": "_record",
    "run": "_run",
    "running2finished": "_lifecycle.doors",
    "session": "_decorator",
    "start": "_lifecycle.doors",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-session")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{_HOME[name]}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
