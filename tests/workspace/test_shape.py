"""The shape of the code: small private modules behind a flat face."""

import ast
from graphlib import CycleError, TopologicalSorter
from statistics import median

import pytest

PUBLIC = {
    "scitex": {"io.py", "plt.py", "repro.py", "session.py"},
    "scitex-session": {"errors.py"},
}


@pytest.fixture(scope="module")
def sources(workspace):
    """Return {package: its Python files}."""
    return {package: package.sources() for package in workspace.packages()}


def test_modules_are_small(sources):
    """No module is longer than 500 lines, and half of them have at most 150."""
    files = [file for found in sources.values() for file in found]
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {file: length for file, length in lengths.items() if length > 500} == {}
    assert median(lengths.values()) <= 150


def test_no_module_is_a_bag(sources):
    """No module is called utils or helpers: a name says what is inside."""
    bags = {"utils", "util", "helpers", "common", "misc", "_utils", "_helpers", "_common"}
    assert [f for found in sources.values() for f in found if f.stem in bags] == []


def test_modules_are_private(sources):
    """What is public is named in `__init__`; the modules behind it have a leading underscore."""
    for package, files in sources.items():
        face = package.path / "src" / package.module
        for file in files:
            parts = file.relative_to(face).parts
            private = any(part.startswith("_") for part in parts)
            allowed = parts[-1].replace(".pyi", ".py") in PUBLIC.get(package.name, set())
            assert private or allowed, f"{file} is neither private nor a known public module"


def _imports(tree, package, modules):
    """Yield what a module imports when it runs, also inside its functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            parts = [*(above if node.level else ()), *filter(None, [node.module])]
            base = ".".join(parts)
            named = {f"{base}.{alias.name}" for alias in node.names}
            yield from (named & modules) or {base}
        yield from _imports(node, package, modules)


def test_no_two_modules_need_each_other(sources):
    """Arrows between modules go one way, also those of imports inside functions.

    A package's face is left out: it only hands names on.
    """
    files = {}
    for package, found in sources.items():
        for file in found:
            parts = file.relative_to(package.path / "src").with_suffix("").parts
            if parts[-1] != "__init__" and file.suffix == ".py":
                files[".".join(parts)] = file
    arrows = {
        name: set(
            _imports(
                ast.parse(file.read_text(encoding="utf-8")), name.rpartition(".")[0], set(files)
            )
        )
        & set(files)
        for name, file in files.items()
    }
    assert sum(map(len, arrows.values())) > len(files)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(f"these need each other: {' -> '.join(error.args[1])}")
