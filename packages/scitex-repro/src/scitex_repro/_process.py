"""Find which process of a run this one is: its rank, and how it descends from the first one.

The lineage is a tuple such as ``("rank=1", "process=3")``, empty in a run of one process.
Every stream is derived from it, so that no two processes of a run draw the same numbers.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from time import monotonic

from ._import_hook import on_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

_RANK_VARIABLES = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)

# Seconds that a fork waits for locks, all of them together.
_LOCK_TIMEOUT = 1.0


class _Process:
    """What is known of this process."""

    def __init__(self) -> None:
        # None until somebody asks or the process is told.
        self.lineage: tuple[str, ...] | None = None
        # The lineage to which this worker adds its own step.
        self.parent: tuple[str, ...] = ()
        # Whether another process of the run started this one.
        self.is_worker = False
        self.forks = 0
        self.on_new_lineage: list[Callable[[], None]] = []
        self.lock_sources: list[Callable[[], Iterable[Any]]] = []
        # For each thread in the middle of a fork: the fork's number, and the locks it holds.
        self.forking: dict[int, tuple[int, list[Any]]] = {}


_this = _Process()


def lineage() -> tuple[str, ...]:
    """Return the lineage of this process."""
    if _this.lineage is None:
        _this.lineage = (*_rank_step(_rank_from_environment()), *_multiprocessing_steps())
    return _this.lineage


def is_worker() -> bool:
    """Return whether another process of the run started this one."""
    return _this.is_worker or bool(_multiprocessing_steps())


def set_rank(rank: int) -> None:
    """Take the rank from the user instead of the environment."""
    if type(rank) is not int or rank < 0:
        raise ValueError(f"rank is {rank!r}; give an int of at least 0")
    rest = tuple(step for step in lineage() if not step.startswith("rank="))
    _set_lineage((*_rank_step(rank), *rest))


def on_new_lineage(listener: Callable[[], None]) -> None:
    """Call ``listener`` whenever this process gets another lineage: its streams start anew."""
    _this.on_new_lineage.append(listener)


def hold_before_fork(locks: Callable[[], Iterable[Any]]) -> None:
    """Acquire the locks that ``locks`` returns before each fork.

    Otherwise a child could inherit one that is held by a thread it does not have.
    """
    _this.lock_sources.append(locks)


def is_free(lock: Any) -> bool:
    """Return whether a lock can be acquired, in a child where nobody else can release it."""
    if lock.acquire(blocking=False):
        lock.release()
        return True
    return False


def _set_lineage(steps: tuple[str, ...]) -> None:
    if steps != _this.lineage:
        _this.lineage = steps
        for listener in list(_this.on_new_lineage):
            listener()


def _rank_from_environment() -> int:
    """Return the rank that torchrun, MPI or Slurm gave this process, 0 without one."""
    for name, size in _RANK_VARIABLES:
        rank = os.environ.get(name, "")
        if rank.isdecimal() and os.environ.get(size, "").isdecimal():
            return int(rank)
    return 0


def _rank_step(rank: int) -> tuple[str, ...]:
    # Rank 0 has the streams of a run without ranks, so that a single rank changes nothing.
    return (f"rank={rank}",) if rank else ()


def _multiprocessing_steps() -> tuple[str, ...]:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return ()
    identity = getattr(process.current_process(), "_identity", ())
    return tuple(f"process={number}" for number in identity)


# os.fork


def _before_fork() -> None:
    held: list[Any] = []
    _this.forking[get_ident()] = _this.forks, held
    # A thread that draws a billion numbers is not waited for to the end.
    end = monotonic() + _LOCK_TIMEOUT
    for locks in _this.lock_sources:
        held.extend(lock for lock in locks() if lock.acquire(timeout=max(0, end - monotonic())))
    _this.forks += 1


def _after_fork_in_parent() -> int:
    number, held = _this.forking.pop(get_ident(), (0, []))
    for lock in reversed(held):
        lock.release()
    return number


def _after_fork_in_child() -> None:
    number = _after_fork_in_parent()
    _this.forking.clear()
    _this.forks = 0
    _this.is_worker = True
    _this.parent = lineage()
    _set_lineage((*_this.parent, f"fork={number}"))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )


# Workers of multiprocessing


def inherit(parent: tuple[str, ...]) -> None:
    """Take over the lineage of the parent in a worker that was not forked from it.

    Which worker this is, is known once its process object has been unpickled and starts. With
    ``spawn`` no hook runs then, so ``_bootstrap``, which starts it, is replaced until it is called.
    """
    _this.is_worker = True
    _this.parent = _this.lineage = parent
    kind: Any = sys.modules["multiprocessing.process"].BaseProcess
    start = kind._bootstrap  # noqa: SLF001 - no public part of a process object runs here

    def bootstrap(process: Any, *arguments: Any, **named: Any) -> Any:
        kind._bootstrap = start  # noqa: SLF001 - as above
        _enter_worker(process)
        return start(process, *arguments, **named)

    kind._bootstrap = bootstrap  # noqa: SLF001 - as above


def _enter_worker(process: Any) -> None:
    identity = getattr(process, "_identity", ())
    if identity:
        own_steps = _loader_steps_of(process) or (f"process={identity[-1]}",)
        _set_lineage((*_this.parent, *own_steps))


def _loader_steps_of(process: Any) -> tuple[str, ...]:
    """Return the steps to a worker of torch's DataLoader, none for other processes.

    They contain the number that the loader drew from its generator for this epoch, not a count of
    processes: a run that is resumed from a checkpoint draws the same number again.
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
    return _loader_steps(given["base_seed"], given["worker_id"])


def _loader_steps(base_seed: int, worker: int) -> tuple[str, ...]:
    return (f"loader={int(base_seed)}", f"worker={int(worker)}")


def enter_loader_worker(base_seed: int, worker: int) -> None:
    """Take the lineage of a DataLoader's worker, unless this process has it already."""
    steps = _loader_steps(base_seed, worker)
    if lineage()[-2:] != steps:
        _set_lineage((*_this.parent, *steps))


def _enter_current_worker(_: object) -> None:
    _enter_worker(sys.modules["multiprocessing.process"].current_process())


def _register_with_multiprocessing(util: ModuleType) -> None:
    # Called in each worker that was forked, before its target. The registry holds the object that
    # it asks for weakly, so it must be one that stays.
    util.register_after_fork(_this, _enter_current_worker)


on_import("multiprocessing.util", _register_with_multiprocessing)
