"""The decorator that turns a function into an experiment."""

from __future__ import annotations

import sys

from ._run import _active, _injection
from ._run._call import check_options, command_of, run_command
from ._run._script import script_of
from ._sentinel import INJECTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar, overload

    from ._cli._command import Command

    P = ParamSpec("P")
    R = TypeVar("R")
else:

    def overload(function: Any) -> Any:
        """Stand in for `typing.overload`; typing takes 8 ms to import."""
        return function


@overload
def session(func: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def session(  # noqa: F811 - an overload; its decorator is not typing's own at run time
    func: None = None,
    *,
    verbose: bool = False,
    agg: bool = True,
    notify: bool = False,
    sdir_suffix: str | None = None,
    **session_kwargs: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def session(  # noqa: F811 - the implementation of the overloads
    func: Callable[..., Any] | None = None,
    *,
    verbose: bool = False,
    agg: bool = True,
    notify: bool = False,
    sdir_suffix: str | None = None,
    **session_kwargs: Any,
) -> Any:
    """Turn a function into an experiment with a command line, a directory per run and a record.

    Called without arguments, the function's options come from the command line and it runs under
    a session. Called with any argument, it runs plainly: no directory, no redirection, no signal
    handling.

    Parameters
    ----------
    func : callable, optional
        The function; left out in ``@session(...)``.
    verbose : bool, default False
        Print a header and a summary on standard error.
    agg : bool, default True
        Draw without a display.
    notify : bool, default False
        Send a notification when the session is closed (extra ``notify``).
    sdir_suffix : str, optional
        Makes the run directory's name ``<ID>-<suffix>``.
    **session_kwargs
        Further arguments of `start`, such as ``seed=7`` or ``fig_size_mm=(80, 60)``.

    Returns
    -------
    callable
        The function under the same name; ``__wrapped__`` is the plain one.

    Raises
    ------
    SessionError
        When decorating, for an option that does not exist, a parameter that cannot be an option,
        or an INJECTED name that does not exist.
    """
    check_options(session_kwargs)
    options = {
        "verbose": verbose,
        "agg": agg,
        "notify": notify,
        "sdir_suffix": sdir_suffix,
        **session_kwargs,
    }
    if func is None:
        return lambda function: _decorate(function, options)
    return _decorate(func, options)


def _decorate(func: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    command = command_of(func)
    if options.get("hash_seed") and func.__globals__.get("__name__") == "__main__":
        from scitex_repro import fix_hash_seed

        fix_hash_seed(options.get("seed", 42))

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            return _plainly(func, command, args, kwargs)
        return run_command(func, command, options)

    _copy_looks(wrapper, func)
    return wrapper


_HINTS = "__annotate__" if sys.version_info >= (3, 14) else "__annotations__"
_LOOKS = ("__module__", "__name__", "__qualname__", "__doc__", "__type_params__", _HINTS)


def _copy_looks(wrapper: Callable[..., Any], func: Callable[..., Any]) -> None:
    """Do what `functools.update_wrapper` does; functools takes 5 ms to import."""
    for name in _LOOKS:
        if hasattr(func, name):
            setattr(wrapper, name, getattr(func, name))
    vars(wrapper).update(vars(func), __wrapped__=func)


def _plainly(
    func: Callable[..., Any], command: Command, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call the function as it is, with what it wants injected."""
    code = func.__code__
    by_position = code.co_varnames[: min(len(args), code.co_argcount)]
    wanted = [
        name
        for name in command.injected
        if name not in by_position and kwargs.get(name, INJECTED) is INJECTED
    ]
    if wanted:
        kwargs = {**kwargs, **_objects(func, wanted)}
    return func(*args, **kwargs)


def _objects(func: Callable[..., Any], names: list[str]) -> dict[str, Any]:
    run = _active.active()
    if run is not None:
        objects = _injection.complete(run, verbose=False)
    else:
        objects = _injection.stand_alone(script_of(func.__globals__), names)
    return {name: objects[name] for name in names}
