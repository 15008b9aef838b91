"""From a run's record to its row in the index.

Everything in a record was written by somebody else. The directory decides the name and the state;
what the record says besides is data, and what it does not say, or says in the wrong type, is left
empty.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import NamedTuple

from . import _layout as layout
from ._reader import LARGEST_RECORD, open_in_tar, read_all
from ._record_head import head
from ._text import clean, cut
from ._walk import own_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ARGS_SHOWN = 200  # characters of the arguments in a listing
_REASON_SHOWN = 120
_DEEPEST = 500
STATUS_OF = {
    layout.RUNNING: "running",
    layout.FINISHED: "finished",
    layout.SUCCESS: "success",
    layout.ERROR: "error",
}
UNKNOWN = "unknown"
_ARCHIVED = " (archived)"
_STATUSES = frozenset(STATUS_OF.values())
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | _NO_LINK | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0)
_NOTHING = '{"run": {}, "process": {}, "args": {}, "config": {}}'


class Row(NamedTuple):
    """One run in the index.

    `head` is JSON with the record's ``run``, ``process``, ``args`` and ``config``. `settled` is 0
    where the record has to be read again next time. `line` is the run in a listing: clean columns,
    with tabs between them; for one that is running the second has to be decided anew.
    """

    name: str
    id: str
    status: str
    start: float
    settled: int
    head: str
    line: str


def row_of(data: bytes | None, name: str, state: str, *, archived: bool = False) -> Row:
    """Make the row of one run.

    Parameters
    ----------
    data : bytes or None
        PROVENANCE.json; None if it could not be read.
    name : str
        The run's name as its directory has it.
    state : str
        The directory it is filed under; empty for a run used in place.
    archived : bool
        Whether it is packed into a tar file.
    """
    sections, text = _head(data)
    run = sections["run"]
    recorded = run.get("status")
    status = STATUS_OF[state] if state else recorded
    if not isinstance(status, str) or status not in _STATUSES:
        status = UNKNOWN
    identifier = run.get("id")
    # The record may be forged or copied: an ID that is not the directory's own is not believed.
    if not isinstance(identifier, str) or not _belongs(identifier, name):
        identifier = name
    over = state not in ("", layout.RUNNING)
    return Row(
        name,
        identifier,
        status,
        _moment(run.get("start_time")),
        int(bool(run) and not (over and recorded == "running")),
        text,
        "\t".join(
            [
                clean(name),
                status + _ARCHIVED if archived else status,
                _columns(run, sections["args"]),
            ]
        ),
    )


def read_below(state_dir: int, path: str, file: str) -> bytes:
    """Return the record of a run.

    Parameters
    ----------
    state_dir : int
        Descriptor of the directory that the run is listed in.
    path : str
        The same directory's path.
    file : str
        The run's name in it, known from the listing to be no link.

    Raises
    ------
    OSError
        If there is no record that can be read.
    """
    if file.endswith(layout.TAR):
        with open_in_tar(os.path.join(path, file), own_name(file), layout.RECORD) as reader:
            return reader.read(LARGEST_RECORD)
    folder = os.open(f"{file}/{layout.CONFIGS}", _FOLDER, dir_fd=state_dir)
    try:
        descriptor = os.open("PROVENANCE.json", _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    return read_all(descriptor)


def _head(data: bytes | None) -> tuple[dict[str, Any], str]:
    """Return the sections of a record, and as JSON that SQLite reads too.

    It knows no NaN and no Infinity, and at most 1,000 levels. An unreadable record has nothing.
    """
    try:
        found, text = head((data or b"").decode("utf-8"))
        if len(text) > 2 * _DEEPEST and _may_be_deep(text) and _depth(found) > _DEEPEST:
            return json.loads(_NOTHING), _NOTHING
    except (ValueError, RecursionError):
        return json.loads(_NOTHING), _NOTHING
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(_finite(found), ensure_ascii=False)
    if not text.isascii() and not _is_utf8(text):
        text = json.dumps(_finite(found))
    return found, text


def _is_utf8(text: str) -> bool:
    """Whether a text is without lone surrogates, which JSON can spell and no file can hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _belongs(identifier: str, name: str) -> bool:
    return name == identifier or (bool(identifier) and name.startswith(identifier + "-"))


def _moment(text: object) -> float:
    """Return seconds since 1970; 0 where the record does not say."""
    if not isinstance(text, str):
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _may_be_deep(text: str) -> bool:
    return text.count("[") + text.count("{") > _DEEPEST


def _depth(value: Any) -> int:
    """Count the levels, in steps instead of recursion, since there may be many."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
    return depth


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _columns(run: dict[str, Any], args: dict[str, Any]) -> str:
    """Return the columns of a listing behind ID and status, ready to be printed."""
    start, script = run.get("start_time"), run.get("script")
    columns = (
        _seconds(start) if isinstance(start, str) else "-",
        cut(str(run.get("run_time") or "-"), 20),
        cut(os.path.basename(script), 80) if isinstance(script, str) else "-",
        cut(str(run.get("exit_reason") or "-"), _REASON_SHOWN),
        cut(" ".join([f"{key}={_short(value)}" for key, value in args.items()]), _ARGS_SHOWN)
        or "-",
    )
    if "".join(columns).isprintable():  # one look at all of them, since most are
        return "\t".join(columns)
    return "\t".join([clean(column) for column in columns])


def _seconds(iso: str) -> str:
    """Drop the fraction of a second: ``2026-11-20T21:43:29+00:00``."""
    return iso[:19] + iso[26:] if iso[19:20] == "." else cut(iso, 40)


def _short(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return cut(value, _ARGS_SHOWN)
    return repr(value) if kind is int or kind is float else json.dumps(value)
