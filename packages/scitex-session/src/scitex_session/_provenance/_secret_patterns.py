"""Texts that are a secret by their look: keys of known makers, tokens, credentials in addresses."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

MASK = "***"

# A text without any of these cannot match; most texts are let go here, and `re` is not needed.
_BEGINNINGS = (
    "-----BEGIN ", "AKIA", "ASIA", "AROA", "AIDA", "AGPA", "ANPA", "ABIA", "ACCA", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_", "k_test_", "sk-", "AIza",
    "eyJ", "hf_", "npm_", "pypi-", "dckr_pat_", "SG.", "://", "hooks.slack.com", "earer",
)  # fmt: skip
_GIVEN = (  # in lower case, before or in front of a value
    "authorization", "password=", "passwd=", "pwd=", "secret=", "token=", "signature=",
    "credential=", "apikey=", "api-key=", "_key=", "access-key=", "accesskey=", "accountkey=",
    "?key=", "&key=", "sig=", "auth=",
)  # fmt: skip

# Shapes published by their makers; the whole match goes.
_SHAPES = r"""
-----BEGIN\ [A-Z0-9 ]*PRIVATE\ KEY(?:\ BLOCK)?-----
  .*? (?:-----END\ [A-Z0-9 ]*PRIVATE\ KEY(?:\ BLOCK)?----- | \Z)
| \b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{16}\b
| \bgh[pousr]_[A-Za-z0-9]{20,}
| \bgithub_pat_[A-Za-z0-9_]{22,}
| \bglpat-[A-Za-z0-9_-]{20,}
| \bxox[abeoprs]-[A-Za-z0-9-]{10,}
| \b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}
| \bsk-[A-Za-z0-9_-]{20,}
| \bAIza[0-9A-Za-z_-]{35}
| \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
| \bhf_[A-Za-z0-9]{30,}
| \bnpm_[A-Za-z0-9]{36}
| \bpypi-[A-Za-z0-9_-]{50,}
| \bdckr_pat_[A-Za-z0-9_-]{20,}
| \bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
"""
# What stands in the named group stays, the rest of the match goes.
_NAMED = r"""
(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@'"<>]*:[^/\s'"<>]*(?=@)
| (?P<http>\bhttps?://)[^/\s:@'"<>]+(?=@)
| (?P<slack>\bhooks\.slack\.com/services/)[A-Za-z0-9/_-]+
| (?P<query>
    [?&](?:[A-Za-z0-9_.-]*
      (?:token|secret|password|passwd|signature|credential|api[_-]?key|apikey|access[_-]?key)
      | key | sig | auth)=)
  [^&\s'"\#]+
| (?P<bearer>\b[Bb]earer\s+)[A-Za-z0-9._~+/=-]{16,}
| (?P<header>\b[Aa]uthorization['"]?\s*[:=]\s*['"]?(?:[A-Za-z]+\s+)?)[A-Za-z0-9._~+/=-]{8,}
| (?P<pair>
    (?<![A-Za-z])
    (?:[Pp]assword|[Pp]asswd|PASSWORD|[Pp]wd|PWD|[Ss]ecret|SECRET|AccountKey|SharedAccessKey
      | [A-Z0-9_]*(?:_TOKEN|_SECRET|_PASSWORD|_API_KEY|_SECRET_KEY|_ACCESS_KEY))=)
  (?!['"])[^\s;&,'"]+
"""


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Return `make` made to run but once: `functools.cache` would be felt at start-up."""
    made: list[T] = []

    def get() -> T:
        if not made:
            made.append(make())
        return made[0]

    return get


@once
def _shapes() -> re.Pattern[str]:
    import re

    return re.compile(_SHAPES, re.VERBOSE | re.DOTALL)


@once
def _named() -> re.Pattern[str]:
    import re

    return re.compile(_NAMED, re.VERBOSE)


def _may_match(text: str) -> bool:
    """Whether the patterns have to be asked, which takes 20 ms where `re` is not there yet."""
    if any(beginning in text for beginning in _BEGINNINGS):
        return True
    lower = text.lower()
    return any(name in lower for name in _GIVEN)


def mask_text(text: str) -> str:
    """Replace what looks like a secret in `text` by ``***``; the same object if nothing does."""
    if len(text) < 8:  # noqa: PLR2004 - shorter than the shortest pattern
        return text
    if not _may_match(text):
        return text
    text = _shapes().sub(MASK, text)
    return _named().sub(lambda m: (m[m.lastgroup] if m.lastgroup else "") + MASK, text)


def strip_credentials(url: str) -> str:
    """`url` without user and password (``https://u:p@host/x`` becomes ``https://host/x``)."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return mask_text(url)  # scp style, git@host:path: the user is part of the address
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    return mask_text(f"{scheme}://{host}{slash}{path}")
