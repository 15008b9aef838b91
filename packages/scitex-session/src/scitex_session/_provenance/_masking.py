"""Hide secrets, by the name of a value and by its look, before anything is written."""

from __future__ import annotations

import os

from scitex_session._provenance._secret_names import strength
from scitex_session._provenance._secret_patterns import MASK, mask_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Values found under a secret name. They are hidden wherever else they turn up: the password of
# config/DB.yaml in a command line, that of the environment in a diff.
_known: set[str] = set()
_environment_seen = False


def mask(obj: Any) -> Any:
    """
    Return `obj` with secrets replaced by ``***``.

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


def mask_known(text: str) -> str:
    """Hide secrets in a text: by look, and the values already known as secrets."""
    _learn_environment()
    text = mask_text(text)
    for value in _known:
        if value in text:
            text = text.replace(value, MASK)
    return text


def known_secrets() -> frozenset[str]:
    """Return the values that are hidden wherever they turn up."""
    _learn_environment()
    return frozenset(_known)


def learn(value: Any) -> None:
    """Remember a value that a name marked as secret, if it is odd enough to be looked for."""
    # A plain word ("temperature") would be wiped out of harmless texts too.
    if isinstance(value, str) and len(value) >= 8 and not value.isalpha() and value != MASK:  # noqa: PLR2004 - see above
        _known.add(value)


def _learn_environment() -> None:
    global _environment_seen
    if _environment_seen:
        return
    _environment_seen = True
    for name, value in os.environ.items():
        # A path (SSH_AUTH_SOCK, a key file) is no secret, what lies there is.
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
    """Mask `obj`, which stands under a name of strength `hidden`."""
    if isinstance(obj, str):
        return MASK if hidden and obj else mask_known(obj)
    if isinstance(obj, (bytes, bytearray)):
        return MASK.encode() if hidden and obj else obj
    if obj is None or isinstance(obj, bool):
        return obj
    if isinstance(obj, (dict, list, tuple, set, frozenset)):
        if id(obj) in above:
            return obj  # a structure that contains itself is described by whoever writes it
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
    waiting = 0
    for item in items:
        text = item if isinstance(item, str) else ""
        is_option = text.startswith("-")
        pairs.append((item, 0 if text.startswith("--") else waiting))
        waiting = 0
        if is_option and "=" not in text and not text.startswith("--no-"):
            waiting = min(1, strength(text))
        elif "=" in text:
            name, _, value = text.partition("=")
            if strength(name.rpartition(".")[2] or name):
                learn(value)
    return pairs
