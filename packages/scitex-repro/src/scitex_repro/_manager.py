"""One seed, and as many independent streams as a script has names for."""

from __future__ import annotations

from scitex_repro import _keys, _process, _record
from scitex_repro._globals import GLOBALS
from scitex_repro._named import NamedStreams
from scitex_repro._tree import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, Self

    from scitex_repro._temporary import TemporarySeed
    from scitex_repro._tree import Steps
    from scitex_repro._verify import Verification


class RandomStateManager(NamedStreams):
    """Named random streams that depend on the seed and the name, and on nothing else.

    ``rngg("init")`` is a `numpy.random.Generator`, the same one each time, going on. Adding,
    removing or reordering streams changes no other stream. Every method of a Generator works on
    the manager too (``rngg.random(3)``), and draws from a stream of its own.

    Making a manager also fixes the global generators of random, numpy, torch (with CUDA and MPS),
    tensorflow and cupy: at once where the library is loaded, otherwise at the moment it is
    imported. No library is imported for it, not even numpy before the first draw. Children get
    ``PYTHONHASHSEED``.

    In a worker process or in a rank other than 0 each stream starts at a place of its own, which
    depends on the seed, the name and the place of that process; ``shared=True`` leaves the
    process out, for what must be alike everywhere, such as a split of the data.

    Parameters
    ----------
    seed : int, default 42
        At least 0 and below 2**128. Below 2**32 the libraries get this number itself.
    deterministic : bool, default False
        Also ask the libraries for deterministic algorithms
        (``torch.use_deterministic_algorithms``, cuDNN, cuBLAS, XLA, TensorFlow), which can be slow
        and makes operations without such an algorithm fail.
    verbose : bool, default False
        Say on stderr what is seeded, and when.
    rank : int, optional
        Which of several cooperating processes this is. By default as torchrun, MPI or Slurm say
        in the environment. Counts for the whole process.
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
        self._node.face = self
        GLOBALS.fix(number, deterministic=deterministic, verbose=verbose, modules=modules)

    @property
    def seed(self) -> int:
        """The seed, as it was given."""
        return self._node.seed

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the child managers from the first manager down to this one."""
        return tuple(name for name, _ in self._node.steps)

    def state(self) -> dict[str, Any]:
        """Return where every stream stands, in plain dicts, lists, numbers and texts.

        It has the streams of this manager and all below it, and, of a manager that is no child,
        the global generators of random, numpy and torch.

        Returns
        -------
        dict
            For `restore`; it can be written as JSON.
        """
        from scitex_repro import _state

        return _state.take(self._node)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to where everything stood when ``state`` was taken.

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
        from scitex_repro import _state

        _state.put_back(self._node, state)

    def checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write `state` to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or path
            The file; one that exists is replaced.
        """
        from scitex_repro import _state

        _state.write(self.state(), path)

    @classmethod
    def from_checkpoint(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """Make a manager that goes on from a checkpoint.

        Parameters
        ----------
        path : str or path
            What `checkpoint` wrote.
        **options
            As for `RandomStateManager`, but for the seed, which the file has.

        Returns
        -------
        RandomStateManager
            The global generators go on too.

        Raises
        ------
        ValueError
            If the file is no checkpoint, or one of another rank or worker.
        """
        from scitex_repro import _state

        state = _state.read(path)
        manager = cls(state["seed"], **options)
        manager.restore(state)
        return manager

    def temporary_seed(self, seed: int) -> TemporarySeed:
        """Draw from another seed inside a ``with`` block, and leave no trace.

        Inside, ``rngg("name")`` is a stream of that seed, in this thread or task only, and the
        global generators are seeded with it, for the whole process. Afterwards everything goes on
        where it stood. Generator objects taken before the block are left alone. Blocks in several
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
        from scitex_repro._temporary import TemporarySeed

        return TemporarySeed(self._node, self.facing, _keys.check_seed(seed))

    def mark(self, name: str) -> None:
        """Note where every stream stands now, for `compare`.

        Parameters
        ----------
        name : str
            Such as "epoch 1". A name may come again.
        """
        _keys.check_name(name, "mark")
        _record.mark(self._node.root, name)

    def record(self) -> dict[str, Any]:
        """Return what is to be kept of a run's randomness.

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
        """Tell whether a result is the same as the first time.

        The first time its fingerprint is remembered in a file, with a copy of its arrays if they
        are not too large; later it is compared, and if it differs, so is said how.

        Parameters
        ----------
        obj : object
            Anything `fingerprint` takes: numbers, texts, arrays, tensors, frames, figures, and
            containers of them.
        name : str
            What it is remembered by.
        directory : str or path, optional
            Where it is remembered. By default ``.scitex_repro`` in the project: in the nearest
            directory above the working directory with a ``pyproject.toml``, ``setup.py`` or
            ``.git``, or else in the working directory itself.
        keep : int, default 16777216
            The most bytes of arrays that are copied. Above it only digests are kept, one for each
            block of 1 MiB, which tell how many blocks differ but not by how much.
        renew : bool, default False
            Remember this result in place of the earlier one.

        Returns
        -------
        Verification
            True if it is the same (or the first); ``print`` it to see what differs.
        """
        from scitex_repro._verify import verify

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
            Number of the worker, as the loader gives it.
        """
        from torch.utils.data import get_worker_info

        info = get_worker_info()
        base_seed = info.seed - worker_id if info is not None else 0
        _process.enter_loader(base_seed, worker_id)

    def __getattr__(self, name: str) -> Any:
        """Look a method of the manager's own Generator up."""
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
        # from one, not to start each task with the same numbers.
        return _referred, (self._node.root.token, self._node.seed, self._node.steps)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from scitex_repro import _state

        copied = Node(self._node.seed)
        _state.put_back_streams(copied, _state.take_streams(self._node.root))
        memo[id(self)] = face = self.facing(copied.below(self._node.steps))
        return face


def _referred(token: str, seed: int, steps: Steps) -> RandomStateManager:
    """Return the manager of this process that a pickled one stands for."""
    return RandomStateManager.facing(Node.referred(token, seed).below(steps))


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
