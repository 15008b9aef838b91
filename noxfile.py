"""What can be run on the whole workspace.

`nox` alone does everything that has to pass before a change is taken; `nox -l` lists the parts,
`nox -s NAME` runs one, and what follows `--` goes to the tool it drives.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
# A laptop may lack a Python and still run the rest; where changes are judged none may be missing.
nox.options.error_on_missing_interpreters = "CI" in os.environ

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
REPORTS = ROOT / ".nox" / "reports"
GROUPS = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13"]
ORDINARY = "not slow and not torch and not jax"
INSTALLS = ["wheels", "sdists", "tree", "readme"]
WORKERS = min(2 * (os.cpu_count() or 1), 8)  # much of what the tests do is to wait


def _workspace() -> ModuleType:
    spec = importlib.util.spec_from_file_location("workspace", ROOT / "tools" / "workspace.py")
    if spec is None or spec.loader is None:
        raise ImportError("tools/workspace.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


WORKSPACE = _workspace()
PACKAGES = [package.name for package in WORKSPACE.packages()]


def _group(*names: str) -> list[str]:
    return [line for name in names for line in nox.project.dependency_groups(GROUPS, name)]


def _with_extras(requirement: str, extras: Iterable[str]) -> str:
    """Name extras behind a requirement; some installers refuse empty brackets."""
    return f"{requirement}[{','.join(extras)}]" if extras else requirement


def _built(name: str = "scitex", *, extras: bool = False, ending: str = ".whl") -> list[str]:
    """Return the built files of a package and of what it rests on, for an installer."""
    files = []
    for package in WORKSPACE.closure(name):
        stem = f"{package.module}-{package.version}"
        file = DIST / (stem + ("-py3-none-any.whl" if ending == ".whl" else ending))
        wanted = _with_extras(package.name, package.extras if extras else ())
        files.append(f"{wanted} @ {file.as_uri()}")
    return files


def _install(session: nox.Session, *what: str) -> None:
    # Without the first, uv prefers a source tree that it finds beside the pyproject.toml it reads.
    # The second is what pip does too: tests that start many processes would compile in each.
    session.install(*what, env={"UV_NO_SOURCES": "1", "UV_COMPILE_BYTECODE": "1"})


def _pytest(session: nox.Session, *args: str, **environment: str) -> None:
    label = "".join(c if c.isalnum() or c in ".-" else "_" for c in session.name)
    session.run(
        "pytest",
        f"--junitxml={REPORTS / label}.xml",
        f"--numprocesses={WORKERS if WORKERS > 1 else 0}",
        *args,
        *session.posargs,
        env={"SCITEX_TEST_INSTALLED": "1", **environment},
    )


@nox.session(python="3.11")
def build(session: nox.Session) -> None:
    """Build a source distribution of each package, and from it a wheel, each package by itself."""
    _install(session, "build", "hatchling>=1.27", "twine")
    shutil.rmtree(DIST, ignore_errors=True)
    shutil.rmtree(REPORTS, ignore_errors=True)
    for package in WORKSPACE.packages():
        # Away from its siblings, so that it cannot take anything of them.
        alone = Path(session.create_tmp()) / package.name
        shutil.rmtree(alone, ignore_errors=True)
        shutil.copytree(package.path, alone, ignore=shutil.ignore_patterns("__pycache__"))
        session.run("python", "-m", "build", "--no-isolation", f"--outdir={DIST}", str(alone))
        shutil.rmtree(alone)
    session.run("twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))


@nox.session(python="3.11", requires=["build"])
@nox.parametrize("what", INSTALLS, ids=INSTALLS)
def install(session: nox.Session, what: str) -> None:
    """Install what was built, or the tree as the README says, and use it."""
    work = Path(session.create_tmp()).resolve()
    if what == "readme":
        clone = _fresh_clone(session, work / "clone")
        with session.chdir(clone):
            session.run("bash", "-euc", _readme_command("eeg_bands.py"), external=True)
            shutil.rmtree(clone / ".venv")
        return
    if what == "tree":
        _install(session, *(str(package.path) for package in WORKSPACE.packages()))
    else:
        _install(session, *_built(ending=".whl" if what == "wheels" else ".tar.gz"))
    with session.chdir(work):
        shutil.copy(ROOT / "examples" / "minimal.py", work / "minimal.py")
        session.run("python", "minimal.py", "--n", "3")
        session.run("scitex-session", "ls", "--in", "minimal_out")
        session.run("python", "-c", "import scitex, scitex.session; print(scitex.__version__)")


def _fresh_clone(session: nox.Session, target: Path) -> Path:
    """Clone the repository and lay over it what is not committed yet."""
    shutil.rmtree(target, ignore_errors=True)
    session.run("git", "clone", "-q", str(ROOT), str(target), external=True)
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)
    return target


def _readme_command(word: str) -> str:
    """Return the one command line of the README that contains a word."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (command,) = [line[2:] for line in lines if line.startswith("$ ") and word in line]
    return command


