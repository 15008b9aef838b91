"""A run as one verified tar file, and back; and cleaning up after a tool that died.

A run is claimed and renamed before anything is read. Its tar file is written under a staging name,
read back against the digests of what went in, and only then gets its name; the directory is deleted
last. The other way round every member is checked before it is written and every digest after. The
last member lists SHA-256 digests in the format of ``sha256sum -c``.

A claim is a file beside the run that names its owner as a session names its process, so that the
same evidence tells a live owner from a dead one, on a network file system too.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tarfile
import time
from typing import Self

from .._durable import sync_directory, sync_file
from .._liveness import identity, is_alive
from .._record._record import is_pending
from .._record._run_directory import ARCHIVED
from .._record._status import ENDED_DIRECTORIES
from ..errors import SessionError
from ._run_files import FIRST_FILES, is_live, open_regular, read_all, read_record
from ._walk import ARCHIVING, Entry, is_real_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import IO

_CLAIM = ".claim"
_RESTORING = ".restore-"  # in front of a run's name while it is unpacked
_MANIFEST = ".sha256"
_LARGEST_MANIFEST = 1 << 30  # bytes
_LARGEST_CLAIM = 1 << 16
_BLOCK = 1 << 20
_PATIENCE = 10.0  # seconds to wait for the record of a run that has just ended
_HALF_WRITTEN = 60.0  # seconds after which a claim that names no owner is abandoned
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


class _BusyError(OSError):
    """Another tool is at work on the run."""


class _Claim:
    """The right to pack or unpack one run, held while the block runs, and the paths around it.

    Raises
    ------
    _BusyError
        On entering, if another live tool holds the claim.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.run = os.path.join(folder, name)
        self.tar = self.run + ARCHIVED
        self.packing = os.path.join(folder, ARCHIVING + name)
        self.half_tar = self.packing + ARCHIVED
        self.unpacking = os.path.join(folder, _RESTORING + name)
        self.path = self.packing + _CLAIM

    def __enter__(self) -> Self:
        for _attempt in (1, 2):
            try:
                descriptor = os.open(self.path, _CREATE, 0o666)
            except FileExistsError:
                if not self._take_over():
                    break
            else:
                with open(descriptor, "wb") as file:
                    file.write(json.dumps(identity()).encode())
                return self
        raise _BusyError(16, "another scitex-session is packing or unpacking it", self.run)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        os.unlink(self.path)

    def _take_over(self) -> bool:
        """Clean up after a dead owner; return False if it is, or may be, alive."""
        if not self._is_abandoned():
            return False
        mine = f"{self.path}.{os.getpid()}.{os.urandom(3).hex()}"
        try:
            os.rename(self.path, mine)  # only one of several that see the dead owner succeeds
        except FileNotFoundError:
            return True
        self._clean_up()
        os.unlink(mine)
        return True

    def _is_abandoned(self) -> bool:
        try:
            data = read_all(open_regular(self.path), _LARGEST_CLAIM)
            age = time.time() - os.lstat(self.path).st_mtime
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            owner = json.loads(data)
        except ValueError:
            return age > _HALF_WRITTEN
        return isinstance(owner, dict) and is_alive(owner) is False

    def _clean_up(self) -> None:
        """Finish or undo what the dead owner began; a tar file has its name only when verified."""
        if os.path.lexists(self.half_tar):
            os.unlink(self.half_tar)
        if is_real_dir(self.unpacking):
            shutil.rmtree(self.unpacking)
        if is_real_dir(self.packing):
            if os.path.lexists(self.tar):
                shutil.rmtree(self.packing)
            elif not os.path.lexists(self.run):
                os.rename(self.packing, self.run)
        elif is_real_dir(self.run) and os.path.lexists(self.tar):
            os.unlink(self.tar)  # it was unpacked, verified and has its name


