"""Store a result, and compare it with itself at a later time."""

from __future__ import annotations

import hashlib
import json
import os
import re

from ._arrays import difference, dtype_name, pieces
from ._describe import Part, describe
from ._files import write_whole
from ._fingerprint import digest_of_part, fingerprint
from ._keys import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_PROJECT_FILES = ("pyproject.toml", "setup.py", ".git")
_FOLDER = ".scitex_repro"
_SCHEMA = "scitex-verified-result"
_VERSION = 1
_BLOCK = 2**20
# Longer values are cut in messages.
_SHOWN = 200


class Verification:
    """What `verify` found; true if the result is the same, or is stored for the first time.

    Attributes
    ----------
    name : str
        The name under which the result is stored.
    same : bool
        Whether it is the same as the one stored.
    first : bool
        Whether there was none to compare it with.
    digest : str
        Its `fingerprint`.
    reference : str
        The fingerprint of the one stored.
    differences : list of str
        One line for each part that differs.
    path : str
        The file in which it is stored.
    """

    def __init__(
        self, name: str, digest: str, path: str, reference: str | None, differences: list[str]
    ) -> None:
        self.name = name
        self.digest = digest
        self.first = reference is None
        self.reference = digest if reference is None else reference
        self.same = self.reference == digest
        self.differences = differences
        self.path = path

    def __bool__(self) -> bool:
        return self.same

    def __str__(self) -> str:
        if self.first:
            return f"{self.name}: remembered in {self.path} (sha256 {self.digest[:12]})"
        if self.same:
            return f"{self.name}: the same (sha256 {self.digest[:12]})"
        head = f"{self.name}: differs from {self.path}"
        return "\n  ".join([head, *self.differences])

    def __repr__(self) -> str:
        answer = "first" if self.first else "same" if self.same else "differs"
        return f"<Verification {self.name!r}: {answer}>"


def verify(
    obj: Any,
    name: str,
    *,
    directory: str | os.PathLike[str] | None = None,
    keep: int = 2**24,
    renew: bool = False,
) -> Verification:
    """Return whether a result is the same as the first time.

    Parameters
    ----------
    obj, name, directory, keep, renew
        As for `RandomStateManager.verify`, which also notes the answer in the run's record.

    Returns
    -------
    Verification
        True if it is the same (or the first); ``print`` it to see what differs.

    Raises
    ------
    TypeError
        If `fingerprint` has no rule for something in the object.
    ValueError
        If the file in which it should be stored has other content.
    """
    check_name(name, "result")
    digest = fingerprint(obj)
    folder = _project_folder() if directory is None else os.fspath(directory)
    reference = _Reference(folder, name)
    stored = None if renew else reference.read()
    if stored is None:
        reference.write(digest, _leaves_of(obj), keep)
        return Verification(name, digest, reference.path, None, [])
    found: list[str] = []
    if stored["fingerprint"] != digest:
        found = _differences(stored, reference.arrays(stored), _leaves_of(obj))
    return Verification(name, digest, reference.path, stored["fingerprint"], found)


def _project_folder() -> str:
    directory = here = os.getcwd()
    while not any(os.path.exists(os.path.join(directory, name)) for name in _PROJECT_FILES):
        above = os.path.dirname(directory)
        if above == directory:
            directory = here
            break
        directory = above
    return os.path.join(directory, _FOLDER)


def _leaves_of(obj: Any) -> dict[str, Part]:
    """Return all that an object comes down to, by the path that leads there."""
    return dict(_leaves(obj, "result"))


def _leaves(obj: Any, where: str) -> Iterator[tuple[str, Part]]:
    part = describe(obj)
    if part is None:
        return
    if part.items is None or any(key is None for key, _ in part.items):
        yield where, part
        return
    # The container itself is a leaf too: what kind it is, and how many items it has.
    content = f"{part.tag}, {len(part.items)} items"
    yield f"{where} ({part.tag})", Part("container", data=content.encode())
    for key, value in part.items:
        yield from _leaves(value, f"{where}[{key!r}]")


