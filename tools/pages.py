"""Run the code blocks of Markdown pages, as a reader would who follows the page from top to bottom.

Usage::

    python tools/pages.py docs/tutorial.md ...

All blocks of a page run in order in one temporary directory, which holds a copy of `examples/`.

==========================  ========================================================================
block                       what is done
==========================  ========================================================================
```` ```python ````         runs in a Python process that the page keeps from block to block
```` ```pycon ````          the same, and what follows each ``>>>`` must be what is printed
```` ```console ````        each line after ``$`` is run by a shell; the lines below it must be its
                            output, and where there are none its exit status must be 0
```` ```bash ````           is run by a shell and must exit with 0
``<!-- file: name.py -->``  above any block: it is written to that file and not run
``<!-- output -->``         above a block: it is what the block before it must have printed
``<!-- skip: reason -->``   above a block: it is not run
==========================  ========================================================================

Any other block is an illustration. In an expected output ``...`` stands for any text.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 180  # for a shell, and for the Python process of a page to end
ARRIVAL = 5  # seconds until what was printed must have arrived

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<info>[^`]*)")
_COMMENT = re.compile(r"<!-- *(?P<key>file|output|skip)(?:: *(?P<value>.*?))? *-->")


class PageError(AssertionError):
    """A block of a page does not do what the page says; the message names page and line."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the comments that stand directly above it."""

    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    lines = iter(enumerate(text.splitlines(), start=1))
    notes: dict[str, str] = {}
    for number, line in lines:
        if comment := _COMMENT.fullmatch(line.strip()):
            notes[comment["key"]] = comment["value"] or ""
        elif opening := _FENCE.fullmatch(line):
            body = _until(lines, opening["fence"], len(opening["indent"]))
            yield Block(number, opening["info"].strip(), body, notes)
            notes = {}
        elif line.strip():
            notes = {}


def _until(lines: Iterator[tuple[int, str]], fence: str, indent: int) -> str:
    body = []
    for _, line in lines:
        bare = line.strip()
        if bare.startswith(fence) and not bare.strip(fence[0]):
            break
        body.append(line[indent:] if not line[:indent].strip() else line)
    return "".join(f"{line}\n" for line in body)


# Given by -c, so that `__main__` has no file, as at a prompt.
_DRIVER = """
import sys
sys.path.insert(0, sys.argv[1])
from page_driver import serve
del sys.path[0]
serve(*map(int, (sys.argv.pop(), sys.argv.pop())))
"""


class Interpreter:
    """A Python process that runs one block after the other in one namespace.

    Parameters
    ----------
    directory : Path
        Its working directory.
    environment : dict
        Its environment variables.
    output : Path
        Where what it prints goes.
    """

    def __init__(self, directory: Path, environment: dict[str, str], output: Path) -> None:
        asked, ask = os.pipe()
        answers, answer = os.pipe()
        self._output = output
        self._before = 0
        with output.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _DRIVER, str(ROOT / "tools"), str(answer), str(asked)],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                pass_fds=(asked, answer),
            )
        os.close(asked)
        os.close(answer)
        self._requests: IO[str] = os.fdopen(ask, "w", encoding="utf-8")
        self._answers: IO[str] = os.fdopen(answers, encoding="utf-8")

    def run(self, name: str, language: str, text: str) -> str:
        """Run a block and return what went wrong, or an empty text."""
        self._before = self._output.stat().st_size
        self._requests.write(json.dumps([name, language, text]) + "\n")
        self._requests.flush()
        answer = self._answers.readline()
        return json.loads(answer) if answer else "the Python process of the page died\n"

    def printed(self) -> str:
        """Return what has come of the last block's output until now."""
        return self._output.read_bytes()[self._before :].decode("utf-8", "replace")

    def close(self) -> None:
        """End the process as its last line would."""
        self._requests.close()
        self._answers.close()
        try:
            self._process.wait(SECONDS)
        finally:
            self._process.kill()