@nox.session(python=PYTHONS, requires=["build"])
def tests(session: nox.Session) -> None:
    """Run the tests against the wheels with all extras; slow ones and pages on one Python."""
    _install(session, *_built(extras=True), *_group("test", "judges"))
    if session.python == PYTHONS[0]:
        _pytest(session, "-m", "not torch and not jax", "tests")
    else:
        _pytest(session, "-m", ORDINARY, "--ignore=tests/end_to_end/test_pages.py", "tests")


@nox.session(python="3.12", requires=["build"])
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def alone(session: nox.Session, package: str) -> None:
    """Run the tests of one package with only that package and what it declares."""
    _install(session, *_built(package), *_group("test"))
    folder = package.removeprefix("scitex-").replace("-", "_")
    folder = "umbrella" if package == "scitex" else folder
    _pytest(session, "-m", ORDINARY, f"tests/{folder}")


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Check style, format and the rules of the workspace."""
    _install(session, *_group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "tools/workspace.py", "check")


@nox.session(python="3.11", requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of all sources, of the tools and of the public API as users write it."""
    _install(session, *_built(extras=True), *_group("types"), f"nox{nox.needs_version}")
    session.run("mypy", *_typed())


def _typed() -> Iterable[str]:
    yield from (str(package.path / "src") for package in WORKSPACE.packages())
    yield from ("tools", "noxfile.py", "tests/typing")


@nox.session(python="3.12", requires=["build"])
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    _install(session, *_built(extras=True), *_group("docs"))
    session.run("sphinx-build", "-W", "--keep-going", "-q", "docs", "docs/_build/html")
    session.log("read docs/_build/html/index.html")


@nox.session(python="3.13", requires=["build"])
def examples(session: nox.Session) -> None:
    """Run the examples with nothing installed but what a user has."""
    _install(session, *_built(), *_group("test"))
    _pytest(session, "tests/end_to_end/test_examples.py")


@nox.session(python="3.11", venv_params=["--seed"], requires=["build"])
def torch(session: nox.Session) -> None:
    """Run the tests that need torch, where its CPU build is to be had."""
    wanted = "torch==2.13.0"
    ask = ["pip", "install", "--dry-run", "--no-deps", "--quiet", "--report=-", wanted]
    answer = session.run("python", "-m", *ask, silent=True, success_codes=[0, 1]) or ""
    if '"version": "2.13.0+cpu"' not in answer:
        # The build that the public index offers brings gigabytes of CUDA libraries with it.
        session.skip(f"no CPU build of {wanted} is to be had here; pip install it by --find-links")
    _install(session, *_built(extras=True), *_group("test", "judges"))
    session.run("python", "-m", "pip", "install", "--quiet", "--no-compile", wanted)
    # To compile all of it would take half a minute: what is used is, once, and then stays.
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    session.run("python", "-c", "import torch", env=compiled)
    # Tests and the workers that they start share the processors: one thread in each is fastest.
    _pytest(session, "-m", "torch", "tests", OMP_NUM_THREADS="1", **compiled)


@nox.session(python="3.12", requires=["build"])
def jax(session: nox.Session) -> None:
    """Run the tests that need jax."""
    _install(session, *_built(extras=True), *_group("test", "judges"), "jax")
    _pytest(session, "-m", "jax", "tests")


@nox.session(python="3.11", requires=["build"], default=False)
def bench(session: nox.Session) -> None:
    """Measure, side by side with peers; `-- start_up` runs bench_start_up.py alone."""
    _install(session, *_built(extras=True), *_group("test", "judges", "bench"))
    scripts = sorted((ROOT / "tests" / "benchmarks").glob("bench_*.py"))
    chosen = [s for s in scripts if not session.posargs or s.stem[6:] in session.posargs]
    if not chosen:
        session.error(f"no such benchmark; there are {', '.join(s.stem[6:] for s in scripts)}")
    for script in chosen:
        session.run("python", str(script))


@nox.session(python=False, default=False)
def bump(session: nox.Session) -> None:
    """Move the version of all packages: `nox -s bump -- 2026.12.0`."""
    session.run(sys.executable, "tools/workspace.py", "bump", *session.posargs)


@nox.session(python=False, default=False)
def dev(session: nox.Session) -> None:
    """Make `.venv` with every package editable and every tool, to work in."""
    session.run(sys.executable, "-m", "venv", "--clear", ".venv")
    python = ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    editable = [
        argument
        for package in WORKSPACE.packages()
        for argument in ("-e", _with_extras(str(package.path), package.extras))
    ]
    groups = _group("test", "judges", "lint", "types", "docs")
    session.run(str(python), "-m", "pip", "install", "-q", "nox[uv]", *groups, *editable)
