"""An empty directory for each test, figures, and real processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def empty_directory(tmp_path, monkeypatch):
    """Every test works in an empty directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plt():
    """Return pyplot without a screen; figures are closed afterwards."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.use("Agg")
        yield plt
    plt.close("all")


@pytest.fixture
def python():
    """Return a function that runs code in a fresh interpreter and gives what it printed."""

    def run(code, *, check=True, prefix=(), **environment):
        done = subprocess.run(
            [*prefix, sys.executable, "-c", code],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**os.environ, **environment},
            timeout=120,
        )
        if check:
            assert done.returncode == 0, done.stderr
            return done.stdout
        return done

    return run


@pytest.fixture
def names(tmp_path):
    """Return a function that lists every file and directory below, hidden ones too."""
    return lambda: sorted(str(path.relative_to(tmp_path)) for path in Path(tmp_path).rglob("*"))


@pytest.fixture
def bound():
    """Give what stands before a command so that permissions bind it, even if root runs it."""
    if os.name == "nt":
        pytest.skip("permissions as POSIX has them")
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root may do anything, and there is no setpriv to take that away")
    powers = "-dac_override,-dac_read_search,-fowner"
    return ("setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}")
