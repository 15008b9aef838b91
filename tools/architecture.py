"""Draw the arrows of the house from its code, and report its sizes.

Usage::

    python tools/architecture.py draw      # the drawings of docs/architecture.md
    python tools/architecture.py write     # put them into the page
    python tools/architecture.py report    # sizes of files and functions: advice, no limit

An arrow is an import, also one inside a function; imports for type checkers do not count. Needs
nothing but the standard library.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = workspace.ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawing: begin -->", "<!-- drawing: end -->"
DRAWN = ("scitex-session", "scitex-tee")  # the packages whose folders are drawn too
_LONGEST = 10


def modules(package: workspace.Package) -> dict[str, Path]:
    """Return the files of a package by dotted name; an ``__init__`` has the name of its folder."""
    found = {}
    for file in package.sources():
        if file.suffix == ".py":
            parts = file.relative_to(package.path / "src").with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(file: Path, name: str, known: set[str]) -> Iterator[str]:
    """Yield the modules among `known` that a file imports when it runs."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    for node in _running(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else ()), *filter(None, [node.module])])
            named = [f"{base}.{alias.name}" for alias in node.names]
            targets = [target if target in known else base for target in named]
        yield from (target for target in targets if target in known)


def _running(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        yield from _running(child)


def rooms(package: workspace.Package) -> dict[str, set[str]]:
    """Return the arrows between the folders and single modules at the top of a package."""
    files = modules(package)
    arrows: dict[str, set[str]] = {}
    for name, file in files.items():
        room = _room(name, package.module)
        if room:
            arrows.setdefault(room, set())
            for target in imports(file, name, set(files)):
                other = _room(target, package.module)
                if other and other != room:
                    arrows[room].add(other)
    return arrows


def _room(name: str, module: str) -> str:
    return name.removeprefix(module).strip(".").partition(".")[0]


def layers(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Sort rooms into layers, the lowest first; `graphlib.CycleError` where that cannot be done."""
    sorter = TopologicalSorter(arrows)
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append(sorted(ready))
        sorter.done(*ready)
    return found


def draw() -> str:
    """Return the drawings as text: each layer rests only on layers below it."""
    packages = workspace.packages()
    names = {package.name for package in packages}
    of_packages = {
        package.name: {name for name, _ in package.requirements(optional=False)} & names
        for package in packages
    }
    inside = [
        _drawing(f"inside {package.name}", rooms(package))
        for package in packages
        if package.name in DRAWN
    ]
    return "\n\n".join([_drawing("the packages", of_packages), *inside])


def _drawing(title: str, arrows: dict[str, set[str]]) -> str:
    width = max(map(len, arrows))
    lines = [title]
    for number, layer in reversed(list(enumerate(layers(arrows), 1))):
        for room in layer:
            targets = " ".join(sorted(arrows[room]))
            lines.append(
                f"  {number}  {room:{width}}  {f'-> {targets}' if targets else ''}".rstrip()
            )
    return "\n".join(lines)


def block() -> str:
    """Return what stands between the marks in the page."""
    return f"{BEGIN}\n```text\n{draw()}\n```\n{END}"


def write() -> None:
    """Put the drawings into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + block() + after, encoding="utf-8", newline="\n")


def report() -> str:
    """Return sizes, for whoever wonders where a module hides too much or too little."""
    lines = [f"{'package':18} lines  files  median  longest"]
    long_functions: list[tuple[int, str]] = []
    for package in workspace.packages():
        sizes = Counter[Path]()
        for file in modules(package).values():
            text = file.read_text(encoding="utf-8")
            sizes[file] = len(text.splitlines())
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                    length = node.end_lineno - node.lineno + 1
                    long_functions.append(
                        (length, f"{file.relative_to(workspace.ROOT)}:{node.name}")
                    )
        (longest, length) = sizes.most_common(1)[0]
        lines.append(
            f"{package.name:18} {sizes.total():5}  {len(sizes):5}  {median(sizes.values()):6.0f}  "
            f"{length} {longest.name}"
        )
    lines.append("the longest functions:")
    long_functions.sort(reverse=True)
    lines += [f"  {length:4}  {where}" for length, where in long_functions[:_LONGEST]]
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    match argv:
        case ["draw"]:
            print(draw())
        case ["write"]:
            write()
        case ["report"]:
            print(report())
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
