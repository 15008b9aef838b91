"""One level of an object."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Part:
    """One object, taken apart by one level.

    Attributes
    ----------
    tag : str
        What it is; enters the digest.
    data : bytes or None
        The value, if it is a plain one.
    array : numpy.ndarray or None
        The array, if it is one.
    texts : iterable of (str or None), or None
        The texts of a column of texts.
    items : list of (object, object) or None
        What it contains, with an index or a key for each.
    ordered : bool
        Whether the order of the items counts.
    keyed : bool
        Whether the keys enter the digest: they do for mappings and named fields.
    """

    def __init__(
        self,
        tag: str,
        *,
        data: bytes | None = None,
        array: Any = None,
        texts: Iterable[str | None] | None = None,
        items: list[tuple[Any, Any]] | None = None,
        ordered: bool = True,
        keyed: bool = False,
    ) -> None:
        self.tag = tag
        self.data = data
        self.array = array
        self.texts = texts
        self.items = items
        self.ordered = ordered
        self.keyed = keyed
