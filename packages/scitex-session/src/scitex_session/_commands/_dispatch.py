"""From the arguments to one sub-command and its exit status; completion in shells.

argparse, not tyro: the options are a dozen texts and switches, and its import takes 6 ms where
tyro's takes 50, a third of what listing 100,000 runs takes. Only the module of the sub-command that
was asked for is imported. There `add_<name>` adds its options to a parser and `<name>` runs it.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

from .._catalog._query import NoSuchRunError, begins_or_ends, open_index
from ..errors import SessionError, UsageError
from ._options import DONE, FAILED, INTERRUPTED, NO_RUN, READER_GONE, USAGE_ERROR
from ._printing import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

_PROG = "scitex-session"
_COMMANDS = {  # by name: what it does, and the module that does it
    "ls": ("list runs", "_listing"),
    "show": ("show what is known of one run", "_listing"),
    "logs": ("print what a run printed, or follow it", "_logs"),
    "diff": ("compare two runs", "_diff"),
    "recover": ("file the runs whose process died", "_housekeeping"),
    "prune": ("move old runs to the trash", "_housekeeping"),
    "archive": ("pack runs into one verified tar file each", "_housekeeping"),
    "restore": ("bring runs back from their archive or the trash", "_housekeeping"),
    "rerun": ("run a run again and compare the results", "_reproduction"),
    "whence": ("name the run that made a file", "_reproduction"),
    "export": ("write a run as a research object (RO-Crate)", "_reproduction"),
    "stale": ("list runs whose inputs or code have changed since", "_reproduction"),
    "completion": ("print the completion script of a shell", "_dispatch"),
}
_EPILOG = """\
A run is named by its ID, by any part of its beginning or end that no other run shares, or by its
directory. `scitex-session COMMAND --help` says more.

exit status: 0 done, 1 the answer is no, 2 a mistake on the command line, 3 no such run (or more
than one), 4 something could not be done
"""
_MOST_COMPLETIONS = 200
_TAKES_RUNS = ("id", "ids", "a", "b")
# The command itself says what fits, so that no script needs to know its options.
_SCRIPTS = {
    "bash": """\
_scitex_session() {
    local IFS=$'\\n'
    COMPREPLY=($(scitex-session _complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _scitex_session scitex-session
""",
    "zsh": """\
_scitex_session() {
    local -a found
    found=("${(@f)$(scitex-session _complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( $#found )); then compadd -U -- $found; else _files; fi
}
compdef _scitex_session scitex-session
""",
    "fish": """\
function __scitex_session
    set -l words (commandline -opc) (commandline -ct)
    scitex-session _complete $words[2..-1] 2>/dev/null
end
complete -c scitex-session -f -a '(__scitex_session)'
""",
}


def run(arguments: list[str]) -> int:
    """Run the sub-command that `arguments` begin with; see `scitex_session._commands.main`."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # names from files need not exist in the terminal's encoding
            reconfigure(errors="backslashreplace")
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # What is still buffered cannot be written; the interpreter's exit is not to complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SessionError, OSError) as error:
        text = str(error)
        if isinstance(error, OSError) and error.strerror:
            text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        name = f"{_PROG} {arguments[0]}" if arguments and arguments[0] in _COMMANDS else _PROG
        say(f"{name}: {text}")
        if isinstance(error, NoSuchRunError):
            return NO_RUN
        return USAGE_ERROR if isinstance(error, UsageError) else FAILED


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] == "_complete":
        sys.stdout.write("".join(f"{word}\n" for word in _completions(arguments[1:])))
        return DONE
    if not arguments or arguments[0].startswith("-"):
        return _run_top(arguments)
    name = arguments[0]
    if name not in _COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, _COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"see `{_PROG} --help`"
        raise UsageError(f"there is no command {name!r}; {hint}")
    parser, command = _parser_of(name)
    try:
        options = parser.parse_args(arguments[1:])
    except SystemExit as stop:
        return int(stop.code or 0)
    return command(options)


def _parser_of(name: str) -> tuple[ArgumentParser, Callable[[Namespace], int]]:
    """Return the parser of a sub-command, and the function that runs it."""
    module = import_module(f"{__package__}.{_COMMANDS[name][1]}")
    command: Callable[[Namespace], int] = getattr(module, name)
    parser = ArgumentParser(
        prog=f"{_PROG} {name}",
        description=(command.__doc__ or "").replace("\n    ", "\n"),
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    getattr(module, f"add_{name}")(parser)
    return parser, command


def _run_top(arguments: list[str]) -> int:
    """Run the command without a sub-command: ``--help``, ``--version``, or a mistake."""
    width = max(map(len, _COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {text}" for name, (text, _) in _COMMANDS.items())
    parser = ArgumentParser(
        prog=_PROG,
        usage=f"{_PROG} [-h] [--version] COMMAND ...",
        description=f"List, inspect, compare and manage runs.\n\ncommands:\n{listed}",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.version:
        from importlib.metadata import version

        sys.stdout.write(f"{_PROG} {version('scitex-session')}\n")
        return DONE
    parser.print_help(sys.stderr)
    return USAGE_ERROR


def add_completion(parser: ArgumentParser) -> None:
    """Describe the command line of ``completion``."""
    parser.add_argument("shell", choices=sorted(_SCRIPTS))


def completion(options: Namespace) -> int:
    """Print the completion script of a shell: commands, options, and the IDs of runs.

    bash: add `eval "$(scitex-session completion bash)"` to ~/.bashrc; zsh: the same to ~/.zshrc,
    with zsh, behind compinit; fish: `scitex-session completion fish | source` in config.fish.
    """
    sys.stdout.write(_SCRIPTS[options.shell])
    return DONE


def _completions(words: list[str]) -> list[str]:
    """Return what can stand for the last word of a command line, which may be empty."""
    typed = words[-1] if words else ""
    if len(words) <= 1:
        return [name for name in _COMMANDS if name.startswith(typed)]
    if words[0] not in _COMMANDS:
        return []
    actions = _parser_of(words[0])[0]._actions  # noqa: SLF001 - argparse has no public list of them
    option = next((action for action in actions if words[-2] in action.option_strings), None)
    if option is not None and option.nargs != 0:
        values = [str(choice) for choice in option.choices or ()]
    elif typed.startswith("-"):
        values = [name for action in actions for name in action.option_strings]
    else:
        positional = [action for action in actions if not action.option_strings]
        values = [str(choice) for action in positional for choice in action.choices or ()]
        if any(action.dest in _TAKES_RUNS for action in positional):
            return list(_matching_runs(typed))
    return [value for value in values if value.startswith(typed)]


def _matching_runs(typed: str) -> Iterator[str]:
    """Yield the newest runs whose ID or name begins or ends with what was typed."""
    tail = f"ORDER BY start DESC LIMIT {_MOST_COMPLETIONS}"
    with open_index(None) as index:
        for (name,) in index.select("name", *begins_or_ends(typed), tail):
            if name.isprintable():
                yield name
