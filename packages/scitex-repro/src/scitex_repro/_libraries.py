"""The global generators of the libraries: how each is seeded, kept, put back and counted.

``number`` is what a library is seeded with: the user's seed itself in the first process, if
every library takes it (below 2**32), or else a number of 256 bits derived from the seed and the
lineage. ``derived`` tells which.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Number:
    """What a library is seeded with."""

    def __init__(self, value: int, derived: bool) -> None:
        self.value = value
        self.derived = derived

    def below(self, bits: int) -> int:
        """Return it with at most so many bits."""
        return self.value >> (256 - bits) if self.derived else self.value

    def words(self) -> list[int]:
        """Return it as eight words of 32 bits."""
        return [self.value >> shift & 0xFFFFFFFF for shift in range(224, -32, -32)]


class Library:
    """One library; the functions take its module first.

    Parameters
    ----------
    name : str
        Name in records.
    watched : str
        The module whose import is waited for.
    seed, deterministic, state, restore, drawn : callable or None
        What can be done with its global generator; None where it cannot.
    """

    def __init__(
        self,
        name: str,
        watched: str,
        seed: Callable[[Any, Number], str],
        *,
        deterministic: Callable[[Any], list[str]] | None = None,
        state: Callable[[Any], Any] | None = None,
        restore: Callable[[Any, Any], None] | None = None,
        drawn: Callable[[Any, Number], int | None] | None = None,
    ) -> None:
        self.name = name
        self.watched = watched
        self.seed = seed
        self.deterministic = deterministic
        self.state = state
        self.restore = restore
        self.drawn = drawn


def _seed_random(module: Any, number: Number) -> str:
    module.seed(number.value)
    return f"random.seed({_shown(number)})"


def _random_state(module: Any) -> dict[str, Any]:
    from scitex_repro._streams import PythonStream

    return PythonStream.state(module)


def _restore_random(module: Any, state: Any) -> None:
    from scitex_repro._streams import PythonStream

    PythonStream.restore(module, 0, b"", state)


def _random_drawn(module: Any, number: Number) -> int | None:
    from scitex_repro import _mersenne

    first = _mersenne.key_from(number.value)
    words = module.getstate()[1]
    return _mersenne.distance(first, _mersenne.SIZE, words[:-1], words[-1])


def _seed_numpy(module: Any, number: Number) -> str:
    module.seed(number.words() if number.derived else number.value)
    return f"numpy.random.seed({_shown(number)})"


def _numpy_state(module: Any) -> dict[str, Any]:
    from scitex_repro._numpy_streams import legacy_state

    return legacy_state(module)


def _restore_numpy(module: Any, state: Any) -> None:
    from scitex_repro._numpy_streams import restore_legacy

    restore_legacy(module, state)


def _numpy_drawn(module: Any, number: Number) -> int | None:
    from scitex_repro import _mersenne

    fresh = module.RandomState(number.words() if number.derived else number.value)
    first, last = _numpy_state(fresh), _numpy_state(module)
    return _mersenne.distance(first["key"], first["position"], last["key"], last["position"])


def _seed_torch(module: Any, number: Number) -> str:
    module.manual_seed(number.below(64))
    if number.derived:
        # The CPU generator has kept 32 bits of that; two of many workers could have met.
        from scitex_repro import _mersenne, _streams

        key = _mersenne.key_from(number.value)
        module.set_rng_state(_streams.with_key(module.get_rng_state(), key))
    return f"torch.manual_seed({_shown(number)})"


def _torch_accelerators(module: Any) -> list[tuple[str, Any]]:
    """Return the parts of torch that have generators of their own, if they are in use."""
    found = []
    cuda = getattr(module, "cuda", None)
    if cuda is not None and cuda.is_available() and cuda.is_initialized():
        found.append(("cuda", cuda))
    mps = getattr(module, "mps", None)
    if mps is not None and module.backends.mps.is_available():
        found.append(("mps", mps))
    return found


def _torch_state(module: Any) -> dict[str, Any]:
    from scitex_repro._streams import tensor_to_text

    state: dict[str, Any] = {"cpu": tensor_to_text(module.get_rng_state())}
    for name, part in _torch_accelerators(module):
        states = part.get_rng_state_all() if name == "cuda" else [part.get_rng_state()]
        state[name] = [tensor_to_text(one) for one in states]
    return state


def _restore_torch(module: Any, state: Any) -> None:
    from scitex_repro._streams import text_to_tensor

    module.set_rng_state(text_to_tensor(state["cpu"]))
    # Not by _torch_accelerators: a device that has not been used yet is set all the same.
    if "cuda" in state:
        module.cuda.set_rng_state_all([text_to_tensor(one) for one in state["cuda"]])
    if "mps" in state:
        module.mps.set_rng_state(text_to_tensor(state["mps"][0]))


def _torch_drawn(module: Any, number: Number) -> int | None:
    from scitex_repro import _mersenne, _streams

    if number.derived:
        first = _mersenne.key_from(number.value)
    else:
        fresh = module.Generator().manual_seed(number.value)
        first = _streams.twister_of(fresh.get_state())[0]
    return _mersenne.distance(first, _mersenne.SIZE, *_streams.twister_of(module.get_rng_state()))


def _torch_deterministic(module: Any) -> list[str]:
    module.use_deterministic_algorithms(True)
    module.backends.cudnn.deterministic = True
    module.backends.cudnn.benchmark = False
    done = [
        "torch.use_deterministic_algorithms(True)",
        "torch.backends.cudnn.deterministic = True",
        "torch.backends.cudnn.benchmark = False",
    ]
    cuda = getattr(module, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        done.append("CUBLAS_WORKSPACE_CONFIG perhaps too late: CUDA was in use already")
    return done


def _seed_tensorflow(module: Any, number: Number) -> str:
    module.random.set_seed(number.below(63))
    return f"tensorflow.random.set_seed({_shown(number)})"


def _tensorflow_deterministic(module: Any) -> list[str]:
    module.config.experimental.enable_op_determinism()
    return ["tensorflow.config.experimental.enable_op_determinism()"]


def _seed_jax(module: Any, number: Number) -> str:  # noqa: ARG001 - jax has nothing to seed
    return "no global generator; the manager's get_jax_key() is the default key"


def _seed_cupy(module: Any, number: Number) -> str:
    module.random.seed(number.below(32))
    return f"cupy.random.seed({_shown(number)})"


def _shown(number: Number) -> str:
    return "<derived from the seed and the lineage>" if number.derived else str(number.value)


LIBRARIES: tuple[Library, ...] = (
    Library(
        "random",
        "random",
        _seed_random,
        state=_random_state,
        restore=_restore_random,
        drawn=_random_drawn,
    ),
    # Not "numpy": since 2.4 that one does not import its random numbers until they are used.
    Library(
        "numpy",
        "numpy.random",
        _seed_numpy,
        state=_numpy_state,
        restore=_restore_numpy,
        drawn=_numpy_drawn,
    ),
    Library(
        "torch",
        "torch",
        _seed_torch,
        deterministic=_torch_deterministic,
        state=_torch_state,
        restore=_restore_torch,
        drawn=_torch_drawn,
    ),
    Library("tensorflow", "tensorflow", _seed_tensorflow, deterministic=_tensorflow_deterministic),
    Library("jax", "jax", _seed_jax),
    Library("cupy", "cupy", _seed_cupy),
)
