"""A capture that is over before its keeper has begun is as complete as any other."""

from __future__ import annotations

import gzip
import os
import signal
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it waits for the keeper")

# The keeper's interpreter takes a while to start, so that the capture is over by then.
LATE = """
    import os, signal, subprocess, sys, time

    with open("late.py", "w") as file:
        file.write("#!{python}\\nimport os, sys, time\\ntime.sleep({seconds})\\n"
                   "os.execv({python!r}, [{python!r}, *sys.argv[1:]])\\n")
    os.chmod("late.py", 0o755)
    sys.executable = os.path.abspath("late.py")
    from scitex_tee import Capture

    capture = Capture("logs/stdout.log", "logs/stderr.log", if_killed=["touch", "noticed"])
    capture.start()
"""


def late(seconds: float) -> str:
    """The beginning of a program whose keeper takes so many seconds to start."""
    return LATE.format(seconds=seconds, python=sys.executable)


def test_a_short_script_waits_for_no_keeper(program):
    """Text and colours are in the logs, cleaned, and passed on; who reads them does not wait."""
    code = (
        late(60)
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


def test_a_short_script_continues_a_log_of_both_streams(program):
    """Both streams go to one file, behind what an earlier run has left there."""
    code = late(60).replace('"logs/stderr.log"', '"logs/stdout.log", append=True') + (
        """
    print("out")
    print(" 10%\\r100%", file=sys.stderr)
    capture.stop()
    """
    )
    logs = program.directory / "logs"
    logs.mkdir()
    (logs / "stdout.log").write_bytes(b"before\n")
    result = program.run(code, captured=False)
    assert (result.stdout, result.stderr) == (b"out\n", b" 10%\r100%\n")
    assert (logs / "stdout.log").read_bytes() == b"before\nout\n100%\n"


def test_a_child_that_is_left_is_served_by_the_late_keeper(program):
    """What a child writes after the end goes where the output went, and not into the log."""
    code = (
        late(0.3)
        + """
    subprocess.Popen(["sh", "-c", "sleep 1; echo late"])
    print("early")
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.stdout == b"early\nlate\n"
    assert (program.directory / "logs" / "stdout.log").read_bytes() == b"early\n"
    assert not (program.directory / "noticed").exists()


# How a script is killed while it completes its logs.
AMID = {
    "pipe and log": """
    splice = os.splice
    def die(*args, **options):
        splice(*args, **options)
        os.kill(os.getpid(), 9)
    os.splice = die
    """,
    "log and terminal": """
    write = os.write
    os.write = lambda fd, data: os.kill(os.getpid(), 9) if fd == 1 else write(fd, data)
    """,
}


@pytest.mark.parametrize("where", AMID)
def test_a_kill_while_completing_loses_nothing(program, where):
    """Killed between pipe and log, or log and terminal: all is in the log, the death is noticed."""
    code = (
        late(0.3)
        + AMID[where]
        + """
    print("said")
    print("to the other", file=sys.stderr)
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.returncode == -signal.SIGKILL
    program.eventually((program.directory / "noticed").exists)
    logs = program.directory / "logs"
    assert (logs / "stdout.log").read_bytes() == b"said\n"
    assert (logs / "stderr.log").read_bytes() == b"to the other\n"


def test_a_death_before_the_keeper_has_begun_loses_nothing(program):
    """Killed right after the start, what was printed is in the log and the death is noticed."""
    code = (
        late(0.3)
        + """
    print("said")
    os.kill(os.getpid(), 9)
    """
    )
    result = program.run(code, captured=False)
    assert (result.returncode, result.stdout) == (-signal.SIGKILL, b"said\n")
    program.eventually((program.directory / "noticed").exists)
    assert (program.directory / "logs" / "stdout.log").read_bytes() == b"said\n"


@pytest.mark.parametrize("size", [50_000, 900_000])
def test_more_than_a_page_is_left_to_the_keeper(program, size):
    """Output that could make the end wait is passed on by the keeper, complete."""
    code = (
        late(0.3)
        + f"""
    print("x" * {size})
    capture.stop()
    """
    )
    result = program.run(code, captured=False)
    assert result.stdout == b"x" * size + b"\n"
    assert (program.directory / "logs" / "stdout.log").read_bytes() == result.stdout


def test_a_short_script_at_a_file(program):
    """Into a file much more than a page is passed on without the keeper."""
    code = (
        late(60)
        + """
    for i in range(10_000):
        print("line", i)
    capture.stop()
    """
    )
    begun = time.monotonic()
    with (program.directory / "out").open("wb") as file:
        assert program.run(code, captured=False, stdout=file).returncode == 0
    assert time.monotonic() - begun < 60
    wanted = "".join(f"line {i}\n" for i in range(10_000)).encode()
    assert (program.directory / "out").read_bytes() == wanted
    assert (program.directory / "logs" / "stdout.log").read_bytes() == wanted


def test_ctrl_c_does_not_end_a_keeper_that_is_starting(program):
    """Ctrl-C right after the start interrupts the script alone, and its log is complete."""
    terminal = program.at_terminal(
        late(0.5)
        + """
    try:
        open("ready", "w").close()
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted")
    capture.stop()
    os.write(1, f"{capture.incomplete}".encode())
    """,
        captured=False,
    )
    program.eventually((program.directory / "ready").exists)
    terminal.type(b"\x03")
    assert terminal.wait() == 0
    assert terminal.seen.endswith(b"interrupted\r\nNone")
    assert program.out == "interrupted\n"


def test_a_short_script_whose_output_nobody_reads(program):
    """As in ``script | true``: what it wrote is in the log, and its end is that of any other."""
    code = (
        late(60)
        + """
    print("said")
    capture.stop()
    open("ended", "w").write(str(capture.incomplete))
    os._exit(0)
    """
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = program.run(code, captured=False, stdout=writer)
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")
    assert (program.directory / "ended").read_text(encoding="utf-8") == "None"
    assert (program.directory / "logs" / "stdout.log").read_bytes() == b"said\n"
