"""Two records side by side: where the runs first differ."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_AT_END = "the end"


class Difference:
    """One thing that differs between two records.

    Attributes
    ----------
    mark : str or None
        The mark at which it is seen first, "the end" after the last one, None for what is set
        before anything is drawn.
    stream : str
        Name of the stream, of the global generator ("global numpy") or of the setting.
    a, b : object
        What each record says; None where it says nothing.
    """

    def __init__(self, mark: str | None, stream: str, a: Any, b: Any) -> None:
        self.mark = mark
        self.stream = stream
        self.a = a
        self.b = b

    def __str__(self) -> str:
        where = "from the start" if self.mark is None else f"at {self.mark}"
        return f"{self.stream} differs {where}: {_shown(self.a)} in a, {_shown(self.b)} in b"

    def __repr__(self) -> str:
        return f"<Difference: {self}>"


class Comparison:
    """What `compare` found; true if the two records agree.

    Attributes
    ----------
    same : bool
        Whether both runs drew the same.
    first : Difference or None
        Where they part.
    differences : list of Difference
        All that differs first at the same mark, and what differs from the start.
    """

    def __init__(self, differences: list[Difference]) -> None:
        self.differences = differences
        self.same = not differences
        self.first = differences[0] if differences else None

    def __bool__(self) -> bool:
        return self.same

    def __str__(self) -> str:
        if self.same:
            return "the same: every stream ends, and passes every mark, in the same state"
        return "\n".join(str(one) for one in self.differences)

    def __repr__(self) -> str:
        return f"<Comparison: {'the same' if self.same else self.first}>"


def compare(
    a: Mapping[str, Any] | str | os.PathLike[str],
    b: Mapping[str, Any] | str | os.PathLike[str],
) -> Comparison:
    """Compare the records of two runs and name the first stream and mark that differ.

    Parameters
    ----------
    a, b : mapping, str or path
        What ``rngg.record()`` returned, or a JSON file that holds it, by itself or under the key
        "randomness".

    Returns
    -------
    Comparison
        True if all agrees. Streams made first come first among those that differ at one mark.

    Raises
    ------
    ValueError
        If one of them is no such record.
    """
    first, second = _read(a, "a"), _read(b, "b")
    found = list(_settings(first, second))
    found.extend(_streams(first, second))
    return Comparison(found)


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    for name in ("algorithm", "seed", "lineage", "deterministic"):
        if a.get(name) != b.get(name):
            yield Difference(None, name, a.get(name), b.get(name))


def _streams(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """Return what differs at the first point where anything does."""
    for (mark_a, at_a), (mark_b, at_b) in _pairs(list(_points(a)), list(_points(b))):
        if mark_a != mark_b:
            return [Difference(f"the mark after {_before(a, mark_a)}", "mark", mark_a, mark_b)]
        names = list(dict.fromkeys([*at_a, *at_b]))
        different = [
            Difference(mark_a, name, at_a.get(name), at_b.get(name))
            for name in names
            if at_a.get(name) != at_b.get(name)
        ]
        if different:
            return different
    return []


def _pairs(a: list[Any], b: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the points of both; the last of each is its end."""
    length = max(len(a), len(b))
    for index in range(length):
        yield a[min(index, len(a) - 1)], b[min(index, len(b) - 1)]


def _before(record: Mapping[str, Any], mark: str) -> str:
    names = [f"mark {one['name']!r}" for one in record["marks"]]
    index = names.index(mark) if mark in names else len(names)
    return names[index - 1] if index else "the start"


def _points(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each mark, and the end, with all that is known of every stream there."""
    known: dict[str, Any] = {}
    for mark in record["marks"]:
        known = {**known, **_named(mark)}
        yield f"mark {mark['name']!r}", known
    yield _AT_END, _named(record)


def _named(part: Mapping[str, Any]) -> dict[str, Any]:
    libraries = {f"global {name}": at for name, at in part["globals"].items()}
    return {**part["streams"], **libraries}


def _shown(position: Any) -> str:
    if position is None:
        return "nothing"
    if not isinstance(position, dict) or "state" not in position:
        return repr(position)
    drawn = position["drawn"]
    count = "unknown draws" if drawn is None else f"{drawn} words drawn"
    return f"{count}, state {position['state'][:12]}"


def _read(given: Any, which: str) -> Mapping[str, Any]:
    record = given
    if isinstance(given, (str, os.PathLike)):
        import json

        with open(given, encoding="utf-8") as file:
            record = json.load(file)
    if isinstance(record, dict) and "randomness" in record:
        record = record["randomness"]
    if not isinstance(record, dict) or record.get("schema") != "scitex-randomness":
        raise ValueError(
            f"compare: {which} is no record of randomness; give what rngg.record() returned, or a "
            "JSON file that holds it"
        )
    return record
