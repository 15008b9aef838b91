"""What is known of a run: what it read and wrote, which code, libraries and machine made it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._collector import Collector, record_input
    from ._late import complete
    from ._masking import mask

__all__ = ["Collector", "complete", "mask", "record_input"]

_HOMES = {
    "Collector": "_collector",
    "complete": "_late",
    "mask": "_masking",
    "record_input": "_collector",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value
