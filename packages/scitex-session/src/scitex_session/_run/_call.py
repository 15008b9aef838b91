"""Calling a function under a session: open, call, close, and the status of the process."""

from __future__ import annotations

import os
import sys

from .._record._status import status_of_exit
from ..errors import ConfigError, SessionError, UsageError
from . import _active, _injection, _repetition
from ._api import start
from ._outcome import outcome_of, returned
from ._script import in_notebook, script_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._cli._command import Command
    from ._active import Run

USAGE_ERROR = 2  # the exit status, as shells and argparse have it
_PROCESS_STATUS = range(256)
_OF_START = start.__code__.co_varnames[
    : start.__code__.co_argcount + start.__code__.co_kwonlyargcount
]
_NOT_OPTIONS = ("args", "file")


def start_options() -> dict[str, Any]:
    """Return the arguments of `start` with their defaults."""
    positional = start.__code__.co_argcount
    defaults = dict(zip(_OF_START[:positional], start.__defaults__ or (), strict=True))
    return {**defaults, **(start.__kwdefaults__ or {})}


def check_options(given: dict[str, Any], extra: tuple[str, ...] = ()) -> None:
    """Refuse an option of the decorator or of `run` that does not exist.

    Raises
    ------
    SessionError
        Naming the option, and the one that was probably meant.
    """
    known = [name for name in _OF_START if name not in _NOT_OPTIONS] + list(extra)
    for name in given:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"options: {', '.join(sorted(known))}"
            raise SessionError(f"the session has no option {name!r}; {hint}")


def run(
    func: Callable[..., Any],
    parse_args: Callable[[], Any] | None = None,
    **session_kwargs: Any,
) -> Any:
    """Run a function under a session.

    Parameters
    ----------
    func : callable
        Called as ``func(args)`` with what `parse_args` returned; without `parse_args` as
        ``func(**options)`` with options from the command line, as a decorated function is. A
        function whose only parameter is a bare ``args`` gets an empty namespace then.
    parse_args : callable, optional
        Returns the parsed arguments, e.g. ``parser.parse_args``.
    **session_kwargs
        The options of the decorator `session` and the arguments of `start`.

    Returns
    -------
    Any
        What the function returned.

    Raises
    ------
    SystemExit
        After the session is closed, if the function returned an int that is not 0.
    SessionError
        If an option does not exist, or a session is open already.
    """
    check_options(session_kwargs, ("notify",))
    options = {"agg": True, "verbose": False, **session_kwargs}
    if parse_args is None and not _takes_bare_args(func):
        return run_command(func, command_of(func), options)
    _active.refuse_second()
    args = _parsed(parse_args)
    call = Call(func, args, [], options, _repetition.take())
    return call.execute(lambda _objects: func(args))


def _takes_bare_args(func: Callable[..., Any]) -> bool:
    code = getattr(func, "__code__", None)
    return (
        code is not None
        and code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] == ("args",)
        and not func.__defaults__
        and not func.__annotations__.get("args")
    )


def _parsed(parse_args: Callable[[], Any] | None) -> Any:
    if parse_args is not None:
        return parse_args()
    from types import SimpleNamespace

    return SimpleNamespace()


def command_of(func: Callable[..., Any]) -> Command:
    """Return a function's command line; what it cannot have is refused here."""
    from .._cli._command import Command

    return Command(func, _injection.PARAMETERS)


def run_command(func: Callable[..., Any], command: Command, options: dict[str, Any]) -> Any:
    """Run a function with options from the command line."""
    _active.refuse_second()
    repeated = _repetition.take()
    try:
        # A notebook's command line belongs to its kernel.
        given, overrides = command.parse([] if in_notebook() else sys.argv[1:], _program())
        if repeated:
            given |= _recorded(given, repeated["args"])
        call = Call(func, given, overrides, options, repeated)
        call.open()
    except SessionError as error:
        return _refuse(error)
    return call.execute(
        lambda objects: func(**given, **{name: objects[name] for name in command.injected})
    )


def _program() -> str:
    return os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c") else "python"


def _recorded(given: dict[str, Any], args: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the repeated run that differ now, as where a default has changed.

    The command line is the same and gives the types; what is of no plain type stays as it says.
    """
    from scitex_io import to_plain

    plain, _ = to_plain(given)
    kinds = (bool, int, float, str, list, dict, type(None))
    return {
        name: value
        for name, value in args.items()
        if name in given and plain[name] != value and isinstance(given[name], kinds)
    }


def _refuse(error: SessionError) -> None:
    """End a script whose user made a mistake: the message, no traceback, status 2."""
    if in_notebook():
        raise error
    sys.stderr.write(f"{_program()}: error: {error}\n")
    raise SystemExit(USAGE_ERROR) from None


class Call:
    """One call of a function under a session.

    Parameters
    ----------
    func : callable
        The user's function.
    args : object
        What CONFIG.ARGS is to hold.
    overrides : list of str
        Overrides of the configuration.
    options : dict
        The options of the decorator or of `run`.
    repeated : dict
        What `_repetition.take` returned.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        args: Any,
        overrides: list[str],
        options: dict[str, Any],
        repeated: dict[str, Any],
    ) -> None:
        self._namespace: dict[str, Any] = getattr(func, "__globals__", {})
        self._function = getattr(func, "__name__", None)
        self._overrides = overrides
        self._options = {**start_options(), "sys": sys, **options, "args": args}
        self._notify = bool(self._options.pop("notify", False))
        self._verbose = bool(self._options["verbose"])
        self._repeated = repeated
        self._run: Run | None = None

    def open(self) -> Run:
        """Open the session; everything that can be refused is refused here."""
        from ._open import Opening, open_run

        opening = Opening(
            self._options,
            script=script_of(self._namespace, self._options["file"]),
            function=self._function,
            overrides=self._overrides,
            notify=self._notify,
            repeated=self._repeated,
        )
        self._run = open_run(opening)
        return self._run

    def execute(self, function: Callable[[dict[str, Any]], Any]) -> Any:
        """Call `function` with the injected objects, and close the session however that ends."""
        from ._close import close_run

        try:
            run = self._run or self.open()
        except (ConfigError, UsageError) as error:
            return _refuse(error)
        objects = _injection.complete(run, verbose=self._verbose)
        run.cleanups.append(_injection.put_globals(self._namespace, objects))
        try:
            result = function(objects)
            status = returned(result)
        except BaseException as error:
            close_run(run, *outcome_of(error), error=error, verbose=self._verbose)
            raise
        close_run(run, status, status_of_exit(status), verbose=self._verbose)
        if status and not in_notebook():
            raise SystemExit(status if status in _PROCESS_STATUS else 1)
        return result
