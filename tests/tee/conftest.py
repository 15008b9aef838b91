"""Programs in processes of their own, at a pipe, a file or a terminal."""

from __future__ import annotations

import itertools
import os
import select
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PATIENCE = 60


class Program:
    """A Python program in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, code: str, *, captured: bool = True) -> list[str]:
        """Write the program, with a capture around it; return its command line."""
        start = (
            "from scitex_tee import Capture\n"
            "capture = Capture('logs/stdout.log', 'logs/stderr.log')\n"
            "capture.start()\n"
        )
        code = textwrap.dedent(code)
        path = self.directory / "program.py"
        text = f"import os, sys, time\n{start}{code}\ncapture.stop()\n" if captured else code
        path.write_text(text, encoding="utf-8")
        return [sys.executable, str(path)]

    def run(
        self, code: str, *, captured: bool = True, **options
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the program to its end, at pipes."""
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": environment(),
            **options,
        }
        command = self.write(code, captured=captured)
        return subprocess.run(command, cwd=self.directory, timeout=PATIENCE, check=False, **options)

    def start(self, code: str, *, captured: bool = True, **options) -> subprocess.Popen[bytes]:
        """Start the program, at pipes."""
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": environment(),
            **options,
        }
        return subprocess.Popen(self.write(code, captured=captured), cwd=self.directory, **options)

    @staticmethod
    def eventually(condition, seconds: float = 20.0):
        """Wait until `condition()` is true and return what it returned."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.01)
        return value

    @staticmethod
    def keepers(pid: int) -> list[int]:
        """Processes that keep the logs of process `pid`, the older one first."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    arguments = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                ours = (b"--pid", str(pid).encode())
                if ours in itertools.pairwise(arguments) and b"-c" not in arguments:
                    found.append(int(entry))  # and not the shell that starts it
        return sorted(found)

    def at_terminal(self, code: str, *, captured: bool = True, columns: int = 80) -> Terminal:
        """Start the program at a new terminal, which is its controlling one."""
        return Terminal(self.write(code, captured=captured), self.directory, columns)

    @property
    def out(self) -> str:
        """The log of its standard output."""
        return (self.directory / "logs" / "stdout.log").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """The log of its standard error."""
        return (self.directory / "logs" / "stderr.log").read_text(encoding="utf-8")


class Terminal:
    """A program at a pseudo-terminal, and what one would see there."""

    def __init__(self, command: list[str], directory: Path, columns: int) -> None:
        import fcntl
        import struct
        import termios

        self.master, slave = os.openpty()
        self.seen = b""
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.usual = self.modes()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.master)
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)
            os.chdir(directory)
            os.execve(command[0], command, environment())
        os.close(slave)

    def modes(self) -> list[object]:
        """How the terminal treats keys and output at this moment."""
        import termios

        return termios.tcgetattr(self.master)[:4]

    def resize(self, columns: int) -> None:
        """Change the width of the window."""
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, text: bytes) -> None:
        """Press keys."""
        os.write(self.master, text)

    def read(self, until: bytes | None = None, seconds: float = PATIENCE) -> bytes:
        """Read until something has been seen, or to the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (until is None or until not in self.seen):
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                try:
                    part = os.read(self.master, 65536)
                except OSError:
                    break
                if not part:
                    break
                self.seen += part
        if until is not None:
            assert until in self.seen
        return self.seen

    def wait(self) -> int:
        """Read to the end; return the exit status as `os.waitpid` has it."""
        self.read()
        deadline = time.monotonic() + 5
        while not (ended := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.kill(self.pid, 9)
            time.sleep(0.01)
        status = ended[1]
        os.close(self.master)
        return status


def environment() -> dict[str, str]:
    """The environment of a user who has set nothing."""
    unwanted = {"PYTHONUNBUFFERED", "COLUMNS", "LINES"}
    return {k: v for k, v in os.environ.items() if k not in unwanted} | {"TERM": "xterm-256color"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program in a directory of its own."""
    return Program(tmp_path)
