"""Read the configuration files of a run, and write its records."""

from __future__ import annotations

from ._directory import RESERVED, load_directory, load_yaml
from ._overrides import apply_overrides
from ._records import dump_json, dump_pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_io import dump_yaml, to_plain

__all__ = [
    "RESERVED",
    "apply_overrides",
    "dump_json",
    "dump_pickle",
    "dump_yaml",
    "load_directory",
    "load_yaml",
    "to_plain",
]


def __getattr__(name: str) -> object:
    # Imported when used: the process that completes a record after the run has this package alone
    # on its path, and writes JSON only.
    if name not in {"dump_yaml", "to_plain"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import scitex_io

    return getattr(scitex_io, name)
