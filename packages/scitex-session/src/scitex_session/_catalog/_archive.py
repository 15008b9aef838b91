"""One verified tar file for a run, and back.

The run is claimed and renamed before anything is read; its tar file is written aside, read back
against the digests of what went in, and only then gets its name. The directory is deleted last.
A file list with SHA-256 digests is the last member, in the format of ``sha256sum -c``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tarfile
import time

from .._durable import sync_directory, sync_file
from ..errors import SessionError
from . import _layout as layout
from ._claim import Claim
from ._reader import read_record
from ._trash import is_live

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from ._walk import Entry

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FIRST = ("CONFIGS", "CONFIGS/PROVENANCE.json", "CONFIGS/CONFIG.yaml")
_BLOCK = 1 << 20
_PATIENCE = 10.0  # seconds to wait for the record of a run that has just ended
MANIFEST = ".sha256"


class _Hashed:
    """A file being packed: what is read from it is also digested."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def pack(entry: Entry) -> str | None:
    """Replace a run's directory by a tar file of the same name.

    Parameters
    ----------
    entry : Entry
        A run that is over.

    Returns
    -------
    str or None
        The tar file; None if another tool has moved the run meanwhile.

    Raises
    ------
    SessionError
        If the run is live, changes while it is packed, or holds what a tar file cannot.
    OSError
        If the file cannot be written. In every case the run is whole, where it was.
    """
    if entry.state not in layout.ENDED:
        raise SessionError(f"{entry.path}: only runs filed under FINISHED* can be archived")
    _await_record(entry)
    folder = os.path.dirname(entry.path)
    with Claim(folder, entry.name) as claim:
        if os.path.lexists(claim.tar):
            raise SessionError(f"{claim.tar}: is there already; it is not overwritten")
        try:
            os.rename(claim.run, claim.packing)
        except FileNotFoundError:
            return None
        try:
            if is_live(entry._replace(file=os.path.basename(claim.packing))):
                raise SessionError(f"{entry.path}: is in use by a live session")
            seen = _write(claim, entry.name)
            _put_in_place(claim)
        except BaseException:
            if os.path.lexists(claim.half_tar):
                os.unlink(claim.half_tar)
            os.rename(claim.packing, claim.run)
            raise
        if seen != _state_of(claim.packing):  # the last moment at which nothing is lost yet
            os.unlink(claim.tar)
            os.rename(claim.packing, claim.run)
            raise SessionError(f"{entry.path}: changed while it was packed; it is as it was")
        shutil.rmtree(claim.packing)
        sync_directory(folder)
    return claim.tar


def _await_record(entry: Entry) -> None:
    """Let the process that digests a big run's files behind its end come to its own end."""
    from .._provenance._late import complete

    deadline = time.monotonic() + _PATIENCE
    while entry.state in layout.ENDED and not is_live(entry) and _is_pending(entry):
        if time.monotonic() > deadline:
            raise SessionError(f"{entry.path}: its files are still being digested; try again later")
        if not complete(entry.path):
            time.sleep(0.05)


def _is_pending(entry: Entry) -> bool:
    try:
        return bool(read_record(entry).get("pending"))
    except SessionError:
        return False


def _put_in_place(claim: Claim) -> None:
    """Give the tar file its name, which nothing else may have."""
    try:
        os.link(claim.half_tar, claim.tar)
        os.unlink(claim.half_tar)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; the claim keeps our own kind away
        if os.path.lexists(claim.tar):
            raise FileExistsError(17, "is there already", claim.tar) from None
        os.rename(claim.half_tar, claim.tar)
    sync_directory(os.path.dirname(claim.tar))


def _write(claim: Claim, name: str) -> dict[str, tuple[int, ...]]:
    """Write and verify the tar file; return the state of the files that went in."""
    before = _state_of(claim.packing)
    digests: dict[str, str] = {}
    with tarfile.open(claim.half_tar, "x:", format=tarfile.PAX_FORMAT) as archive:
        for path in _in_order(claim.packing):
            member = f"{name}/{path}" if path else name
            digest = _add(
                archive, os.path.join(claim.packing, path) if path else claim.packing, member
            )
            if digest is not None:
                digests[member] = digest
        _add_manifest(archive, name, digests)
    sync_file(claim.half_tar)
    _verify(claim.half_tar, name, digests)
    return before


def _in_order(top: str) -> Iterator[str]:
    """Yield relative paths, the record first: a listing then reads only the file's beginning."""
    yield ""
    first = [path for path in _FIRST if os.path.lexists(os.path.join(top, path))]
    yield from first
    for folder, folders, files in os.walk(top):
        folders.sort()
        below = os.path.relpath(folder, top)
        for name in sorted([*folders, *files]):
            path = name if below == "." else f"{below}/{name}"
            if path not in first:
                yield path


def _add(archive: tarfile.TarFile, path: str, member: str) -> str | None:
    """Add one file, folder or link; return the digest of a file's content."""
    kind = os.lstat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISLNK(kind)):
        raise SessionError(f"{member}: is a pipe, socket or device; move it out of the run first")
    info = archive.gettarinfo(path, member)
    if not info.isreg():
        archive.addfile(info)
        return None
    with open(os.open(path, _READ), "rb") as file:
        hashed = _Hashed(file)
        archive.addfile(info, hashed)
    return hashed.hexdigest()


def _add_manifest(archive: tarfile.TarFile, name: str, digests: dict[str, str]) -> None:
    import io

    lines = [manifest_line(digest, member) for member, digest in digests.items()]
    data = "".join(lines).encode("utf-8", "surrogateescape")
    info = tarfile.TarInfo(name + MANIFEST)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def manifest_line(digest: str, member: str) -> str:
    """Return a line as ``sha256sum`` writes it, which escapes line breaks in names."""
    quoted = member.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if quoted != member else ""
    return f"{mark}{digest}  {quoted}\n"


def _verify(file: str, name: str, digests: dict[str, str]) -> None:
    """Read the tar file back and compare it with what went in."""
    found: dict[str, str] = {}
    with tarfile.open(file, "r:", errorlevel=2) as archive:
        for member in archive:
            reader = archive.extractfile(member) if member.isreg() else None
            if reader is not None and member.name != name + MANIFEST:
                with reader:
                    found[member.name] = digest_of(reader)
    if found != digests:
        raise SessionError(f"{file}: does not read back as it was written; the disk may be failing")


def digest_of(reader: IO[bytes]) -> str:
    """Return the SHA-256 digest of what can be read."""
    digest = hashlib.sha256()
    while block := reader.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _state_of(top: str) -> dict[str, tuple[int, ...]]:
    """Return what tells that nothing below a directory was touched."""
    found: dict[str, tuple[int, ...]] = {}
    for path in _in_order(top):
        if path:
            at = os.lstat(os.path.join(top, path))
            found[path] = (at.st_ino, at.st_mode, at.st_size, at.st_mtime_ns)
    return found
