"""Mask secrets in everything that a session writes: by name, by look, and in program text.

A value is secret because of the name it is given (``password``, ``api_key``, ``GITHUB_TOKEN``) or
because of its look (keys of known makers, tokens, credentials in addresses). What was once found
under a secret name is masked wherever else it turns up.
"""

from __future__ import annotations

import os
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

MASK = "***"

# --- names ---------------------------------------------------------------------------------------

# Looked for first, so that a harmless name costs only a few substring searches.
_NAME_HINTS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "jwt", "bearer", "notify",
    "webhook",
)  # fmt: skip

# These mark a secret anywhere in a name, and mask numbers too: a password may be 12345.
_STRONG = frozenset({
    "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "credential",
    "credentials", "creds", "passcode",
})  # fmt: skip
# These mark a secret if the value is text; `max_token: 512` is a setting.
_WEAK = frozenset({
    "token", "auth", "authorization", "apikey", "jwt", "bearer", "cookie", "cookies", "authkey",
    "authtoken", "accesskey", "secretkey", "privatekey", "webhook",
})  # fmt: skip
# `band_pass` and `low_pass` are filters; `db_pass` is a password.
_BEFORE_PASS = frozenset({
    "user", "db", "smtp", "mail", "email", "login", "admin", "root", "ftp", "ssh", "proxy", "sql",
    "mysql", "pg", "postgres", "redis", "mongo", "http", "auth", "my", "api", "server", "account",
})  # fmt: skip
# A key beside one of these words is a column, an order or a position in a table.
_HARMLESS_WITH_KEY = frozenset({
    "sort", "primary", "foreign", "group", "index", "join", "partition", "column", "row", "by",
    "order", "field", "name", "merge", "dict", "json", "hot", "public", "press", "type", "cache",
    "stim", "response", "resp", "figure", "legend", "color", "colour", "map", "random", "rng",
})  # fmt: skip


def strength(name: str) -> int:
    """Return how surely `name` announces a secret: 2 whatever the value, 1 if it is text, 0 not."""
    lower = name.lower()
    if not any(hint in lower for hint in _NAME_HINTS):
        return 0
    words = _words(name)
    if not _STRONG.isdisjoint(words):
        return 2
    return int(
        not _WEAK.isdisjoint(words)
        or ("notify" in words and ("url" in words or "urls" in words))
        or ("key" in words and _HARMLESS_WITH_KEY.isdisjoint(words))
        or (words[-1:] == ["pass"] and (len(words) == 1 or words[-2] in _BEFORE_PASS))
    )


def _words(name: str) -> list[str]:
    """Split a name into lower-case words at punctuation, digits and humps (``dbPassword``)."""
    pairs = zip(f" {name}", name, strict=False)
    spaced = (f" {char}" if char.isupper() and before.islower() else char for before, char in pairs)
    return "".join(c if c.isalpha() else " " for c in "".join(spaced)).lower().split()


# --- look ----------------------------------------------------------------------------------------

# A text without any of these cannot match. Most have none, and `re` (20 ms) is not imported.
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

# Formats published by their makers; the whole match is masked.
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
# What is in the named group stays, the rest of the match is masked.
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


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    import re

    return re.compile(pattern, re.VERBOSE | re.DOTALL)


def _may_match(text: str) -> bool:
    """Whether `text` holds the beginning of any pattern."""
    if any(beginning in text for beginning in _BEGINNINGS):
        return True
    lower = text.lower()
    return any(name in lower for name in _GIVEN)


def _mask_by_look(text: str) -> str:
    if len(text) < 8 or not _may_match(text):  # noqa: PLR2004 - shorter than the shortest pattern
        return text
    text = _compiled(_SHAPES).sub(MASK, text)
    return _compiled(_NAMED).sub(lambda m: (m[m.lastgroup] if m.lastgroup else "") + MASK, text)


