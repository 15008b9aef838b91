"""The shape of the code: private modules behind a flat face, arrows one way, words of the field."""

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest

PUBLIC = {
    "scitex": {"io.py", "plt.py", "repro.py", "session.py"},
    "scitex-session": {"errors.py"},
}

# Images that once stood for things which have a word in the field, see the glossary.
IMAGES = [
    "heir",
    "deputy",
    "doorbell",
    "board",
    "aloft",
    "bury",
    "bear",
    "unborn",
    "hand_out",
    "let_go",
    "find_over",
    "take_back",
    "telling",
]


@pytest.fixture(scope="module")
def sources(workspace):
    """Return {package: its Python files}."""
    return {package: package.sources() for package in workspace.packages()}


def test_no_module_is_a_bag(sources):
    """No module is called utils or helpers: a name says what is inside."""
    bags = {"utils", "util", "helpers", "common", "misc", "_utils", "_helpers", "_common"}
    assert [f for found in sources.values() for f in found if f.stem in bags] == []


def test_modules_are_private(sources):
    """What is public is named in `__init__`; every module behind it has a leading underscore."""
    for package, files in sources.items():
        for file in files:
            known = file.stem.startswith("_")
            known = known or file.with_suffix(".py").name in PUBLIC.get(package.name, set())
            assert known, f"{file} is neither private nor a known public module"


def test_a_file_name_stands_once_in_a_package(sources):
    """Whoever reads a name in a traceback or a message knows which file it is."""
    for package, files in sources.items():
        names = [file.name for file in files if file.stem not in {"__init__", "__main__"}]
        assert sorted(names) == sorted(set(names)), package.name


def test_names_are_words_of_the_field(sources):
    """No file and no identifier uses an image where the glossary has a word."""
    image = re.compile(rf"(?:^|_)(?:{'|'.join(IMAGES)})(?:_|s?$)", re.IGNORECASE)
    found = []
    for file in (file for files in sources.values() for file in files):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {getattr(n, a, None) for n in ast.walk(tree) for a in ("id", "attr", "name", "arg")}
        names = {name for name in names if isinstance(name, str)} | {file.stem}
        found += [f"{file}: {name}" for name in names if image.search(name)]
    assert found == []


def test_a_package_refers_to_itself_relatively(sources):
    """One dialect; only the keeper's process, which is run by path, names its package."""
    absolute = []
    for package, files in sources.items():
        for file in files:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    top = (node.module or "").partition(".")[0]
                    if top == package.module and file.name != "__main__.py":
                        absolute.append(f"{file}:{node.lineno}")
    assert absolute == []


def test_only_a_face_has_a_list_of_names(sources):
    """`__all__` says what a package or a public module offers; what is private offers nothing."""
    lists = []
    for package, files in sources.items():
        for file in files:
            name = file.with_suffix(".py").name
            is_face = name == "__init__.py" or name in PUBLIC.get(package.name, set())
            if not is_face and "\n__all__ = " in file.read_text(encoding="utf-8"):
                lists.append(str(file))
    assert lists == []


def test_no_two_modules_need_each_other(sources, architecture):
    """Arrows between modules go one way, also those of imports inside functions.

    A package's face is left out: it only hands names on.
    """
    files = {}
    for package in sources:
        files |= architecture.modules(package)
    files = {name: file for name, file in files.items() if file.name != "__init__.py"}
    arrows = {
        name: set(architecture.imports(file, name, set(files))) for name, file in files.items()
    }
    assert sum(map(len, arrows.values())) > len(files)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(f"these need each other: {' -> '.join(error.args[1])}")


def test_folders_stand_in_layers(sources, architecture):
    """Inside a package, too, a folder rests only on folders and modules below it."""
    for package in sources:
        architecture.layers(architecture.rooms(package))


def test_a_run_imports_nothing_that_reads_runs(sources, architecture):
    """What a script needs stays small: of the reading side it knows only where to register."""
    (package,) = (package for package in sources if package.name == "scitex-session")
    files = architecture.modules(package)
    reading = re.compile(r"scitex_session\._(commands|reproduce|catalog)\b")
    found = {
        target
        for name, file in files.items()
        if re.match(r"scitex_session\._(decorator|run|cli|config|record|provenance)\b", name)
        for target in architecture.imports(file, name, set(files))
        if reading.match(target)
    }
    assert found == {"scitex_session._catalog._registry"}


def test_the_page_shows_the_arrows_of_the_code(architecture):
    """The drawing in docs/architecture.md is the one that the code gives."""
    assert architecture.block() in architecture.PAGE.read_text(encoding="utf-8"), (
        "run: python tools/architecture.py write"
    )


def test_every_file_that_the_page_names_is_there(root, architecture):
    """A path on the page leads to a file or folder, from the root, the sources or a package."""
    text = architecture.PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|_\w+\.py)`", text))
    starts = [root, *root.glob("packages/*/src"), *root.glob("packages/*/src/*")]
    starts += [
        root / "packages/scitex-session/src/scitex_session" / f for f in ("_reproduce", "_run")
    ]
    starts += [path for path in root.glob("packages/*/src/*/*") if path.is_dir()]
    gone = {
        name
        for name in named
        if not name.startswith(("CONFIGS/", "RUNNING/", "FINISHED", ".new-", "./"))
        and not any((start / name).exists() for start in starts)
    }
    assert len(named) > 30
    assert gone == set()
