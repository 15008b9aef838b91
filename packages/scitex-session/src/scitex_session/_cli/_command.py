"""A function as a command: which parameters are options, which are injected, what was typed."""

from __future__ import annotations

from .._sentinel import INJECTED
from ..errors import SessionError
from ._parameters import REQUIRED, fresh, locate, parameters, plain_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


# Options that every script has; `-h` is another name of the first.
_TAKEN = ("help", "set")


class Command:
    """The command line of one function.

    Making one is cheap and happens when decorating; what the command line needs is imported by
    `parse`, and only if there is something to parse.

    Parameters
    ----------
    func : callable
        A function each of whose parameters can be given by name.
    injectable : frozenset of str
        The names that may default to ``INJECTED``.

    Attributes
    ----------
    func : callable
        The function as given.
    injected : tuple of str
        Parameters that default to ``INJECTED``.
    options : tuple of str
        All others, in their order.

    Raises
    ------
    SessionError
        If `func` is a method, a class, a generator or a coroutine function, takes ``*args``,
        ``**kwargs`` or a parameter without a name, asks for an unknown name to be injected, or has
        a parameter whose option every script has already.
    """

    __slots__ = ("_defaults", "_plain", "func", "injected", "options")

    def __init__(self, func: Callable[..., Any], injectable: frozenset[str]) -> None:
        self.func = func
        self._plain = plain_function(func)
        found = parameters(self._plain)
        self.injected = tuple(name for name, default in found.items() if default is INJECTED)
        self.options = tuple(name for name in found if name not in self.injected)
        self._defaults = {name: found[name] for name in self.options}
        self._check(injectable)

    def parse(self, argv: Sequence[str], prog: str) -> tuple[dict[str, Any], list[str]]:
        """Read a command line.

        Parameters
        ----------
        argv : sequence of str
            What was typed after the script's name.
        prog : str
            The script's name, as messages show it.

        Returns
        -------
        options : dict
            A value for each of `options`; mutable defaults are copies.
        overrides : list of str
            What ``--set`` was given, in its order.

        Raises
        ------
        SystemExit
            With status 0 after ``--help``, 2 after a usage error; both have been printed.
        SessionError
            If the hint of a parameter cannot be resolved.
        """
        if not argv and len(defaults := self.defaults()) == len(self.options):
            return defaults, []
        from . import _quick

        if (plain := _quick.parse(self._plain, self._defaults, list(argv))) is not None:
            given, overrides = plain
            defaults = self.defaults()
            return {name: given.get(name, defaults.get(name)) for name in self.options}, overrides
        import gc

        collecting = gc.isenabled()
        # The command line library makes many objects and no garbage: collecting takes 5 ms.
        gc.disable()
        try:
            from ._tyro import parse

            return parse(self._plain, self._defaults, list(argv), prog)
        except SystemExit:
            import atexit

            # Help or a usage error: the process ends, and spares itself a last walk (8 ms) over
            # all that the library has left.
            atexit.register(gc.freeze)
            raise
        finally:
            if collecting:
                gc.enable()

    def defaults(self) -> dict[str, Any]:
        """Return the default of each option that has one; mutable ones are copies."""
        return {
            name: fresh(default)
            for name, default in self._defaults.items()
            if default is not REQUIRED
        }

    def _check(self, injectable: frozenset[str]) -> None:
        for name in self.injected:
            if name not in injectable:
                known = ", ".join(sorted(injectable))
                raise SessionError(
                    f"{locate(self._plain)}: nothing is injected as {name!r}; the names are {known}"
                )
        flags = {f"no_{name}" for name, value in self._defaults.items() if isinstance(value, bool)}
        for name in self.options:
            if name in _TAKEN:
                raise SessionError(
                    f"{locate(self._plain)}: every script has --{name} already; rename {name!r}"
                )
            if name in flags:
                raise SessionError(
                    f"{locate(self._plain)}: --{name.replace('_', '-')} switches {name[3:]!r} off "
                    f"already; rename {name!r}"
                )
