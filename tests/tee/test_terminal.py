"""At a terminal everything looks as if nothing were in between."""

from __future__ import annotations

import os
import shutil
import signal

import pytest


def test_the_script_still_sees_a_terminal(program):
    """`isatty` and the width are those of the terminal, for children too."""
    terminal = program.at_terminal(
        """
        import subprocess
        print(os.isatty(1), sys.stdout.isatty(), os.isatty(2), os.get_terminal_size().columns)
        code = "import os; print(os.isatty(1), os.get_terminal_size().columns)"
        subprocess.run([sys.executable, "-c", code])
        print("\\x1b[31mred\\x1b[0m")
        """,
        columns=97,
    )
    assert terminal.wait() == 0
    assert terminal.seen == b"True True True 97\r\nTrue 97\r\n\x1b[31mred\x1b[0m\r\n"
    assert program.out == "True True True 97\nTrue 97\nred\n"


def test_prompts_appear_at_once_and_answers_arrive(program):
    """`input()` shows its prompt without a line end, and reads what is typed."""
    terminal = program.at_terminal("name = input('name? '); print('hello', name)")
    terminal.read(b"name? ")
    terminal.type(b"Ada\n")
    assert terminal.wait() == 0
    assert b"hello Ada\r\n" in terminal.seen
    assert "name? " in program.out + program.err  # on stderr, unless readline is loaded
    assert program.out.endswith("hello Ada\n")