def strip_credentials(url: str) -> str:
    """Return `url` without user and password: ``https://u:p@host/x`` as ``https://host/x``."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _mask_by_look(url)  # scp style, git@host:path: the user is part of the address
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    return _mask_by_look(f"{scheme}://{host}{slash}{path}")


# --- values ---------------------------------------------------------------------------------------

# Found under a secret name, and masked wherever else they turn up: the password of config/DB.yaml
# in a command line, that of the environment in a diff.
_known: set[str] = set()
_environment_seen = False


def mask(obj: Any) -> Any:
    """Return `obj` with secrets replaced by ``***``.

    Parameters
    ----------
    obj : object
        Mappings, sequences and texts are looked into to any depth; in a list of texts an option
        that names a secret hides its value (``--token X``, ``--token=X``, ``db.password=X``).
        Anything else is returned as it is.

    Returns
    -------
    object
        A masked copy; `obj` itself where nothing had to be hidden and it is not a container.

    Notes
    -----
    A name hides its value when one of its words is ``password``, ``secret``, ``token``, ``key``,
    ``auth``, ``credential`` or the like; ``sort_key`` and ``band_pass`` do not. A text is also
    hidden by its look: keys of AWS, GitHub, Google and others, JSON web tokens, private keys,
    user and password in an address. Values that were hidden by name, and those of environment
    variables with such names, are hidden everywhere.
    """
    _learn_environment()
    _learn(obj, 0, frozenset())
    return _mask(obj, 0, frozenset())


def mask_text(text: str) -> str:
    """Mask secrets in a text: by their look, and the values already known as secrets."""
    _learn_environment()
    text = _mask_by_look(text)
    for value in _known:
        if value in text:
            text = text.replace(value, MASK)
    return text


def known_secrets() -> frozenset[str]:
    """Return the values that are masked wherever they turn up."""
    _learn_environment()
    return frozenset(_known)


def learn(value: Any) -> None:
    """Remember a value found under a secret name, if it is unusual enough to be searched for."""
    # A plain word ("temperature") would be masked in harmless texts too.
    if isinstance(value, str) and len(value) >= 8 and not value.isalpha() and value != MASK:  # noqa: PLR2004 - see above
        _known.add(value)


def _learn_environment() -> None:
    global _environment_seen
    if _environment_seen:
        return
    _environment_seen = True
    for name, value in os.environ.items():
        # A path (SSH_AUTH_SOCK, a key file) is no secret; the content of the file is.
        if strength(name) and not value.startswith(("/", "~")):
            learn(value)


def _learn(obj: Any, hidden: int, above: frozenset[int]) -> None:
    if isinstance(obj, str):
        if hidden:
            learn(obj)
        return
    if not isinstance(obj, (dict, list, tuple, set, frozenset)) or id(obj) in above:
        return
    above |= {id(obj)}
    if isinstance(obj, dict):
        for key, value in obj.items():
            _learn(value, max(hidden, strength(str(key))), above)
    else:
        for item, of_option in _options(obj):
            _learn(item, max(hidden, of_option), above)


def _mask(obj: Any, hidden: int, above: frozenset[int]) -> Any:  # noqa: PLR0911 - one per type
    """Mask `obj`, whose name has the strength `hidden`."""
    if isinstance(obj, str):
        return MASK if hidden and obj else mask_text(obj)
    if isinstance(obj, (bytes, bytearray)):
        return MASK.encode() if hidden and obj else obj
    if obj is None or isinstance(obj, bool):
        return obj
    if isinstance(obj, (dict, list, tuple, set, frozenset)):
        if id(obj) in above:
            return obj  # it contains itself; the writer describes that
        above |= {id(obj)}
        if isinstance(obj, dict):
            return {k: _mask(v, max(hidden, strength(str(k))), above) for k, v in obj.items()}
        masked = [_mask_item(item, max(hidden, own), above) for item, own in _options(obj)]
        if isinstance(obj, tuple) and hasattr(obj, "_fields"):
            return type(obj)(*masked)
        return type(obj)(masked) if type(obj) in {tuple, set, frozenset} else masked
    if hidden > 1 and isinstance(obj, (int, float)):
        return MASK
    return obj


def _mask_item(item: Any, hidden: int, above: frozenset[int]) -> Any:
    """Mask an element of a sequence; ``--token=X`` and ``DB.password=X`` keep their names."""
    if isinstance(item, str) and not hidden:
        name, equals, value = item.partition("=")
        if equals and value and "\n" not in name and strength(name.rpartition(".")[2] or name):
            learn(value)
            return f"{name}={MASK}"
    return _mask(item, hidden, above)


def _options(items: Any) -> list[tuple[Any, int]]:
    """Pair each item with 1 where the item before it is an option that names a secret."""
    pairs: list[tuple[Any, int]] = []
    pending = 0
    for item in items:
        text = item if isinstance(item, str) else ""
        is_option = text.startswith("-")
        pairs.append((item, 0 if text.startswith("--") else pending))
        pending = 0
        if is_option and "=" not in text and not text.startswith("--no-"):
            pending = min(1, strength(text))
        elif "=" in text:
            name, _, value = text.partition("=")
            if strength(name.rpartition(".")[2] or name):
                learn(value)
    return pairs


# --- program text and patches ---------------------------------------------------------------------

# Masked line by line, and alike in a patch and in the file that it is applied to: lines of context
# and removed lines then agree, and the patch still fits.
_SOURCE_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "jwt", "bearer", "cookie")
# In these, `name: value` needs no quotes.
_SETTINGS = (".yaml", ".yml", ".env", ".ini", ".cfg", ".conf", ".properties", ".toml", ".sh")


# `name = "x"`, `name: str = "x"`, `"name": "x"`, `["--name", "x"]`
_QUOTED = (
    r"""(?P<head>(?P<name>[A-Za-z_-][\w.-]*)["']?\]?\s*(?:(?::\s*[\w\[\]. |]+)?[=:]"""
    r"""|(?<=["']),)\s*[rbuf]?)"""
    r"""(?P<quote>["'])(?P<value>(?:(?!(?P=quote))[^\\\n]|\\.)*)(?P=quote)"""
)
_BARE = (
    r"""^(?P<head>\s*(?:-\s+)?(?:export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*[:=]\s*)"""
    r"""(?P<value>[^\s"'#{\[&*|>$][^#\n]*)$"""
)


def mask_source(data: bytes, name: str) -> tuple[bytes, int]:
    """Mask the text of one file; return it with the number of lines that changed.

    In settings files (YAML, INI, shell, by their `name`) values without quotes are masked too.
    """
    text = data.decode("utf-8", "surrogateescape")
    if not _suspicious(text, name):
        return data, 0
    lines = text.split("\n")
    changed = _mask_lines(lines, name, prefixed=False)
    return "\n".join(lines).encode("utf-8", "surrogateescape"), changed


def mask_patch(patch: bytes) -> tuple[bytes, int]:
    """Mask a unified patch: what `mask_source` hides, behind the first character of each line."""
    text = patch.decode("utf-8", "surrogateescape")
    if not _suspicious(text):
        return patch, 0
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("diff --git ")]
    changed = 0
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        section = lines[start:end]
        body = next((i for i, line in enumerate(section) if line.startswith("@@")), None)
        if body is None:
            continue  # binary, or only a change of mode
        name = section[0].rpartition(" b/")[2]
        hunks = section[body:]
        changed += _mask_lines(hunks, name, prefixed=True)
        lines[start + body : end] = hunks
    return "\n".join(lines).encode("utf-8", "surrogateescape"), changed


