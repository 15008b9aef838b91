"""A full disk ends nothing."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

LIMITED = """
    import os, resource, sys
    from scitex_tee import Capture
    capture = Capture("logs/stdout.log", "logs/stderr.log")
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    capture.start()
    for i in range(20_000):
        print(f"line {i}")
    capture.stop()
    sys.stderr.write(f"incomplete: {capture.incomplete}")
"""


def test_a_log_that_may_not_grow_is_said_once(program):
    """At a file size limit the script goes on; the terminal says it once, the capture knows it."""
    result = program.run(LIMITED, captured=False)
    wanted = "".join(f"line {i}\n" for i in range(20_000))
    assert result.returncode == 0
    assert result.stdout.decode() == wanted
    said = result.stderr.decode()
    assert said.count("stdout.log is incomplete: File too large; the program goes on") == 1
    assert said.endswith("incomplete: stdout.log: File too large")
    assert len(program.out) <= 100_000
    assert wanted.startswith(program.out)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    disk = tmp_path / "small"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_leaves_a_gap_that_is_marked(program, small_disk):
    """On a full disk the script goes on; with room again the log does, and shows the gap."""
    result = program.run(
        f"""
        import os, sys, time
        from scitex_tee import Capture
        capture = Capture({str(small_disk / "stdout.log")!r}, {str(small_disk / "stderr.log")!r})
        capture.start()
        ballast = os.open({str(small_disk / "ballast")!r}, os.O_WRONLY | os.O_CREAT)
        print("first")
        time.sleep(0.2)
        try:
            while True:
                os.write(ballast, bytes(4096))
        except OSError:
            pass
        for i in range(20_000):
            print(f"line {{i}}")
        time.sleep(0.5)
        os.ftruncate(ballast, 0)
        print("room again")
        capture.stop()
        sys.stderr.write(f"incomplete: {{capture.incomplete}}")
        """,
        captured=False,
    )
    assert result.returncode == 0
    assert result.stdout.decode().count("\n") == 20_002
    said = result.stderr.decode()
    assert said.count("stdout.log is incomplete: No space left on device") == 1
    assert said.endswith("incomplete: stdout.log: No space left on device")
    text = (small_disk / "stdout.log").read_text(encoding="utf-8")
    assert text.startswith("first\n")
    assert text.endswith(" bytes are missing here: No space left on device]\nroom again\n")
