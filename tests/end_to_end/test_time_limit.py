"""A test that hangs is reported as a failure."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HANGING = """\
import subprocess, sys, threading, time
import pytest

@pytest.mark.timeout(0.3)
def test_sleeps():
    time.sleep(60)

@pytest.mark.timeout(0.3)
def test_waits_for_a_process():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], check=False)

@pytest.mark.timeout(0.3)
def test_waits_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

@pytest.fixture
def stuck():
    time.sleep(60)

@pytest.mark.timeout(0.3)
def test_waits_for_a_fixture(stuck): ...

@pytest.mark.slow
def test_slow(request):
    assert request.node.get_closest_marker("timeout").args[0] > 120

def test_after_them(request):
    assert float(request.config.getini("timeout")) == 120
    assert request.node.get_closest_marker("timeout") is None
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a hang ends the worker")
@pytest.mark.parametrize("workers", [0, 1])
def test_a_hang_is_a_failure(tmp_path, workers):
    """Each hanging test is told of by its name, the others run, and no worker dies."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    tmp_path.joinpath("test_it.py").write_text(HANGING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", f"--config-file={ROOT / 'pyproject.toml'}"]
    command += [f"--rootdir={tmp_path}", f"-n{workers}", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 failed, 2 passed, 1 error in" in done.stdout
    assert done.stdout.count("Failed: Timeout") >= 4
    assert "crashed" not in done.stdout
    for name in ("sleeps", "waits_for_a_process", "waits_for_a_lock"):
        assert f"FAILED test_it.py::test_{name} - Failed: Timeout" in done.stdout
