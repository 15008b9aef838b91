"""YAML with the numbers and booleans of version 1.2, and no key twice."""

from __future__ import annotations

import re

from scitex_io._lookup import need
from scitex_io._plain import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from scitex_io._registry import Request, Writer

_TAG = "tag:yaml.org,2002:"
_FLOAT = (
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)"
)
_RULES = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("merge", r"<<", "<"),
)
_PRINTABLE = re.compile(r"[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*\Z")
_MADE: dict[str, Any] = {}


def prepare(obj: Any, request: Request, *, sort_keys: bool = False) -> Writer:
    """Return a writer; text that YAML 1.1 or 1.2 would take for something else is quoted."""
    plain = Plain(request.ending, keep_dates=True, text_keys=False).of(obj)
    yaml = need("yaml", request.ending, "yaml")
    text = yaml.dump(
        plain, Dumper=_dumper(yaml), sort_keys=sort_keys, allow_unicode=True, width=100
    )
    content = text.encode("utf-8")

    def write(file: BinaryIO) -> None:
        file.write(content)

    return write


def read(file: BinaryIO, ending: str, /) -> Any:
    """Return what the file holds, as builtins; no tag makes anything else."""
    yaml = need("yaml", ending, "yaml")
    return yaml.load(file.read(), Loader=_loader(yaml))


def _patterns() -> list[tuple[str, re.Pattern[str], list[str]]]:
    rules = [(tag, re.compile(f"^(?:{text})$"), list(first)) for tag, text, first in _RULES]
    rules[3][2].append("")  # an empty value is null
    return rules


def _loader(yaml: Any) -> Any:
    if "loader" not in _MADE:
        base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        loader: Any = type(
            "Loader",
            (base,),
            {"yaml_implicit_resolvers": {}, "flatten_mapping": _flatten_mapping},
        )
        for tag, pattern, first in _patterns():
            loader.add_implicit_resolver(_TAG + tag, pattern, first)
        stamps = dict(yaml.SafeLoader.yaml_implicit_resolvers["0"])[_TAG + "timestamp"]
        loader.add_implicit_resolver(_TAG + "timestamp", stamps, list("0123456789"))
        loader.add_constructor(_TAG + "int", _int)
        loader.add_constructor(_TAG + "float", _float)
        _MADE["loader"] = loader
    return _MADE["loader"]


def _flatten_mapping(self: Any, node: Any) -> None:
    # Here and not where the dict is built: merges are still apart, so that a key which overrides
    # a merged one is no repetition. Once for each node, for anchors come here again.
    checked = self.__dict__.setdefault("_checked", set())
    if id(node) not in checked:
        checked.add(id(node))
        _refuse_repeated(self, node)
    super(type(self), self).flatten_mapping(node)


def _refuse_repeated(loader: Any, node: Any) -> None:
    first: dict[Any, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == _TAG + "merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if getattr(key, "__hash__", None) is None:
            continue  # the constructor itself refuses it, with its line
        line = key_node.start_mark.line + 1
        if key in first:
            raise ValueError(f"key {key!r} stands on line {first[key]} and again on line {line}")
        first[key] = line


def _int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text, base)


def _float(loader: Any, node: Any) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _dumper(yaml: Any) -> Any:
    if "dumper" not in _MADE:
        base = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        # Shared parts are written out each time: anchors are for machines.
        dumper: Any = type("Dumper", (base,), {"ignore_aliases": lambda _self, _data: True})
        for tag, pattern, first in _patterns()[1:3]:
            dumper.add_implicit_resolver(_TAG + tag, pattern, first)
        dumper.add_representer(str, _represent_text)
        _MADE["dumper"] = dumper
    return _MADE["dumper"]


def _represent_text(dumper: Any, text: str) -> Any:
    style = None if _PRINTABLE.match(text) else '"'
    return dumper.represent_scalar(_TAG + "str", text, style=style)