def test_ctrl_c_reaches_the_script_alone(program):
    """Ctrl-C interrupts the script; what it prints then is logged like anything else."""
    terminal = program.at_terminal(
        """
        try:
            print("waiting")
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    terminal.read(b"waiting")
    terminal.type(b"\x03")
    assert terminal.wait() == 0
    assert program.out == "waiting\ninterrupted\n"


def test_a_stopped_script_can_be_continued(program):
    """After Ctrl-Z the output until then is visible; after `fg` it goes on."""
    terminal = program.at_terminal(
        """
        import signal
        print("before")
        os.kill(os.getpid(), signal.SIGSTOP)
        print("after")
        """
    )
    terminal.read(b"before")
    program.eventually(lambda: os.waitpid(terminal.pid, os.WUNTRACED | os.WNOHANG)[0])
    assert b"after" not in terminal.seen
    os.kill(terminal.pid, signal.SIGCONT)
    assert terminal.wait() == 0
    assert program.out == "before\nafter\n"


def test_resizing_the_window_is_noticed(program):
    """After the window was resized the script gets a notice and sees the new width."""
    terminal = program.at_terminal(
        """
        import signal
        widths = []
        signal.signal(signal.SIGWINCH, lambda *_: widths.append(os.get_terminal_size(1).columns))
        print("ready")
        while widths[-1:] != [132]:
            time.sleep(0.01)
        print("now 132")
        """
    )
    terminal.read(b"ready")
    terminal.resize(132)
    assert terminal.wait() == 0
    assert b"now 132" in terminal.seen


PAGER = """
import subprocess
with open("text", "w") as file:
    file.write("".join(f"line {i}\\n" for i in range(100)))
subprocess.run(["less", "text"])
print("read")
"""
SINGLE_KEY = """
import subprocess
subprocess.run([sys.executable, "-c", '''
import os, termios, tty
usual = termios.tcgetattr(1)
tty.setraw(1)
os.write(1, b"press ")
os.write(1, b"got " + os.read(0, 1) + b"\\\\r\\\\n")
termios.tcsetattr(1, termios.TCSANOW, usual)
'''])
print("read")
"""
FULL_SCREEN = """
import subprocess
subprocess.run([sys.executable, "-c", '''
import curses
def main(screen):
    screen.addstr(1, 1, "press")
    screen.refresh()
    screen.getkey()
curses.wrapper(main)
'''])
print("read")
"""


@pytest.mark.parametrize(
    ("code", "shown"),
    [(PAGER, b"line 1"), (SINGLE_KEY, b"press"), (FULL_SCREEN, b"press")],
    ids=["pager", "single key", "full screen"],
)
def test_a_single_key_reaches_a_program_that_asks_for_it(program, code, shown):
    """A pager, or whatever reads keys one by one, gets them without Enter, and unseen."""
    if code is PAGER and not shutil.which("less"):
        pytest.skip("less is not installed here")
    terminal = program.at_terminal(code)
    terminal.read(shown)
    program.eventually(lambda: terminal.modes() != terminal.usual)
    terminal.type(b"q")
    terminal.read(b"read\r\n")
    assert b"press q" not in terminal.seen
    program.eventually(lambda: terminal.modes() == terminal.usual)
    assert terminal.wait() == 0
    assert program.out.endswith("read\n")


@pytest.mark.parametrize("end", ["capture.stop()", "os.kill(os.getpid(), 9)"])
def test_a_terminal_is_left_as_it_was(program, end):
    """What a program has made of its terminal and left so is put back at the end, or at a kill."""
    terminal = program.at_terminal(
        f"""
        import tty
        tty.setcbreak(1)
        print("in it", flush=True)
        sys.stdin.readline()
        {end}
        """
    )
    terminal.read(b"in it")
    program.eventually(lambda: terminal.modes() != terminal.usual)
    terminal.type(b"\n")
    os.waitpid(terminal.pid, 0)
    program.eventually(lambda: terminal.modes() == terminal.usual)
    os.close(terminal.master)


def test_streams_keep_the_order_of_slow_writers(program):
    """Lines of the two streams that are some milliseconds apart appear in their order."""
    terminal = program.at_terminal(
        """
        time.sleep(1)
        for i in range(50):
            print(f"o{i}"); time.sleep(0.02); print(f"e{i}", file=sys.stderr); time.sleep(0.02)
        """
    )
    assert terminal.wait() == 0
    wanted = "".join(f"o{i}\r\ne{i}\r\n" for i in range(50))
    assert terminal.seen.decode() == wanted


def test_streams_take_turns_at_full_speed(program):
    """Lines that alternate between the two streams without a pause appear in their order."""
    code = """
        for i in range(50):
            print(f"o{i}"); print(f"e{i}", file=sys.stderr)
    """
    wanted = "".join(f"o{i}\r\ne{i}\r\n" for i in range(50)).encode()
    for _ in range(5):  # on a very busy machine a turn may take longer than a stream waits
        terminal = program.at_terminal(code)
        assert terminal.wait() == 0
        if terminal.seen == wanted:
            break
    assert terminal.seen == wanted


def test_a_stopped_terminal_does_not_hold_up_the_end(program):
    """With the terminal stopped by Ctrl-S a capture still stops, and the log is complete."""
    terminal = program.at_terminal(
        """
        print("ready")
        sys.stdin.readline()
        for i in range(2000):
            print("line", i)
        capture.stop()
        open("stopped", "w").close()
        """
    )
    terminal.read(b"ready")
    terminal.type(b"\x13\n")
    program.eventually((program.directory / "stopped").exists)
    assert program.out == "ready\n" + "".join(f"line {i}\n" for i in range(2000))
    terminal.type(b"\x11")
    assert terminal.wait() == 0


def test_only_one_stream_at_the_terminal(program):
    """With ``> file`` stdout is a file and stderr still a terminal."""
    terminal = program.at_terminal(
        """
        import os, sys
        os.dup2(os.open("file", os.O_WRONLY | os.O_CREAT), 1)
        from scitex_tee import capture
        with capture("logs/stdout.log", "logs/stderr.log"):
            print(os.isatty(1), os.isatty(2))
        """,
        captured=False,
    )
    assert terminal.wait() == 0
    assert (program.directory / "file").read_text(encoding="utf-8") == "False True\n"
    assert terminal.seen == b""
    assert program.out == "False True\n"


@pytest.mark.parametrize("library", ["tqdm", "rich"])
def test_progress_bars_move_and_leave_their_last_state(program, library):
    """Bars move on the terminal; the log reads as the screen does at the end."""
    pytest.importorskip(library)
    pyte = pytest.importorskip("pyte")
    terminal = program.at_terminal(
        {
            "tqdm": """
                import tqdm
                time.sleep(0.5)
                for epoch in tqdm.trange(3, desc="epoch"):
                    for step in tqdm.trange(20, desc="step", leave=False):
                        time.sleep(0.01)
                    tqdm.tqdm.write(f"epoch {epoch} done")
                """,
            "rich": """
                from rich.progress import track
                from rich import print
                for step in track(range(30), description="working"):
                    time.sleep(0.02)
                    if step == 15:
                        print("[bold]half[/bold]")
                """,
        }[library]
    )
    assert terminal.wait() == 0
    assert terminal.seen.count(b"\r") > 5
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(terminal.seen)
    shown = [line.rstrip() for line in screen.display]
    logged = [line.rstrip() for log in (program.err, program.out) for line in log.splitlines()]
    assert sorted(filter(None, logged)) == sorted(filter(None, shown))


def test_sigkill_at_a_terminal_loses_nothing(program):
    """What was printed to the terminal before SIGKILL is on it, and in the log."""
    terminal = program.at_terminal(
        """
        for i in range(2000):
            print(f"line {i}", flush=True)
        os.kill(os.getpid(), 9)
        """
    )
    os.waitpid(terminal.pid, 0)
    terminal.read(b"line 1999\r\n")
    program.eventually(lambda: program.out.endswith("line 1999\n"))
    assert program.out == "".join(f"line {i}\n" for i in range(2000))
    os.close(terminal.master)


def test_nohup_is_as_ever(program):
    """Under `nohup` the output goes to its file, and a hang-up does no harm."""
    import subprocess

    command = program.write("os.kill(os.getpid(), 1); print('still here')")
    with (program.directory / "nohup.out").open("wb") as out:
        result = subprocess.run(
            ["nohup", *command], cwd=program.directory, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert result.returncode == 0
    assert (program.directory / "nohup.out").read_bytes() == b"still here\n"
    assert program.out == "still here\n"
