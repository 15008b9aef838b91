"""Print the completion script of a shell: commands, options, and the IDs of runs.

bash: add `eval "$(scitex-session completion bash)"` to ~/.bashrc; zsh: the same to ~/.zshrc, with
zsh, behind compinit; fish: `scitex-session completion fish | source` in config.fish.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# The command itself says what fits, so that nothing here needs to know its options.
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


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("shell", choices=sorted(_SCRIPTS))


def run(options: Namespace) -> int:
    """Print the script."""
    sys.stdout.write(_SCRIPTS[options.shell])
    return 0
