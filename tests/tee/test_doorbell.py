"""Whatever a system offers to tell that something is in a pipe, the log follows at once."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the poller is used")

# The process that keeps the logs, on a system that takes O_ASYNC and does nothing about it.
DEAF = """
    import os
    from scitex_tee import Capture, _spawn

    deaf = os.path.abspath("deaf.py")
    with open(deaf, "w") as file:
        file.write("import os, runpy, sys\\n"
                   "os.O_ASYNC = 0\\n"
                   f"sys.argv[0] = {_spawn._PROGRAM!r}\\n"
                   "runpy.run_path(sys.argv[0], run_name='__main__')\\n")
    _spawn._PROGRAM = deaf
    Capture("logs/stdout.log", "logs/stderr.log").start()
"""
USUAL = """
    from scitex_tee import Capture
    Capture("logs/stdout.log", "logs/stderr.log").start()
"""


@pytest.mark.parametrize("start", [USUAL, DEAF], ids=["signals", "poller"])
def test_single_lines_are_in_the_log_while_the_script_waits(program, start):
    """A line after a rest, of either stream, is read though nothing else happens."""
    code = (
        start
        + """
    import sys, time
    time.sleep(1)
    for number in range(3):
        print("out", number)
        time.sleep(0.2)
        print("err", number, file=sys.stderr)
        time.sleep(0.2)
    sys.stdin.read()
    """
    )
    with program.start(code, captured=False, stdin=-1) as process:
        program.eventually((program.directory / "logs" / "stderr.log").exists)
        program.eventually(lambda: program.out == "out 0\nout 1\nout 2\n")
        program.eventually(lambda: program.err == "err 0\nerr 1\nerr 2\n")
        assert process.poll() is None
        process.communicate(b"")
    assert process.returncode == 0


@pytest.mark.parametrize("start", [USUAL, DEAF], ids=["signals", "poller"])
def test_much_at_once_after_a_rest_does_not_block(program, start):
    """More than a pipe holds, written after a rest, passes and is logged."""
    code = (
        start
        + """
    import os, time
    time.sleep(0.5)
    for _ in range(2000):
        os.write(1, (b"x" * 999 + b"\\n") * 4)
    """
    )
    result = program.run(code, captured=False)
    assert result.returncode == 0
    assert len(result.stdout) == 8_000_000
    program.eventually(lambda: len(program.out) == 8_000_000)
