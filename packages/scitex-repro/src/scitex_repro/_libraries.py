"""Which global generators exist, and how each is seeded, saved, restored and counted."""

from __future__ import annotations

import os

from . import _mersenne

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Number:
    """What a library is seeded with.

    In the first process this is the user's seed itself, if every library accepts it (below 2**32);
    otherwise it is a number of 256 bits derived from the seed and the lineage.
    """

    def __init__(self, value: int, derived: bool) -> None:
        self.value = value
        self.derived = derived

    def __str__(self) -> str:
        return "<derived from the seed and the lineage>" if self.derived else str(self.value)

    def below(self, bits: int) -> int:
        """Return it with at most so many bits."""
        return self.value >> (256 - bits) if self.derived else self.value

    def for_numpy(self) -> int | list[int]:
        """Return it as numpy takes it: as eight words of 32 bits if it is too large for one."""
        if not self.derived:
            return self.value
        return [self.value >> shift & 0xFFFFFFFF for shift in range(224, -32, -32)]


class Library:
    """A library with a global generator; ``module`` is always the module that holds it."""

    #: Its name in records, and in the ``modules`` that users pass.
    name: str
    #: The full name of the module whose import is waited for.
    watched: str
    #: Whether its generator, a Mersenne Twister, can be saved, restored and counted.
    has_state = False

    def module_in(self, given: Any) -> Any:
        """Return the module that holds the generator, of the object that a user passed."""
        return given

    def seed(self, module: Any, number: Number) -> str:
        """Seed the generator; return the call as it is written into the record."""
        raise NotImplementedError

    def make_deterministic(self, module: Any) -> list[str]:  # noqa: ARG002 - most have nothing
        """Ask for deterministic algorithms; return the settings made."""
        return []

    def locks(self, module: Any) -> tuple[Any, ...]:  # noqa: ARG002 - most have none
        """Return the locks that seeding takes."""
        return ()

    def state(self, module: Any) -> dict[str, Any]:
        """Return the state as plain data."""
        raise NotImplementedError

    def restore(self, module: Any, state: Any) -> None:
        """Set a state."""
        raise NotImplementedError

    def position(self, module: Any) -> _mersenne.Position:
        """Return the position of a Mersenne Twister."""
        raise NotImplementedError

    def first_position(self, module: Any, number: Number) -> _mersenne.Position:
        """Return the position of a Mersenne Twister just seeded with ``number``."""
        raise NotImplementedError

    def drawn(self, module: Any, number: Number) -> int | None:
        """Count the 32-bit words drawn since the generator was seeded with ``number``."""
        return _mersenne.words_drawn(self.first_position(module, number), self.position(module))


class _Random(_mersenne.RandomTwister, Library):
    name = watched = "random"
    has_state = True

    def seed(self, module: Any, number: Number) -> str:
        module.seed(number.value)
        return f"random.seed({number})"

    def first_position(self, module: Any, number: Number) -> _mersenne.Position:
        return self.position(module.Random(number.value))


class _Numpy(_mersenne.NumpyTwister, Library):
    name = "numpy"
    # Since 2.4 numpy imports its random numbers only when they are used.
    watched = "numpy.random"
    has_state = True

    def module_in(self, given: Any) -> Any:
        return given.random

    def seed(self, module: Any, number: Number) -> str:
        module.seed(number.for_numpy())
        return f"numpy.random.seed({number})"

    def locks(self, module: Any) -> tuple[Any, ...]:
        return (module.get_bit_generator().lock,) if hasattr(module, "get_bit_generator") else ()

    def first_position(self, module: Any, number: Number) -> _mersenne.Position:
        return self.position(module.RandomState(number.for_numpy()))


class _Torch(Library):
    name = watched = "torch"
    has_state = True

    def seed(self, module: Any, number: Number) -> str:
        module.manual_seed(number.below(64))
        if number.derived:
            # The CPU generator has kept 32 bits of that; two of many workers could have met.
            words = _mersenne.first_words(number.value)
            module.set_rng_state(_mersenne.with_torch_words(module.get_rng_state(), words))
        return f"torch.manual_seed({number})"

    def make_deterministic(self, module: Any) -> list[str]:
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

    def state(self, module: Any) -> dict[str, Any]:
        write = _mersenne.torch_state_to_text
        state: dict[str, Any] = {"cpu": write(module.get_rng_state())}
        cuda = getattr(module, "cuda", None)
        if cuda is not None and cuda.is_available() and cuda.is_initialized():
            state["cuda"] = [write(one) for one in cuda.get_rng_state_all()]
        mps = getattr(module, "mps", None)
        if mps is not None and module.backends.mps.is_available():
            state["mps"] = [write(mps.get_rng_state())]
        return state

    def restore(self, module: Any, state: Any) -> None:
        read = _mersenne.torch_state_from_text
        module.set_rng_state(read(state["cpu"]))
        # A device that has not been used yet is set all the same.
        if "cuda" in state:
            module.cuda.set_rng_state_all([read(one) for one in state["cuda"]])
        if "mps" in state:
            module.mps.set_rng_state(read(state["mps"][0]))

    def position(self, module: Any) -> _mersenne.Position:
        return _mersenne.torch_position(module.get_rng_state())

    def first_position(self, module: Any, number: Number) -> _mersenne.Position:
        if number.derived:
            return _mersenne.first_words(number.value), _mersenne.SIZE
        fresh = module.Generator().manual_seed(number.value)
        return _mersenne.torch_position(fresh.get_state())


class _Tensorflow(Library):
    name = watched = "tensorflow"

    def seed(self, module: Any, number: Number) -> str:
        module.random.set_seed(number.below(63))
        return f"tensorflow.random.set_seed({number})"

    def make_deterministic(self, module: Any) -> list[str]:
        module.config.experimental.enable_op_determinism()
        return ["tensorflow.config.experimental.enable_op_determinism()"]


class _Jax(Library):
    name = watched = "jax"

    def seed(self, module: Any, number: Number) -> str:  # noqa: ARG002 - jax has nothing to seed
        return "no global generator; the manager's get_jax_key() is the default key"


class _Cupy(Library):
    name = watched = "cupy"

    def seed(self, module: Any, number: Number) -> str:
        module.random.seed(number.below(32))
        return f"cupy.random.seed({number})"


LIBRARIES = (_Random(), _Numpy(), _Torch(), _Tensorflow(), _Jax(), _Cupy())


def set_deterministic_environment() -> list[str]:
    """Set what libraries read from the environment when they start; return what was set."""
    done = []
    for name, value in (("CUBLAS_WORKSPACE_CONFIG", ":4096:8"), ("TF_DETERMINISTIC_OPS", "1")):
        if os.environ.setdefault(name, value) == value:
            done.append(f"{name}={value}")
    flags = os.environ.get("XLA_FLAGS", "")
    if "--xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
        done.append(f"XLA_FLAGS={os.environ['XLA_FLAGS']}")
    return done
