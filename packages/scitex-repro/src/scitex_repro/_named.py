"""A stream by its name, for each kind of generator."""

from __future__ import annotations

from scitex_repro import _keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any, Self

    import numpy as np
    import torch

    from scitex_repro._tree import Node


class NamedStreams:
    """The part of `RandomStateManager` that hands out streams."""

    _node: Node

    def __call__(
        self, name: str, *, fresh: bool = False, shared: bool = False
    ) -> np.random.Generator:
        """Return the stream of this name.

        Parameters
        ----------
        name : str
            Any text but the empty one.
        fresh : bool, default False
            Put the stream back to its beginning first (in place, for all who hold it).
        shared : bool, default False
            The stream that is the same in every worker and rank.

        Returns
        -------
        numpy.random.Generator
            The same object each time.
        """
        stream: np.random.Generator = self._node.stream("numpy", name, fresh, shared)
        return stream

    def get_np_generator(
        self, name: str | None = None, *, fresh: bool = False, shared: bool = False
    ) -> np.random.Generator:
        """Return ``self(name)``, or without a name the stream of the manager's own methods."""
        stream: np.random.Generator = self._node.stream("numpy", name, fresh, shared)
        return stream

    def python(
        self, name: str | None = None, *, fresh: bool = False, shared: bool = False
    ) -> random.Random:
        """Return a stream as a `random.Random`, independent of numpy's of the same name."""
        stream: random.Random = self._node.stream("python", name, fresh, shared)
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
            The RandomState is the same object each time, going on.
        """
        if as_int:
            return self._node.number("sklearn-int", name, shared) >> 224
        stream: np.random.RandomState = self._node.stream("sklearn", name, fresh, shared)
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
        stream: torch.Generator = self._node.stream(f"torch@{device}", name, fresh, shared)
        return stream

    def get_jax_key(
        self, name: str | None = None, *, shared: bool = False, impl: str | None = None
    ) -> Any:
        """Return a key of `jax.random`, always the same for the name.

        Keys have no position: split it, or fold a counter in, as jax has it. All bits of the key
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
        from scitex_repro import _jax

        return _jax.key(self._node.number("jax", name, shared), impl)

    def child(self, name: str, *, shared: bool = False) -> Self:
        """Return a manager below this one, with streams of its own.

        Parameters
        ----------
        name : str
            Such as "fold3"; the same name gives the same object again.
        shared : bool, default False
            All streams below it are the same in every worker and rank. So
            ``rngg.child(f"task {i}", shared=True)`` gives a task its numbers whichever worker
            takes it up.

        Returns
        -------
        RandomStateManager
            It does not touch the global generators.
        """
        return self.facing(self._node.here().child(_keys.check_name(name, "child"), shared))

    @classmethod
    def facing(cls, node: Node) -> Self:
        """Return the manager of a node, always the same one."""
        if node.face is None:
            made = cls.__new__(cls)
            made._node = node  # noqa: SLF001 - this is its constructor
            node.face = made
        face: Self = node.face
        return face
