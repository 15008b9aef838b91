"""YAML by the rules of version 1.2, with dates, and no key twice."""

from __future__ import annotations

from .._fit import fit
from .._yaml_rules import MAX_DEPTH
from .._yaml_writer import dump_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request


def prepare(obj: Any, request: Request, *, sort_keys: bool = False) -> bytes:
    """Return the text as bytes; words that YAML 1.1 or 1.2 would misread are quoted."""
    plain = fit(obj, request.ending, dates=True, any_keys=True, max_depth=MAX_DEPTH)
    return dump_yaml(_sorted(plain) if sort_keys else plain)


def _sorted(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_sorted(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    try:
        keys = sorted(plain)
    except TypeError:  # numbers and text have no common order
        keys = list(plain)
    return {key: _sorted(plain[key]) for key in keys}


def read(file: BinaryIO, _ending: str, /) -> Any:
    """Return what the file holds, as builtins; no tag makes anything else."""
    from .._yaml_reader import parse_yaml

    return parse_yaml(file.read(), name=file.name)
