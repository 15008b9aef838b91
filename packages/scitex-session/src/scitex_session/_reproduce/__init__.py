"""Use the records of runs: rerun, compare, find what made a file, export."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._compare_outputs import aliases, compare_files
    from ._crate import export
    from ._rerun import Comparison, rerun
    from ._run_record import Record
    from ._stale import Staleness, stale
    from ._verdict import Rules
    from ._whence import Origin, whence

__all__ = [
    "Comparison",
    "Origin",
    "Record",
    "Rules",
    "Staleness",
    "aliases",
    "compare_files",
    "export",
    "rerun",
    "stale",
    "whence",
]

_HOMES = {
    "Comparison": "_rerun",
    "Origin": "_whence",
    "Record": "_run_record",
    "Rules": "_verdict",
    "Staleness": "_stale",
    "aliases": "_compare_outputs",
    "compare_files": "_compare_outputs",
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
