"""Read the configuration files of a run, and write its records."""

from __future__ import annotations

from scitex_io import dump_yaml, to_plain

from ._directory import RESERVED, load_directory, load_yaml
from ._overrides import apply_overrides
from ._records import dump_json, dump_pickle

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
