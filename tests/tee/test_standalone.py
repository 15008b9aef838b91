"""`tee`, for a script that wants nothing else."""

from __future__ import annotations

import sys
import types

import pytest

import scitex_tee
from scitex_tee import tee


def test_one_call_logs_to_the_end_of_the_script(program):
    """Everything printed after the call is logged, exit handlers and the traceback included."""
    result = program.run(
        """
        import atexit, sys
        from scitex_tee import tee
        stdout, stderr = tee(sys, "run")
        assert (stdout, stderr) == (sys.stdout, sys.stderr)
        atexit.register(print, "at exit")
        print("hello")
        raise ValueError("the end")
        """,
        captured=False,
    )
    logs = program.directory / "run" / "logs"
    assert result.returncode == 1
    assert result.stdout == b"hello\nat exit\n"
    assert (logs / "stdout.log").read_bytes() == result.stdout
    assert (logs / "stderr.log").read_bytes() == result.stderr
    assert b"Logging to " in result.stderr
    assert b"ValueError: the end" in result.stderr


def test_by_default_the_logs_lie_beside_the_script(program):
    """The default is ``<script>_out``; `verbose=False` is silent; a new call begins anew."""
    result = program.run(
        "import sys\nfrom scitex_tee import tee\ntee(sys, 'first', verbose=False)\nprint(1)\n"
        "tee(sys, verbose=False)\nprint(2)",
        captured=False,
    )
    assert (result.stdout, result.stderr) == (b"1\n2\n", b"")
    assert (program.directory / "first/logs/stdout.log").read_text(encoding="utf-8") == "1\n"
    assert (program.directory / "program_out/logs/stdout.log").read_text(encoding="utf-8") == "2\n"


def test_something_else_than_sys_is_refused():
    """The first argument is the module `sys`, as the message says."""
    with pytest.raises(TypeError, match="takes the module sys first"):
        tee(types.ModuleType("sys"), "run")


def test_the_public_names_are_what_is_exported():
    """`__all__` is sorted, complete and importable; nothing is imported before it is used."""
    assert scitex_tee.__all__ == sorted(scitex_tee.__all__)
    for name in scitex_tee.__all__:
        assert getattr(scitex_tee, name).__module__.startswith("scitex_tee.")
    assert scitex_tee.__version__
    assert set(scitex_tee.__all__) <= set(dir(scitex_tee))
    with pytest.raises(AttributeError, match="no attribute 'no_such_thing'"):
        scitex_tee.no_such_thing  # noqa: B018 - reading it is the test


def test_importing_is_light(program):
    """Importing the package loads nothing that Python has not loaded already."""
    result = program.run(
        "import sys\nbefore = set(sys.modules)\nimport scitex_tee\n"
        "print(sorted(set(sys.modules) - before))",
        captured=False,
    )
    assert result.stdout == b"['__future__', 'scitex_tee']\n"
    assert sys.version_info >= (3, 11)
