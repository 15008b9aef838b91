"""What a user asks of runs, as conditions on the index.

An expression is ``NAME OP VALUE``: ``threshold>0.4``, ``data-path=a.csv``, ``EXPERIMENT.lr<=1e-3``,
``run.exit_status!=0``. NAME is an argument of the run, else a key of its configuration, or a field
of the record's ``run`` section behind ``run.``. OP is ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``
or ``~`` (the text of the value holds VALUE).
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import NamedTuple

from ..errors import UsageError

_EXPRESSION = re.compile(r"\s*([^\s=!<>~\"]+)\s*(==|!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null"}


class Condition(NamedTuple):
    """A condition in SQL, and what stands for its question marks."""

    sql: str
    values: tuple[object, ...]


def both(conditions: list[Condition]) -> Condition:
    """Return the condition that all of some hold; of none, one that always holds."""
    some = [condition for condition in conditions if condition.sql]
    sql = " AND ".join(f"({condition.sql})" for condition in some)
    return Condition(sql, tuple(value for condition in some for value in condition.values))


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
        return _compare("$.run" + _path(name[4:])[1:], operator, value)
    as_arg = "$.args" + _path(name.replace("-", "_"))[1:]
    as_config = "$.config" + _path(name)[1:]
    first, second = (_compare(path, operator, value) for path in (as_arg, as_config))
    absent = "json_type(head, ?) IS NULL"
    return Condition(
        f"({first.sql}) OR ({absent} AND ({second.sql}))",
        (*first.values, as_arg, *second.values),
    )


def _path(name: str) -> str:
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
    if value.lower() in _WORDS:
        return Condition(
            f"{kind} = ? OR ({kind} = 'text' AND {here} = ?)",
            (path, _WORDS[value.lower()], path, path, value),
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
