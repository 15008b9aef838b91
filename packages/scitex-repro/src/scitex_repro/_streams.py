"""The kinds of streams: how each is made, started anew, kept, put back and counted.

Every class here has the same five functions. ``key`` is what `_keys.digest` gives for the stream;
a state is built of dicts, lists, str, int, float and None only.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from scitex_repro import _keys, _mersenne

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from typing import Any

    import numpy as np
    import torch

_MASK = 2**128 - 1
# PCG64DXSM steps its linear congruential generator with this "cheap" multiplier.
_MULTIPLIER = 0xDA942042E4DD58B5


class NumpyStream:
    """``numpy.random.Generator`` over PCG64DXSM."""

    @staticmethod
    def make(seed: int, key: bytes) -> np.random.Generator:
        from numpy.random import PCG64DXSM, Generator

        return Generator(PCG64DXSM(_keys.seed_sequence(seed, key)))

    @staticmethod
    def restart(stream: np.random.Generator, seed: int, key: bytes) -> None:
        fresh: Any = NumpyStream.make(seed, key).bit_generator
        bits: Any = stream.bit_generator
        # Unlike the `state` attribute this carries the seed sequence, which spawn() counts on.
        bits.__setstate__(fresh.__getstate__())

    @staticmethod
    def state(stream: np.random.Generator) -> dict[str, Any]:
        bits: Any = stream.bit_generator
        state: Any = bits.state
        return {
            "state": hex(state["state"]["state"]),
            "inc": hex(state["state"]["inc"]),
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
            "spawned": int(bits.seed_seq.n_children_spawned),
        }

    @staticmethod
    def restore(stream: np.random.Generator, seed: int, key: bytes, state: Any) -> None:
        from numpy.random import PCG64DXSM

        fresh: Any = PCG64DXSM(_keys.seed_sequence(seed, key, state["spawned"]))
        fresh.state = {
            "bit_generator": "PCG64DXSM",
            "state": {"state": int(state["state"], 16), "inc": int(state["inc"], 16)},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }
        bits: Any = stream.bit_generator
        bits.__setstate__(fresh.__getstate__())

    @staticmethod
    def drawn(stream: np.random.Generator, seed: int, key: bytes) -> int | None:
        """Count the 64-bit words drawn, from the two states alone."""
        first: Any = NumpyStream.make(seed, key).bit_generator.state
        last: Any = stream.bit_generator.state
        if first["state"]["inc"] != last["state"]["inc"]:
            return None
        return _lcg_distance(first["state"]["state"], last["state"]["state"], last["state"]["inc"])


def _lcg_distance(state: int, target: int, plus: int) -> int:
    """Count the steps between two states of a linear congruential generator modulo 2**128.

    F. Brown, "Random number generation with arbitrary strides" (Trans. Am. Nucl. Soc. 71, 1994),
    turned round as M. E. O'Neill does for PCG: one bit of the count is settled at a time.
    """
    multiplier, bit, count = _MULTIPLIER, 1, 0
    while state != target:
        if (state ^ target) & bit:
            state = (state * multiplier + plus) & _MASK
            count |= bit
        bit <<= 1
        plus = ((multiplier + 1) * plus) & _MASK
        multiplier = (multiplier * multiplier) & _MASK
    return count


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


class SklearnStream:
    """``numpy.random.RandomState``, which scikit-learn asks for."""

    @staticmethod
    def make(seed: int, key: bytes) -> np.random.RandomState:
        import numpy as np

        return np.random.RandomState(np.random.MT19937(_keys.seed_sequence(seed, key)))

    @staticmethod
    def restart(stream: np.random.RandomState, seed: int, key: bytes) -> None:
        stream.set_state(SklearnStream.make(seed, key).get_state(legacy=False))

    @staticmethod
    def state(stream: np.random.RandomState) -> dict[str, Any]:
        return legacy_state(stream)

    @staticmethod
    def restore(stream: np.random.RandomState, seed: int, key: bytes, state: Any) -> None:  # noqa: ARG004 - one shape for all kinds
        restore_legacy(stream, state)

    @staticmethod
    def drawn(stream: np.random.RandomState, seed: int, key: bytes) -> int | None:
        """Count the 32-bit words drawn."""
        first = legacy_state(SklearnStream.make(seed, key))
        last = legacy_state(stream)
        return _mersenne.distance(first["key"], first["position"], last["key"], last["position"])


def legacy_state(source: Any) -> dict[str, Any]:
    """Return the state of a RandomState, or of the module numpy.random."""
    state = source.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise TypeError(
            f"numpy's global generator is a {state['bit_generator']}, put there by "
            "set_bit_generator; only the MT19937 it starts with can be kept"
        )
    return {
        "key": state["state"]["key"].tolist(),
        "position": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }


def restore_legacy(target: Any, state: Any) -> None:
    """Put back what `legacy_state` returned."""
    import numpy as np

    key = np.array(state["key"], np.uint32)
    target.set_state(("MT19937", key, state["position"], state["has_gauss"], state["gauss"]))


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


KINDS: dict[str, Any] = {
    "numpy": NumpyStream,
    "python": PythonStream,
    "sklearn": SklearnStream,
    "torch": TorchStream,
}
