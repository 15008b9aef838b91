"""CONFIG until somebody looks into it: only then it needs pathlib, which takes 10 ms to import."""

from __future__ import annotations

from scitex_dotdict import DotDict

from ._kinds import LaterPath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["hand_out", "take_back"]

_BECOME = object.__setattr__


class Untouched(DotDict):
    """A DotDict that nobody has looked into: the first look makes it a DotDict with paths."""

    __slots__ = ()


def hand_out(config: DotDict) -> None:
    """Give CONFIG away: whoever looks into it finds a DotDict with paths."""
    if type(config) is DotDict and any(type(v) is LaterPath for v in dict.values(config)):
        _BECOME(config, "__class__", Untouched)


def take_back(config: DotDict) -> None:
    """Let CONFIG be read without that looking into it counts."""
    if type(config) is Untouched:
        _BECOME(config, "__class__", DotDict)


def _settle(config: DotDict) -> None:
    from pathlib import Path

    for key, value in dict.items(config):
        if type(value) is LaterPath:
            dict.__setitem__(config, key, Path(str(value)))
    _BECOME(config, "__class__", DotDict)  # last of all, for another thread may look meanwhile


def _settling(name: str) -> Callable[..., Any]:
    def method(config: DotDict, *args: Any, **kwargs: Any) -> Any:
        _settle(config)
        return getattr(DotDict, name)(config, *args, **kwargs)

    method.__name__ = name
    return method


_OF_THE_CLASS = ("__class__", "__class_getitem__", "__init__", "__init_subclass__", "__new__")
for _name in dir(DotDict):
    if callable(getattr(DotDict, _name)) and _name not in (*_OF_THE_CLASS, "__subclasshook__"):
        setattr(Untouched, _name, _settling(_name))
