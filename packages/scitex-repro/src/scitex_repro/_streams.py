"""The streams of random and torch: made, started anew, kept, put back and counted.

Every class here and in `_numpy_streams` has the same five functions. ``key`` is what
`_keys.digest` gives for the stream; a state is built of dicts, lists, str, int, float and None.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from scitex_repro import _keys, _mersenne

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from typing import Any

    import torch


class PythonStream:
    """``random.Random``."""

    @staticmethod
    def make(seed: int, key: bytes) -> random.Random:
        import random

        return random.Random(_keys.derived_int(seed, key))  # noqa: S311 - a seeded stream

    @staticmethod
    def restart(stream: random.Random, seed: int, key: bytes) -> None:
        stream.seed(_keys.derived_int(seed, key))

    @staticmethod
    def state(stream: random.Random) -> dict[str, Any]:
        _, words, gauss = stream.getstate()
        return {"key": list(words[:-1]), "position": words[-1], "gauss": gauss}

    @staticmethod
    def restore(stream: random.Random, seed: int, key: bytes, state: Any) -> None:  # noqa: ARG004 - one shape for all kinds
        stream.setstate((3, (*state["key"], state["position"]), state["gauss"]))

    @staticmethod
    def drawn(stream: random.Random, seed: int, key: bytes) -> int | None:
        """Count the 32-bit words drawn."""
        words: Any = stream.getstate()[1]
        first = _mersenne.key_from(_keys.derived_int(seed, key))
        return _mersenne.distance(first, _mersenne.SIZE, words[:-1], words[-1])


class TorchStream:
    """``torch.Generator`` on any device.

    A CPU generator takes only 32 bits of a seed, so all 624 words of its state are set instead.
    """

    @staticmethod
    def make(seed: int, key: bytes, device: str = "cpu") -> torch.Generator:
        import torch

        stream = torch.Generator(device=device)
        TorchStream.restart(stream, seed, key)
        return stream

    @staticmethod
    def restart(stream: torch.Generator, seed: int, key: bytes) -> None:
        number = _keys.derived_int(seed, key)
        stream.manual_seed(number >> 192)
        if stream.device.type == "cpu":
            stream.set_state(with_key(stream.get_state(), _mersenne.key_from(number)))

    @staticmethod
    def state(stream: torch.Generator) -> dict[str, Any]:
        return {"bytes": tensor_to_text(stream.get_state())}

    @staticmethod
    def restore(stream: torch.Generator, seed: int, key: bytes, state: Any) -> None:  # noqa: ARG004 - one shape for all kinds
        stream.set_state(text_to_tensor(state["bytes"]))

    @staticmethod
    def drawn(stream: torch.Generator, seed: int, key: bytes) -> int | None:
        """Count the 32-bit words drawn on the CPU; the offset of the counter elsewhere."""
        if stream.device.type == "cpu":
            first = _mersenne.key_from(_keys.derived_int(seed, key))
            return _mersenne.distance(first, _mersenne.SIZE, *twister_of(stream.get_state()))
        return stream.get_offset() if hasattr(stream, "get_offset") else None


# The state of torch's CPU generator (legacy layout, the same since 2016): the seed (8 bytes),
# words left in the block (int32), seeded (int32), the next word (8), 624 words of 8 bytes each,
# then what normal() has put by.
_CPU_BYTES = 5056
_LEFT, _NEXT, _KEY = 8, 16, 24


def _check_layout(state: Any) -> None:
    if state.numel() != _CPU_BYTES:
        raise RuntimeError(
            f"the state of torch's CPU generator has {state.numel()} bytes, not {_CPU_BYTES}; "
            "this version of torch is not supported by this version of scitex-repro"
        )


def with_key(state: Any, words: Sequence[int]) -> Any:
    """Return a freshly seeded CPU state with other words in its twister."""
    import torch

    _check_layout(state)
    key = torch.tensor(list(words), dtype=torch.int64).view(torch.uint8)
    changed = state.clone()
    changed[_KEY : _KEY + key.numel()] = key
    return changed


def twister_of(state: Any) -> tuple[list[int], int]:
    """Return the 624 words of a CPU state, and how many of them have been drawn."""
    import torch

    _check_layout(state)
    words = state[_KEY : _KEY + 8 * _mersenne.SIZE].clone().view(torch.int64).tolist()
    left = int(state[_LEFT : _LEFT + 4].clone().view(torch.int32))
    following = int(state[_NEXT : _NEXT + 8].clone().view(torch.int64))
    # A fresh twister says "one left, the next is 0": its words have all been used up.
    return words, _mersenne.SIZE if left == 1 and following == 0 else following


def tensor_to_text(state: Any) -> str:
    """Write a tensor of bytes as text."""
    return b2a_base64(bytes(state.tolist()), newline=False).decode("ascii")


def text_to_tensor(text: str) -> Any:
    """Read what `tensor_to_text` wrote."""
    import torch

    return torch.tensor(list(a2b_base64(text)), dtype=torch.uint8)
