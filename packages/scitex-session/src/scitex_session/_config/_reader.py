"""One YAML document into builtins: no tag that runs code, no repeated key, no endless expansion.

PyYAML's own constructor knows neither where a key stands nor when a file grows without end by its
aliases, and it keeps the last of two equal keys. So its parser only composes the nodes here, and
the values are built from them.
"""

from __future__ import annotations

import yaml
from yaml.nodes import ScalarNode, SequenceNode

from ._scalars import OLD_BOOLEANS, resolve, tagged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DocumentError", "read"]

# The parser written in C recurses, until PyYAML 6.0.3 without a limit that ends before the stack.
_MAX_DEPTH = 100
_DEEPER = "maximum nesting depth"  # its own complaint, beyond a limit ten times as high
# Values that aliases may add, and the length from which a text counts as more than one value.
_MAX_EXPANSION = 100_000
_LONG_TEXT = 1_000

_CORE = "tag:yaml.org,2002:"
_PLAIN = "?"
_MERGE = _CORE + "merge"
_SCALAR_TAGS = frozenset(("str", "int", "float", "bool", "null", "timestamp", "binary"))


class DocumentError(Exception):
    """What is wrong in a document.

    Parameters
    ----------
    text : str
        What is wrong and what to do.
    line : int, optional
        Where, counted from 1.
    key : str, optional
        The path of keys that leads there, joined by dots.
    """

    def __init__(self, text: str, line: int | None = None, key: str | None = None) -> None:
        super().__init__(text)
        self.text, self.line, self.key = text, line, key


class _Rules:
    """How the composer names the nodes: `_PLAIN` for what `resolve` still has to judge."""

    _depth = 0

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: object) -> str:
        if kind is ScalarNode and isinstance(implicit, tuple):
            return _PLAIN if implicit[0] else _CORE + "str"
        return _CORE + ("seq" if kind is SequenceNode else "map")

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _too_deep(parent.start_mark if parent is not None else None)

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _too_deep(mark: yaml.Mark | None) -> DocumentError:
    line = mark.line + 1 if mark is not None else None
    return DocumentError(f"is nested more than {_MAX_DEPTH} levels deep", line)


def _composer() -> type[yaml.SafeLoader]:
    # Taken for its parser; its resolver and its constructors are not used.
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return type("_Composer", (_Rules, base), {})


_Composer = _composer()


def read(data: bytes, warn: Callable[[str, int, str], None] | None = None) -> object:
    """Read one YAML document.

    Parameters
    ----------
    data : bytes
        UTF-8 text.
    warn : callable, optional
        Called with (text, line, key) for what is read otherwise than its writer may have meant.

    Returns
    -------
    object
        None for an empty document; else builtins, dates and datetimes.

    Raises
    ------
    DocumentError
        If the document does not follow YAML or the rules of this module.
    yaml.YAMLError
        If it is no YAML at all.
    """
    loader = _Composer(data)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        if _DEEPER in (error.problem or ""):
            raise _too_deep(error.problem_mark) from None
        raise
    finally:
        loader.dispose()
    return None if node is None else _Builder(warn).build(node)


class _Builder:
    def __init__(self, warn: Callable[[str, int, str], None] | None) -> None:
        self._warn = warn
        self._path: list[object] = []
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._expanded = 0

    def build(self, node: yaml.Node) -> object:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self._enter(node, len(node.value) + 1)
        listed = isinstance(node, SequenceNode)
        value: object = self._sequence(node) if listed else self._mapping(node)
        self._open.discard(id(node))
        return value

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text: str = node.value
        if len(text) > _LONG_TEXT:
            self._count(node, len(text) // _LONG_TEXT)
        if node.tag == _PLAIN:
            if self._warn and text in OLD_BOOLEANS:
                self._warn(
                    f"{text} is read as the word {text!r}; write true or false for a boolean, "
                    f"or quote it",
                    node.start_mark.line + 1,
                    self._here(),
                )
            return self._value(node, resolve, text)
        kind = node.tag.removeprefix(_CORE)
        if kind == "str":
            return text
        if kind not in _SCALAR_TAGS:
            raise self._unknown_tag(node)
        return self._value(node, tagged, kind, text)

    def _value(self, node: yaml.Node, make: Callable[..., object], *parts: str) -> object:
        try:
            return make(*parts)
        except ValueError as error:
            raise self._fault(node, f"holds a value that cannot be: {error}") from None

    def _sequence(self, node: yaml.Node) -> list[object]:
        if node.tag != _CORE + "seq":
            raise self._unknown_tag(node)
        values = []
        for index, child in enumerate(node.value):
            self._path.append(index)
            values.append(self.build(child))
            self._path.pop()
        return values

    def _mapping(self, node: yaml.Node) -> dict[object, object]:
        if node.tag != _CORE + "map":
            raise self._unknown_tag(node)
        own: dict[object, object] = {}
        lines: dict[object, int] = {}
        merged: dict[object, object] = {}
        for key_node, value_node in node.value:
            merge = key_node.tag == _MERGE or (key_node.tag == _PLAIN and key_node.value == "<<")
            key = _MERGE if merge else self._key(key_node)
            self._path.append("<<" if merge else key)
            if key in lines:
                raise self._fault(key_node, _twice(lines[key], merge=merge))
            lines[key] = key_node.start_mark.line + 1
            if merge:
                merged = self._merge(value_node)
            else:
                own[key] = self.build(value_node)
            self._path.pop()
        # Merged keys come first, as PyYAML has it; the keys of the mapping itself win.
        return {**merged, **own} if merged else own

    def _key(self, node: yaml.Node) -> object:
        if not isinstance(node, ScalarNode):
            raise self._fault(node, "has a list or a mapping for a key; a key is one plain value")
        if node.tag == _PLAIN:
            key = self._value(node, resolve, node.value)
        else:
            warn, self._warn = self._warn, None
            key = self._scalar(node)
            self._warn = warn
        if key is None or key != key:  # noqa: PLR0124 - NaN, which no lookup finds again
            name = node.value or "nothing"
            raise self._fault(node, f"has {name} for a key; quote it if a word is meant")
        return key

    def _merge(self, node: yaml.Node) -> dict[object, object]:
        value = self.build(node)
        sources = value if isinstance(value, list) else [value]
        merged: dict[object, object] = {}
        for source in sources:
            if not isinstance(source, dict):
                raise self._fault(node, "merges what is no mapping")
            merged = {**source, **merged}
        return merged

    def _enter(self, node: yaml.Node, size: int) -> None:
        if id(node) in self._open:
            raise self._fault(node, "contains itself by an alias")
        self._open.add(id(node))
        self._count(node, size)

    def _count(self, node: yaml.Node, size: int) -> None:
        if id(node) not in self._seen:
            self._seen.add(id(node))
            return
        self._expanded += size
        if self._expanded > _MAX_EXPANSION:
            text = f"expands by its aliases to more than {_MAX_EXPANSION:,} values"
            raise self._fault(node, text)

    def _here(self) -> str:
        return ".".join(map(str, self._path))

    def _fault(self, node: yaml.Node, text: str) -> DocumentError:
        return DocumentError(text, node.start_mark.line + 1, self._here() or None)

    def _unknown_tag(self, node: yaml.Node) -> DocumentError:
        tag = node.tag
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        return self._fault(
            node, f"has the tag {shown}, which is not read here; write a plain value"
        )


def _twice(first: int, *, merge: bool) -> str:
    if merge:
        return f"is there twice (first on line {first}); write one `<<: [*one, *other]`"
    return f"is there twice (first on line {first}); keep one of them"
