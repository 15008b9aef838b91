"""Named streams of random and torch, and keys of jax."""

from __future__ import annotations

from . import _mersenne
from ._keys import derived_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any

    import torch


class Kind:
    """How streams of one kind are made, saved, restored and counted.

    ``seed`` is the user's seed, ``key`` what `_keys.stream_key` returns for the stream. A state
    consists of dicts, lists, str, int, float and None.
    """

    def make(self, seed: int, key: bytes) -> Any:
        """Make a stream at its beginning."""
        raise NotImplementedError

    def state(self, stream: Any) -> dict[str, Any]:
        """Return the state of a stream."""
        raise NotImplementedError

    def restore(self, stream: Any, state: Any) -> None:
        """Set the state of a stream in place."""
        raise NotImplementedError

    def position(self, stream: Any) -> _mersenne.Position:
        """Return the position of a stream that is a Mersenne Twister."""
        raise NotImplementedError

    def drawn(self, stream: Any, seed: int, key: bytes) -> int | None:
        """Count the words drawn, of 32 bits in a Mersenne Twister; None where that is unknown."""
        return _mersenne.words_drawn(self.position(self.make(seed, key)), self.position(stream))

    def restart(self, stream: Any, seed: int, key: bytes) -> None:
        """Set a stream back to its beginning in place."""
        self.restore(stream, self.state(self.make(seed, key)))


class PythonKind(_mersenne.RandomTwister, Kind):
    """``random.Random``."""

    def make(self, seed: int, key: bytes) -> random.Random:
        import random

        return random.Random(derived_int(seed, key))  # noqa: S311 - a seeded stream


class TorchKind(Kind):
    """``torch.Generator`` on one device.

    A CPU generator takes only 32 bits of a seed, so all 624 words of its state are set instead.
    """

    def __init__(self, device: str) -> None:
        self._device = device

    def make(self, seed: int, key: bytes) -> torch.Generator:
        import torch

        stream = torch.Generator(device=self._device)
        number = derived_int(seed, key)
        stream.manual_seed(number >> 192)
        if stream.device.type == "cpu":
            words = _mersenne.first_words(number)
            stream.set_state(_mersenne.with_torch_words(stream.get_state(), words))
        return stream

    def state(self, stream: Any) -> dict[str, Any]:
        return {"bytes": _mersenne.torch_state_to_text(stream.get_state())}

    def restore(self, stream: Any, state: Any) -> None:
        stream.set_state(_mersenne.torch_state_from_text(state["bytes"]))

    def position(self, stream: Any) -> _mersenne.Position:
        return _mersenne.torch_position(stream.get_state())

    def drawn(self, stream: Any, seed: int, key: bytes) -> int | None:
        """Count the 32-bit words drawn on the CPU; elsewhere return the offset of the counter."""
        if stream.device.type == "cpu":
            return super().drawn(stream, seed, key)
        return stream.get_offset() if hasattr(stream, "get_offset") else None


def jax_key(number: int, impl: str | None) -> Any:
    """Return a typed key of jax that takes as many of the 256 bits of ``number`` as it can hold."""
    import jax
    import numpy as np

    # A key made only to see its shape: it has two or four words, depending on the algorithm.
    pattern = jax.random.key_data(jax.random.key(0, impl=impl))
    words = [number >> shift & 0xFFFFFFFF for shift in range(224, -32, -32)]
    data = np.array(words[: pattern.size], np.uint32).reshape(pattern.shape)
    return jax.random.wrap_key_data(jax.numpy.asarray(data), impl=impl)