class _Reference:
    """The files that store one result: digests as JSON, the smaller arrays as npz.

    Parameters
    ----------
    folder : str
        The directory, made if need be.
    name : str
        The name of the result.
    """

    def __init__(self, folder: str, name: str) -> None:
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:80]
        unique = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self._name = name
        self._folder = folder
        self._stem = f"{readable}-{unique}"
        self.path = os.path.join(folder, f"{self._stem}.json")

    def read(self) -> dict[str, Any] | None:
        """Return what is stored, None if nothing is."""
        if not os.path.exists(self.path):
            return None
        with open(self.path, encoding="utf-8") as file:
            try:
                stored: Any = json.load(file)
            except ValueError as error:
                stored = {"schema": f"no JSON: {error}"}
        if not isinstance(stored, dict):
            stored = {"schema": f"a {type(stored).__name__}"}
        if stored.get("schema") != _SCHEMA or stored.get("schema_version") != _VERSION:
            raise ValueError(
                f"verify: {self.path} remembers no result ({stored.get('schema')!r}); "
                "remove it, or call verify with renew=True"
            )
        return dict(stored)

    def arrays(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arrays that were copied, by the number of their leaf (``a3``)."""
        import numpy as np

        path = os.path.join(self._folder, stored["arrays"] or "")
        if not os.path.isfile(path):
            return {}
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def write(self, digest: str, leaves: Mapping[str, Part], keep: int) -> None:
        """Store a result: the arrays first, then the file that refers to them."""
        os.makedirs(self._folder, exist_ok=True)
        try:
            earlier = (self.read() or {}).get("arrays")
        except ValueError:
            earlier = None
        stored = {
            "schema": _SCHEMA,
            "schema_version": _VERSION,
            "name": self._name,
            "fingerprint": digest,
            "arrays": self._write_arrays(_arrays_to_keep(leaves, keep), digest),
            "leaves": [{"where": where, **_entry(part)} for where, part in leaves.items()],
        }
        write_whole(self.path, json.dumps(stored, indent=1).encode("ascii"))
        if earlier is not None and earlier != stored["arrays"]:
            path = os.path.join(self._folder, earlier)
            if os.path.exists(path):
                os.unlink(path)

    def _write_arrays(self, arrays: Mapping[str, Any], digest: str) -> str | None:
        import io

        import numpy as np

        if not arrays:
            return None
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        name = f"{self._stem}-{digest[:12]}.npz"
        write_whole(os.path.join(self._folder, name), buffer.getvalue())
        return name


def _arrays_to_keep(leaves: Mapping[str, Part], keep: int) -> dict[str, Any]:
    """Return all arrays that can be saved without pickle, unless they are too large together."""
    arrays = {
        f"a{number}": part.array
        for number, part in enumerate(leaves.values())
        if part.array is not None
        and not part.array.dtype.hasobject
        and part.array.dtype.kind != "T"
    }
    return arrays if sum(array.nbytes for array in arrays.values()) <= keep else {}


def _entry(part: Part) -> dict[str, Any]:
    """Describe a leaf in plain data."""
    entry: dict[str, Any] = {"kind": part.tag, "digest": digest_of_part(part).hex()}
    if part.array is not None:
        entry["dtype"] = dtype_name(part.array.dtype)
        entry["shape"] = list(part.array.shape)
        entry["blocks"] = _block_digests(part.array)
    elif part.data is not None:
        entry["value"] = _readable(part.tag, part.data)
    return entry


def _readable(tag: str, data: bytes) -> str:
    if tag in ("float", "complex"):
        import struct

        return " ".join(map(repr, struct.unpack(f">{len(data) // 8}d", data)))
    return repr(data)[1:] if tag == "bytes" else data.decode("utf-8", "backslashreplace")


def _block_digests(array: Any) -> list[str]:
    """Return a short digest for each mebibyte of an array."""
    found = []
    block, missing = hashlib.sha256(), _BLOCK
    for piece in pieces(array, fingerprint):
        data = memoryview(piece).cast("B")
        while len(data):
            block.update(data[:missing])
            data, missing = data[missing:], missing - min(missing, len(data))
            if missing == 0:
                found.append(block.hexdigest()[:16])
                block, missing = hashlib.sha256(), _BLOCK
    if missing != _BLOCK:
        found.append(block.hexdigest()[:16])
    return found


def _differences(
    stored: Mapping[str, Any], arrays: Mapping[str, Any], leaves: Mapping[str, Part]
) -> list[str]:
    """Return a line for each leaf that differs from the one stored."""
    before = {
        entry["where"]: (entry, arrays.get(f"a{number}"))
        for number, entry in enumerate(stored["leaves"])
    }
    lines = [f"{where}: no longer there" for where in before if where not in leaves]
    for where, part in leaves.items():
        if where not in before:
            lines.append(f"{where}: new")
            continue
        entry, array = before[where]
        now = _entry(part)
        if now["digest"] != entry["digest"]:
            lines.append(f"{where}: {_how(entry, now, array, part.array)}")
    return lines


def _how(entry: Mapping[str, Any], now: Mapping[str, Any], stored: Any, array: Any) -> str:
    """Say how a leaf differs: the entries before and now, and its arrays if it is one."""
    for name in ("kind", "dtype", "shape", "value"):
        if entry.get(name) != now.get(name):
            label = "" if name == "value" else f"{name} "
            before_now = _shortened(entry.get(name)), _shortened(now.get(name))
            return f"{label}{before_now[0]} before, {before_now[1]} now"
    if array is None:
        return "other content"
    if stored is not None:
        return difference(stored, array)
    blocks = list(zip(entry["blocks"], now["blocks"], strict=True))
    count = sum(one != other for one, other in blocks)
    return (
        f"{count} of {len(blocks)} blocks of 1 MiB differ; how much is not known, since the "
        "array was too large to be copied (see keep=)"
    )


def _shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
