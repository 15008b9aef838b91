"""Start a helper process that is nobody's child, hears no Ctrl-C and holds no stream."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


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
    to_null = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    shell = ["/bin/sh", "-c", 'cd "$0" || exit 1; "$@" & exit 0', directory, *argv]
    pid = os.posix_spawn("/bin/sh", shell, given, file_actions=to_null, setsid=True)

    def reap() -> None:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:  # SIGCHLD is ignored: the system reaps by itself
            return

    return reap
