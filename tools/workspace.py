"""The workspace as one thing: move its version, and check that its packages keep the rules.

Usage::

    python tools/workspace.py check            # one sentence for each rule that is broken
    python tools/workspace.py bump 2026.12.0   # move the version and every pin between the packages
    python tools/workspace.py version          # print the version

Needs nothing but the standard library, so that it runs before anything is installed.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent

_CALENDAR = re.compile(r"20\d\d\.(?:[1-9]|1[0-2])\.(?:0|[1-9]\d*)")
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^\]]*\])?(?P<specifier>.*)")
_VERSION_LINE = re.compile(r'^version = "(?P<version>[^"]*)"$', re.MULTILINE)
_PIN = re.compile(r'"(?P<name>scitex[a-z-]*)(?P<extras>\[[^\]]*\])?==[^"]*"')
_NAMED_MODULE = re.compile(r"scitex_\w+(?:\.\w+)*")


class WorkspaceError(ValueError):
    """The workspace cannot be read, or cannot be moved to that version."""


@dataclass(frozen=True)
class Package:
    """One distribution of the workspace.

    Parameters
    ----------
    path : Path
        Its folder, which holds ``pyproject.toml`` and ``src``.
    """

    path: Path

    @cached_property
    def project(self) -> dict[str, Any]:
        """The ``[project]`` table of its pyproject.toml."""
        file = self.path / "pyproject.toml"
        try:
            table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            raise WorkspaceError(f"{file}: not a readable pyproject.toml: {error}") from error
        return table

    @property
    def name(self) -> str:
        """The name of the distribution."""
        return str(self.project["name"])

    @property
    def version(self) -> str:
        """The version, as its pyproject.toml states it."""
        return str(self.project["version"])

    @property
    def module(self) -> str:
        """The name it is imported by."""
        return self.name.replace("-", "_")

    @property
    def extras(self) -> list[str]:
        """The names of its optional dependencies."""
        return sorted(self.project.get("optional-dependencies", {}))

    def requirements(self, *, optional: bool = True) -> Iterator[tuple[str, str]]:
        """Yield (name, specifier) for each dependency, those of the extras included if asked."""
        groups = [self.project.get("dependencies", [])]
        if optional:
            groups += self.project.get("optional-dependencies", {}).values()
        for requirement in (text for group in groups for text in group):
            match = _REQUIREMENT.fullmatch(requirement)
            if match is None:
                raise WorkspaceError(f"{self.name}: cannot read the requirement {requirement!r}")
            yield match["name"], match["specifier"].strip()

    def sources(self) -> list[Path]:
        """All Python files and stubs of the package, in a stable order."""
        return sorted(p for p in (self.path / "src").rglob("*.py*") if p.suffix in {".py", ".pyi"})


def packages(root: Path = ROOT) -> list[Package]:
    """Return the packages of the workspace, those that others rest on first."""
    folders = sorted(file.parent for file in (root / "packages").glob("*/pyproject.toml"))
    found = {package.name: package for package in map(Package, folders)}
    order: list[Package] = []
    for package in found.values():
        _place(package, found, order, below=())
    return order


def _place(
    package: Package, found: dict[str, Package], order: list[Package], below: tuple[str, ...]
) -> None:
    if package.name in below:
        raise WorkspaceError(f"a cycle of dependencies: {' -> '.join((*below, package.name))}")
    if package in order:
        return
    for name, _ in package.requirements(optional=False):
        if name in found:
            _place(found[name], found, order, (*below, package.name))
    order.append(package)


def closure(name: str, root: Path = ROOT) -> list[Package]:
    """Return the package of that name after all packages of the workspace that it rests on."""
    ordered = packages(root)
    wanted = {name}
    for package in reversed(ordered):
        if package.name in wanted:
            wanted.update(other for other, _ in package.requirements(optional=False))
    return [package for package in ordered if package.name in wanted]


def version(root: Path = ROOT) -> str:
    """Return the one version of the workspace."""
    versions = sorted({package.version for package in packages(root)})
    if len(versions) != 1:
        raise WorkspaceError(f"the packages carry more than one version: {', '.join(versions)}")
    return versions[0]


def check(root: Path = ROOT) -> list[str]:
    """Return one sentence for each rule of the workspace that is broken, none if all is well."""
    try:
        found = packages(root)
    except WorkspaceError as error:
        return [str(error)]
    if not found:
        return [f"{root / 'packages'}: no package is there"]
    return [
        *_check_folder(root),
        *_check_versions(found),
        *(problem for package in found for problem in _check_pins(package, found)),
        *(problem for package in found for problem in _check_imports(package, found)),
        *(problem for package in found for problem in _check_files(package, root)),
    ]


def _check_folder(root: Path) -> Iterator[str]:
    for entry in sorted((root / "packages").iterdir()):
        if not (entry / "pyproject.toml").is_file():
            yield f"{entry}: is no package, and `pip install ./packages/*/` would trip over it"


def _check_versions(found: Sequence[Package]) -> Iterator[str]:
    versions = {package.version for package in found}
    if len(versions) > 1:
        listed = ", ".join(f"{package.name} {package.version}" for package in found)
        yield f"all packages carry one version, but: {listed}"
    for odd in sorted(v for v in versions if not _CALENDAR.fullmatch(v)):
        yield f"{odd} is no calendar version of the form 2026.11.0"


def _check_pins(package: Package, found: Sequence[Package]) -> Iterator[str]:
    versions = {other.name: other.version for other in found}
    for name, specifier in package.requirements():
        if name in versions and specifier != f"=={versions[name]}":
            yield (
                f"{package.name} asks for {name}{specifier}, not for the exact {versions[name]}: "
                "an index may offer another project's package of that name"
            )


def _check_imports(package: Package, found: Sequence[Package]) -> Iterator[str]:
    siblings = {other.module: other.name for other in found if other != package}
    declared = {name for name, _ in package.requirements(optional=False)}
    for file in package.sources():
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
        for line, module in _imported(tree):
            name = siblings.get(module.partition(".")[0])
            if name is not None and name not in declared:
                yield f"{file}:{line}: {package.name} imports {module} but does not declare {name}"


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
        elif isinstance(node, ast.Constant) and _NAMED_MODULE.fullmatch(str(node.value)):
            yield node.lineno, str(node.value)  # a lazy import names its module in a string


def _check_files(package: Package, root: Path) -> Iterator[str]:
    if package.path.name != package.name:
        yield f"{package.path}: holds {package.name}; the folder bears the package's name"
    if not (package.path / "src" / package.module / "py.typed").is_file():
        yield f"{package.name}: src/{package.module}/py.typed is missing"
    licence = package.path / "LICENSE"
    if licence.is_symlink() or not licence.is_file():
        yield f"{licence}: must be a real file; a link breaks every source distribution"
    elif licence.read_bytes() != (root / "LICENSE").read_bytes():
        yield f"{licence}: differs from {root / 'LICENSE'}"


def bump(new: str, root: Path = ROOT) -> list[Path]:
    """Give all packages the version `new` and pin them to each other at it.

    Parameters
    ----------
    new : str
        A calendar version later than the present one, such as ``2026.12.0``.
    root : Path
        The folder of the workspace.

    Returns
    -------
    list of Path
        The files that were rewritten.

    Raises
    ------
    WorkspaceError
        If `new` is no calendar version, or not later than the present one. Nothing is written then.
    """
    if not _CALENDAR.fullmatch(new):
        raise WorkspaceError(f"{new!r} is no calendar version of the form 2026.12.0")
    latest = max((package.version for package in packages(root)), key=_numbers)
    if _numbers(new) <= _numbers(latest):
        raise WorkspaceError(f"{new} is not later than {latest}, which the packages carry now")
    texts = {
        p.path / "pyproject.toml": _moved(p.path / "pyproject.toml", new) for p in packages(root)
    }
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _moved(file: Path, new: str) -> str:
    text, found = _VERSION_LINE.subn(f'version = "{new}"', file.read_text(encoding="utf-8"))
    if found != 1:
        raise WorkspaceError(f'{file}: {found} lines read version = "...", where one should')
    return _PIN.sub(lambda pin: f'"{pin["name"]}{pin["extras"] or ""}=={new}"', text)


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    match argv:
        case ["check"]:
            problems = check()
            print("\n".join(problems) or f"the workspace is sound at {version()}")
            return 1 if problems else 0
        case ["version"]:
            print(version())
            return 0
        case ["bump", new]:
            try:
                files = bump(new)
            except WorkspaceError as error:
                print(error, file=sys.stderr)
                return 1
            print(f"{len(files)} packages are at {new} now")
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
