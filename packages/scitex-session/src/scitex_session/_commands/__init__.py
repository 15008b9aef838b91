"""The ``scitex-session`` command.

The process that watches a session calls it when the session was killed, so that call is answered
before anything else is imported.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments behind the command's name; by default those of the process.

    Returns
    -------
    int
        The exit status: 0 done; 1 the answer is no (`diff` found differences, `rerun` did not
        reproduce, `stale` found stale runs, `whence` knows no run); 2 a mistake on the command
        line; 3 no such run, or more than one; 4 something could not be done; 130 interrupted;
        141 the reader of the output went away.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["_file-dead"] and len(arguments) == 2:  # noqa: PLR2004 - and a directory
        from .._run._recovery import file_dead

        file_dead(arguments[1])
        return 0
    from ._dispatch import run

    return run(arguments)
