"""Which process of a run this one is: its rank, and the way it came from the first one.

The lineage is a tuple of texts such as ``("rank=1", "process=3")``, empty in a run of one process.
Every stream is derived from it, so that no two processes of a run draw the same numbers.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from time import monotonic

from scitex_repro._import_hook import on_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType
    from typing import Any

_RANK_VARIABLES = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)


# Seconds that a fork waits for locks.
_PATIENCE = 1.0


class _Here:
    """What is known of this process."""

    lineage: tuple[str, ...] = ()
    # What the children of this process's parent are counted from.
    parent: tuple[str, ...] = ()
    placed = False
    # Whether another process of the run started this one.
    worker = False
    forks = 0
    # The number of the fork that a thread is in the middle of.
    forking: dict[int, int] = {}  # noqa: RUF012 - one object per process, this class is it
    listeners: list[Callable[[], None]] = []  # noqa: RUF012 - as above
    # Functions that return the locks to be had before a fork, and those that were had for it.
    guards: list[Callable[[], Iterable[Any]]] = []  # noqa: RUF012 - as above
    held: dict[int, list[Any]] = {}  # noqa: RUF012 - as above


def lineage() -> tuple[str, ...]:
    """Return the lineage of this process."""
    if not _Here.placed:
        _Here.placed = True
        _Here.lineage = (*_rank_part(rank_from(os.environ)), *_identity_parts())
    return _Here.lineage


def is_worker() -> bool:
    """Tell whether another process of the run has started this one."""
    return _Here.worker or bool(_identity_parts())


def enter(steps: tuple[str, ...]) -> None:
    """Say which process this is, and start all its streams there."""
    _Here.placed = True
    _Here.lineage = steps
    for listener in list(_Here.listeners):
        listener()


def set_rank(rank: int) -> None:
    """Take the rank from the user instead of the environment."""
    if type(rank) is not int or rank < 0:
        raise ValueError(f"rank is {rank!r}; give an int of at least 0")
    rest = tuple(step for step in lineage() if not step.startswith("rank="))
    steps = (*_rank_part(rank), *rest)
    if steps != _Here.lineage:
        enter(steps)


def on_change(listener: Callable[[], None]) -> None:
    """Call ``listener`` in every process that has just learned its place."""
    _Here.listeners.append(listener)


def guard(locks: Callable[[], Iterable[Any]]) -> None:
    """Have these locks before a fork, lest a child find one taken by a thread it lacks."""
    _Here.guards.append(locks)


def rank_from(environment: Mapping[str, str]) -> int:
    """Return the rank that torchrun, MPI or Slurm gave this process, 0 without one."""
    for name, size in _RANK_VARIABLES:
        rank = environment.get(name, "")
        if rank.isdecimal() and environment.get(size, "").isdecimal():
            return int(rank)
    return 0


def _rank_part(rank: int) -> tuple[str, ...]:
    # Rank 0 has the streams of a run on its own, so that one rank changes nothing.
    return (f"rank={rank}",) if rank else ()


def _identity_parts() -> tuple[str, ...]:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return ()
    identity = getattr(process.current_process(), "_identity", ())
    return tuple(f"process={number}" for number in identity)


def _before_fork() -> None:
    me = get_ident()
    held: list[Any] = []
    _Here.held[me] = held
    # Together they may take so long; a thread that draws a billion numbers is not waited for.
    end = monotonic() + _PATIENCE
    for locks in _Here.guards:
        held.extend(lock for lock in locks() if lock.acquire(timeout=max(0, end - monotonic())))
    _Here.forking[me] = _Here.forks
    _Here.forks += 1


def _after_fork_in_parent() -> None:
    _Here.forking.pop(get_ident(), None)
    _release()


def _release() -> None:
    for lock in reversed(_Here.held.pop(get_ident(), [])):
        lock.release()


def _after_fork_in_child() -> None:
    number = _Here.forking.get(get_ident(), 0)
    _Here.forking.clear()
    _Here.forks = 0
    _Here.worker = True
    _Here.parent = lineage()
    _release()
    _Here.held.clear()
    enter((*_Here.parent, f"fork={number}"))


def is_free(lock: Any) -> bool:
    """Tell whether a lock can be had, in a child that nobody else can free it in."""
    if lock.acquire(blocking=False):
        lock.release()
        return True
    return False


def inherit(parent: tuple[str, ...]) -> None:
    """Take up the lineage of the parent in a worker that was not forked from it.

    Which worker it is, is known when its process object has been read to the end and starts.
    ``spawn`` runs no hook then, so in this one process the method that starts it does, once.
    """
    _Here.placed = _Here.worker = True
    _Here.parent = _Here.lineage = parent
    kind: Any = sys.modules["multiprocessing.process"].BaseProcess
    start = kind._bootstrap  # noqa: SLF001 - no public part of a process object runs here

    def bootstrap(process: Any, *arguments: Any, **named: Any) -> Any:
        kind._bootstrap = start  # noqa: SLF001 - as above
        _enter_worker(process)
        return start(process, *arguments, **named)

    kind._bootstrap = bootstrap  # noqa: SLF001 - as above


class _Anchor:
    """What multiprocessing's registry holds weakly, and what its workers come through."""


_anchor = _Anchor()


def _after_start(_anchor: object) -> None:
    """Run in a worker of multiprocessing that was forked, before its target."""
    process: Any = sys.modules["multiprocessing.process"]
    _enter_worker(process.current_process())


def _enter_worker(process: Any) -> None:
    identity = getattr(process, "_identity", ())
    if not identity:
        return
    steps = (*_Here.parent, *(loader_part(process) or (f"process={identity[-1]}",)))
    if steps != _Here.lineage:
        enter(steps)


def loader_part(process: object) -> tuple[str, ...]:
    """Return the lineage of a worker of torch's DataLoader, nothing for other processes.

    It is made of the number that the loader drew from its generator for this epoch, not of the
    count of processes: a run that goes on from a checkpoint draws the same number again.
    """
    target = getattr(process, "_target", None)
    if getattr(target, "__module__", "") != "torch.utils.data._utils.worker":
        return ()
    code = getattr(target, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code is not None else ()
    given = dict(zip(names, getattr(process, "_args", ()), strict=False))
    given.update(getattr(process, "_kwargs", {}))
    if "base_seed" not in given or "worker_id" not in given:
        return ()
    return loader_steps(given["base_seed"], given["worker_id"])


def loader_steps(base_seed: int, worker: int) -> tuple[str, ...]:
    """Return the steps from a process to one worker of its DataLoader."""
    return (f"loader={int(base_seed)}", f"worker={int(worker)}")


def enter_loader(base_seed: int, worker: int) -> None:
    """Take the place of a DataLoader's worker, unless this process has it already."""
    steps = loader_steps(base_seed, worker)
    if lineage()[-2:] != steps:
        enter((*_Here.parent, *steps))


def _register_with_multiprocessing(util: ModuleType) -> None:
    util.register_after_fork(_anchor, _after_start)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
on_import("multiprocessing.util", _register_with_multiprocessing)
