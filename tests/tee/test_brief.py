"""A capture that is over before its relay has begun is as complete as any other."""

from __future__ import annotations

import gzip
import signal
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the relay is waited for")

# The relay starts after a while, so that the capture is over by then.
LATE = """
    import os, signal, subprocess, sys
    from scitex_tee import Capture, _brief, _spawn

    late = os.path.abspath("late.py")
    with open(late, "w") as file:
        file.write("import os, runpy, sys, time\\n"
                   "time.sleep({seconds})\\n"
                   f"sys.argv[0] = {{_spawn._PROGRAM!r}}\\n"
                   "runpy.run_path(sys.argv[0], run_name='__main__')\\n")
    _spawn._PROGRAM = late
    capture = Capture("logs/stdout.log", "logs/stderr.log", if_killed=["touch", "heir"])
    capture.start()
"""


def test_a_short_script_waits_for_no_relay(program):
    """Text and colours are in the logs, cleaned, and passed on; who reads them does not wait."""
    code = (
        LATE.format(seconds=60)
        + """
    print("plain")
    print("\\x1b[31mred\\x1b[0m", file=sys.stderr)
    capture.stop()
    print("after", capture.incomplete)
    """
    )
    begun = time.monotonic()
    result = program.run(code, captured=False)
    assert time.monotonic() - begun < 60
    assert (result.stdout, result.stderr) == (b"plain\nafter None\n", b"\x1b[31mred\x1b[0m\n")
    logs = program.directory / "logs"
    assert (logs / "stdout.log").read_bytes() == b"plain\n"
    assert (logs / "stderr.log").read_bytes() == b"red\n"
    assert gzip.decompress((logs / "stderr.raw.gz").read_bytes()) == b"\x1b[31mred\x1b[0m\n"


def test_a_child_that_is_left_is_served_by_the_late_relay(program):
    """What a child writes after the end goes where the output went, and not into the log."""
    code = (
        LATE.format(seconds=0.3)
        + """
    subprocess.Popen(["sh", "-c", "sleep 1; echo late"])
    print("early")
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.stdout == b"early\nlate\n"
    assert (program.directory / "logs" / "stdout.log").read_bytes() == b"early\n"
    assert not (program.directory / "heir").exists()


def test_a_kill_while_completing_loses_nothing(program):
    """Killed between log and terminal, the bytes are in the log and the heir runs."""
    code = (
        LATE.format(seconds=0.3)
        + """
    _brief._pass_on = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    print("said")
    print("to the other", file=sys.stderr)
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.returncode == -signal.SIGKILL
    program.eventually((program.directory / "heir").exists)
    logs = program.directory / "logs"
    assert (logs / "stdout.log").read_bytes() == b"said\n"
    assert (logs / "stderr.log").read_bytes() == b"to the other\n"


def test_more_than_a_page_is_left_to_the_relay(program):
    """Output that could make the end wait is passed on by the relay, complete."""
    code = (
        LATE.format(seconds=0.3)
        + """
    print("x" * 50_000)
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.stdout == b"x" * 50_000 + b"\n"
    assert (program.directory / "logs" / "stdout.log").read_bytes() == result.stdout
