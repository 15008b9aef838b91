"""Arrays of numbers: how many differ, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scitex_session._reproduce._content._result import DIFFERENT, EQUAL, Rules, Verdict

if TYPE_CHECKING:
    from typing import Any


def compare_arrays(old: Any, new: Any, rules: Rules) -> Verdict:
    """Compare two arrays: shape, type, then elements; NaN equals NaN."""
    import numpy as np

    if old.shape != new.shape:
        return Verdict(DIFFERENT, f"shape {old.shape}, then {new.shape}")
    if old.dtype != new.dtype:
        return Verdict(DIFFERENT, f"type {old.dtype}, then {new.dtype}")
    if old.dtype.names:
        parts = [(n, compare_arrays(old[n], new[n], rules)) for n in old.dtype.names]
        bad = [f"{name}: {verdict.detail}" for name, verdict in parts if not verdict.same]
        return Verdict(DIFFERENT, "; ".join(bad)) if bad else Verdict(EQUAL)
    unequal = old != new
    if old.dtype.kind in "fc":
        unequal &= ~(np.isnan(old) & np.isnan(new))
    elif old.dtype.kind in "mM":
        unequal &= ~(np.isnat(old) & np.isnat(new))
    count = int(np.count_nonzero(unequal))
    if count == 0:
        return Verdict(EQUAL)
    return _how_far(old, new, unequal, count, rules)


def _how_far(old: Any, new: Any, unequal: Any, count: int, rules: Rules) -> Verdict:
    import numpy as np

    index = np.unravel_index(int(np.argmax(unequal)), unequal.shape) if unequal.shape else ()
    place = f", first at [{', '.join(str(int(i)) for i in index)}]" if index else ""
    said = f"{count} of {old.size} values differ{place}"
    if old.dtype.kind not in "iufcb":
        return Verdict(DIFFERENT, said)
    kind = np.complex128 if old.dtype.kind == "c" else np.float64
    a, b = old[unequal].astype(kind), new[unequal].astype(kind)
    with np.errstate(all="ignore"):
        gap = np.abs(a - b)
        relative = gap / np.maximum(np.abs(a), np.abs(b))
    worst = float(np.max(np.where(np.isnan(relative), np.inf, relative)))
    furthest = float(np.nanmax(gap)) if np.isfinite(gap).any() else float("inf")
    said += f", by at most {furthest:.3g} ({worst:.3g} of the value)"
    return Verdict(EQUAL if worst <= rules.tolerance else DIFFERENT, said)
