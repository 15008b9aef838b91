"""Programs of their own, for what a process can do only once."""

import subprocess
import sys

import pytest


@pytest.fixture
def python(tmp_path):
    """Give a function that runs a program in an empty directory and returns what it printed."""

    def run(program, **environment):
        import os

        clean = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "DISPLAY")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-W", "ignore::EncodingWarning", "-c", program],
            cwd=tmp_path,
            env={**clean, **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stderr == ""
        return done.stdout

    return run


@pytest.fixture
def plt():
    """Give the real pyplot on Agg, and put its parameters back afterwards."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    with mpl.rc_context():
        yield plt
    plt.close("all")