def _suspicious(text: str, name: str | None = None) -> bool:
    """Whether lines have to be examined one by one; without a `name` it is a patch of some files.

    Importing and compiling the patterns takes 10 ms or more, which most scripts need not pay.
    """
    if mask_text(text) != text:
        return True
    lower = text.lower()
    if not any(hint in lower for hint in _SOURCE_HINTS):
        return False
    if name is None or "-----begin " in lower:
        return True
    settings = _is_settings(name)
    return any(_may_hide(line, settings=settings) for line in lower.split("\n"))


def _may_hide(lower: str, *, settings: bool) -> bool:
    """Whether a line, given in lower case, may match the patterns."""
    return any(hint in lower for hint in _SOURCE_HINTS) and (settings or _gives_text(lower))


def _gives_text(line: str) -> bool:
    """Whether a quoted text follows ``=``, ``:`` or another quoted text and a comma."""
    for at, character in enumerate(line):
        if character in "\"'":
            before = line[:at].rstrip("rbuf").rstrip()
            if before.endswith(("=", ":", '",', "',")):
                return True
    return False


def _is_settings(name: str) -> bool:
    return name.lower().endswith(_SETTINGS) or name.rpartition("/")[2].startswith(".env")


def _mask_lines(lines: list[str], name: str, *, prefixed: bool) -> int:
    """Mask `lines` in place; with `prefixed` the first character belongs to the patch."""
    changed = 0
    inside_key = False
    settings = _is_settings(name)
    for index, line in enumerate(lines):
        if prefixed and line.startswith(("@@", "\\")):
            inside_key = False
            continue
        first, rest = (line[:1], line[1:]) if prefixed else ("", line)
        if inside_key:
            inside_key = "-----END " not in rest
            masked = MASK
        else:
            inside_key = "-----BEGIN " in rest and "PRIVATE KEY" in rest and "-----END" not in rest
            masked = _mask_line(rest, settings=settings)
        if masked != rest:
            lines[index] = first + masked
            changed += 1
    return changed


def _mask_line(line: str, *, settings: bool) -> str:
    end = "\r" if line.endswith("\r") else ""
    line = mask_text(line.removesuffix("\r"))
    if _may_hide(line.lower(), settings=settings):
        line = _compiled(_QUOTED).sub(_replace_quoted, line)
        if settings:
            line = _compiled(_BARE).sub(_replace_bare, line)
    return line + end


def _replace_quoted(match: re.Match[str]) -> str:
    quote = match["quote"]
    if not _hides(match["name"], match["value"]):
        return match[0]
    return f"{match['head']}{quote}{MASK}{quote}"


def _replace_bare(match: re.Match[str]) -> str:
    return match["head"] + MASK if strength(match["name"]) else match[0]


def _hides(name: str, value: str) -> bool:
    """Whether a quoted text given to `name` in a program is a secret, not a word of the program."""
    kind = strength(name)
    if kind > 1:
        return len(value) > 2  # noqa: PLR2004 - "" and "no" are no secrets
    return kind == 1 and len(value) >= 8 and not value.replace("_", "").isalpha()  # noqa: PLR2004
