"""How YAML is read, by `load` and for ``./config`` alike."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def parse_yaml(
    content: bytes | str,
    *,
    name: str | None = None,
    warn: Callable[[str, int, str], None] | None = None,
) -> object:
    """Parse one YAML document by the rules that `load` follows.

    YAML 1.2 (``1e-3`` is a number, ``on`` a word, ``017`` seventeen) with the dates, ``<<`` merges
    and ``1_000`` of YAML 1.1. A repeated key, a tag that makes an object, a second document and
    aliases that expand without end are refused.

    Parameters
    ----------
    content : bytes or str
        The document; bytes are UTF-8.
    name : str, optional
        Of the file, for messages.
    warn : callable, optional
        Called with (text, line, key) for each bare ``yes``, ``no``, ``on`` or ``off``, which YAML
        1.1 read as a boolean and which is a word here.

    Returns
    -------
    object
        None for an empty document; else builtins, dates and datetimes.

    Raises
    ------
    YamlError (ValueError)
        One line with file, line and key. Its attributes ``problem``, ``name``, ``line`` and
        ``key`` give the parts.
    MissingLibraryError (ImportError)
        PyYAML is not installed.
    """
    from ._yaml_nodes import read_document  # needs PyYAML, which is an extra

    return read_document(content, name, warn)
