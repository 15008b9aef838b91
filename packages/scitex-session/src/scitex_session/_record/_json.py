"""The text of PROVENANCE.json: everything that depends on how its JSON is laid out.

`dump` writes one top-level key a line, the keys that a listing needs first. `head` reads only
those, since a record may hold thousands of outputs behind them, and `mark_status` changes the
status of a record without writing a new file, which a full disk would refuse.
"""

from __future__ import annotations

import json
import re

from . import _status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAD_KEYS = ("run", "process", "args", "config")
AFTER_HEAD = "seed"  # the first key behind those

# A line break cannot stand inside a JSON string, so this begins a key of the outermost object.
_CUT = f',\n  "{AFTER_HEAD}": '
_KEY = re.compile(r'\s*[,{]\s*"([^"\\]*)"\s*:\s*')
_DECODER = json.JSONDecoder()
_STATUS_RUNNING = b'"running"'
_STATUS_IN_PLACE = {  # padded to the length of what they replace
    _status.SUCCESS: b'"success"',
    _status.ERROR: b'"error"  ',
}
_STATUS_WITHIN = 4096  # bytes from the start of the file


def head(text: str) -> tuple[dict[str, Any], str]:
    """Return the head of a record, parsed and as JSON text.

    Parameters
    ----------
    text : str
        PROVENANCE.json, whole.

    Returns
    -------
    (dict, str)
        With all of `HEAD_KEYS`; those that are missing, or are no mappings, are empty mappings.

    Raises
    ------
    ValueError
        If it is not a JSON object, as far as it was read.
    RecursionError
        If it is nested too deeply to be a record.
    """
    cut = text.find(_CUT)
    if cut > 0:
        beginning = text[:cut] + "}"
        try:
            found, end = _DECODER.raw_decode(beginning)
        except ValueError:
            found, end = None, 0
        if end == len(beginning) and all(type(found.get(key)) is dict for key in HEAD_KEYS):
            return found, beginning
    values = _values_by_key(text)
    found = {key: values[key] if isinstance(values.get(key), dict) else {} for key in HEAD_KEYS}
    return found, json.dumps(found, ensure_ascii=False)


def _values_by_key(text: str) -> dict[str, Any]:
    """Parse the values of a record in any other layout one by one, as far as the head needs."""
    found: dict[str, Any] = {}
    key = _KEY.match(text)
    if key is None or text.lstrip()[:1] != "{":
        raise ValueError("not a JSON object with plain keys")
    while key is not None:
        value, end = _DECODER.raw_decode(text, key.end())
        if key[1] in HEAD_KEYS and key[1] not in found:
            found[key[1]] = value
            if len(found) == len(HEAD_KEYS):
                break
        key = _KEY.match(text, end)
    return found


def mark_status(path: str, status: str) -> None:
    """Change ``running`` to a status inside the bytes that the file has already.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if status not in _STATUS_IN_PLACE:
        return
    with open(path, "r+b") as file:
        position = file.read(_STATUS_WITHIN).find(_STATUS_RUNNING)
        if position >= 0:
            file.seek(position)
            file.write(_STATUS_IN_PLACE[status])
