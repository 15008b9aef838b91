"""Children are captured, and end nobody's capture."""

from __future__ import annotations

import time

import pytest


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools_are_captured(program, method):
    """What the workers of a multiprocessing pool print is in the log, whole lines, none twice."""
    result = program.run(
        f"""
        import multiprocessing, os, sys
        from scitex_tee import capture

        def work(i):
            print(f"worker {{i}}", flush=True)
            return i

        if __name__ == "__main__":
            with capture("logs/stdout.log", "logs/stderr.log"):
                print("begin", end=" ")
                with multiprocessing.get_context("{method}").Pool(2) as pool:
                    assert sum(pool.map(work, range(20))) == 190
                print("end")
        """,
        captured=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert sorted(program.out.split("\n")) == sorted(result.stdout.decode().split("\n"))
    text = program.out
    assert text.count("begin") == text.count("end") == 1
    assert all(text.count(f"worker {i}\n") == 1 for i in range(20))


def test_a_forked_child_ends_nothing(program):
    """A child that leaves the block, flushes, and stops the capture leaves it to its parent."""
    result = program.run(
        """
        sys.stdout.write("unfinished ")
        pid = os.fork()
        if pid == 0:
            print("child")
            capture.stop()
            print("child goes on")
            sys.exit(0)
        os.waitpid(pid, 0)
        print("parent")
        """
    )
    assert result.returncode == 0
    assert program.out.count("unfinished") == 1
    assert sorted(program.out.replace("unfinished ", "").splitlines()) == [
        "child",
        "child goes on",
        "parent",
    ]
    assert program.err == ""


def test_a_daemon_child_delays_nothing(program):
    """A background child that holds the streams does not delay the end, and keeps its terminal."""
    start = time.monotonic()
    with program.start(
        """
        import subprocess
        subprocess.Popen(["/bin/sh", "-c", "sleep 3; echo late"])
        print("early")
        begin = time.monotonic()
        capture.stop()
        sys.stderr.write(f"{time.monotonic() - begin:.3f}")
        """
    ) as process:
        assert process.wait() == 0
        taken = float(process.stderr.read(5))
        assert time.monotonic() - start < 2.5 or taken < 1
        assert program.out == "early\n"
        assert process.stdout.read() == b"early\nlate\n"
    assert program.out == "early\n"


def test_a_child_that_never_stops_talking_does_not_hold_up_the_end(program):
    """Even while a background child writes without pause the capture stops."""
    result = program.run(
        """
        import subprocess
        child = subprocess.Popen(["yes", "background"])
        time.sleep(0.2)
        begin = time.monotonic()
        capture.stop()
        child.kill()
        sys.stderr.write("stopped" if time.monotonic() - begin < 5 else "late")
        """,
    )
    assert result.stderr == b"stopped"
    assert program.out.startswith("background\n")


def test_threads_and_forks_give_no_warning(program):
    """Forking during a capture gives no warning: the capture runs no thread."""
    result = program.run(
        """
        import threading, warnings
        warnings.simplefilter("error")
        assert threading.active_count() == 1
        assert len(os.listdir("/proc/self/task")) == 1
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        """
    )
    assert (result.returncode, result.stderr) == (0, b"")
