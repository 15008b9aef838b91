"""Choose the reader of each artist."""

from __future__ import annotations

from . import _collections, _containers, _shapes
from ._block import Block, in_data, kinds_of, label_of, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Reader = Callable[[Any, Any], Block | None]

_CONTAINERS: dict[str, Reader] = {
    "BarContainer": _containers.read_bars,
    "ErrorbarContainer": _containers.read_errorbar,
    "StemContainer": _containers.read_stems,
}
_ARTISTS: dict[str, Reader] = {
    "Line3D": _collections.read_line_3d,
    "Path3DCollection": _collections.read_scatter_3d,
    "Patch3DCollection": _collections.read_scatter_3d,
    "Poly3DCollection": _collections.read_faces,
    "Line3DCollection": _collections.read_segments_3d,
    "Patch3D": _collections.read_patch_3d,
    "Line2D": _collections.read_line,
    "PathCollection": _collections.read_scatter,
    "QuadMesh": _collections.read_mesh,
    "PolyQuadMesh": _collections.read_mesh,
    "ContourSet": _collections.read_contours,
    "EventCollection": _collections.read_events,
    "Quiver": _collections.read_arrows,
    "Barbs": _collections.read_arrows,
    "LineCollection": _collections.read_segments,
    "PolyCollection": _collections.read_fill,
    "RegularPolyCollection": _collections.read_scatter,
    "Collection": lambda axes, shapes: _collections.read_paths(axes, shapes, "shapes"),
    "AxesImage": _shapes.read_image,
    "FancyArrowPatch": lambda _axes, _arrow: None,  # points at data, is none itself
    "Patch": _shapes.read_patch,
}


def read_axes(axes: Any) -> Iterator[Block]:
    """Yield what each artist of the axes drew, in drawing order.

    An artist that cannot be read gives one row with a note.
    """
    used: set[int] = set()
    if not hasattr(axes, "get_zlim"):  # in 3-D, containers do not know the third coordinate
        yield from _read_containers(axes, used)
        yield from _read_boxes(axes, used)
    for artist in _artists(axes):
        if id(artist) not in used and artist.get_visible():
            reader = _reader(_ARTISTS, artist)
            if reader is not None:
                yield from _attempt(reader, axes, artist)


def _read_containers(axes: Any, used: set[int]) -> Iterator[Block]:
    # The error bars of bars are a container too, but are read together with the bars.
    within = {id(getattr(container, "errorbar", None)) for container in axes.containers}
    for container in axes.containers:
        reader = _reader(_CONTAINERS, container)
        if reader is not None:
            used.update(map(id, _containers.parts_of(container)))
            if id(container) not in within and _is_seen(container):
                yield from _attempt(reader, axes, container)


def _read_boxes(axes: Any, used: set[int]) -> list[Block]:
    lines = [
        line
        for line in axes.lines
        if id(line) not in used and line.get_visible() and all(in_data(axes, line))
    ]
    return _containers.read_boxes(axes, lines, used)


def _artists(axes: Any) -> list[Any]:
    return [*axes.lines, *axes.collections, *axes.patches, *axes.images]


def _reader(readers: dict[str, Reader], artist: Any) -> Reader | None:
    for kind in kinds_of(artist):
        if kind in readers:
            return readers[kind]
    return None


def _is_seen(container: Any) -> bool:
    return any(
        part.get_visible()
        for part in _containers.parts_of(container)
        if hasattr(part, "get_visible")
    )


def _attempt(reader: Reader, axes: Any, artist: Any) -> Iterator[Block]:
    try:
        block = reader(axes, artist)
    except Exception as error:  # noqa: BLE001 - an unknown artist must not prevent saving
        said = " ".join(f"{type(error).__name__}: {error}".split())
        block = note(type(artist).__name__, label_of(artist), f"cannot be read: {said}")
    if block is not None and block.size:
        yield block
