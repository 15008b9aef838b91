"""Parse one YAML document into builtins: safe, strict, and with line and key of every mistake.

PyYAML's own constructor does not know the line of a key, keeps the last of two equal keys, and
expands aliases without a limit. So only its parser is used here, to compose the nodes; the values
are built from the nodes by the rules of this module.
"""

from __future__ import annotations

import re

from ._errors import YamlError
from ._libraries import need
from ._yaml_rules import MAX_DEPTH, OLD_BOOLEANS, resolve, tagged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml
else:
    yaml = need("yaml", ".yaml", "yaml")

_TOO_DEEP = "maximum nesting depth"  # PyYAML's own complaint, from version 6.0.3 on
# Values that aliases may add, and the length of a text that counts as one more value.
_MAX_EXPANSION = 100_000
_LONG_TEXT = 1_000

_CORE = "tag:yaml.org,2002:"
_PLAIN = "?"
_MERGE = _CORE + "merge"
_SCALAR_TAGS = frozenset(("str", "int", "float", "bool", "null", "timestamp", "binary"))

_KEY = re.compile(
    r"""\s*(?:[-?]\s+)*(?:"([^"]+)"|'([^']+)'|([^\s#"'\[\]{}&*!][^:#]*?))\s*:(?:\s|$)"""
)
_NEAR = 500
_HINTS = {
    "mapping values are not allowed": "quote a value that holds `: `, and check the indentation",
    "cannot start any token": "indent by spaces, not tabs; quote a value that begins with @ ` %",
    "did not find expected key": "check the indentation and the quotes above",
    "could not find expected ':'": "write `key: value`",
    "unexpected end of stream": "close the quote or bracket that is open",
    "expected ',' or": "close the bracket that is open",
    "but found another document": "keep one document per file, without a second `---`",
    "undefined alias": "define the anchor before, or quote a value that begins with *",
}


def read_document(
    content: bytes | str, name: str | None, warn: Callable[[str, int, str], None] | None
) -> object:
    """Return what one document holds; see `parse_yaml`."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    try:
        _check_encoding(data)
        node = _compose(data)
        return None if node is None else _Builder(warn).build(node)
    except YamlError as error:
        key = error.key or _key_near(data, error.line)
        raise YamlError(error.problem, name, error.line, key) from None
    except yaml.YAMLError as error:
        line, problem = _explain(error, data)
        raise YamlError(problem, name, line, _key_near(data, line)) from None


def _check_encoding(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise YamlError(problem, None, line) from None


def _compose(data: bytes) -> yaml.Node | None:
    composer = _Composer(data)
    try:
        node: yaml.Node | None = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        if _TOO_DEEP in (error.problem or ""):
            raise _too_deep(error.problem_mark) from None
        raise
    finally:
        composer.dispose()
    return node


def _explain(error: yaml.YAMLError, data: bytes) -> tuple[int, str]:
    """Return the line of a complaint of the parser, and one sentence about it."""
    position = getattr(error, "position", None)
    if position is not None:
        line = data.count(b"\n", 0, position) + 1
        return line, "is no YAML: it holds a control character; remove it"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    hint = next((hint for part, hint in _HINTS.items() if part in problem), "")
    # A mark at the end of the text is on the line after the last one.
    last = data.rstrip().count(b"\n") + 1
    line = min(mark.line + 1, last) if mark is not None else 1
    return line, f"is no YAML: {problem}" + (f"; {hint}" if hint else "")


def _key_near(data: bytes, line: int | None) -> str | None:
    """Return the key on a line, or the nearest above it: the parser's complaints name none."""
    if line is None:
        return None
    # A hostile file may have endless lines; a key is short and near.
    for text in reversed(data.splitlines()[max(0, line - _NEAR) : line]):
        match = _KEY.match(text[:_NEAR].decode("utf-8", "replace"))
        if match:
            return match[1] or match[2] or match[3]
    return None


class _Rules:
    """How the composer tags nodes: `_PLAIN` for a scalar that `resolve` still has to judge."""

    _depth = 0

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: object) -> str:
        if kind is yaml.ScalarNode and isinstance(implicit, tuple):
            return _PLAIN if implicit[0] else _CORE + "str"
        return _CORE + ("seq" if kind is yaml.SequenceNode else "map")

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep(parent.start_mark if parent is not None else None)

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _too_deep(mark: yaml.Mark | None) -> YamlError:
    line = mark.line + 1 if mark is not None else None
    return YamlError(f"is nested more than {MAX_DEPTH} levels deep", None, line)


# Used for its parser only; its resolver is replaced and its constructors are not called.
_Composer = type("_Composer", (_Rules, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})


class _Builder:
    """Builds the value of a document from its nodes."""

    def __init__(self, warn: Callable[[str, int, str], None] | None) -> None:
        self._warn = warn
        self._path: list[object] = []
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._expanded = 0

    def build(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._enter(node, len(node.value) + 1)
        listed = isinstance(node, yaml.SequenceNode)
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
            raise self._fault(node, f"holds an invalid value: {error}") from None

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
        # Merged keys come first, as in PyYAML; the keys of the mapping itself win.
        return {**merged, **own} if merged else own

    def _key(self, node: yaml.Node) -> object:
        if not isinstance(node, yaml.ScalarNode):
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
                raise self._fault(node, "merges a value that is not a mapping")
            merged = {**source, **merged}
        return merged

    def _enter(self, node: yaml.Node, size: int) -> None:
        if id(node) in self._open:
            raise self._fault(node, "contains itself by an alias")
        self._open.add(id(node))
        self._count(node, size)

    def _count(self, node: yaml.Node, size: int) -> None:
        """Count what a node adds each time it is met again through an alias."""
        if id(node) not in self._seen:
            self._seen.add(id(node))
            return
        self._expanded += size
        if self._expanded > _MAX_EXPANSION:
            text = f"expands by its aliases to more than {_MAX_EXPANSION:,} values"
            raise self._fault(node, text)

    def _here(self) -> str:
        return ".".join(map(str, self._path))

    def _fault(self, node: yaml.Node, problem: str) -> YamlError:
        return YamlError(problem, None, node.start_mark.line + 1, self._here() or None)

    def _unknown_tag(self, node: yaml.Node) -> YamlError:
        tag = node.tag
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        return self._fault(
            node, f"has the tag {shown}, which is not read here; write a plain value"
        )


def _twice(first: int, *, merge: bool) -> str:
    if merge:
        return f"is there twice (first on line {first}); write one `<<: [*one, *other]`"
    return f"is there twice (first on line {first}); keep one of them"
