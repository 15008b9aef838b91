"""The guard of the workspace, on this tree and on trees broken on purpose."""

import subprocess
import sys

import pytest


def edit(file, old, new):
    """Replace a text that is there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def pyproject(root, name):
    """Return the path of a package's pyproject.toml."""
    return root / "packages" / name / "pyproject.toml"


def test_this_tree_is_sound(workspace):
    """One version, exact pins, no cycle, declared arrows and real licences, in this very tree."""
    assert workspace.check() == []


def test_there_are_seven_packages_and_the_umbrella_comes_last(workspace):
    """The order in which packages are listed puts each after what it rests on."""
    names = [package.name for package in workspace.packages()]
    assert len(names) == 7
    assert names[-2:] == ["scitex-session", "scitex"]


def test_leaves_rest_on_nothing_of_ours(workspace):
    """The five leaves know nothing of each other nor of the session."""
    for leaf in ("scitex-dotdict", "scitex-repro", "scitex-tee", "scitex-plt-style", "scitex-io"):
        assert [package.name for package in workspace.closure(leaf)] == [leaf]


def test_closure_of_the_umbrella_is_everything(workspace):
    """Installing the umbrella takes all seven."""
    assert len(workspace.closure("scitex")) == 7


def test_a_second_version_is_told(workspace, copy):
    """A version edited by hand in one package is named."""
    edit(pyproject(copy, "scitex-io"), 'version = "2026.11.0"', 'version = "2026.11.1"')
    problems = "\n".join(workspace.check(copy))
    assert "one version" in problems
    assert "scitex-io 2026.11.1" in problems
    with pytest.raises(workspace.WorkspaceError, match="more than one version"):
        workspace.version(copy)


@pytest.mark.parametrize("specifier", ["", ">=2026.11.0", "==2026.10.0", "~=2026.11.0"])
def test_a_pin_that_is_not_exact_is_told(workspace, copy, specifier):
    """Anything but `==` the one version between two packages is named with its reason."""
    old = workspace.version()
    edit(pyproject(copy, "scitex"), f'"scitex-io=={old}"', f'"scitex-io{specifier}"')
    (problem,) = workspace.check(copy)
    assert "scitex asks for scitex-io" in problem


def test_a_stale_pin_in_an_extra_is_told(workspace, copy):
    """Extras are held to the same rule as dependencies."""
    old = workspace.version()
    edit(pyproject(copy, "scitex"), f"[notify]=={old}", "[notify]==2026.1.0")
    (problem,) = workspace.check(copy)
    assert "scitex-session" in problem


def test_a_cycle_is_told(workspace, copy):
    """A leaf that comes to depend on the session is reported as a cycle."""
    edit(pyproject(copy, "scitex-io"), '"numpy>=1.26"', '"scitex-session==2026.11.0"')
    (problem,) = workspace.check(copy)
    assert "cycle" in problem
    assert "scitex-session" in problem


@pytest.mark.parametrize(
    "line",
    [
        "import scitex_session",
        "from scitex_session.errors import SessionError",
        "def f():\n    import scitex_repro",
        'import importlib\nimportlib.import_module("scitex_session")',
    ],
)
def test_an_import_along_no_declared_arrow_is_told(workspace, copy, line):
    """A leaf that imports another package, also late or by name, is named with file and line."""
    file = copy / "packages/scitex-dotdict/src/scitex_dotdict/_new.py"
    file.write_text(line + "\n", encoding="utf-8")
    (problem,) = workspace.check(copy)
    assert "_new.py:" in problem
    assert "does not declare" in problem


def test_a_changed_licence_is_told(workspace, copy):
    """Each package carries the licence of the project, word for word."""
    edit(copy / "packages/scitex-io/LICENSE", "BSD", "BSB")
    (problem,) = workspace.check(copy)
    assert "differs" in problem


def test_a_linked_licence_is_told(workspace, copy):
    """A symbolic link in the place of a licence would break every source distribution."""
    licence = copy / "packages/scitex-io/LICENSE"
    licence.unlink()
    licence.symlink_to("../../LICENSE")
    (problem,) = workspace.check(copy)
    assert "real file" in problem


def test_a_missing_py_typed_is_told(workspace, copy):
    """A package without its marker for type checkers is named."""
    (copy / "packages/scitex-io/src/scitex_io/py.typed").unlink()
    (problem,) = workspace.check(copy)
    assert "py.typed" in problem


def test_a_stray_file_among_the_packages_is_told(workspace, copy):
    """Only packages live in packages/."""
    (copy / "packages/notes.txt").write_text("", encoding="utf-8")
    (problem,) = workspace.check(copy)
    assert "notes.txt" in problem


def test_an_unreadable_pyproject_is_told(workspace, copy):
    """A pyproject.toml that does not parse is one sentence, not a traceback."""
    pyproject(copy, "scitex-io").write_text("[project\n", encoding="utf-8")
    (problem,) = workspace.check(copy)
    assert "scitex-io" in problem


def test_bump_moves_the_version_and_all_pins(workspace, copy):
    """After one command the workspace is sound at the new version and no old one is left."""
    old = workspace.version(copy)
    files = workspace.bump("2030.1.0", copy)
    assert len(files) == 7
    assert workspace.check(copy) == []
    assert workspace.version(copy) == "2030.1.0"
    assert not [f for f in files if old in f.read_text(encoding="utf-8")]


def test_bump_changes_nothing_else(workspace, copy):
    """Only lines that hold the version change."""
    file = pyproject(copy, "scitex-session")
    before = file.read_text(encoding="utf-8").splitlines()
    workspace.bump("2030.1.0", copy)
    after = file.read_text(encoding="utf-8").splitlines()
    changed = [a for a, b in zip(after, before, strict=True) if a != b]
    assert len(changed) == 6
    assert all("2030.1.0" in line for line in changed)


@pytest.mark.parametrize(
    "new", ["1.0", "2026.13.0", "v2030.1.0", "2030.1", "2030.01.0", "2026.11.0", "2025.12.9"]
)
def test_bump_refuses_what_is_no_later_calendar_version(workspace, copy, new):
    """A version of another form, or not later than the present one, changes no file."""
    before = pyproject(copy, "scitex").read_bytes()
    with pytest.raises(workspace.WorkspaceError, match=r"version|later"):
        workspace.bump(new, copy)
    assert pyproject(copy, "scitex").read_bytes() == before


def test_the_tool_runs_without_anything_installed(root):
    """`python tools/workspace.py check` needs the standard library alone."""
    command = [sys.executable, "-I", "-S", str(root / "tools" / "workspace.py"), "check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sound" in done.stdout


@pytest.mark.parametrize(("argv", "status"), [([], 2), (["bump", "1.0"], 1), (["nonsense"], 2)])
def test_a_mistake_on_the_command_line_has_its_status(root, argv, status):
    """Usage errors end with 2 and the usage, a refused version with 1 and one line."""
    command = [sys.executable, str(root / "tools" / "workspace.py"), *argv]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == status
    assert done.stderr
    assert not done.stdout
