"""What the tests of scitex-repro share: a process of their own, and a process left as it was."""

import os
import subprocess
import sys
import textwrap

import pytest

_VARIABLES = ("PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS", "XLA_FLAGS")


@pytest.fixture(autouse=True)
def environment_put_back():
    """Undo what a manager writes into the environment of the test run."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
def python(tmp_path):
    """Run a script in a fresh Python, in a directory of its own; return what it printed."""

    def run(code, *args, options=(), env=None, status=0, name="script.py", **popen):
        script = tmp_path / name
        script.write_text(textwrap.dedent(code), encoding="utf-8")
        result = subprocess.run(
            [sys.executable, *options, str(script), *args],
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            cwd=tmp_path,
            env=surroundings(env),
            check=False,
            **popen,
        )
        assert result.returncode == status, result.stderr
        run.stderr = result.stderr
        return result.stdout

    return run


def surroundings(changes):
    """Return this process's environment, without what decides about random numbers."""
    decisive = ("RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS", *_VARIABLES)
    plain = {name: value for name, value in os.environ.items() if name not in decisive}
    return {**plain, **(changes or {})}
