"""Compare two records of randomness, to find where the runs first differ."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

#: The schema of the records that `_record` makes.
SCHEMA = "scitex-randomness"


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
    settings = [
        Difference(None, name, first.get(name), second.get(name))
        for name in ("algorithm", "seed", "lineage", "deterministic")
        if first.get(name) != second.get(name)
    ]
    return Comparison([*settings, *_first_differences(first, second)])


def _first_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """Return what differs at the first mark, or at the end, where anything does."""
    points_a, points_b = list(_points(a)), list(_points(b))
    last = "the start"
    for index in range(max(len(points_a), len(points_b))):
        # The last point of each is its end, which also stands for marks that it lacks.
        mark_a, at_a = points_a[min(index, len(points_a) - 1)]
        mark_b, at_b = points_b[min(index, len(points_b) - 1)]
        if mark_a != mark_b:
            return [Difference(f"the mark after {last}", "mark", mark_a, mark_b)]
        different = [
            Difference(mark_a, name, at_a.get(name), at_b.get(name))
            for name in dict.fromkeys([*at_a, *at_b])
            if at_a.get(name) != at_b.get(name)
        ]
        if different:
            return different
        last = mark_a
    return []


def _points(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each mark, and the end, with all that is known of every stream there."""
    known: dict[str, Any] = {}
    for mark in record["marks"]:
        known = {**known, **_positions(mark)}
        yield f"mark {mark['name']!r}", known
    yield "the end", _positions(record)


def _positions(part: Mapping[str, Any]) -> dict[str, Any]:
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
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(
            f"compare: {which} is no record of randomness; give what rngg.record() returned, or a "
            "JSON file that holds it"
        )
    return record
