"""What was printed is on the disk, not only in the system's memory."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


SCRIPT = """
    sys.stdin.readline()
    print("x")
    {more}
    sys.stdin.readline()
"""


@contextlib.contextmanager
def traced(program, more: str = ""):
    """A script that prints, and the function that tells which files its keepers have synced."""
    trace = program.directory / "trace"
    with program.start(SCRIPT.format(more=more), stdin=-1) as process:
        pids = program.eventually(lambda: len(found := program.keepers(process.pid)) == 2 and found)
        command = ["strace", "-f", "-y", "-e", "trace=fsync", "-o", str(trace)]
        command += [word for pid in pids for word in ("-p", str(pid))]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
            try:
                if not all(b"attached" in tracer.stderr.readline() for _ in pids):
                    pytest.skip("strace may not attach here")
                process.stdin.write(b"\n")
                process.stdin.flush()
                program.eventually(lambda: program.out)
                yield process, lambda: set(re.findall(r"fsync\(\d+<.*/(.*?)>", trace.read_text()))
            finally:
                process.kill()
                process.communicate()
                tracer.communicate(timeout=30)  # which ends with those that it follows


def test_logs_are_on_the_disk_before_long(program):
    """Within five seconds after something was written its log is on the disk."""
    with traced(program) as (_, synced):
        program.eventually(lambda: "stdout.log" in synced(), 5)


def test_logs_are_on_the_disk_at_once_after_a_kill(program):
    """After a SIGKILL the log is brought to the disk without waiting for the usual time."""
    with traced(program) as (process, synced):
        process.kill()
        begin = time.monotonic()
        program.eventually(lambda: "stdout.log" in synced(), 5)
        assert time.monotonic() - begin < 1.5


def test_logs_and_raw_bytes_are_on_the_disk_after_the_end(program):
    """After the end the log is on the disk; a gzip file is, before its raw file is removed."""
    more = "for i in range(100_000): print(f'\\r{i} of many', end='')"
    with traced(program, more) as (process, synced):
        process.communicate(b"\n", timeout=30)
        assert process.returncode == 0
        program.eventually(lambda: not list((program.directory / "logs").glob("*.raw")))
        program.eventually(lambda: "stdout.log" in synced())
        assert any(name.startswith(".stdout.raw.gz.") for name in synced())


def test_a_short_script_has_its_log_written_soon(program):
    """A script that completes its logs itself has the system begin to write them."""
    command = program.write("print('x')")
    subprocess.run(
        ["strace", "-f", "-y", "-e", "trace=fadvise64,fsync", "-o", "trace", *command],
        cwd=program.directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    program.eventually(
        lambda: re.search(
            r"(fadvise64|fsync)\(\d+<.*/stdout.log>",
            (program.directory / "trace").read_text(encoding="utf-8"),
        )
    )
