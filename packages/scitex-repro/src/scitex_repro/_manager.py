"""The manager: one seed, and an independent stream for each name."""

from __future__ import annotations

from . import _keys, _process, _record
from ._globals import GLOBALS
from ._tree import Node, find_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    import random
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from typing import Any, Self

    import numpy as np
    import torch

    from ._tree import Steps
    from ._verify import Verification


class RandomStateManager:
    """Named random streams that depend on the seed and the name, and on nothing else.

    ``rngg("init")`` is a `numpy.random.Generator`: the same object each time, which goes on where
    it was left. Adding, removing or reordering streams changes no other stream. Every method of a
    Generator works on the manager too (``rngg.random(3)``) and draws from a stream of its own.

    Making a manager also seeds the global generators of random, numpy, torch (with CUDA and MPS),
    tensorflow and cupy: at once where the library is loaded, otherwise at the moment it is
    imported. No library is imported for it, not even numpy before the first draw. Child processes
    get ``PYTHONHASHSEED``.

    In a worker process or in a rank other than 0 each stream is another one, which depends on the
    seed, the name and the lineage of the process; ``shared=True`` leaves the process out, for what
    must be the same everywhere, such as a split of the data.

    Parameters
    ----------
    seed : int, default 42
        At least 0 and below 2**128. Below 2**32 the libraries get this very number.
    deterministic : bool, default False
        Also ask the libraries for deterministic algorithms
        (``torch.use_deterministic_algorithms``, cuDNN, cuBLAS, XLA, TensorFlow), which can be slow
        and makes operations without such an algorithm fail.
    verbose : bool, default False
        Say on stderr what is seeded, and when.
    rank : int, optional
        Which of several cooperating processes this is. By default what torchrun, MPI or Slurm say
        in the environment. It applies to the whole process.
    modules : mapping, optional
        Module objects by name ("numpy", "random", "torch", ...) that are to be seeded now even if
        ``sys.modules`` does not have them.

    Raises
    ------
    TypeError, ValueError
        If the seed is not such an integer.

    Notes
    -----
    Streams are PCG64DXSM, numpy's generator for many parallel streams (M. E. O'Neill,
    HMC-CS-2014-0905, with the DXSM output function): 128 bits of state and 127 bits of stream, so
    that streams of different names neither meet nor correlate. Drawing from one stream in several
    threads is safe, but its order is then up to the threads: give each thread a name of its own.

    Examples
    --------
    >>> rngg = RandomStateManager(42)
    >>> rngg("split").permutation(5)
    array([1, 0, 3, 4, 2])
    """

    def __init__(
        self,
        seed: int = 42,
        *,
        deterministic: bool = False,
        verbose: bool = False,
        rank: int | None = None,
        modules: Mapping[str, Any] | None = None,
    ) -> None:
        number = _keys.check_seed(seed)
        if rank is not None:
            _process.set_rank(rank)
        self._node = Node(number)
        self._node.manager = self
        GLOBALS.fix(number, deterministic=deterministic, verbose=verbose, modules=modules)

    @classmethod
    def _of(cls, node: Node) -> Self:
        """Return the manager of a node, always the same one."""
        if node.manager is None:
            node.manager = cls.__new__(cls)
            node.manager._node = node  # noqa: SLF001 - this is its constructor
        manager: Self = node.manager
        return manager

    @property
    def seed(self) -> int:
        """The seed, as it was given."""
        return self._node.seed

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the child managers from the first manager down to this one."""
        return tuple(name for name, _ in self._node.steps)

    def __call__(
        self, name: str, *, fresh: bool = False, shared: bool = False
    ) -> np.random.Generator:
        """Return the stream of this name.

        Parameters
        ----------
        name : str
            Any text but the empty one.
        fresh : bool, default False
            Set the stream back to its beginning first (in place, for all who hold it).
        shared : bool, default False
            The stream that is the same in every worker and rank.

        Returns
        -------
        numpy.random.Generator
            The same object each time.
        """
        stream: np.random.Generator = self._node.named_stream("numpy", name, fresh, shared)
        return stream

    def get_np_generator(
        self, name: str | None = None, *, fresh: bool = False, shared: bool = False
    ) -> np.random.Generator:
        """Return ``self(name)``, or without a name the stream of the manager's own methods."""
        stream: np.random.Generator = self._node.named_stream("numpy", name, fresh, shared)
        return stream

    def python(
        self, name: str | None = None, *, fresh: bool = False, shared: bool = False
    ) -> random.Random:
        """Return a stream as a `random.Random`, independent of numpy's of the same name."""
        stream: random.Random = self._node.named_stream("python", name, fresh, shared)
        return stream

    def get_sklearn_random_state(
        self,
        name: str | None = None,
        *,
        as_int: bool = False,
        fresh: bool = False,
        shared: bool = False,
    ) -> np.random.RandomState | int:
        """Return what scikit-learn takes as ``random_state``.

        Parameters
        ----------
        name : str, optional
            Name of the stream.
        as_int : bool, default False
            Return an int below 2**32 instead, always the same for the name: what a splitter or
            an estimator needs that is to do the same each time it is used.
        fresh, shared : bool, default False
            As for ``rngg(name)``.

        Returns
        -------
        numpy.random.RandomState or int
            The RandomState is the same object each time and goes on where it was left.
        """
        if as_int:
            return self._node.number("sklearn-int", name, shared) >> 224
        stream: np.random.RandomState = self._node.named_stream("sklearn", name, fresh, shared)
        return stream

    def get_torch_generator(
        self,
        name: str | None = None,
        device: str | torch.device = "cpu",
        *,
        fresh: bool = False,
        shared: bool = False,
    ) -> torch.Generator:
        """Return a stream as a `torch.Generator`.

        Parameters
        ----------
        name : str, optional
            Name of the stream.
        device : str or torch.device, default "cpu"
            Where it draws. The seed does not depend on it; each device has an object of its own.
        fresh, shared : bool, default False
            As for ``rngg(name)``.

        Returns
        -------
        torch.Generator
            The same object each time.
        """
        kind = f"torch@{device}"
        stream: torch.Generator = self._node.named_stream(kind, name, fresh, shared)
        return stream

    def get_jax_key(
        self, name: str | None = None, *, shared: bool = False, impl: str | None = None
    ) -> Any:
        """Return a key of `jax.random`, always the same for the name.

        Keys have no position: split it, or fold a counter in, as usual in jax. All bits of the key
        come from the seed and the name, not 32 of them.

        Parameters
        ----------
        name : str, optional
            Name of the key; without one, the default key.
        shared : bool, default False
            As for ``rngg(name)``.
        impl : str, optional
            Algorithm, such as "threefry2x32" or "rbg"; by default the one jax is set to.
        """
        from ._streams import jax_key

        return jax_key(self._node.number("jax", name, shared), impl)

    def child(self, name: str, *, shared: bool = False) -> Self:
        """Return a manager below this one, with streams of its own.

        Parameters
        ----------
        name : str
            Such as "fold3"; the same name gives the same object again.
        shared : bool, default False
            All streams below it are the same in every worker and rank. So
            ``rngg.child(f"task {i}", shared=True)`` gives a task its numbers whichever worker
            runs it.

        Returns
        -------
        RandomStateManager
            It does not touch the global generators.
        """
        return self._of(self._node.current().child(_keys.check_name(name, "child"), shared))

    def state(self) -> dict[str, Any]:
        """Return the state of every stream as plain dicts, lists, numbers and strings.

        It has the streams of this manager and all below it, and, of a manager that is no child,
        the global generators of random, numpy and torch.

        Returns
        -------
        dict
            For `restore`; it can be written as JSON.
        """
        from . import _state

        return _state.take(self._node)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set every stream back to where it was when ``state`` was taken.

        Streams that did not exist then go back to their beginning. Global generators of a library
        that is not imported yet are set when it is.

        Parameters
        ----------
        state : mapping
            What `state` returned, in this process or in another one of the same rank.

        Raises
        ------
        ValueError
            If it is no such state, or one of another seed, manager, rank or worker.
        """
        from . import _state

        _state.restore(self._node, state)

    def checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write `state` to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or path
            The file; one that exists is replaced.
        """
        from . import _state

        _state.write(self.state(), path)

    @classmethod
    def from_checkpoint(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """Make a manager that goes on from a checkpoint.

        Parameters
        ----------
        path : str or path
            What `checkpoint` wrote.
        **options
            As for `RandomStateManager`, except the seed, which the file has.

        Returns
        -------
        RandomStateManager
            The global generators go on too.

        Raises
        ------
        ValueError
            If the file is no checkpoint, or one of another rank or worker.
        """
        from . import _state

        state = _state.read(path)
        manager = cls(state["seed"], **options)
        manager.restore(state)
        return manager

    def temporary_seed(self, seed: int) -> AbstractContextManager[RandomStateManager]:
        """Draw from another seed inside a ``with`` block, and leave no trace.

        Inside, ``rngg("name")`` is a stream of that seed, in this thread or task only, and the
        global generators are seeded with it, for the whole process. Afterwards everything goes on
        where it was. Generator objects taken before the block are left alone. Blocks in several
        threads wait for one another.

        Parameters
        ----------
        seed : int
            As for `RandomStateManager`.

        Returns
        -------
        context manager
            It gives the manager of that seed.
        """
        from ._state import TemporarySeed

        return TemporarySeed(self._node, _keys.check_seed(seed), self._of)

    def mark(self, name: str) -> None:
        """Note where every stream is now, for `compare`.

        Parameters
        ----------
        name : str
            Such as "epoch 1". A name may be used again.
        """
        _keys.check_name(name, "mark")
        _record.mark(self._node.root, name)

    def record(self) -> dict[str, Any]:
        """Return what a run should keep of its randomness.

        Returns
        -------
        dict
            Plain data: the seed, the algorithm, the lineage of the process, what is true of the
            hash order, which libraries were seeded, when and how, how many words each stream has
            drawn and the digest of its state, the marks, and what was verified.
        """
        return _record.record(self._node.root)

    def verify(
        self,
        obj: Any,
        name: str,
        *,
        directory: str | os.PathLike[str] | None = None,
        keep: int = 2**24,
        renew: bool = False,
    ) -> Verification:
        """Return whether a result is the same as the first time.

        The first time its fingerprint is stored in a file, with a copy of its arrays if they are
        not too large. Later it is compared with that; if it differs, the answer says how.

        Parameters
        ----------
        obj : object
            Anything `fingerprint` takes: numbers, texts, arrays, tensors, frames, figures, and
            containers of them.
        name : str
            The name under which it is stored.
        directory : str or path, optional
            Where it is stored. By default ``.scitex_repro`` in the project: in the nearest
            directory above the working directory with a ``pyproject.toml``, ``setup.py`` or
            ``.git``, or else in the working directory itself.
        keep : int, default 16777216
            The most bytes of arrays that are copied. Above it only digests are kept, one for each
            block of 1 MiB, which tell how many blocks differ but not by how much.
        renew : bool, default False
            Store this result in place of the earlier one.

        Returns
        -------
        Verification
            True if it is the same (or the first); ``print`` it to see what differs.
        """
        from ._verify import verify

        result = verify(obj, name, directory=directory, keep=keep, renew=renew)
        self._node.root.verified.append(
            {"name": name, "digest": result.digest, "same": result.same}
        )
        return result

    def worker_init_fn(self, worker_id: int) -> None:
        """Give a worker of ``torch.utils.data.DataLoader`` its own streams.

        Workers started by multiprocessing get them without it. It is for a loader that starts its
        workers in another way: ``DataLoader(..., worker_init_fn=rngg.worker_init_fn)``.

        Parameters
        ----------
        worker_id : int
            Number of the worker, as the loader passes it.
        """
        from torch.utils.data import get_worker_info

        info = get_worker_info()
        base_seed = info.seed - worker_id if info is not None else 0
        _process.enter_loader_worker(base_seed, worker_id)

    def __getattr__(self, name: str) -> Any:
        """Return a method of the manager's own Generator."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        try:
            return getattr(self.get_np_generator(), name)
        except AttributeError:
            raise AttributeError(
                f"neither {type(self).__name__} nor numpy.random.Generator has {name!r}"
            ) from None

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *dir(self.get_np_generator())})

    def __repr__(self) -> str:
        below = "".join(
            f".child({name!r}, shared=True)" if shared else f".child({name!r})"
            for name, shared in self._node.steps
        )
        return f"RandomStateManager({self.seed}){below}"

    def __reduce__(self) -> tuple[Any, ...]:
        # By reference: a worker that unpickles a manager with every task has to go on drawing
        # from one, instead of starting each task with the same numbers.
        return _referred, (self._node.root.token, self._node.seed, self._node.steps)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from . import _state

        root = Node(self._node.seed)
        _state.restore_streams(root, _state.take_streams(self._node.root))
        memo[id(self)] = copied = self._of(root.below(self._node.steps))
        return copied


def _referred(token: str, seed: int, steps: Steps) -> RandomStateManager:
    """Return the manager of this process that a pickle refers to."""
    return RandomStateManager._of(find_root(token, seed).below(steps))  # noqa: SLF001 - same module


def fix_seeds(
    seed: int = 42,
    *,
    verbose: bool = False,
    deterministic: bool = False,
    rank: int | None = None,
    modules: Mapping[str, Any] | None = None,
) -> RandomStateManager:
    """Fix the seeds of every library, now or when it is imported.

    Parameters
    ----------
    seed, verbose, deterministic, rank, modules
        As for `RandomStateManager`.

    Returns
    -------
    RandomStateManager
        For named streams with the same seed.
    """
    return RandomStateManager(
        seed, verbose=verbose, deterministic=deterministic, rank=rank, modules=modules
    )
