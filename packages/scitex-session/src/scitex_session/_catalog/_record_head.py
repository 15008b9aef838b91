"""The part of PROVENANCE.json that a listing needs, read without parsing the rest.

A record may hold thousands of outputs, all of them behind the sections that are wanted here. As a
session writes it, the record is cut in front of the first key behind those, which leaves JSON that
one call parses. A record in any other shape is taken apart key by key.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WANTED = ("run", "process", "args", "config")
# A line break cannot stand inside a JSON text, so this is a key of the outermost object, or the
# cut does not parse.
_BEHIND = '\n  "seed": '
_KEY = re.compile(r'\s*[,{]\s*"([^"\\]*)"\s*:\s*')
_DECODER = json.JSONDecoder()


def head(text: str) -> tuple[dict[str, Any], str]:
    """Return the beginning of a record, parsed and as JSON; it has at least the wanted sections.

    Parameters
    ----------
    text : str
        PROVENANCE.json, whole.

    Returns
    -------
    (dict, str)
        Sections that are missing, or are no mappings, are empty mappings.

    Raises
    ------
    ValueError
        If it is not a JSON object, as far as it was read.
    RecursionError
        If it is nested too deeply to be a record.
    """
    cut = text.find(_BEHIND)
    if cut > 0 and text[cut - 1] == ",":
        beginning = text[: cut - 1] + "}"
        try:
            found, end = _DECODER.raw_decode(beginning)
        except ValueError:
            found, end = None, 0
        if end == len(beginning) and _is_whole(found):
            return found, beginning
    sections = {name: value for name, value in _by_keys(text).items() if isinstance(value, dict)}
    found = {name: sections.get(name, {}) for name in WANTED}
    return found, json.dumps(found, ensure_ascii=False)


def _is_whole(found: Any) -> bool:
    """Whether the wanted sections are there as mappings; spelled out, for 100,000 records."""
    if type(found) is not dict:
        return False
    get = found.get
    return (
        type(get("run")) is dict
        and type(get("args")) is dict
        and type(get("config")) is dict
        and type(get("process")) is dict
    )


def _by_keys(text: str) -> dict[str, Any]:
    """Parse the wanted values one by one, up to the last of them."""
    found: dict[str, Any] = {}
    key = _KEY.match(text)
    if key is None or text.lstrip()[:1] != "{":
        raise ValueError("not a JSON object with plain keys")
    while key is not None:
        value, end = _DECODER.raw_decode(text, key.end())
        if key[1] in WANTED and key[1] not in found:
            found[key[1]] = value
            if len(found) == len(WANTED):
                break
        key = _KEY.match(text, end)
    return found
