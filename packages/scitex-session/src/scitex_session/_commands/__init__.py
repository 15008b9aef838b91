"""The ``scitex-session`` command.

The capture's helper calls it when a session was killed, so that path is told apart before anything
else is imported.
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
        What stands behind the command's name; by default what the process was given.

    Returns
    -------
    int
        The exit status: 0 done; 1 the answer is no (`diff` found differences, `rerun` did not
        reproduce, `stale` found stale runs); 2 a mistake on the command line; 3 no such run, or
        more than one; 4 something could not be done; 130 interrupted; 141 the reader went away.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) == 2 and words[0] == "_file-dead":  # noqa: PLR2004 - the verb and a directory
        from .._run._recovery import file_dead

        file_dead(words[1])
        return 0
    from ._main import run

    return run(words)
