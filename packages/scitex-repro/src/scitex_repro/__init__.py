"""Named random streams, seeds fixed on import, and proof that a result is the same."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._compare import compare
    from ._fingerprint import fingerprint, hash_array
    from ._hash_order import fix_hash_seed, hash_order
    from ._ids import gen_ID, gen_timestamp
    from ._import_hook import on_import
    from ._manager import RandomStateManager, fix_seeds
    from ._verify import verify

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

_MODULE_OF = {
    "RandomStateManager": "_manager",
    "compare": "_compare",
    "fingerprint": "_fingerprint",
    "fix_hash_seed": "_hash_order",
    "fix_seeds": "_manager",
    "gen_ID": "_ids",
    "gen_timestamp": "_ids",
    "hash_array": "_fingerprint",
    "hash_order": "_hash_order",
    "on_import": "_import_hook",
    "verify": "_verify",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-repro")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.{_MODULE_OF[name]}"
    # Not importlib.import_module: importlib costs half a millisecond at start-up.
    __import__(module)
    value: object = getattr(sys.modules[module], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
