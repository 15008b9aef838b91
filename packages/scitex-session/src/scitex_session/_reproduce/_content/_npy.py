"""NPY files: arrays of numbers, or of objects in a pickle."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from scitex_session._reproduce._content import _pickles
from scitex_session._reproduce._content._arrays import compare_arrays

if TYPE_CHECKING:
    from scitex_session._reproduce._content._result import Rules, Verdict


def compare_npy(old: bytes, new: bytes, _name: str, rules: Rules) -> Verdict:
    """Compare two NPY files; arrays of objects, which are pickles, are not loaded."""
    import numpy as np

    try:
        arrays = [np.load(io.BytesIO(data), allow_pickle=False) for data in (old, new)]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        return _pickles.compare(_after_header(old), _after_header(new), rules)
    return compare_arrays(arrays[0], arrays[1], rules)


def _after_header(data: bytes) -> bytes:
    long = data[6] > 1
    start = 12 if long else 10
    return data[start + int.from_bytes(data[8:start], "little") :]
