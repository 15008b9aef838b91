"""Names that announce a secret: ``password``, ``api_key``, ``GITHUB_TOKEN``."""

from __future__ import annotations

# Looked for first, so that a harmless name costs a handful of substring searches.
_HINTS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "jwt", "bearer", "notify",
    "webhook",
)  # fmt: skip

# These name a secret wherever they stand, and hide numbers too: a password may be 12345.
_STRONG = frozenset({
    "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "credential",
    "credentials", "creds", "passcode",
})  # fmt: skip
# These name a secret when the value is text; `max_token: 512` is a setting.
_WEAK = frozenset({
    "token", "auth", "authorization", "apikey", "jwt", "bearer", "cookie", "cookies", "authkey",
    "authtoken", "accesskey", "secretkey", "privatekey", "webhook",
})  # fmt: skip
# `band_pass` and `low_pass` are filters; `db_pass` is a password.
_BEFORE_PASS = frozenset({
    "user", "db", "smtp", "mail", "email", "login", "admin", "root", "ftp", "ssh", "proxy", "sql",
    "mysql", "pg", "postgres", "redis", "mongo", "http", "auth", "my", "api", "server", "account",
})  # fmt: skip
# A key beside one of these words is a column, an order or a place in a table.
_HARMLESS_WITH_KEY = frozenset({
    "sort", "primary", "foreign", "group", "index", "join", "partition", "column", "row", "by",
    "order", "field", "name", "merge", "dict", "json", "hot", "public", "press", "type", "cache",
    "stim", "response", "resp", "figure", "legend", "color", "colour", "map", "random", "rng",
})  # fmt: skip


def words(name: str) -> list[str]:
    """Split a name into lower-case words at punctuation, digits and humps (``dbPassword``)."""
    found: list[str] = []
    word = ""
    previous_lower = False
    for char in name:
        if not char.isalpha():
            if word:
                found.append(word)
            word, previous_lower = "", False
            continue
        if char.isupper() and previous_lower:
            found.append(word)
            word = ""
        word += char.lower()
        previous_lower = char.islower()
    if word:
        found.append(word)
    return found


def strength(name: str) -> int:
    """How surely `name` announces a secret: 2 whatever the value, 1 if it is text, 0 not."""
    lower = name.lower()
    if not any(hint in lower for hint in _HINTS):
        return 0
    parts = words(name)
    if not _STRONG.isdisjoint(parts):
        return 2
    return int(
        not _WEAK.isdisjoint(parts)
        or ("notify" in parts and ("url" in parts or "urls" in parts))
        or ("key" in parts and _HARMLESS_WITH_KEY.isdisjoint(parts))
        or (parts[-1:] == ["pass"] and (len(parts) == 1 or parts[-2] in _BEFORE_PASS))
    )
