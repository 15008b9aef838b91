"""What the captured process and the process that keeps its logs tell each other.

The keeper learns everything at its start: the command line describes the capture, and the
descriptors that it names are inherited. Afterwards the captured process sends orders of one byte
each through one pipe, and the keeper answers through another.
"""

from __future__ import annotations

# Descriptors that every keeper inherits under these numbers. Those of logs and streams follow.
ORDERS, ANSWERS, PROCESS, TOKEN = 3, 4, 5, 6
FIRST = ORDERS

STOP = b"s"  # complete the logs and answer
DONE = b"d"  # the captured process took the token and has completed the logs itself
TURN = b"t"  # pass on everything that was written until now, then answer with the same byte
_END = b"\0"  # of the answer to STOP


class Log:
    """A log as the keeper inherits it: descriptors of the file and of its directory."""

    def __init__(self, fd: int, directory: int, name: str, *, raw: bool) -> None:
        self.fd = fd
        self.directory = directory
        self.name = name
        self.raw = raw


class Stream:
    """A captured stream: where to read it, where to pass it on (-1: nowhere), and its log."""

    def __init__(self, log: int, source: int, sink: int, *, terminal: bool) -> None:
        self.log = log
        self.source = source
        self.sink = sink
        self.terminal = terminal


class Setup:
    """A capture as its keeper needs to know it.

    Parameters
    ----------
    pid, cwd
        The captured process and its working directory.
    has_process_fd
        Whether descriptor `PROCESS` tells of the end of the process (Linux); if not, the keeper
        looks from time to time.
    command
        What to run when the process has died without stopping the capture; may be empty.
    """

    def __init__(self, pid: int, cwd: str, command: list[str], *, has_process_fd: bool) -> None:
        self.pid = pid
        self.cwd = cwd
        self.command = command
        self.has_process_fd = has_process_fd
        self.logs: list[Log] = []
        self.streams: list[Stream] = []

    def to_arguments(self) -> list[str]:
        """Return the keeper's command line."""
        arguments = ["--pid", str(self.pid), "--cwd", self.cwd]
        arguments += ["--has-process-fd", str(int(self.has_process_fd))]
        for log in self.logs:
            arguments += ["--log", f"{log.fd},{log.directory},{int(log.raw)},{log.name}"]
        for s in self.streams:
            arguments += ["--stream", f"{s.log},{s.source},{s.sink},{int(s.terminal)}"]
        return [*arguments, "--", *self.command]

    @classmethod
    def from_arguments(cls, arguments: list[str]) -> Setup:
        """Read the keeper's command line."""
        cut = arguments.index("--")
        options = list(zip(arguments[:cut:2], arguments[1:cut:2], strict=True))
        one = dict(options)
        self = cls(
            int(one["--pid"]), one["--cwd"], arguments[cut + 1 :],
            has_process_fd=one["--has-process-fd"] == "1",
        )  # fmt: skip
        for name, value in options:
            if name == "--log":
                fd, directory, raw, file = value.split(",", 3)
                self.logs.append(Log(int(fd), int(directory), file, raw=raw == "1"))
            elif name == "--stream":
                log, source, sink, terminal = map(int, value.split(","))
                self.streams.append(Stream(log, source, sink, terminal=bool(terminal)))
        return self


def answer_to_stop(problems: list[str]) -> bytes:
    """Return the answer to `STOP`: the logs are complete but for these problems."""
    return "\n".join(["done", *problems]).encode("utf-8", "backslashreplace") + _END


def is_answer_to_stop(answer: bytes) -> bool:
    """Whether all of the answer to `STOP` has been read."""
    return answer.endswith(_END)


def problems_in(answer: bytes) -> list[str]:
    """Return the problems that the answer to `STOP` names, after any late answers to `TURN`."""
    return answer.lstrip(TURN).removesuffix(_END).decode("utf-8", "replace").split("\n")[1:]