def clean_up(root: str) -> None:
    """Finish or undo what tools that died have begun in one output directory."""
    for state in ENDED_DIRECTORIES:
        folder = os.path.join(root, state)
        for file in os.listdir(folder) if is_real_dir(folder) else ():
            if file.startswith(ARCHIVING) and file.endswith(_CLAIM):
                try:
                    with _Claim(folder, file[len(ARCHIVING) : -len(_CLAIM)]):
                        pass  # entering is what cleans up
                except _BusyError:
                    continue


def pack(entry: Entry) -> str | None:
    """Replace a run's directory by a tar file of the same name.

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
    if entry.state not in ENDED_DIRECTORIES:
        raise SessionError(f"{entry.path}: only runs filed under FINISHED* can be archived")
    _await_record(entry)
    folder = os.path.dirname(entry.path)
    with _Claim(folder, entry.name) as claim:
        if os.path.lexists(claim.tar):
            raise SessionError(f"{claim.tar}: is there already; it is not overwritten")
        try:
            os.rename(claim.run, claim.packing)
        except FileNotFoundError:
            return None
        try:
            if is_live(entry._replace(file=os.path.basename(claim.packing))):
                raise SessionError(f"{entry.path}: is in use by a live session")
            before = _state_of(claim.packing)
            _write_tar(claim.half_tar, claim.packing, entry.name)
            _publish(claim)
        except BaseException:
            if os.path.lexists(claim.half_tar):
                os.unlink(claim.half_tar)
            os.rename(claim.packing, claim.run)
            raise
        if before != _state_of(claim.packing):  # the last moment at which nothing is lost yet
            os.unlink(claim.tar)
            os.rename(claim.packing, claim.run)
            raise SessionError(f"{entry.path}: changed while it was packed; it is as it was")
        shutil.rmtree(claim.packing)
        sync_directory(folder)
    return claim.tar


def unpack(entry: Entry) -> str | None:
    """Replace a run's tar file by the directory that is in it.

    The file may come from anywhere. Names must lie below the run's own, links are made last, so
    that nothing is ever written through one, and anything but files, folders and links is refused.

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
    with _Claim(folder, entry.name) as claim:
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


