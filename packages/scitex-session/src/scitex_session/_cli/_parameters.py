"""The parameters of a function, read from its code object: `inspect` would cost 10 ms."""

from __future__ import annotations

from ..errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


# Stands for the default of a parameter that has none.
REQUIRED = object()

# Bits of `co_flags` (see `inspect.CO_VARARGS` and its neighbours).
_VARARGS, _VARKEYWORDS = 0x04, 0x08
_KINDS = {0x20: "a generator", 0x80: "a coroutine", 0x100: "a coroutine", 0x200: "a generator"}


def plain_function(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a decorated one wraps; it has the names and the hints."""
    seen = 0
    while not hasattr(func, "__signature__") and hasattr(func, "__wrapped__") and seen < 100:  # noqa: PLR2004 - a wrapper may name itself
        func, seen = func.__wrapped__, seen + 1
    return func


def locate(func: Callable[..., Any]) -> str:
    """Name a function and where it is written, for a message."""
    name = getattr(func, "__qualname__", None) or type(func).__qualname__
    code = getattr(func, "__code__", None)
    return f"{name} ({code.co_filename}, line {code.co_firstlineno})" if code else f"{name}"


def parameters(func: Callable[..., Any]) -> dict[str, Any]:
    """Return each parameter's name and default, `REQUIRED` where there is none.

    Parameters
    ----------
    func : callable
        What `plain_function` gave.

    Returns
    -------
    dict
        In the order of the signature.

    Raises
    ------
    SessionError
        If it is no plain function that can be called with one keyword for each parameter.
    """
    _refuse_kind(func)
    code = getattr(func, "__code__", None)
    if code is None or hasattr(func, "__signature__"):
        return _inspected(func)
    names = code.co_varnames
    named = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & (_VARARGS | _VARKEYWORDS):
        stars = "*" if code.co_flags & _VARARGS else "**"
        raise _variadic(func, stars + names[named])
    if code.co_posonlyargcount:
        raise _positional(func, names[0])
    positional = names[: code.co_argcount]
    # Defaults belong to the last positional parameters.
    defaults = func.__defaults__ or ()
    given = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    given.update(func.__kwdefaults__ or {})
    return {name: given.get(name, REQUIRED) for name in names[:named]}


def fresh(default: Any) -> Any:
    """Copy a default that a run could change for the next one."""
    if isinstance(default, list | dict | set | bytearray) or (
        hasattr(type(default), "__dataclass_fields__") and not isinstance(default, type)
    ):
        from copy import deepcopy

        return deepcopy(default)
    return default


def _refuse_kind(func: Callable[..., Any]) -> None:
    if isinstance(func, type) or not callable(func):
        raise SessionError(f"{func!r} is no function; decorate a function")
    if hasattr(func, "__self__") and hasattr(func, "__func__"):
        raise _method(func)
    # In a class body a function has the class in its name, and takes `self` later.
    owner = getattr(func, "__qualname__", "").rpartition(".")[0]
    if hasattr(func, "__code__") and owner and not owner.endswith("<locals>"):
        raise _method(func)
    flags = getattr(getattr(func, "__code__", None), "co_flags", 0)
    for bit, kind in _KINDS.items():
        if flags & bit:
            raise SessionError(
                f"{locate(func)} is {kind} function, which runs nothing when it is called; "
                f"decorate a plain function that drives it"
            )


def _inspected(func: Callable[..., Any]) -> dict[str, Any]:
    import inspect

    try:
        found = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        raise SessionError(
            f"{locate(func)} has no signature that Python knows; wrap it in a function"
        ) from None
    for parameter in found:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise _positional(func, parameter.name)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise _variadic(func, str(parameter))
    return {p.name: REQUIRED if p.default is p.empty else p.default for p in found}


def _method(func: Callable[..., Any]) -> SessionError:
    return SessionError(f"{locate(func)} is a method; decorate a function outside the class")


def _variadic(func: Callable[..., Any], shown: str) -> SessionError:
    return SessionError(
        f"{locate(func)}: {shown} cannot become an option; give each option its own parameter"
    )


def _positional(func: Callable[..., Any], name: str) -> SessionError:
    return SessionError(
        f"{locate(func)}: {name} takes no name, so it cannot become an option; remove the `/`"
    )
