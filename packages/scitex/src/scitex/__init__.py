"""``import scitex as stx``: reproducible experiments from plain scripts.

`stx.session` is the decorator and the namespace of sessions, `stx.INJECTED` asks for an object of
the session, `stx.io` saves and loads, `stx.plt` is matplotlib's pyplot in the project's style, and
`stx.repro` fixes seeds. Each is imported when it is first used.
"""

import sys

__all__ = ["INJECTED", "io", "plt", "repro", "session"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "INJECTED":
        from scitex_session import INJECTED

        globals()[name] = INJECTED
        return INJECTED
    # Not importlib.import_module: importlib costs half a millisecond at start-up.
    __import__(f"{__name__}.{name}")
    return sys.modules[f"{__name__}.{name}"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
