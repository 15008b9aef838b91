"""The default that asks a session to fill a parameter in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final


class Injected:
    """The type of `INJECTED`; there is one instance, also after copying and pickling."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "INJECTED"

    def __reduce__(self) -> str:
        return "INJECTED"

    def __copy__(self) -> Injected:
        return self

    def __deepcopy__(self, memo: object) -> Injected:
        return self


# Declared Any so that `def main(CONFIG=INJECTED)` accepts every use of CONFIG under a type checker.
INJECTED: Final[Any] = Injected()
