"""Hide secrets in program text and patches, line by line, so that a patch still fits.

The same function masks a patch and, when the patch is applied again, the file it is applied to:
lines of context and lines taken away then agree.
"""

from __future__ import annotations

from scitex_session._provenance._masking import mask_known
from scitex_session._provenance._secret_names import strength
from scitex_session._provenance._secret_patterns import MASK, once

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "jwt", "bearer", "cookie")
# In these, `name: value` needs no quotes.
_SETTINGS = (".yaml", ".yml", ".env", ".ini", ".cfg", ".conf", ".properties", ".toml", ".sh")


@once
def _quoted() -> re.Pattern[str]:
    import re

    return re.compile(
        # `name = "x"`, `name: str = "x"`, `"name": "x"`, `["--name", "x"]`
        r"""(?P<head>(?P<name>[A-Za-z_-][\w.-]*)["']?\]?\s*(?:(?::\s*[\w\[\]. |]+)?[=:]"""
        r"""|(?<=["']),)\s*[rbuf]?)"""
        r"""(?P<quote>["'])(?P<value>(?:(?!(?P=quote))[^\\\n]|\\.)*)(?P=quote)"""
    )


@once
def _bare() -> re.Pattern[str]:
    import re

    return re.compile(
        r"""^(?P<head>\s*(?:-\s+)?(?:export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*[:=]\s*)"""
        r"""(?P<value>[^\s"'#{\[&*|>$][^#\n]*)$"""
    )


def mask_source(data: bytes, name: str) -> tuple[bytes, int]:
    """
    Mask the text of one file.

    Parameters
    ----------
    data : bytes
        Its content.
    name : str
        Its name; settings files (YAML, INI, shell) are masked also where a value has no quotes.

    Returns
    -------
    (bytes, int)
        The masked content and the number of lines that changed.
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
    """Whether lines have to be looked at one by one; without a `name` it is a patch of some files.

    To load and compile the patterns takes 10 ms and more: a script that hides nothing pays nothing.
    """
    if mask_known(text) != text:
        return True
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return False
    if name is None or "-----begin " in lower:
        return True
    settings = _is_settings(name)
    return any(_may_hide(line, settings=settings) for line in lower.split("\n"))


def _may_hide(lower: str, *, settings: bool) -> bool:
    """Whether the patterns have to be asked about a line, which is in lower case."""
    return any(hint in lower for hint in _HINTS) and (settings or _gives_text(lower))


def _gives_text(line: str) -> bool:
    """Whether a text in quotes follows ``=``, ``:`` or another one and a comma, as in `_quoted`."""
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
    line = mask_known(line.removesuffix("\r"))
    if _may_hide(line.lower(), settings=settings):
        line = _quoted().sub(_replace_quoted, line)
        if settings:
            line = _bare().sub(_replace_bare, line)
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
