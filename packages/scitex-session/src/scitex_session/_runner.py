"""A function under a session: open, call, close, and the status of the process."""

from __future__ import annotations

import os
import sys

from . import _config, _injection
from ._run import place, replay, state
from ._run.doors import script_of, start
from .errors import ConfigError, SessionError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._cli import Command
    from ._run.state import Run

REFUSED = 2  # the status of a usage error, as shells and argparse have it
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
    state.refuse_second()
    args = _parsed(parse_args)
    call = Call(func, {"args": args}, options, replay.take())
    return call.execute(lambda: func(args))


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
    from ._cli import Command

    return Command(func, _injection.PARAMETERS)


def run_command(func: Callable[..., Any], command: Command, options: dict[str, Any]) -> Any:
    """Run a function with options from the command line."""
    state.refuse_second()
    asked = replay.take()
    try:
        given, overrides = command.parse(_arguments(), _program())
        if asked:
            given |= _recorded(given, asked["args"])
        call = Call(func, {"args": given, "overrides": overrides}, options, asked)
        call.prepare()
    except SessionError as error:
        return refuse(error)
    return call.execute(lambda: func(**given, **call.injected(command.injected)))


def _arguments() -> list[str]:
    """Return the command line; a notebook's belongs to its kernel."""
    return [] if place.in_notebook() else sys.argv[1:]


def _program() -> str:
    return os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c") else "python"


def _recorded(given: dict[str, Any], args: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the repeated run that differ now, as where a default has changed.

    The command line is the same and gives the types; what is of no plain type stays as it says.
    """
    plain, _ = _config.to_plain(given)
    kinds = (bool, int, float, str, list, dict, type(None))
    return {
        name: value
        for name, value in args.items()
        if name in given and plain[name] != value and isinstance(given[name], kinds)
    }


def refuse(error: SessionError) -> None:
    """End a script whose user made a mistake: the message, no traceback, status 2."""
    if place.in_notebook():
        raise error
    sys.stderr.write(f"{_program()}: error: {error}\n")
    raise SystemExit(REFUSED) from None


class Call:
    """One call of a function under a session.

    Parameters
    ----------
    func : callable
        The user's function.
    given : dict
        ``args`` for CONFIG.ARGS, and ``overrides`` of the configuration.
    options : dict
        The options of the decorator or of `run`.
    asked : dict
        What `replay.take` returned.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        given: dict[str, Any],
        options: dict[str, Any],
        asked: dict[str, Any],
    ) -> None:
        self.func = func
        self.given = given
        self.options = {**start_options(), "sys": sys, **options}
        self.notify = bool(self.options.pop("notify", False))
        self.replay = asked
        self.run: Run | None = None

    @property
    def namespace(self) -> dict[str, Any]:
        """The globals of the user's function."""
        return getattr(self.func, "__globals__", {})

    def prepare(self) -> None:
        """Open the session; everything that can be refused is refused here."""
        from ._run.opening import Opening, open_run

        options = {**self.options, "args": self.given["args"]}
        overrides = list(self.given.get("overrides", ()))
        namespaces: dict[str, Any] = {}
        if "config" not in self.replay:
            namespaces = _config.load_directory()
            _config.apply_overrides(namespaces, overrides)
        opening = Opening(
            options,
            script=script_of(options["file"], self.namespace),
            function=getattr(self.func, "__name__", None),
            namespaces=namespaces,
            overrides=overrides,
            notify=self.notify,
        )
        replay.apply(self.replay, opening)
        self.run = open_run(opening)

    def injected(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the objects for the parameters that ask for them."""
        objects = _injection.complete(self._open, verbose=self.options["verbose"])
        return {name: objects[name] for name in names}

    @property
    def _open(self) -> Run:
        if self.run is None:
            raise SessionError("the session of this call is not open yet")
        return self.run

    def execute(self, function: Callable[[], Any]) -> Any:
        """Call the function and close the session, however the call ends."""
        if self.run is None:
            try:
                self.prepare()
            except (ConfigError, UsageError) as error:
                return refuse(error)
        run = self._open
        run.undo.append(
            _injection.put_globals(
                self.namespace, _injection.complete(run, verbose=self.options["verbose"])
            )
        )
        try:
            result = function()
            status = exit_status(result)
        except BaseException as error:
            from ._run.ends import verdict

            self._close(*verdict(error), error=error)
            raise
        self._close(status, frozen_reason(status))
        if status and not place.in_notebook():
            raise SystemExit(status if status in _PROCESS_STATUS else 1)
        return result

    def _close(self, status: int, reason: str, error: BaseException | None = None) -> None:
        from ._run.closing import close_run

        verbose = bool(self.options["verbose"])
        close_run(self._open, status, reason, error=error, verbose=verbose)


def exit_status(result: Any) -> int:
    """Return the exit status that a return value stands for."""
    return int(result) if isinstance(result, int) and not isinstance(result, bool) else 0


def frozen_reason(status: int) -> str:
    """Return EXIT_REASON for a status that was returned."""
    return "success" if status == 0 else "error"
