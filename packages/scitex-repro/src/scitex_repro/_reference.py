"""The files that remember a result: its digests as JSON, its smaller arrays as npz."""

from __future__ import annotations

import hashlib
import json
import os
import re

from scitex_repro._array_bytes import as_array, dtype_name, pieces
from scitex_repro._describe import describe
from scitex_repro._difference import difference
from scitex_repro._fingerprint import digest_part, fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from scitex_repro._part import Part

_SCHEMA = "scitex-verified-result"
_VERSION = 1
_BLOCK = 2**20
# Longer values are shown by their beginning, in a file that people may read.
_SHOWN = 200


def leaves_of(obj: Any) -> dict[str, Part]:
    """Return all that an object comes down to, by the way that leads there."""
    return dict(_leaves(obj, "result", ()))


def _leaves(obj: Any, where: str, above: tuple[int, ...]) -> Iterator[tuple[str, Part]]:
    part = describe(obj)
    if part is None or part.items is None or any(key is None for key, _ in part.items):
        if part is not None:
            yield where, part
        return
    yield f"{where} ({part.tag})", _sizeless(part)
    for key, value in part.items:
        yield from _leaves(value, f"{where}[{key!r}]", (*above, id(obj)))


def _sizeless(part: Part) -> Part:
    """Return a container without its content, which the other leaves stand for."""
    kind = type(part)
    return kind("container", data=f"{part.tag}, {len(part.items or ())} items".encode())


class Reference:
    """Where one result is remembered.

    Parameters
    ----------
    folder : str
        The directory, made if need be.
    name : str
        The name of the result.
    """

    def __init__(self, folder: str, name: str) -> None:
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:80]
        sure = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self.name = name
        self.folder = folder
        self.path = os.path.join(folder, f"{readable}-{sure}.json")

    def read(self) -> dict[str, Any] | None:
        """Return what is remembered, None if nothing is."""
        if not os.path.exists(self.path):
            return None
        with open(self.path, encoding="utf-8") as file:
            try:
                known: Any = json.load(file)
            except ValueError as error:
                known = {"schema": f"no JSON: {error}"}
        if not isinstance(known, dict):
            known = {"schema": f"a {type(known).__name__}"}
        if known.get("schema") != _SCHEMA or known.get("schema_version") != _VERSION:
            raise ValueError(
                f"verify: {self.path} remembers no result ({known.get('schema')!r}); "
                "remove it, or call verify with renew=True"
            )
        return dict(known)

    def arrays(self, known: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arrays that were copied."""
        import numpy as np

        if known["arrays"] is None:
            return {}
        path = os.path.join(self.folder, known["arrays"])
        if not os.path.exists(path):
            return {}
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def write(self, digest: str, leaves: Mapping[str, Part], keep: int) -> None:
        """Remember a result: the arrays first, then the file that speaks of them."""
        os.makedirs(self.folder, exist_ok=True)
        entries = [{"where": where, **_entry(part)} for where, part in leaves.items()]
        arrays = _kept(leaves, keep)
        older = self._older_arrays()
        known = {
            "schema": _SCHEMA,
            "schema_version": _VERSION,
            "name": self.name,
            "fingerprint": digest,
            "arrays": self._write_arrays(arrays, digest) if arrays else None,
            "leaves": entries,
        }
        self._replace(self.path, json.dumps(known, indent=1).encode("ascii"))
        if older is not None and older != known["arrays"]:
            _remove(os.path.join(self.folder, older))

    def _older_arrays(self) -> str | None:
        try:
            known = self.read()
        except ValueError:
            return None
        return None if known is None else known["arrays"]

    def _write_arrays(self, arrays: Mapping[str, Any], digest: str) -> str:
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        stem = os.path.basename(self.path).removesuffix(".json")
        name = f"{stem}-{digest[:12]}.npz"
        self._replace(os.path.join(self.folder, name), buffer.getvalue())
        return name

    def _replace(self, path: str, data: bytes) -> None:
        aside = f"{path}.{os.getpid()}.tmp"
        with open(aside, "wb") as file:
            file.write(data)
        os.replace(aside, path)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _kept(leaves: Mapping[str, Part], keep: int) -> dict[str, Any]:
    """Return the arrays to be copied: all that can be, if they are not too large together."""
    arrays = {
        f"a{number}": as_array(part.array)
        for number, part in enumerate(leaves.values())
        if part.array is not None and not part.array.dtype.hasobject
    }
    storable = {name: one for name, one in arrays.items() if one.dtype.kind != "T"}
    total = sum(one.nbytes for one in storable.values())
    return storable if total <= keep else {}


def _entry(part: Part) -> dict[str, Any]:
    """Describe a leaf in plain data."""
    entry: dict[str, Any] = {"kind": part.tag, "digest": digest_part(part, (), "").hex()}
    if part.array is not None:
        entry["dtype"] = dtype_name(part.array.dtype)
        entry["shape"] = list(part.array.shape)
        entry["blocks"] = _block_digests(part.array)
    elif part.data is not None:
        entry["value"] = _value(part)
    return entry


def _value(part: Part) -> str:
    data = part.data or b""
    if part.tag in ("float", "complex"):
        import struct

        return " ".join(map(repr, struct.unpack(f">{len(data) // 8}d", data)))
    return repr(data)[1:] if part.tag == "bytes" else data.decode("utf-8", "backslashreplace")


def _block_digests(array: Any) -> list[str]:
    """Return a short digest for each mebibyte of an array."""
    found, current, room = [], hashlib.sha256(), _BLOCK
    for piece in pieces(array, fingerprint):
        data = memoryview(piece).cast("B")
        while len(data):
            current.update(data[:room])
            taken = min(room, len(data))
            data, room = data[taken:], room - taken
            if room == 0:
                found.append(current.hexdigest()[:16])
                current, room = hashlib.sha256(), _BLOCK
    if room != _BLOCK:
        found.append(current.hexdigest()[:16])
    return found


def differences(
    known: Mapping[str, Any], arrays: Mapping[str, Any], leaves: Mapping[str, Part]
) -> list[str]:
    """Return a line for each leaf that differs from the one remembered."""
    before = {
        entry["where"]: (arrays.get(f"a{number}"), entry)
        for number, entry in enumerate(known["leaves"])
    }
    lines = [f"{where}: no longer there" for where in before if where not in leaves]
    for where, part in leaves.items():
        if where not in before:
            lines.append(f"{where}: new")
            continue
        array, entry = before[where]
        now = _entry(part)
        if now["digest"] != entry["digest"]:
            lines.append(f"{where}: {_how(entry, now, array, part)}")
    return lines


def _how(before: Mapping[str, Any], now: Mapping[str, Any], array: Any, part: Part) -> str:
    for name in ("kind", "dtype", "shape"):
        if before.get(name) != now.get(name):
            return f"{name} {_short(before.get(name))} before, {_short(now.get(name))} now"
    if part.array is None:
        if "value" not in now:
            return "other content"
        return f"{_short(before['value'])} before, {_short(now['value'])} now"
    if array is None:
        blocks = list(zip(before["blocks"], now["blocks"], strict=True))
        apart = sum(one != other for one, other in blocks)
        return (
            f"{apart} of {len(blocks)} blocks of 1 MiB differ; how much is not known, since the "
            "array was too large to be copied (see keep=)"
        )
    return str(difference(array, part.array))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
