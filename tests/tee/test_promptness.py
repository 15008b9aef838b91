"""The log follows at once, however fast or slowly a script prints."""

from __future__ import annotations

import gzip
import os
import signal

import pytest


def test_single_lines_are_in_the_log_while_the_script_waits(program):
    """A line after a rest, of either stream, is read though nothing else happens."""
    code = """
        time.sleep(1)
        for number in range(3):
            print("out", number)
            time.sleep(0.2)
            print("err", number, file=sys.stderr)
            time.sleep(0.2)
        sys.stdin.read()
    """
    with program.start(code, stdin=-1) as process:
        program.eventually((program.directory / "logs" / "stderr.log").exists)
        program.eventually(lambda: program.out == "out 0\nout 1\nout 2\n")
        program.eventually(lambda: program.err == "err 0\nerr 1\nerr 2\n")
        assert process.poll() is None
        process.communicate(b"")
    assert process.returncode == 0


def test_much_at_once_after_a_rest_does_not_block(program):
    """More than a pipe holds, written after a rest, passes and is logged."""
    result = program.run(
        """
        time.sleep(0.5)
        for _ in range(2000):
            os.write(1, (b"x" * 999 + b"\\n") * 4)
        """
    )
    assert result.returncode == 0
    assert len(result.stdout) == 8_000_000
    assert len(program.out) == 8_000_000


def test_the_last_lines_of_a_rush_do_not_wait(program):
    """After 200,000 lines at full speed the last one is in the log soon, without any flush."""
    result = program.run(
        """
        def see(end):
            for _ in range(2000):
                if open("logs/stdout.log").read().endswith(end):
                    return
                time.sleep(0.01)
            os._exit(5)
        for part in range(3):
            for i in range(200_000):
                print("line", i)
            print("end of", part)
            see(f"end of {part}\\n")
        """
    )
    assert result.returncode == 0
    wanted = "".join(
        "".join(f"line {i}\n" for i in range(200_000)) + f"end of {part}\n" for part in range(3)
    )
    assert result.stdout.decode() == wanted
    assert program.out == wanted


def test_nothing_of_the_users_process_is_taken(program):
    """No signal handler, no profiler and no thread is set, however much is printed."""
    program.run(
        """
        import signal, sys, threading
        from scitex_tee import capture
        def state():
            return [signal.getsignal(n) for n in signal.valid_signals()], sys.getprofile()
        before = state()
        with capture("logs/stdout.log"):
            for i in range(100_000):
                print(i)
                if i % 1000 == 0:
                    assert state() == before
                    assert threading.active_count() == 1
        assert state() == before
        assert not sys.stdout.line_buffering
        """,
        captured=False,
    ).check_returncode()
    assert program.out == "".join(f"{i}\n" for i in range(100_000))


def test_a_child_of_a_rushing_script_prints_lines(program):
    """A child forked amid a rush writes each of its lines at once, and none of its parent's."""
    result = program.run(
        """
        for i in range(100_000):
            print("parent", i)
        if os.fork() == 0:
            print("child")
            os.kill(os.getpid(), 9)
        os.wait()
        print("end")
        """
    )
    lines = result.stdout.decode().splitlines()
    assert lines == [*(f"parent {i}" for i in range(100_000)), "child", "end"]


def test_print_and_other_writers_at_full_speed(program):
    """Where prints and writes past Python alternate, all of it arrives in order."""
    result = program.run(
        """
        for i in range(60_000):
            print("p", i)
            os.write(1, b"w %d\\n" % i)
        """
    )
    wanted = "".join(f"{x} {i}\n" for i in range(60_000) for x in "pw")
    assert result.stdout.decode() == wanted
    assert program.out == wanted


@pytest.mark.parametrize("text", ["\\r 10%\\r 50%", "\\x1b[31mred\\x1b[0m\\n"])
def test_the_end_completes_what_is_in_motion(program, text):
    """A bar that may yet move, and raw bytes to be compressed, are complete when it has stopped."""
    result = program.run(
        f"""
        sys.stdout.write('{text}')
        sys.stdout.flush()
        time.sleep(0.5)
        capture.stop()
        print(*sorted(os.listdir("logs")), file=sys.stderr)
        """
    )
    logs = program.directory / "logs"
    assert program.out == (" 50%" if "%" in text else "red\n")
    assert result.stderr == b"stderr.log stdout.log stdout.raw.gz\n"
    raw = text.encode().decode("unicode_escape").encode()
    assert gzip.decompress((logs / "stdout.raw.gz").read_bytes()) == raw


def test_the_standby_takes_what_was_written_while_no_keeper_ran(program):
    """What is written while no keeper runs, but a suspended standby, is in the log at the end."""
    process = program.start(
        """
        print("first")
        sys.stdin.readline()
        print("second")
        """,
        stdin=-1,
    )
    program.eventually(lambda: (program.directory / "logs/stdout.log").exists() and program.out)
    keepers = program.eventually(lambda: (k := program.keepers(process.pid)) and len(k) == 2 and k)
    for keeper in keepers:
        os.kill(keeper, signal.SIGSTOP)
    os.kill(keepers[0], signal.SIGKILL)
    process.stdin.write(b"\n")
    process.stdin.flush()
    os.kill(keepers[1], signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert (out, err) == (b"first\nsecond\n", b"")
    assert program.out == "first\nsecond\n"
    program.eventually(lambda: not program.keepers(process.pid))
