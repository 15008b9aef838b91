"""Find what differs between a run and its rerun, in the order in which it is likely to matter."""

from __future__ import annotations

from dataclasses import dataclass

from .._provenance._ownership import OUR_PACKAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .._record._record import Record

ORDER = (
    "seed", "argument", "configuration", "code", "input", "library", "hash order", "threads",
    "machine", "stream",
)  # fmt: skip
_LISTED = 10
_THREADS = ("OMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "NUMBA_", "KMP_", "GOTO_", "BLIS_", "VECLIB_",
            "POLARS_", "RAYON_")  # fmt: skip
# Variables that are compared elsewhere, or that only say where a run ran.
_NOT_COMPARED = (
    "PYTHONHASHSEED", "PYTHONPATH", "SOURCE_DATE_EPOCH", "PATH", "VIRTUAL_ENV", "SHELL", "TMPDIR",
    "DISPLAY", "container",
)  # fmt: skip
# Used by the session itself, or not, depending on how it was started.
_OF_SESSION = frozenset({
    "tyro", "pyyaml", "docstring-parser", "typing-extensions", "rich", "shtab", "typeguard",
    "platformdirs", "pygments", "markdown-it-py", "mdurl", "eval-type-backport", "setuptools",
    *(name.replace("_", "-") for name in OUR_PACKAGES),
})  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """Something that differs between two runs."""

    kind: str  # one of `ORDER`
    text: str  # what it is, and how it differs

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def likely_causes(
    old: Record,
    new: Record,
    original: Callable[[str], str],
    *,
    altered: Iterable[str],
    changed_inputs: Mapping[str, str],
) -> list[Difference]:
    """Return the likely causes of a rerun that came out differently, the likeliest first.

    `original` maps a path of the rerun to the one that it stands for; `altered` is where restored
    code differs from that of the run; `changed_inputs` are paths with how they have changed since.
    """
    found = of_inputs(changed_inputs)
    if old.data.get("seed") != new.data.get("seed"):
        found.append(Difference("seed", f"{old.data.get('seed')} became {new.data.get('seed')}"))
    for kind, name in (("argument", "args"), ("configuration", "config")):
        texts = _values(old.section(name), new.section(name))
        found += [Difference(kind, text) for text in texts[:_LISTED]]
    found += [Difference("code", text) for text in [*_code(old, new, original), *altered]]
    inputs = _inputs(old, new, original).items()
    found += [Difference("input", f"{p}: {how}") for p, how in inputs if p not in changed_inputs]
    found += _environment(old.section("environment"), new.section("environment"))
    found += [Difference("stream", text) for text in _streams(old, new)]
    found += _by_chance(old, new, found)
    return sorted(dict.fromkeys(found), key=lambda cause: ORDER.index(cause.kind))


def of_inputs(changed: Mapping[str, str]) -> list[Difference]:
    """Return the inputs that are known to have changed as causes."""
    return [Difference("input", f"{path}: {how}") for path, how in changed.items()]


