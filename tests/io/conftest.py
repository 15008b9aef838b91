"""An empty directory for each test, figures, and real processes."""

import os
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

    def run(code, *, check=True, **environment):
        done = subprocess.run(
            [sys.executable, "-c", code],
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
