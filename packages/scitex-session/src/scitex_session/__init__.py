"""One decorator that turns a Python script into an experiment."""

from ._sentinel import INJECTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._decorator import session
    from ._manager import SessionManager
    from ._run._api import close, record_input, running2finished, start
    from ._run._call import run
    from ._run._signals import on_preempt
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
    "close": "_run._api",
    "on_preempt": "_run._signals",
    "record_input": "_run._api",
    "run": "_run._call",
    "running2finished": "_run._api",
    "session": "_decorator",
    "start": "_run._api",
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
