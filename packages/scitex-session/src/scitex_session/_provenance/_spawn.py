"""Start a process that is not our child, ignores Ctrl-C and keeps none of our streams open."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def spawn_detached(
    argv: Sequence[str], environment: Mapping[str, str], directory: str = "/"
) -> Callable[[], None]:
    """Start `argv`, whose first element is an absolute path, in a session of its own.

    The function that is returned must be called soon; it waits 1 ms for the intermediate shell:
    that starts the command in the background and exits. The caller then has no child, so that
    `os.wait` in a script never returns one of ours, and none stays a zombie. From then on
    `directory`, in which the command runs, may be renamed.
    """
    if not hasattr(os, "posix_spawn"):
        import subprocess

        null = subprocess.DEVNULL
        subprocess.Popen(
            list(argv), cwd=directory, env=dict(environment), stdin=null, stdout=null, stderr=null,
            start_new_session=True,
        )  # fmt: skip
        return lambda: None
    shell = ["/bin/sh", "-c", 'cd "$0" || exit 1; "$@" & exit 0', directory, *argv]
    modes = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)
    to_null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, mode, 0) for fd, mode in enumerate(modes)]
    pid = os.posix_spawn("/bin/sh", shell, dict(environment), file_actions=to_null, setsid=True)
    return lambda: _reap(pid)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:  # SIGCHLD is ignored: the system reaps by itself
        return
