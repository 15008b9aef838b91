"""Artists in three dimensions."""

from __future__ import annotations

from scitex_io._figure._block import Block, label_of, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_line_3d(_axes: Any, line: Any) -> Block:
    """Return the points of a line in space."""
    x, y, z = (_floats(data) for data in line.get_data_3d())
    return Block("line", label_of(line), {"x": x, "y": y, "z": z})


def read_scatter_3d(_axes: Any, dots: Any) -> Block:
    """Return points in space, with the numbers behind their colour if there are any."""
    import numpy as np

    x, y, z = (_floats(data) for data in dots._offsets3d)  # noqa: SLF001 - has no getter
    columns = {"x": x, "y": y, "z": z}
    values = dots.get_array()
    if values is not None and np.size(values) == len(x):
        columns["value"] = _floats(values)
    return Block("scatter", label_of(dots), columns)


def read_faces(_axes: Any, surface: Any) -> Block:
    """Return the corners of a surface's faces, or of the boxes of ``bar3d``, numbered by face."""
    import numpy as np

    if hasattr(surface, "_faces"):
        faces = np.ma.asarray(surface._faces)  # noqa: SLF001 - has no getter
        points = np.ma.filled(faces.astype(float), np.nan).reshape(-1, 3)
        part = np.repeat(np.arange(len(faces)), faces.shape[1])
    elif hasattr(surface, "_segslices"):
        points = np.asarray(surface._vec[:3].T, float)  # noqa: SLF001 - the same, before 3.10
        part = np.empty(len(points), int)
        for number, piece in enumerate(surface._segslices):  # noqa: SLF001
            part[piece] = number
    else:
        return note("faces", label_of(surface), "this matplotlib does not tell the corners")
    keep = ~np.isnan(points).any(axis=1)  # faces of fewer corners are filled up with nan
    columns = {"x": points[keep, 0], "y": points[keep, 1], "z": points[keep, 2]}
    return Block("faces", label_of(surface), {**columns, "part": part[keep]})


def read_patch_3d(_axes: Any, patch: Any) -> Block:
    """Return the corners of a flat shape in space, such as a bar of ``bar(zs=...)``."""
    import numpy as np

    points = np.asarray([tuple(map(float, point)) for point in patch._segment3d])  # noqa: SLF001
    columns = {"x": points[:, 0], "y": points[:, 1], "z": points[:, 2]}
    return Block("shape", label_of(patch), columns)


def read_segments_3d(_axes: Any, bundle: Any) -> Block:
    """Return the points of a bundle of lines in space, numbered by line."""
    import numpy as np

    segments = [np.asarray(one, float) for one in bundle._segments3d]  # noqa: SLF001 - no getter
    points = np.concatenate(segments) if segments else np.empty((0, 3))
    part = np.repeat(np.arange(len(segments)), [len(one) for one in segments])
    columns = {"x": points[:, 0], "y": points[:, 1], "z": points[:, 2], "part": part}
    return Block("lines", label_of(bundle), columns)


def _floats(data: Any) -> Any:
    import numpy as np

    return np.ma.filled(np.ma.asarray(data).astype(float), np.nan).ravel()
