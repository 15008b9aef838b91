"""Whatever dies, what was written is in the log."""

from __future__ import annotations

import os
import random
import signal
import textwrap
import time

import pytest


def _kill_while_printing(program, delay: float) -> None:
    """Kill a program that prints numbered lines and notes each one that was flushed."""
    code = """
        notes = os.open("acknowledged", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        i = 0
        while True:
            print(f"line {i}", flush=True)
            os.pwrite(notes, b"%12d" % i, 0)
            i += 1
    """
    note = program.directory / "acknowledged"
    note.unlink(missing_ok=True)  # what an earlier program had noted is not about this one
    with program.start(code) as process:
        program.eventually(lambda: note.exists() and note.stat().st_size)
        time.sleep(delay)
        process.kill()
        process.communicate()
    acknowledged = int(note.read_bytes())
    program.eventually(lambda: f"line {acknowledged}\n" in program.out)
    lines = program.out.splitlines()
    assert lines[: acknowledged + 1] == [f"line {i}" for i in range(acknowledged + 1)]


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.01, 0.05, 0.2])
def test_every_acknowledged_line_survives_sigkill(program, delay):
    """Each line whose write returned before SIGKILL is in the log."""
    _kill_while_printing(program, delay)


@pytest.mark.slow
def test_every_acknowledged_line_survives_200_kills(program):
    """At two hundred random instants: each line that was written before SIGKILL is in the log."""
    chance = random.Random(7)
    for _ in range(200):
        _kill_while_printing(program, chance.uniform(0, 0.15))


@pytest.mark.parametrize(
    ("death", "message"),
    [
        ("ctypes.string_at(0)", "Segmentation fault"),
        ("os.abort()", "Aborted"),
        ("os._exit(3)", ""),
        ("os.kill(os.getpid(), signal.SIGTERM)", ""),
        ("ctypes.CDLL(None).abort()", "Aborted"),
    ],
)
def test_sudden_ends_lose_nothing(program, death, message):
    """A segmentation fault, abort and `_exit` keep what was printed, and faulthandler's message."""
    result = program.run(
        f"""
        import ctypes, faulthandler, signal
        faulthandler.enable()
        print("printed before")
        sys.stdout.write("no line end")
        sys.stdout.flush()
        {death}
        """
    )
    assert result.returncode != 0
    assert result.stdout == b"printed before\nno line end"
    program.eventually(lambda: program.out == "printed before\nno line end")
    assert message.encode() in result.stderr
    program.eventually(lambda: message in program.err)


def test_the_command_runs_at_once_and_only_after_a_death(program):
    """`if_killed` runs right after SIGKILL, in place, once the log is complete; else never."""
    code = """
        import os, sys, time
        from scitex_tee import Capture
        do = 'cat logs/stdout.log > part; echo "$WORD" >> part; test -t 0 || mv part done'
        command = ["/bin/sh", "-c", do]
        os.environ["WORD"] = "from the environment"
        capture = Capture("logs/stdout.log", "logs/stderr.log", if_killed=command)
        capture.start()
        print("last line")
        if sys.argv[1:] == ["stop"]:
            capture.stop()
        open("ready", "w").close()
        time.sleep(60)
    """
    for how in ([], ["stop"]):
        for name in ("ready", "done"):
            (program.directory / name).unlink(missing_ok=True)
        command = [*program.write(code, captured=False), *how]
        import subprocess

        with subprocess.Popen(command, cwd=program.directory, stdout=subprocess.DEVNULL) as process:
            program.eventually((program.directory / "ready").exists)
            process.kill()
        if how:
            time.sleep(0.5)
            assert not (program.directory / "done").exists()
        else:
            program.eventually((program.directory / "done").exists)
            text = (program.directory / "done").read_text(encoding="utf-8")
            assert text == "last line\nfrom the environment\n"


def test_a_death_is_a_death_though_children_live_on(program):
    """A forked child that holds everything open does not hide the death, and is still logged."""
    code = """
        if os.fork() == 0:
            time.sleep(1.5)
            print("the child lives")
            os._exit(0)
        print("the parent dies")
        os.kill(os.getpid(), 9)
    """
    text = (
        "import os, time\nfrom scitex_tee import Capture\n"
        "Capture('logs/stdout.log', 'logs/stderr.log', if_killed=['touch', 'noticed']).start()\n"
    )
    start = time.monotonic()
    with program.start(text + textwrap.dedent(code), captured=False) as process:
        process.wait()
        program.eventually((program.directory / "noticed").exists)
        assert time.monotonic() - start < 20
        program.eventually(lambda: program.out == "the parent dies\nthe child lives\n")


def test_a_script_that_replaces_itself_is_followed(program):
    """After `os.execv` the log goes on, and the end of the new program is the end."""
    program.run(
        """
        import os, sys
        from scitex_tee import Capture
        Capture("logs/stdout.log", if_killed=["touch", "noticed"]).start()
        print("before")
        sys.stdout.flush()
        os.execv("/bin/sh", ["sh", "-c", "sleep 0.3; test -e noticed || echo after"])
        """,
        captured=False,
    )
    program.eventually((program.directory / "noticed").exists)
    assert program.out == "before\nafter\n"