def digest_of(reader: IO[bytes], target: IO[bytes] | None = None) -> str:
    """Return the SHA-256 digest of what can be read; write it to `target` too if there is one."""
    digest = hashlib.sha256()
    while block := reader.read(_BLOCK):
        digest.update(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest()


def _await_record(entry: Entry) -> None:
    """Wait until nothing is pending in the record of a run."""
    from .._provenance._late import complete

    deadline = time.monotonic() + _PATIENCE
    while not is_live(entry) and _has_pending(entry):
        if time.monotonic() > deadline:
            raise SessionError(f"{entry.path}: its files are still being digested; try again later")
        if not complete(entry.path):
            time.sleep(0.05)


def _has_pending(entry: Entry) -> bool:
    try:
        return is_pending(read_record(entry))
    except SessionError:
        return False


def _publish(claim: _Claim) -> None:
    """Give the tar file its name; nothing that has it already is overwritten."""
    try:
        os.link(claim.half_tar, claim.tar)
        os.unlink(claim.half_tar)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; the claim keeps other tools away
        if os.path.lexists(claim.tar):
            raise FileExistsError(17, "is there already", claim.tar) from None
        os.rename(claim.half_tar, claim.tar)
    sync_directory(os.path.dirname(claim.tar))


class _Digesting:
    """A file being packed: what is read from it is also digested."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _write_tar(file: str, top: str, name: str) -> None:
    """Write the tar file of a run and read it back."""
    digests: dict[str, str] = {}
    with tarfile.open(file, "x:", format=tarfile.PAX_FORMAT) as archive:
        for path in ("", *_in_order(top)):
            member = f"{name}/{path}" if path else name
            digest = _add(archive, os.path.join(top, path) if path else top, member)
            if digest is not None:
                digests[member] = digest
        _add_manifest(archive, name, digests)
    sync_file(file)
    found: dict[str, str] = {}
    with tarfile.open(file, "r:", errorlevel=2) as archive:
        for info in archive:
            reader = archive.extractfile(info) if info.isreg() else None
            if reader is not None and info.name != name + _MANIFEST:
                with reader:
                    found[info.name] = digest_of(reader)
    if found != digests:
        raise SessionError(f"{file}: does not read back as it was written; the disk may be failing")


def _in_order(top: str) -> Iterator[str]:
    """Yield relative paths, the record first: a listing then reads only the file's beginning."""
    first = [path for path in FIRST_FILES if os.path.lexists(os.path.join(top, path))]
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
    with open(open_regular(path), "rb") as file:
        digesting = _Digesting(file)
        archive.addfile(info, digesting)
    return digesting.digest.hexdigest()


def _add_manifest(archive: tarfile.TarFile, name: str, digests: dict[str, str]) -> None:
    import io

    data = _manifest(digests)
    info = tarfile.TarInfo(name + _MANIFEST)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _manifest(digests: dict[str, str]) -> bytes:
    """Return the digests as ``sha256sum`` writes them, which escapes line breaks in names."""
    lines = []
    for member, digest in digests.items():
        quoted = member.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        mark = "\\" if quoted != member else ""
        lines.append(f"{mark}{digest}  {quoted}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _state_of(top: str) -> dict[str, tuple[int, ...]]:
    """Return what changes when anything below a directory is touched."""
    found: dict[str, tuple[int, ...]] = {}
    for path in _in_order(top):
        at = os.lstat(os.path.join(top, path))
        found[path] = (at.st_ino, at.st_mode, at.st_size, at.st_mtime_ns)
    return found


class _Unpacking:
    """One tar file on its way into one new directory."""

    def __init__(self, file: str, target: str, name: str) -> None:
        self.file = file
        self.target = target
        self.name = name
        self.digests: dict[str, str] = {}
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
        if self.manifest is None:
            raise SessionError(f"{self.file}: its list of digests is missing; it may be cut short")
        if _manifest(self.digests) != self.manifest:
            raise SessionError(f"{self.file}: is damaged: content and digests disagree")
        for path, member in self.links:
            os.symlink(member.linkname, path)
        for path, member in reversed(self.folders):
            sync_directory(path)
            os.chmod(path, member.mode & 0o777 | os.stat(path).st_mode & 0o2000)
            os.utime(path, (member.mtime, member.mtime))

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if member.name == self.name + _MANIFEST and member.isreg():
            reader = archive.extractfile(member)
            self.manifest = reader.read(_LARGEST_MANIFEST) if reader else None
            return
        path = self._path_of(member.name)
        if member.isdir():
            if path != self.target:
                os.mkdir(path, 0o700)
            self.folders.append((path, member))
        elif member.issym():
            self.links.append((path, member))
        elif member.islnk():
            if member.linkname not in self.digests:
                raise SessionError(f"{self.file}: {member.name!r} links to what is not in it")
            os.link(self._path_of(member.linkname), path, follow_symlinks=False)
        elif member.isreg() and not member.issparse():
            reader = archive.extractfile(member)
            if reader is None:
                raise SessionError(f"{self.file}: {member.name!r} has no content")
            with reader:
                self.digests[member.name] = _write_file(path, reader, member)
        else:
            raise SessionError(f"{self.file}: {member.name!r} is neither file, folder nor link")

    def _path_of(self, member: str) -> str:
        """Return where a member goes; a name that leads elsewhere is refused."""
        steps = member.split("/")
        if steps[0] != self.name or any(step in ("", ".", "..") for step in steps):
            raise SessionError(f"{self.file}: the name {member!r} leads out of the run")
        return os.path.join(self.target, *steps[1:])


def _write_file(path: str, reader: IO[bytes], member: tarfile.TarInfo) -> str:
    """Write and fsync one file; return the digest of what was written."""
    with open(os.open(path, _CREATE, 0o600), "wb") as file:
        digest = digest_of(reader, file)
        file.flush()
        os.fchmod(file.fileno(), member.mode & 0o777)
        os.utime(file.fileno(), (member.mtime, member.mtime))
        os.fsync(file.fileno())
    return digest
