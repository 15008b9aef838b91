"""What differs between two runs, in the order in which it is likely to matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scitex_session._reproduce import _surroundings
from scitex_session._reproduce._difference import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from scitex_session._reproduce._mirror import Mirror
    from scitex_session._reproduce._records import Record

ORDER = (
    "seed", "argument", "configuration", "code", "input", "library", "hash order", "threads",
    "machine", "stream",
)  # fmt: skip
_LISTED = 10


def compare_records(old: Record, new: Record, mirror: Mirror | None = None) -> list[Difference]:
    """
    Compare what two runs were made of; their outputs are not looked at.

    Parameters
    ----------
    old, new : Record
        The two runs.
    mirror : Mirror, optional
        Where the second ran, if it is a rerun.

    Returns
    -------
    list of Difference
        In the order of `ORDER`: the settings first, a stream of random numbers last.
    """
    home = mirror.original if mirror else lambda path: path
    found: list[Difference] = []
    if old.data.get("seed") != new.data.get("seed"):
        found.append(Difference("seed", f"{old.data.get('seed')} became {new.data.get('seed')}"))
    for kind, name in (("argument", "args"), ("configuration", "config")):
        texts = _values(old.section(name), new.section(name))
        found += [Difference(kind, text) for text in texts[:_LISTED]]
    found += [Difference("code", text) for text in _code(old, new, home)]
    found += [Difference("input", text) for text in _inputs(old, new, home)]
    found += _surroundings.differences(old, new)
    found += [Difference("stream", text) for text in _streams(old, new)]
    return found


def likely(
    old: Record,
    new: Record,
    mirror: Mirror,
    *,
    altered: Iterable[str],
    changed_inputs: Mapping[str, str],
) -> list[Difference]:
    """Return the likely causes of a rerun that came out differently, the likeliest first."""
    found = of_inputs(changed_inputs)
    seen = tuple(f"{path}: " for path in changed_inputs)
    for difference in compare_records(old, new, mirror):
        if difference.kind != "input" or not difference.text.startswith(seen):
            found.append(difference)
    found += [Difference("code", text) for text in altered]
    found += _surroundings.by_chance(old, new, found)
    rank = {kind: place for place, kind in enumerate(ORDER)}
    return sorted(dict.fromkeys(found), key=lambda cause: rank[cause.kind])


def of_inputs(changed: Mapping[str, str]) -> list[Difference]:
    """Return the inputs that are known to have changed as causes."""
    return [Difference("input", f"{path}: {how}") for path, how in changed.items()]


def _values(old: Any, new: Any, name: str = "") -> list[str]:
    """Return where two trees of settings differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in dict.fromkeys([*old, *new]):
            place = f"{name}.{key}" if name else str(key)
            if key not in new:
                found.append(f"{place} is not there any more")
            elif key not in old:
                found.append(f"{place} is new")
            else:
                found += _values(old[key], new[key], place)
        return found
    return [] if old == new else [f"{name}: {old!r} became {new!r}"]


def _code(old: Record, new: Record, home: Callable[[str], str]) -> list[str]:
    a, b = old.section("code"), new.section("code")
    first = {e["path"]: e.get("sha256") for e in a.get("files", ())}
    second = {home(e["path"]): e.get("sha256") for e in b.get("files", ())}
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


def _inputs(old: Record, new: Record, home: Callable[[str], str]) -> list[str]:
    first = {e["path"]: e for e in old.entries("inputs") if e.get("path")}
    second = {home(e["path"]): e for e in new.entries("inputs") if e.get("path")}
    texts = []
    for path, entry in first.items():
        other = second.get(path)
        if other is None:
            texts.append(f"{path}: was not read again")
            continue
        digests = entry.get("sha256"), other.get("sha256")
        if None not in digests and digests[0] != digests[1]:
            texts.append(f"{path}: its content has changed")
        elif None in digests and entry.get("size") != other.get("size"):
            texts.append(f"{path}: {entry.get('size')} bytes became {other.get('size')}")
    texts += [f"{path}: is read now" for path in second if path not in first]
    return texts


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
