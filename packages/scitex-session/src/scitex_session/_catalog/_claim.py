"""The right to pack or unpack one run, and cleaning up behind a tool that died with it.

A claim is a file beside the run that names its owner as a session names its process, so that the
same evidence tells a live owner from a dead one, on a network file system too.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import Self

from .._run._liveness import identity, is_alive
from . import _layout as layout
from ._reader import read_all
from ._walk import is_real_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_ENDING = ".claim"
_HALF_WRITTEN = 60.0  # seconds after which a claim without an owner in it is nobody's
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


class BusyError(OSError):
    """Another tool is at work on the run."""


class Claim:
    """Paths around one run, held while the block runs.

    Parameters
    ----------
    folder : str
        The state directory.
    name : str
        The run.

    Raises
    ------
    BusyError
        On entering, if another live tool holds the claim.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.run = os.path.join(folder, name)
        self.tar = self.run + layout.TAR
        self.packing = os.path.join(folder, layout.ARCHIVING + name)
        self.half_tar = self.packing + layout.TAR
        self.unpacking = os.path.join(folder, layout.UNPACKING + name)
        self.path = self.packing + _ENDING

    def __enter__(self) -> Self:
        for _attempt in (1, 2):
            try:
                self._create()
            except FileExistsError:
                if not self._take_over():
                    break
            else:
                return self
        raise BusyError(16, "another scitex-session is packing or unpacking it", self.run)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        os.unlink(self.path)

    def _create(self) -> None:
        descriptor = os.open(self.path, _CREATE, 0o666)
        try:
            os.write(descriptor, json.dumps(identity()).encode())
        finally:
            os.close(descriptor)

    def _take_over(self) -> bool:
        """Clean up behind a dead owner; False if it lives, or may."""
        if not self._is_abandoned():
            return False
        mine = f"{self.path}.{os.getpid()}.{os.urandom(3).hex()}"
        try:
            os.rename(self.path, mine)  # of several that see the dead owner one comes through
        except FileNotFoundError:
            return True
        self._tidy()
        os.unlink(mine)
        return True

    def _is_abandoned(self) -> bool:
        try:
            data = read_all(os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), 1 << 16)
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

    def _tidy(self) -> None:
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
            os.unlink(self.tar)  # it was unpacked, verified and put in place


def tidy(root: str) -> None:
    """Clean up behind dead tools in one output directory."""
    for state in layout.ENDED:
        folder = os.path.join(root, state)
        if not is_real_dir(folder):
            continue
        for file in os.listdir(folder):
            if file.startswith(layout.ARCHIVING) and file.endswith(_ENDING):
                name = file[len(layout.ARCHIVING) : -len(_ENDING)]
                try:
                    with Claim(folder, name):
                        pass  # entering is what cleans up
                except BusyError:
                    continue
