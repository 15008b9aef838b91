"""The decorator ``@stx.session`` and the namespace ``stx.session.start``, in one object.

This module can be called. Its names are those of `scitex_session`, imported when first asked for.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)


class _SessionModule(ModuleType):
    """A module that decorates functions when it is called."""

    def __call__(
        self,
        func: Any = None,
        *,
        verbose: bool = False,
        agg: bool = True,
        notify: bool = False,
        sdir_suffix: str | None = None,
        **session_kwargs: Any,
    ) -> Any:
        """Turn a function into an experiment; the same as `scitex_session.session`."""
        from scitex_session import session

        return session(
            func,
            verbose=verbose,
            agg=agg,
            notify=notify,
            sdir_suffix=sdir_suffix,
            **session_kwargs,
        )


def __getattr__(name: str) -> object:
    """Return what `scitex_session` has under this name."""
    if name[:2] == "__" and name not in ("__all__", "__version__"):
        # looked up on every module by inspect, pytest and the like
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import scitex_session

    try:
        value: object = getattr(scitex_session, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return value


def __dir__() -> list[str]:
    import scitex_session

    return sorted({*globals(), *scitex_session.__all__})


sys.modules[__name__].__class__ = _SessionModule
