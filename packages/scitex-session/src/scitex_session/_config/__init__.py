"""Configuration files on their way in, records on their way out.

`load_directory` reads ``./config``, `apply_overrides` changes single values of it, `to_plain` turns
anything into values that every reader knows, and the ``dump_`` functions write those.
"""

from __future__ import annotations

from ._names import RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._directory import load_directory, load_yaml
    from ._overrides import apply_overrides
    from ._pickle import dump_pickle
    from ._plain import to_plain
    from ._yaml_writer import dump_yaml

__all__ = [
    "RESERVED",
    "apply_overrides",
    "dump_pickle",
    "dump_yaml",
    "load_directory",
    "load_yaml",
    "to_plain",
]

_HOMES = {
    "apply_overrides": "_overrides",
    "dump_pickle": "_pickle",
    "dump_yaml": "_yaml_writer",
    "load_directory": "_directory",
    "load_yaml": "_directory",
    "to_plain": "_plain",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    value: object = getattr(module, name)
    globals()[name] = value
    return value
