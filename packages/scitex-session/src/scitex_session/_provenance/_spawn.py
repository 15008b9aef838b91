"""Start a helper process that is nobody's child, hears no Ctrl-C and holds no stream."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


def detached(
    argv: Sequence[str], *, environment: Mapping[str, str] | None = None, directory: str = "/"
) -> Callable[[], None]:
    """
    Start `argv` in a session of its own, without waiting for it.

    Parameters
    ----------
    argv : sequence of str
        The command, its first element an absolute path.
    environment : mapping, optional
        Environment variables; by default those of this process.

    directory : str
        Its working directory; it is entered before the returned function returns, and may be
        renamed from then on.

    Returns
    -------
    callable
        To be called within moments: it waits for the shell, about a millisecond.

    Raises
    ------
    OSError
        If it cannot be started.

    Notes
    -----
    A shell starts the command in the background and ends. Once it is waited for, the caller keeps
    no child behind: `os.wait` in a script never meets one of ours, and none stays a zombie.
    """
    given = dict(os.environ if environment is None else environment)
    if not hasattr(os, "posix_spawn"):
        import subprocess

        null = subprocess.DEVNULL
        subprocess.Popen(
            list(argv),
            cwd=directory,
            env=given,
            stdin=null,
            stdout=null,
            stderr=null,
            start_new_session=True,
        )
        return lambda: None
    shell = ["/bin/sh", "-c", 'cd "$0" || exit 1; "$@" & exit 0', directory, *argv]
    pid = os.posix_spawn("/bin/sh", shell, given, file_actions=_to_null(), setsid=True)
    return lambda: _reap(pid)


def _to_null() -> list[tuple[Any, ...]]:
    modes = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)
    return [(os.POSIX_SPAWN_OPEN, fd, os.devnull, mode, 0) for fd, mode in enumerate(modes)]


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:  # SIGCHLD is ignored: the system reaps by itself
        return


class Waiting:
    """
    A command that is ready to be started as by `detached`, and waits to be told.

    Where the caller dies, or gives it up, it is never run.

    Parameters
    ----------
    argv : sequence of str
        The command, its first element an absolute path.
    environment : mapping
        Environment variables.

    Raises
    ------
    OSError
        If it cannot be made ready.
    """

    # The shell is done with long before it is waited for, and what it leaves behind takes no time
    # of a processor until then.
    _SHELL = 'cd / || exit 1; { read _ <&3 && exec "$@" 3<&-; } & exit 0'

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._argv = argv
        self._environment = environment
        self._pid = 0
        if not hasattr(os, "posix_spawn"):
            return
        self._heard, self._go = os.pipe()
        shell = ["/bin/sh", "-c", self._SHELL, "scitex-session", *argv]
        # First of all, for it may be one of the standard ones, where those are closed.
        actions = [(os.POSIX_SPAWN_DUP2, self._heard, 3), *_to_null()]
        try:
            self._pid = os.posix_spawn(
                "/bin/sh", shell, dict(environment), file_actions=actions, setsid=True
            )
        except BaseException:
            self._close()
            raise

    def end(self, *, begin: bool) -> None:
        """Let it begin, or give it up."""
        if self._pid == 0:
            if begin:
                detached(self._argv, environment=self._environment)()
            return
        try:
            if begin:
                os.write(self._go, b"\n")
        finally:
            self._close()
            _reap(self._pid)

    def _close(self) -> None:
        os.close(self._heard)
        os.close(self._go)
