"""Turn a raw file into a gzip file, so that at any instant one of the two is whole."""

from __future__ import annotations

import os
import zlib

__all__ = ["squeeze"]

_STEP = 1 << 20
_GZIP = 31  # zlib's name for "gzip header, 32 kB window"


def squeeze(source: int, place: int, name: str, *, sync: bool = True) -> None:
    """Compress the open file `source`, called `name` in the directory `place`, and remove it.

    An existing ``name.gz`` is continued: a gzip file may have several members.

    Parameters
    ----------
    source
        Descriptor to read from.
    place
        Descriptor of the directory.
    name
        Name of the file in there.
    sync
        Whether to wait until the result is on the disk before the source is removed.
    """
    final = name + ".gz"
    aside = f".{final}.{os.getpid()}"
    target = os.open(
        aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=place
    )
    try:
        _copy_existing(final, place, target)
        packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        offset = 0
        while part := os.pread(source, _STEP, offset):
            offset += len(part)
            _write(target, packer.compress(part))
        _write(target, packer.flush())
        if sync:
            os.fsync(target)
        os.rename(aside, final, src_dir_fd=place, dst_dir_fd=place)
    except OSError:
        os.unlink(aside, dir_fd=place)
        raise
    finally:
        os.close(target)
    os.unlink(name, dir_fd=place)


def _copy_existing(name: str, place: int, target: int) -> None:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=place)
    except FileNotFoundError:
        return
    try:
        while part := os.read(fd, _STEP):
            _write(target, part)
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
