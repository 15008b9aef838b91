"""The sub-commands by name: what each is for, its module, its parser.

argparse, not tyro: the options are a dozen texts and switches, and its import takes 6 ms where
tyro's takes 50, which would be a third of what listing 100,000 runs takes. Only the parser of the
sub-command that was asked for is built, and only its module is imported.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

PROG = "scitex-session"
COMMANDS = {
    "ls": "list runs",
    "show": "show what is known of one run",
    "logs": "print what a run printed, or follow it",
    "diff": "compare two runs",
    "recover": "file the runs that died unseen",
    "prune": "move old runs to the trash",
    "archive": "pack runs into one verified tar file each",
    "restore": "bring runs back from their archive or the trash",
    "rerun": "run a run again and compare the results",
    "whence": "name the run that made a file",
    "export": "write a run as a research object (RO-Crate)",
    "stale": "list runs whose inputs or code have changed since",
    "completion": "print the completion script of a shell",
}


def module_of(name: str) -> ModuleType:
    """Return the module of a sub-command: it has `add_arguments` and `run`."""
    return import_module(f"{__package__}._{name}")


def parser_of(name: str) -> ArgumentParser:
    """Return the parser of a sub-command."""
    module = module_of(name)
    parser = ArgumentParser(
        prog=f"{PROG} {name}",
        description=module.__doc__,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    return parser
