"""The part of PROVENANCE.json that a listing needs, read without parsing the rest.

A record may hold thousands of outputs. Its sections are top-level keys of one JSON object, so the
wanted ones are taken as they come and the reading stops with the last of them. Their source text
is kept: the index stores it as it is.
"""

from __future__ import annotations

import re
from json import JSONDecoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WANTED = ("run", "process", "args", "config")
# A key, with the brace or comma before it and the colon behind it. Keys of ours need no escapes.
_KEY = re.compile(r'\s*[,{]\s*"([^"\\]*)"\s*:\s*')
_DECODER = JSONDecoder()


def head(text: str) -> dict[str, tuple[Any, str]]:
    """Return the wanted sections of a record, each with its source text.

    Parameters
    ----------
    text : str
        PROVENANCE.json, whole.

    Raises
    ------
    ValueError
        If it is not a JSON object, as far as it was read.
    RecursionError
        If it is nested too deeply to be a record.
    """
    found: dict[str, tuple[Any, str]] = {}
    match, decode = _KEY.match, _DECODER.raw_decode
    key = match(text)
    if key is None or text.lstrip()[:1] != "{":
        raise ValueError("not a JSON object with plain keys")
    while key is not None:
        begin = key.end()
        value, end = decode(text, begin)
        name = key[1]
        if name in WANTED and name not in found:
            found[name] = (value, text[begin:end])
            if len(found) == len(WANTED):
                break
        key = match(text, end)
    return found
