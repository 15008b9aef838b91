"""Dates and times by the shortest way: Python 3.11 takes 3 ms for its module of that name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, datetime, timezone
else:
    try:
        from _datetime import date, datetime, timezone
    except ImportError:  # an interpreter that has them in Python only
        from datetime import date, datetime, timezone

__all__ = ["date", "datetime", "now", "timezone"]


def now() -> datetime:
    """Return now, in local time, aware of its zone."""
    return datetime.now().astimezone()