NUMBERS = """
    i = 0
    while not os.path.exists("enough"):
        for i in range(i, i + 500):
            print(f"line {i}")
        i += 1
        time.sleep(0.001)
"""


@pytest.mark.parametrize("which", ["keeper", "standby", "random, often"])
def test_a_killed_keeper_is_replaced_and_loses_nothing(program, which):
    """If one of the two log keepers is killed the script goes on, and every byte is in the log."""
    chance = random.Random(3)
    target = program.directory / "terminal"
    with target.open("wb") as file, program.start(NUMBERS, stdout=file) as process:
        for _ in range(8 if "often" in which else 1):
            pids = program.eventually(
                lambda: (
                    sorted(program.keepers(process.pid))[1:]
                    and sorted(program.keepers(process.pid))
                )
            )
            os.kill(
                chance.choice(pids) if "often" in which else pids[which == "standby"],
                signal.SIGKILL,
            )
            time.sleep(0.05)
        program.eventually(lambda: len(program.keepers(process.pid)) == 2)
        (program.directory / "enough").touch()
        assert process.wait() == 0
        assert process.stderr.read() == b""
    lines = program.out.splitlines()
    assert len(lines) >= 500
    assert lines == [f"line {i}" for i in range(len(lines))]
    assert target.read_text(encoding="utf-8").splitlines() == lines


def test_a_keeper_that_is_killed_while_the_reader_pauses_passes_each_byte_on_once(program):
    """What waits to be passed on when the keeper dies is in the log once and arrives once."""
    wanted = "".join(f"line {i}\n" for i in range(50_000))
    code = "for i in range(50_000): print(f'line {i}')\nsys.stdin.readline()"
    with program.start(code, stdin=-1) as process:
        program.eventually(lambda: len(program.keepers(process.pid)) == 2)
        program.eventually(lambda: len(program.out) > 50_000 and _is_at_rest(program))
        first, second = program.keepers(process.pid)
        os.kill(first, signal.SIGKILL)
        program.eventually(lambda: len(k := program.keepers(process.pid)) == 2 and second in k)
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.stdout.read().decode() == wanted
    assert program.out == wanted


def _is_at_rest(program) -> bool:
    """Whether the log does not grow."""
    before = program.out
    time.sleep(0.3)
    return program.out == before


def test_without_any_keeper_the_script_meets_a_broken_pipe(program):
    """If keeper and standby are killed at once, a write fails, and the capture says why."""
    code = """
        sys.stdin.readline()
        try:
            for _ in range(10_000):
                os.write(1, b"x" * 1000)
            end = "nothing noticed"
        except BrokenPipeError:
            end = "broken pipe"
        capture.stop()
        print(end, "-", capture.incomplete)
    """
    process = program.start(code, stdin=-1)
    pids = program.eventually(lambda: len(found := program.keepers(process.pid)) == 2 and found)
    for how in (signal.SIGSTOP, signal.SIGKILL):  # suspended first, so that none replaces the other
        for pid in pids:
            os.kill(pid, how)
    out, err = process.communicate(b"\n", timeout=30)
    assert (out, err) == (b"broken pipe - the process that keeps the logs was killed\n", b"")
    assert process.returncode == 0


def test_signals_do_not_end_the_keeper(program):
    """The signals that end a script by default end no keeper of its logs."""
    ignored = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    process = program.start("sys.stdin.readline(); print('last line')", stdin=-1)
    pids = program.eventually(lambda: len(found := program.keepers(process.pid)) == 2 and found)
    for number in ignored:
        for pid in pids:
            os.kill(pid, number)
    assert process.communicate(b"\n", timeout=30) == (b"last line\n", b"")
    assert program.out == "last line\n"
    program.eventually(lambda: not program.keepers(process.pid))


def test_a_moving_bar_is_in_the_log_after_a_kill(program):
    """Killed while a progress bar moves, the script leaves its last state in the log."""
    code = """
        print("begin")
        for i in range(100):
            print(f"\\r{i}%", end="", flush=True)
            time.sleep(0.005)
        os.kill(os.getpid(), 9)
    """
    assert program.run(code).returncode == -signal.SIGKILL
    program.eventually(lambda: program.out == "begin\n99%", 1)


def test_the_command_gets_signals_and_directory_as_usual(program):
    """The command of `if_killed` runs where the script was started, and may be interrupted."""
    code = """
        import os, signal, sys
        from scitex_tee import Capture
        os.mkdir("below"); os.chdir("below")
        ask = "import signal; print(signal.getsignal(signal.SIGTERM), file=open('part', 'w'))"
        both = f'"{sys.executable}" -c "$0" && mv part done'
        Capture("out.log", if_killed=["/bin/sh", "-c", both, ask]).start()
        os.kill(os.getpid(), 9)
    """
    program.run(code, captured=False)
    done = program.directory / "below" / "done"
    program.eventually(done.exists)
    assert done.read_text(encoding="utf-8") == f"{signal.SIG_DFL}\n"
