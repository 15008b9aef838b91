"""Whose a file is decides whether it is an input, code of the run, or neither."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scitex_session._provenance._ownership import OUR_PACKAGES

DATA = "1\n2\n3\n"
LIBRARY = """\
import os

def total():
    with open(os.path.join(os.path.dirname(__file__), {!r})) as file:
        return sum(map(int, file))
"""


def tool(lab, *args):
    """Return the finished process of a `scitex-session` command."""
    command = [sys.executable, "-m", "scitex_session", *map(str, args)]
    return subprocess.run(
        command, cwd=lab.path, env=lab.env, capture_output=True, encoding="utf-8", check=False
    )


def settled(look, run):
    """Return the record once nothing is pending any more: git may answer after the end."""
    deadline = time.monotonic() + 20
    while "pending" in (record := look.record(run)):
        assert time.monotonic() < deadline, record["pending"]
        time.sleep(0.02)
    return record


def inputs(record):
    """Return the paths of the inputs."""
    return [entry["path"] for entry in record["inputs"]]


def modules(record):
    """Return the names of the modules that were kept as code."""
    return [entry["module"] for entry in record["code"]["files"]]


@pytest.mark.parametrize("kept", ["git", "copies"])
def test_names_that_only_begin_like_ours_are_the_users(lab, look, kept):
    """A helper `scitex_helper` and a package `scitex_lab` are code, its data an input."""
    lab.write("def double(x):\n    return 2 * x\n", "scitex_helper.py")
    lab.write(LIBRARY.format("table.csv"), "scitex_lab/__init__.py")
    lab.write(DATA, "scitex_lab/table.csv")
    lab.decorated(
        "import scitex_helper, scitex_lab\nprint(scitex_helper.double(scitex_lab.total()))"
    )
    if kept == "git":
        subprocess.run(["git", "init", "-q"], cwd=lab.path, check=True)
        lab.write("*_out/\n.state/\n", ".gitignore")
        subprocess.run(["git", "add", "."], cwd=lab.path, check=True)
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, "commit", "-qm", "x"], cwd=lab.path, check=True)
    assert lab.run().stdout == "12\n"
    run = lab.only("FINISHED_SUCCESS")
    record = settled(look, run)
    assert modules(record) == ["__main__", "scitex_helper", "scitex_lab"]
    assert inputs(record) == [str(lab.path / "scitex_lab" / "table.csv")]
    lab.write("raise SystemExit('another helper today')\n", "scitex_helper.py")
    done = tool(lab, "rerun", run)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_ours_is_what_we_install():
    """The names that count as this project's are those of the packages in its workspace.

    A private import, since no run imports all of them.
    """
    found = (Path(__file__).parents[2] / "packages").glob("*/src/*/__init__.py")
    assert sorted(OUR_PACKAGES) == sorted(path.parent.name for path in found)


def test_our_own_packages_are_neither_code_nor_inputs(lab, look):
    """The packages of this project are libraries, also where they lie in a checkout."""
    pytest.importorskip("scitex")  # imported late, when the session has begun
    lab.decorated(
        "import scitex, scitex_session\n"
        "for module in (scitex, scitex_session):\n    open(module.__file__).close()"
    )
    lab.run()
    record = settled(look, lab.only("FINISHED_SUCCESS"))
    assert (modules(record), inputs(record)) == (["__main__"], [])


def test_a_folder_that_only_ends_like_an_installation_is_the_users(lab, look):
    """Modules and data on the path below `my-site-packages` are the user's."""
    folder = lab.path / "elsewhere" / "my-site-packages"
    lab.write(LIBRARY.format("table.txt"), "elsewhere/my-site-packages/own.py")
    lab.write(DATA, "elsewhere/my-site-packages/table.txt")
    lab.decorated("import own\nprint(own.total())", name="here/script.py")
    path = ":".join([str(folder), *filter(None, sys.path)])
    done = lab.run(cwd=lab.path / "here", env={"PYTHONPATH": path})
    assert done.stdout == "6\n", done.stderr
    record = settled(look, lab.only("FINISHED_SUCCESS", base="here/script_out"))
    assert modules(record) == ["__main__", "own"]
    assert inputs(record) == [str(folder / "table.txt")]


@pytest.mark.parametrize(("inside", "count"), [("", 0), ("datasets/", 1)])
def test_data_of_a_library_are_told_by_its_own_folders(lab, look, inside, count):
    """A folder `data` around an installation does not make its files inputs; one inside does."""
    site = "data/lib/site-packages"
    lab.write(LIBRARY.format(f"{inside}table.csv"), f"{site}/toolkit/__init__.py")
    lab.write(DATA, f"{site}/toolkit/{inside}table.csv")
    lab.decorated("import toolkit\nprint(toolkit.total())", name="here/script.py")
    path = ":".join([str(lab.path / site), *filter(None, sys.path)])
    done = lab.run(cwd=lab.path / "here", env={"PYTHONPATH": path})
    assert done.stdout == "6\n", done.stderr
    record = settled(look, lab.only("FINISHED_SUCCESS", base="here/script_out"))
    assert modules(record) == ["__main__"]
    assert len(inputs(record)) == count