class Page:
    """One page being followed: its directory, its Python process, and what was printed last.

    Parameters
    ----------
    path : Path
        The Markdown file.
    directory : Path
        Where its blocks run.
    """

    def __init__(self, path: Path, directory: Path) -> None:
        self.name = path.name
        self.directory = directory
        self.blocks = list(blocks(path.read_text(encoding="utf-8")))
        self._printed: Callable[[], str] = str
        self._python: Interpreter | None = None

    def __enter__(self) -> Self:
        examples = ROOT / "examples"
        if examples.is_dir():
            ignored = shutil.ignore_patterns("*_out", "__pycache__")
            shutil.copytree(examples, self.directory / "examples", ignore=ignored)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._python is not None:
            self._python.close()

    def run(self) -> int:
        """Run all blocks in order and return how many were run, written or compared."""
        return sum(self._one(block) for block in self.blocks)

    def _one(self, block: Block) -> bool:
        where = f"{self.name}:{block.line}"
        if block.language.startswith(("{code", "{doctest")):
            raise PageError(f"{where}: write a plain fenced block; {block.language} is not run")
        if "skip" in block.notes:
            if not block.notes["skip"]:
                raise PageError(f"{where}: a block is skipped without a reason")
            return False
        if "file" in block.notes:
            file = self.directory / block.notes["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif "output" in block.notes:
            self._await(where, block.text)
        elif block.language in {"python", "pycon"}:
            self._run_python(where, block)
        elif block.language in {"bash", "sh", "shell"}:
            self._run_shell(where, [(block.text, "")])
        elif block.language == "console":
            self._run_shell(where, list(_commands(where, block.text)))
        else:
            return False
        return True

    def _await(self, where: str, wanted: str) -> None:
        # While a session captures, what is printed arrives through another process.
        last = time.monotonic() + ARRIVAL
        while True:
            try:
                return _compare(where, wanted, self._printed())
            except PageError:
                if time.monotonic() > last:
                    raise
            time.sleep(0.05)

    def _run_python(self, where: str, block: Block) -> None:
        if self._python is None:
            output = self.directory.parent / "python.txt"
            self._python = Interpreter(self.directory, self._environment(), output)
        self._printed = self._python.printed
        if told := self._python.run(f"<{where}>", block.language, block.text):
            raise PageError(f"{where}:\n{self._printed()}{told}")

    def _run_shell(self, where: str, commands: Sequence[tuple[str, str]]) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            script = "".join(
                # In braces and not in a subshell, so that `cd` and variables last to the next.
                f"{{ {command}\n}} >{scratch}/{n}.out 2>&1 </dev/null\n"
                f"echo $? >{scratch}/{n}.status\n"
                for n, (command, _) in enumerate(commands)
            )
            self._shell(where, script)
            for n, (command, wanted) in enumerate(commands):
                told = Path(scratch, f"{n}.out")
                printed = told.read_text(encoding="utf-8", errors="replace")
                self._printed = lambda text=printed: text  # type: ignore[misc]
                status = Path(scratch, f"{n}.status").read_text(encoding="utf-8").strip()
                if wanted:
                    _compare(f"{where}: $ {command}", wanted, printed)
                elif status != "0":
                    raise PageError(f"{where}: $ {command}\nexit status {status}\n{printed}")

    def _shell(self, where: str, script: str) -> None:
        with subprocess.Popen(
            ["/usr/bin/env", "bash", "-c", script],
            cwd=self.directory,
            env=self._environment(),
            start_new_session=True,
        ) as shell:
            try:
                shell.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                raise PageError(f"{where}: took more than {SECONDS} s") from None

    def _environment(self) -> dict[str, str]:
        binaries = os.path.dirname(sys.executable)  # resolving it would leave the venv
        return {
            **os.environ,
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "80",
            "SCITEX_STATE_DIR": str(self.directory.parent / "state"),
        }


def _commands(where: str, text: str) -> Iterator[tuple[str, str]]:
    command, wanted = "", ""
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, wanted
            command, wanted = line[2:], ""
        elif command.endswith("\\") and line.startswith("> "):
            command += f"\n{line[2:]}"
        elif command:
            wanted += f"{line}\n"
        else:
            raise PageError(f"{where}: the first line of a console block does not begin with '$ '")
    if command:
        yield command, wanted


def _compare(where: str, wanted: str, printed: str) -> None:
    flags = doctest.ELLIPSIS
    wanted, printed = (
        "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())
        for text in (wanted, printed)
    )
    if not doctest.OutputChecker().check_output(wanted, printed, flags):
        raise PageError(f"{where}\nwanted:\n{wanted}\nprinted:\n{printed}")


def follow(page: Path) -> int:
    """Run a page in a directory of its own and return how many of its blocks had a part in it."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "page"
        directory.mkdir()
        with Page(page, directory) as running:
            return running.run()


def main(argv: Sequence[str]) -> int:
    """Run pages, and return 1 if one of them does not hold."""
    status = 0
    for name in argv:
        try:
            print(f"{name}: {follow(Path(name))} blocks hold")
        except PageError as error:
            print(error, file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
