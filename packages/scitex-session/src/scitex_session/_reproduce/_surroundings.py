"""Interpreter, libraries, threads and machine of two runs, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scitex_session._reproduce._difference import Difference

if TYPE_CHECKING:
    from typing import Any

    from scitex_session._reproduce._records import Record

_THREADS = ("OMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "NUMBA_", "KMP_", "GOTO_", "BLIS_", "VECLIB_",
            "POLARS_", "RAYON_")  # fmt: skip
_OWN = ("PYTHONHASHSEED", "PYTHONPATH", "SOURCE_DATE_EPOCH")
_ANOTHER_PLACE = ("PATH", "VIRTUAL_ENV", "SHELL", "TMPDIR", "DISPLAY", "container")
# Used by the session itself, or not, depending on how it was started.
_OF_SESSION = frozenset({
    "tyro", "pyyaml", "docstring-parser", "typing-extensions", "rich", "shtab", "typeguard",
    "platformdirs", "pygments", "markdown-it-py", "mdurl", "eval-type-backport", "setuptools",
    "scitex", "scitex-dotdict", "scitex-io", "scitex-plt-style", "scitex-repro",
    "scitex-session", "scitex-tee",
})  # fmt: skip


def differences(old: Record, new: Record) -> list[Difference]:
    """Return what differs in the environment of two runs."""
    a, b = old.section("environment"), new.section("environment")
    found: list[Difference] = []
    if not a or not b:
        return found
    python = a.get("python", {}), b.get("python", {})
    for name in ("version", "implementation", "optimize"):
        found += _pair("library", f"Python {name}", python[0].get(name), python[1].get(name))
    found += _distributions(a.get("distributions") or {}, b.get("distributions") or {})
    seeds = python[0].get("hash_seed"), python[1].get("hash_seed")
    found += _pair("hash order", "PYTHONHASHSEED", *seeds)
    found += _threads(a, b)
    for name, keys in (("cpu", ("model", "usable")), ("platform", ("machine", "libc"))):
        for key in keys:
            was, now = a.get(name, {}).get(key), b.get(name, {}).get(key)
            kind = "threads" if key == "usable" else "machine"
            said = "usable processors" if key == "usable" else f"{name} {key}"
            found += _pair(kind, said, was, now)
    found += _pair("machine", "gpu", a.get("gpu"), b.get("gpu"))
    return found


def _pair(kind: str, what: str, old: Any, new: Any) -> list[Difference]:
    return [] if old == new else [Difference(kind, f"{what} {old} became {new}")]


def _distributions(old: dict[str, str], new: dict[str, str]) -> list[Difference]:
    found = []
    for name in sorted(old.keys() & new.keys()):
        found += _pair("library", name, old[name], new[name])
    come, gone = (sorted(a.keys() - b.keys() - _OF_SESSION) for a, b in ((new, old), (old, new)))
    found += [Difference("library", f"{name} {new[name]} is used now") for name in come]
    return found + [Difference("library", f"{name} is not used any more") for name in gone]


def _threads(a: dict[str, Any], b: dict[str, Any]) -> list[Difference]:
    found = []
    variables = a.get("variables") or {}, b.get("variables") or {}
    for name in sorted(variables[0].keys() | variables[1].keys()):
        if name in _OWN or name in _ANOTHER_PLACE:
            continue
        kind = "threads" if name.startswith(_THREADS) else "machine"
        found += _pair(kind, name, variables[0].get(name), variables[1].get(name))
    pools = [
        [
            (p.get("internal_api"), p.get("num_threads"))
            for p in e.get("threads", {}).get("pools", ())
        ]
        for e in (a, b)
    ]
    if pools[0] and pools[1]:
        found += _pair("threads", "pools", pools[0], pools[1])
    found += _pair(
        "library", "BLAS", a.get("threads", {}).get("blas"), b.get("threads", {}).get("blas")
    )
    torch = a.get("torch") or {}, b.get("torch") or {}
    found += _pair("threads", "torch threads", torch[0].get("threads"), torch[1].get("threads"))
    return found + _pair("library", "CUDA", torch[0].get("cuda"), torch[1].get("cuda"))


def by_chance(old: Record, new: Record, known: list[Difference]) -> list[Difference]:
    """
    Return what can differ from run to run on one machine with nothing changed.

    Named only where nothing certain is: the order of sets of text, and the order in which threads
    add up.
    """
    certain = {"seed", "argument", "configuration", "code", "input", "library"}
    if any(difference.kind in certain for difference in known):
        return []
    found = []
    environments = old.section("environment"), new.section("environment")
    if all(e.get("python", {}).get("hash_seed") == "random" for e in environments):
        found.append(Difference(
            "hash order",
            "PYTHONHASHSEED was not set when Python started, so sets of text are in another order "
            "in each run; set it (PYTHONHASHSEED=0 python ...) or sort before writing",
        ))  # fmt: skip
    usable = environments[0].get("cpu", {}).get("usable") or 1
    if usable > 1 and not all(
        (e.get("variables") or {}).get("OMP_NUM_THREADS") == "1" for e in environments
    ):
        found.append(Difference(
            "threads",
            f"up to {usable} threads may add numbers in another order in each run; "
            "OMP_NUM_THREADS=1 fixes it",
        ))  # fmt: skip
    return found
