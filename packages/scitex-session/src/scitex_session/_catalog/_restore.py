"""A run out of its tar file: every member checked before it is written, every digest after.

The file may come from anywhere. Names must lie below the run's own, links are made last, so that
nothing is ever written through one, and anything but files, folders and links is refused.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile

from .._durable import sync_directory
from ..errors import SessionError
from ._archive import MANIFEST, manifest_line
from ._claim import Claim

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

    from ._walk import Entry

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_BLOCK = 1 << 20
_LARGEST_MANIFEST = 1 << 30


def unpack(entry: Entry) -> str | None:
    """Replace a run's tar file by the directory that is in it.

    Parameters
    ----------
    entry : Entry
        An archived run.

    Returns
    -------
    str or None
        The run directory; None if another tool has unpacked the run meanwhile.

    Raises
    ------
    SessionError
        If the archive is damaged or holds what no run holds. The tar file stays.
    OSError
        If the directory cannot be written. The tar file stays.
    """
    folder = os.path.dirname(entry.path)
    with Claim(folder, entry.name) as claim:
        if os.path.lexists(claim.run):
            raise SessionError(f"{claim.run}: is there already; it is not overwritten")
        if not os.path.lexists(claim.tar):
            return None
        try:
            _Unpacking(claim.tar, claim.unpacking, entry.name).run()
            os.rename(claim.unpacking, claim.run)
        except BaseException:
            shutil.rmtree(claim.unpacking, ignore_errors=True)
            raise
        sync_directory(folder)
        os.unlink(claim.tar)
        sync_directory(folder)
    return claim.run


class _Unpacking:
    """One tar file on its way into one fresh directory."""

    def __init__(self, file: str, target: str, name: str) -> None:
        self.file = file
        self.target = target
        self.name = name
        self.files: dict[str, str] = {}
        self.folders: list[tuple[str, tarfile.TarInfo]] = []
        self.links: list[tuple[str, tarfile.TarInfo]] = []
        self.manifest: bytes | None = None

    def run(self) -> None:
        os.mkdir(self.target, 0o700)
        try:
            with tarfile.open(self.file, "r:", errorlevel=2) as archive:
                for member in archive:
                    self._take(archive, member)
        except tarfile.TarError as error:
            raise SessionError(f"{self.file}: is damaged ({error})") from error
        self._check()
        for path, member in self.links:
            os.symlink(member.linkname, path)
        for path, member in reversed(self.folders):
            sync_directory(path)
            os.chmod(path, member.mode & 0o777 | os.stat(path).st_mode & 0o2000)
            os.utime(path, (member.mtime, member.mtime))

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if member.name == self.name + MANIFEST and member.isreg():
            reader = archive.extractfile(member)
            self.manifest = reader.read(_LARGEST_MANIFEST) if reader else None
            return
        path = self._place(member.name)
        if member.isdir():
            if path != self.target:
                os.mkdir(path, 0o700)
            self.folders.append((path, member))
        elif member.issym():
            self.links.append((path, member))
        elif member.islnk():
            if member.linkname not in self.files:
                raise SessionError(f"{self.file}: {member.name!r} links to what is not in it")
            os.link(self._place(member.linkname), path, follow_symlinks=False)
        elif member.isreg() and not member.issparse():
            reader = archive.extractfile(member)
            if reader is None:
                raise SessionError(f"{self.file}: {member.name!r} has no content")
            with reader:
                self.files[member.name] = _write(path, reader, member)
        else:
            raise SessionError(f"{self.file}: {member.name!r} is neither file, folder nor link")

    def _place(self, member: str) -> str:
        """Return where a member goes; a name that leads elsewhere is refused."""
        steps = member.split("/")
        if steps[0] != self.name or any(step in ("", ".", "..") for step in steps):
            raise SessionError(f"{self.file}: the name {member!r} leads out of the run")
        return os.path.join(self.target, *steps[1:])

    def _check(self) -> None:
        """Compare the digests of what was written with the archive's own list."""
        if self.manifest is None:
            raise SessionError(f"{self.file}: its list of digests is missing; it may be cut short")
        lines = [manifest_line(digest, member) for member, digest in self.files.items()]
        if "".join(lines).encode("utf-8", "surrogateescape") != self.manifest:
            raise SessionError(f"{self.file}: is damaged: content and digests disagree")


def _write(path: str, reader: IO[bytes], member: tarfile.TarInfo) -> str:
    """Write one file to the disk and return the digest of what was written."""
    digest = hashlib.sha256()
    with open(os.open(path, _CREATE, 0o600), "wb") as file:
        while block := reader.read(_BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fchmod(file.fileno(), member.mode & 0o777)
        os.utime(file.fileno(), (member.mtime, member.mtime))
        os.fsync(file.fileno())
    return digest.hexdigest()
