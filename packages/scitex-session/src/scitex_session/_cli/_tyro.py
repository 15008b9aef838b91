"""The command line itself, by tyro."""

from __future__ import annotations

import inspect
import pathlib
import sys
import typing
import warnings
from typing import Any

import tyro

from ..errors import SessionError
from ._option_types import annotations_of, is_numpy_scalar, option_type
from ._parameters import REQUIRED, fresh, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


_SET = "set"
_SET_HELP = "Override one value of CONFIG for this run; the value is YAML."
# Without `[str]`: tyro checks the default of a `list[str]` by a library that takes 50 ms to import.
_WORDS: Any = list
_SHELLS = ("bash", "zsh", "tcsh", "fish")


class _Option:
    """One option: its type and default as help shows them, and the default the function has."""

    __slots__ = ("default", "kind", "shown")

    def __init__(self, kind: Any, shown: Any, default: Any) -> None:
        self.kind, self.shown, self.default = kind, shown, default


def parse(
    func: Callable[..., Any], defaults: dict[str, Any], argv: list[str], prog: str
) -> tuple[dict[str, Any], list[str]]:
    """Read `argv` for a function whose options have these defaults (see `Command.parse`)."""
    _check_completion(argv, prog)
    hints = annotations_of(func)
    options = {
        name: _option(func, name, hints.get(name, REQUIRED), default, argv)
        for name, default in defaults.items()
    }
    with warnings.catch_warnings():
        # A default of another type than its hint is the script's own affair.
        warnings.filterwarnings("ignore", message="(?s).*is annotated with type")
        try:
            # Cascade: options may stand before or after the choice of an optional dataclass.
            config = (tyro.conf.CascadeSubcommandArgs,)
            values = tyro.cli(_target(func, options), args=argv, prog=prog, config=config)
        except Exception as error:
            # A hint that the library cannot follow makes it fail in ways of its own.
            raise SessionError(
                f"{locate(func)}: no command line can be made of its hints "
                f"({type(error).__name__}: {error})"
            ) from error
    overrides = values.pop(_SET)
    for name, option in options.items():
        # What was not typed stays what the function has, not what help shows of it.
        if values[name] is option.shown and option.default is not REQUIRED:
            values[name] = fresh(option.default)
    return values, list(overrides)


def _option(
    func: Callable[..., Any], name: str, hint: Any, default: Any, argv: list[str]
) -> _Option:
    kind = option_type(func, name, hint, default)
    if default is REQUIRED:
        return _required_flag(name, argv) if kind is bool else _Option(kind, REQUIRED, REQUIRED)
    if kind is Any:
        return _Option(tyro.conf.Fixed[str], _told(default), default)
    shown = fresh(default)
    if is_numpy_scalar(default):
        shown = default.item()
    elif kind is pathlib.Path and isinstance(default, str):
        shown = pathlib.Path(default)
    return _Option(kind, shown, default)


def _told(default: Any) -> str:
    from scitex_io import describe

    return "None" if default is None else describe(default)


def _required_flag(name: str, argv: list[str]) -> _Option:
    """Make `--flag`/`--no-flag` of a bool without a default, which tyro has no pair for."""
    words = {word.replace("_", "-") for word in argv}
    flag = name.replace("_", "-")
    if words & {f"--{flag}", f"--no-{flag}", "--help", "-h"}:
        text = tyro.conf.arg(help_behavior_hint="(required)")
        return _Option(typing.Annotated[bool, text], False, REQUIRED)
    text = tyro.conf.arg(metavar=f"| --no-{flag}")
    return _Option(typing.Annotated[bool, text], REQUIRED, REQUIRED)


def _target(func: Callable[..., Any], options: dict[str, _Option]) -> Callable[..., dict[str, Any]]:
    """Return a function with the options of `func` and `--set`, which returns what it is given."""

    def target(**values: Any) -> dict[str, Any]:
        return values

    text = tyro.conf.arg(metavar="NAMESPACE.KEY=VALUE", help=_SET_HELP)
    override = typing.Annotated[tyro.conf.UseAppendAction[_WORDS], text]
    every = {**options, _SET: _Option(override, [], [])}
    keyword = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature(
        [
            inspect.Parameter(
                name,
                keyword,
                default=inspect.Parameter.empty if option.shown is REQUIRED else option.shown,
            )
            for name, option in every.items()
        ]
    )
    vars(target)["__signature__"] = signature
    target.__annotations__ = {name: option.kind for name, option in every.items()}
    target.__doc__ = func.__doc__
    return target


def _check_completion(argv: list[str], prog: str) -> None:
    flag, *rest = [*argv[:2], ""]
    if flag.replace("_", "-").startswith("--tyro-") and rest[0] not in _SHELLS:
        sys.stderr.write(f"{prog}: {flag} needs one of {', '.join(_SHELLS)}\n")
        raise SystemExit(2)
