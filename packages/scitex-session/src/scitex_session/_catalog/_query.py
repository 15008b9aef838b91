"""Queries: conditions on runs, abbreviated IDs, and output directories to search.

An expression is ``NAME OP VALUE``: ``threshold>0.4``, ``data-path=a.csv``, ``EXPERIMENT.lr<=1e-3``,
``run.exit_status!=0``. NAME is an argument of the run, else a key of its configuration, or a field
of the record's ``run`` section behind ``run.``. OP is ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``
or ``~`` (the text of the value holds VALUE).
"""

from __future__ import annotations

import os
import re
import time
from datetime import datetime
from typing import NamedTuple

from .._record._status import ENDED as ENDED_STATUSES
from .._record._status import RUNNING
from ..errors import SessionError, UsageError
from ._index import Found, Index, encoded
from ._printable import clean
from ._walk import find_roots, is_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# No lone surrogates, which stand for bytes that are no UTF-8: SQLite would not take them.
_EXPRESSION = re.compile(
    r"\s*([^\s=!<>~\"\ud800-\udfff]+)\s*(==|!=|<=|>=|=|<|>|~)\s*([^\ud800-\udfff]*?)\s*"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_LITERALS = {"true": "true", "false": "false", "null": "null", "none": "null"}
_SHOWN = 10  # candidates of an ambiguous ID


class NoSuchRunError(SessionError):
    """No run, or more than one, has the ID that was asked for."""


class Condition(NamedTuple):
    """A condition in SQL, and what stands for its question marks."""

    sql: str = ""
    values: tuple[object, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        """Return the condition that both hold; an empty one always holds."""
        if not (self.sql and other.sql):
            return other if other.sql else self
        return Condition(f"({self.sql}) AND ({other.sql})", self.values + other.values)


ENDED = Condition(f"status IN {ENDED_STATUSES}")


def with_status(statuses: Sequence[str] | None) -> Condition:
    """Return the condition that a run has one of some statuses; None for any.

    All that are under RUNNING meet it for ``running``, ``dead`` and ``unknown``: which it is shows
    only when its process is looked at.
    """
    if not statuses:
        return Condition()
    stored = {*statuses}
    if stored - {*ENDED_STATUSES}:
        stored.add(RUNNING)
    return Condition(f"status IN ({', '.join('?' * len(stored))})", tuple(sorted(stored)))


def of_script(text: str) -> Condition:
    """Return the condition that a run is of a script, given its path or a part of its path."""
    wanted = os.path.realpath(text) if os.path.exists(text) else text
    sql = "instr(json_extract(head, '$.run.script'), CAST(? AS TEXT)) > 0"
    return Condition(sql, (encoded(wanted),))


def started(operator: str, text: str, *, option: str) -> Condition:
    """Return the condition that a run started before (``<``) or since (``>=``) a date or age."""
    return Condition(f"start {operator} ?", (moment(text, option=option),))


def moment(text: str, *, option: str) -> float:
    """Return seconds since 1970 of a date, or of an age such as ``7d`` counted back from now.

    Raises
    ------
    UsageError
        If `text` is neither.
    """
    if age := _AGE.fullmatch(text.strip()):
        return time.time() - float(age[1]) * _SECONDS[age[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()  # no zone means local time
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{option} {text!r} is no date (2026-11-20, 2026-11-20T14:30) "
            "and no age (30m, 12h, 7d, 2w)"
        ) from error


def expression(text: str) -> Condition:
    """Translate one expression.

    Raises
    ------
    UsageError
        If it is none.
    """
    parts = _EXPRESSION.fullmatch(text)
    if parts is None:
        raise UsageError(f"{text!r} is no condition; write one such as 'threshold>0.4'")
    name, operator, value = parts.groups()
    if name.startswith("run."):
        return _compare(_json_path(name), operator, value)
    as_arg = _json_path(f"args.{name.replace('-', '_')}")
    first = _compare(as_arg, operator, value)
    second = _compare(_json_path(f"config.{name}"), operator, value)
    return Condition(
        f"({first.sql}) OR (json_type(head, ?) IS NULL AND ({second.sql}))",
        (*first.values, as_arg, *second.values),
    )


def _json_path(name: str) -> str:
    """Return SQLite's spelling of a dotted name."""
    return "$" + "".join(f'."{key}"' for key in name.split("."))


def _compare(path: str, operator: str, value: str) -> Condition:
    kind, here = "json_type(head, ?)", "json_extract(head, ?)"
    if operator == "~":
        return Condition(f"instr({here}, ?) > 0", (path, value))
    if operator in ("=", "=="):
        return _equal(kind, here, path, value)
    if operator == "!=":
        same = _equal(kind, here, path, value)
        return Condition(f"{kind} IS NOT NULL AND NOT ({same.sql})", (path, *same.values))
    if _NUMBER.fullmatch(value):
        kinds = f"{kind} IN ('integer', 'real')"
        return Condition(f"{kinds} AND {here} {operator} ?", (path, path, _number(value)))
    return Condition(f"{kind} = 'text' AND {here} {operator} ?", (path, path, value))


def _equal(kind: str, here: str, path: str, value: str) -> Condition:
    if value.lower() in _LITERALS:
        return Condition(
            f"{kind} = ? OR ({kind} = 'text' AND {here} = ?)",
            (path, _LITERALS[value.lower()], path, path, value),
        )
    if _NUMBER.fullmatch(value):
        return Condition(
            f"({kind} IN ('integer', 'real') AND {here} = ?) OR ({kind} = 'text' AND {here} = ?)",
            (path, path, _number(value), path, path, value),
        )
    return Condition(f"{kind} = 'text' AND {here} = ?", (path, path, _unquoted(value)))


def _number(value: str) -> int | float:
    """Return the number; one that is no 64-bit integer becomes the nearest float."""
    if value.lstrip("+-").isdigit() and abs(int(value)) < 1 << 63:
        return int(value)
    return float(value)


def _unquoted(value: str) -> str:
    """Drop the quotes around a text, which tell ``'true'`` from ``true``."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def open_index(paths: Sequence[str] | None) -> Index:
    """Open the index of the chosen paths, or of all registered output directories.

    Raises
    ------
    UsageError
        If a path does not exist.
    """
    return Index(roots_of(paths) if paths else None)


def roots_of(paths: Sequence[str]) -> list[str]:
    """Return the output directories that paths on a command line mean; see `find_roots`.

    Raises
    ------
    UsageError
        If a path does not exist.
    """
    try:
        return find_roots(list(paths))
    except FileNotFoundError as error:
        raise UsageError(f"{clean(str(error.filename))}: {error.strerror}") from error


def begins_or_ends(text: str) -> Condition:
    """Return the condition that the ID or the name of a run begins or ends with a text."""
    either = "substr({0}, 1, ?) = CAST(? AS TEXT) OR substr({0}, -?) = CAST(? AS TEXT)"
    sql = f"{either.format('id')} OR {either.format('name')}"
    return Condition(sql, (len(text), encoded(text)) * 4)


def resolve(index: Index, wanted: str) -> Found:
    """Return the run that an ID, a part of one, or a path means.

    Parameters
    ----------
    index : Index
        The runs to choose from.
    wanted : str
        An ID or a run's name, any prefix or suffix that only one run has, or the path of a run
        directory, registered or not.

    Raises
    ------
    NoSuchRunError
        If no run is meant, or several are; the message lists them.
    """
    if not wanted:
        raise NoSuchRunError("the ID is empty")
    if os.sep in wanted and is_run(os.path.realpath(wanted)):
        path = os.path.realpath(wanted)
        with Index(find_roots([path])) as around:
            found = [run for run in around.find() if run.entry.path == path]
        if not found:
            raise NoSuchRunError(f"{clean(path)}: holds no run")
        return found[0]
    found = list(index.find("CAST(? AS TEXT) IN (name, id)", (encoded(wanted),)))
    if not found:
        found = list(index.find(*begins_or_ends(wanted), "ORDER BY start DESC"))
    if not found:
        raise NoSuchRunError(f"no run is called {clean(wanted)!r}; `scitex-session ls` lists them")
    if len(found) > 1:
        lines = [f"  {clean(run.name)}  {clean(run.entry.path)}" for run in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"  and {len(found) - _SHOWN} more")
        listed = "\n".join(lines)
        raise NoSuchRunError(f"{clean(wanted)!r} fits {len(found)} runs; type more:\n{listed}")
    return found[0]
