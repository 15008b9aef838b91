"""Where the relay has dealt with everything, the end of a capture does not wait for it."""

from __future__ import annotations

import gzip
import os
import signal
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the relay is waited for")


def stop_them(program, pid: int) -> list[int]:
    """Suspend the processes that keep the logs, once both are there and at rest."""
    keepers = program.eventually(lambda: (k := program.keepers(pid)) and len(k) == 2 and k)
    for keeper in keepers:
        os.kill(keeper, signal.SIGSTOP)
    return keepers


def test_a_relay_at_rest_is_not_waited_for(program):
    """With both keepers suspended the script ends, and its logs are complete."""
    process = program.start(
        """
        print("said")
        print("to the other", file=sys.stderr)
        sys.stdin.readline()
        capture.stop()
        os.write(1, b"after\\n")
        """,
        stdin=-1,
    )
    program.eventually(lambda: is_at_rest(process.pid) and program.out and program.err)
    keepers = stop_them(program, process.pid)
    try:
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.wait(timeout=30) == 0
        assert (program.out, program.err) == ("said\n", "to the other\n")
    finally:
        for keeper in keepers:
            os.kill(keeper, signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert (out, err) == (b"said\nafter\n", b"to the other\n")
    program.eventually(lambda: not program.keepers(process.pid))


def is_at_rest(pid: int) -> bool:
    """Whether the sign of a process's capture is up."""
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(fd).startswith("/memfd:scitex-tee"):
                return fd.read_bytes() == b"\1"
        except FileNotFoundError:
            continue  # closed since the listing
    return False


@pytest.mark.parametrize("text", ["\\r 10%\\r 50%", "\\x1b[31mred\\x1b[0m\\n"])
def test_what_is_not_complete_is_waited_for(program, text):
    """A bar that may yet move, and raw bytes to be compressed, are the relay's to complete."""
    program.run(f"sys.stdout.write('{text}'); sys.stdout.flush(); time.sleep(0.5)")
    logs = program.directory / "logs"
    assert program.out == (" 50%" if "%" in text else "red\n")
    raw = text.encode().decode("unicode_escape").encode()
    assert gzip.decompress((logs / "stdout.raw.gz").read_bytes()) == raw
    assert not (logs / "stdout.raw").exists()


def test_a_killed_relay_leaves_its_successor_the_truth(program):
    """The sign of a killed relay is not believed: what was written since then is in the log."""
    process = program.start(
        """
        print("first")
        sys.stdin.readline()
        print("second")
        """,
        stdin=-1,
    )
    program.eventually(lambda: is_at_rest(process.pid) and program.out)
    keepers = stop_them(program, process.pid)
    os.kill(keepers[0], signal.SIGKILL)
    process.stdin.write(b"\n")
    process.stdin.flush()
    os.kill(keepers[1], signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert (out, err) == (b"first\nsecond\n", b"")
    assert program.out == "first\nsecond\n"
