"""Named random streams, seeds fixed on import, and proof that a result is the same."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scitex_repro._compare import compare
    from scitex_repro._fingerprint import fingerprint
    from scitex_repro._hash_array import hash_array
    from scitex_repro._hash_order import hash_order
    from scitex_repro._ids import gen_ID, gen_timestamp
    from scitex_repro._import_hook import on_import
    from scitex_repro._manager import RandomStateManager, fix_seeds
    from scitex_repro._reexec import fix_hash_seed
    from scitex_repro._verify import verify

__all__ = [
    "RandomStateManager",
    "compare",
    "fingerprint",
    "fix_hash_seed",
    "fix_seeds",
    "gen_ID",
    "gen_timestamp",
    "hash_array",
    "hash_order",
    "on_import",
    "verify",
]

_HOMES = {
    "RandomStateManager": "_manager",
    "compare": "_compare",
    "fingerprint": "_fingerprint",
    "fix_hash_seed": "_reexec",
    "fix_seeds": "_manager",
    "gen_ID": "_ids",
    "gen_timestamp": "_ids",
    "hash_array": "_hash_array",
    "hash_order": "_hash_order",
    "on_import": "_import_hook",
    "verify": "_verify",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-repro")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Not importlib.import_module: importlib itself would be felt at start-up.
    __import__(f"{__name__}.{home}")
    value: object = getattr(sys.modules[f"{__name__}.{home}"], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