def _values(old: Any, new: Any, name: str = "") -> list[str]:
    """Return where two trees of settings differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in dict.fromkeys([*old, *new]):
            dotted = f"{name}.{key}" if name else str(key)
            if key not in new:
                found.append(f"{dotted} is not there any more")
            elif key not in old:
                found.append(f"{dotted} is new")
            else:
                found += _values(old[key], new[key], dotted)
        return found
    return [] if old == new else [f"{name}: {old!r} became {new!r}"]


def _code(old: Record, new: Record, original: Callable[[str], str]) -> list[str]:
    a, b = old.section("code"), new.section("code")
    first = {e["path"]: e.get("sha256") for e in a.get("files", ())}
    second = {original(e["path"]): e.get("sha256") for e in b.get("files", ())}
    texts = []
    for path, digest in first.items():
        if path in second and None not in {digest, second[path]} and digest != second[path]:
            texts.append(f"{path} has changed")
    texts += [f"{path} is used now" for path in second if path not in first]
    texts += [f"{path} is not used any more" for path in first if path not in second]
    # Two commits with the same files are the same code.
    if texts and a.get("commit") != b.get("commit") and a.get("commit") and b.get("commit"):
        texts[0] += f" (commit {a['commit'][:12]}, then {b['commit'][:12]})"
    more = len(texts) - _LISTED
    return texts[:_LISTED] + ([f"and {more} more files"] if more > 0 else [])


def _inputs(old: Record, new: Record, original: Callable[[str], str]) -> dict[str, str]:
    """Return the inputs that differ, each with how it does."""
    first = {e["path"]: e for e in old.entries("inputs") if e.get("path")}
    second = {original(e["path"]): e for e in new.entries("inputs") if e.get("path")}
    found = {}
    for path, entry in first.items():
        other = second.get(path)
        if other is None:
            found[path] = "was not read again"
            continue
        digests = entry.get("sha256"), other.get("sha256")
        if None not in digests and digests[0] != digests[1]:
            found[path] = "its content has changed"
        elif None in digests and entry.get("size") != other.get("size"):
            found[path] = f"{entry.get('size')} bytes became {other.get('size')}"
    return found | dict.fromkeys((p for p in second if p not in first), "is read now")


def _streams(old: Record, new: Record) -> list[str]:
    a, b = old.section("randomness"), new.section("randomness")
    if not a or not b or a == b:
        return []
    from scitex_repro import compare

    try:
        found = compare(a, b)
    except (ValueError, KeyError, TypeError) as error:  # records of another version
        return [f"the records of random numbers cannot be compared: {error}"]
    # The seed has been named already.
    return [str(one) for one in found.differences if one.stream != "seed"][:1]


def _environment(a: dict[str, Any], b: dict[str, Any]) -> list[Difference]:
    """Return what differs in interpreter, libraries, threads and machine."""
    if not a or not b:
        return []
    found: list[Difference] = []
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
            what = "usable processors" if key == "usable" else f"{name} {key}"
            found += _pair(kind, what, was, now)
    found += _pair("machine", "gpu", a.get("gpu"), b.get("gpu"))
    return found


def _pair(kind: str, what: str, old: Any, new: Any) -> list[Difference]:
    return [] if old == new else [Difference(kind, f"{what} {old} became {new}")]


def _distributions(old: dict[str, str], new: dict[str, str]) -> list[Difference]:
    found = []
    for name in sorted(old.keys() & new.keys()):
        found += _pair("library", name, old[name], new[name])
    for name in sorted(new.keys() - old.keys() - _OF_SESSION):
        found.append(Difference("library", f"{name} {new[name]} is used now"))
    for name in sorted(old.keys() - new.keys() - _OF_SESSION):
        found.append(Difference("library", f"{name} is not used any more"))
    return found


def _threads(a: dict[str, Any], b: dict[str, Any]) -> list[Difference]:
    found = []
    variables = a.get("variables") or {}, b.get("variables") or {}
    for name in sorted(variables[0].keys() | variables[1].keys()):
        if name in _NOT_COMPARED:
            continue
        kind = "threads" if name.startswith(_THREADS) else "machine"
        found += _pair(kind, name, variables[0].get(name), variables[1].get(name))
    threads = a.get("threads", {}), b.get("threads", {})
    pools = [
        [(p.get("internal_api"), p.get("num_threads")) for p in one.get("pools", ())]
        for one in threads
    ]
    if pools[0] and pools[1]:
        found += _pair("threads", "pools", pools[0], pools[1])
    found += _pair("library", "BLAS", threads[0].get("blas"), threads[1].get("blas"))
    torch = a.get("torch") or {}, b.get("torch") or {}
    found += _pair("threads", "torch threads", torch[0].get("threads"), torch[1].get("threads"))
    return found + _pair("library", "CUDA", torch[0].get("cuda"), torch[1].get("cuda"))


def _by_chance(old: Record, new: Record, known: list[Difference]) -> list[Difference]:
    """Return what can vary though nothing changed, unless a certain cause is known."""
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
