"""What is done with records afterwards: run again, compare, find, export."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_session._reproduce._compare_runs import RunDifference, compare_runs
    from scitex_session._reproduce._crate import export
    from scitex_session._reproduce._rerun import Comparison, rerun
    from scitex_session._reproduce._stale import Staleness, stale
    from scitex_session._reproduce._whence import Origin, whence

__all__ = [
    "Comparison",
    "Origin",
    "RunDifference",
    "Staleness",
    "compare_runs",
    "export",
    "rerun",
    "stale",
    "whence",
]

_HOMES = {
    "Comparison": "_rerun",
    "Origin": "_whence",
    "RunDifference": "_compare_runs",
    "Staleness": "_stale",
    "compare_runs": "_compare_runs",
    "export": "_crate",
    "rerun": "_rerun",
    "stale": "_stale",
    "whence": "_whence",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value
