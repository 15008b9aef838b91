"""Inside other tools that capture, and with checks turned on."""

from __future__ import annotations

import subprocess
import sys
import tempfile

import pytest

NESTED = """
import os, subprocess, sys
from scitex_tee import capture

def test_nested(tmp_path, {fixture}):
    before = sys.stdout
    with capture(tmp_path / "o.log", tmp_path / "e.log"):
        print("python")
        sys.stdout.flush()
        os.write(1, b"os\\n")
        subprocess.run(["echo", "child"], check=True)
        print("error", file=sys.stderr)
    assert sys.stdout is before
    out, err = {fixture}.readouterr()
    text = (tmp_path / "o.log").read_text(encoding="utf-8")
    assert sorted(text.split()) == ["child", "os", "python"]
    assert (tmp_path / "e.log").read_text(encoding="utf-8") == "error\\n"
    assert err == "error\\n"
    assert out == {seen}
"""


@pytest.mark.parametrize(
    ("option", "fixture", "seen"),
    [
        ("--capture=fd", "capfd", "text == 'python\\nos\\nchild\\n'"),
        ("--capture=sys", "capsys", "'python\\n'"),
        ("--capture=no", "capfd", "text == 'python\\nos\\nchild\\n'"),
    ],
)
def test_nested_in_pytest(tmp_path, option, fixture, seen):
    """In each of pytest's ways of capturing, both see everything that they can see."""
    (tmp_path / "test_it.py").write_text(
        NESTED.format(fixture=fixture, seen=seen), encoding="utf-8"
    )
    command = [
        sys.executable,
        "-X",
        "dev",
        "-W",
        "error",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        option,
    ]
    result = subprocess.run(
        [*command, "test_it.py"], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()


def test_development_mode_finds_nothing(program):
    """With ``-X dev -W error`` a capture gives no warning."""
    command = program.write("print('x'); os.system('echo y')")
    result = subprocess.run(
        [command[0], "-X", "dev", "-W", "error", "-bb", command[1]],
        cwd=program.directory, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, b"x\ny\n", b"")
    assert program.out == "x\ny\n"


@pytest.mark.slow
def test_in_a_notebook(tmp_path):
    """In a notebook the cell shows what it prints, and the log has it, children included."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    log = tmp_path / "o.log"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            f"from scitex_tee import capture\nimport os, sys\nbefore = sys.stdout\n"
            f"with capture({str(log)!r}):\n"
            "    print('in the cell')\n    _ = os.system('echo child')\n"
            f"assert sys.stdout is before"
        ),
        nbformat.v4.new_code_cell("print('afterwards')"),
    ]
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    shown = ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]
    assert "in the cell\n" in shown[0]
    assert shown[1] == "afterwards\n"
    text = log.read_text(encoding="utf-8")
    assert sorted(text.splitlines()) == ["child", "in the cell"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of processes there")
def test_no_process_can_be_started(program):
    """The start fails in one piece: the output goes where it went, and nothing is left open."""
    code = """
        import errno, os, resource, sys
        from scitex_tee import Capture

        os.chdir({directory!r})
        if os.geteuid() == 0:  # no limit is for root
            os.chmod(".", 0o777)
            os.setgid(65534)
            os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))  # the shell starts, and cannot fork
        before = sorted(os.listdir("/dev/fd"))
        capture = Capture("out.log", "err.log")
        try:
            capture.start()
        except OSError as error:
            print(error.errno == errno.EAGAIN or error)
        print("still here", capture.running, sorted(os.listdir("/dev/fd")) == before)
        print("here, too", file=sys.stderr)
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # where anybody may go
        result = program.run(code.format(directory=directory), captured=False)
    assert (result.stdout, result.stderr) == (b"True\nstill here False True\n", b"here, too\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no process keeps the logs there")
def test_what_an_earlier_run_left_cannot_be_removed(program, tmp_path):
    """The start fails in one piece, no process is left, and nothing runs as if the script died."""
    result = program.run(
        """
        import os, sys
        from scitex_tee import Capture

        os.mkdir("out.raw")
        before = sorted(os.listdir("/dev/fd"))
        capture = Capture("out.log", "err.log", if_killed=["touch", "killed"])
        try:
            capture.start()
        except OSError as error:
            print(error.filename)
        print("still here", capture.running, sorted(os.listdir("/dev/fd")) == before)
        try:
            os.wait()
        except ChildProcessError:
            print("no child")
        """,
        captured=False,
    )
    assert (result.stdout, result.stderr) == (b"out.raw\nstill here False True\nno child\n", b"")
    assert not (tmp_path / "killed").exists()
