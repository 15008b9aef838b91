"""From the words of a command line to one sub-command, and from its end to an exit status."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from .._catalog._select import NoSuchRunError
from .._catalog._text import clean_block
from ..errors import SessionError, UsageError
from ._commands import COMMANDS, PROG, module_of, parser_of

NO, MISTAKE, NO_RUN, FAILED, INTERRUPTED, READER_GONE = 1, 2, 3, 4, 130, 141
_EPILOG = """\
A run is named by its ID, by any part of its beginning or end that no other run shares, or by its
directory. `scitex-session COMMAND --help` says more.

exit status: 0 done, 1 the answer is no, 2 a mistake on the command line, 3 no such run (or more
than one), 4 something could not be done
"""


def run(words: list[str]) -> int:
    """Run the sub-command that `words` begin with; see `scitex_session._commands.main`."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # names from files need not exist in the terminal's encoding
            reconfigure(errors="backslashreplace")
    try:
        status = _dispatch(words)
        sys.stdout.flush()
        return status
    except NoSuchRunError as error:
        return _say(words, error, NO_RUN)
    except UsageError as error:
        return _say(words, error, MISTAKE)
    except BrokenPipeError:
        # What is still buffered cannot be written: nobody is to hear of that at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except (SessionError, OSError) as error:
        return _say(words, error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _dispatch(words: list[str]) -> int:
    if words and words[0] == "_complete":
        from ._complete import candidates

        sys.stdout.write("".join(f"{word}\n" for word in candidates(words[1:])))
        return 0
    if not words or words[0].startswith("-"):
        return _top(words)
    name = words[0]
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"see `{PROG} --help`"
        raise UsageError(f"there is no command {name!r}; {hint}")
    try:
        options = parser_of(name).parse_args(words[1:])
    except SystemExit as stop:
        return int(stop.code or 0)
    status: int = module_of(name).run(options)
    return status


def _top(words: list[str]) -> int:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    parser = ArgumentParser(
        prog=PROG,
        usage=f"{PROG} [-h] [--version] COMMAND ...",
        description=f"Look at runs, and look after them.\n\ncommands:\n{listed}",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    try:
        options = parser.parse_args(words)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.version:
        from importlib.metadata import version

        sys.stdout.write(f"{PROG} {version('scitex-session')}\n")
        return 0
    parser.print_help(sys.stderr)
    return MISTAKE


def _say(words: list[str], error: Exception, status: int) -> int:
    """Print one line on standard error."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    name = f"{PROG} {words[0]}" if words and words[0] in COMMANDS else PROG
    sys.stderr.write(clean_block(f"{name}: {text}\n"))
    return status
