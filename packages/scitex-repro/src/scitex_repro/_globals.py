"""The global generators of this process, fixed now or when their library comes."""

from __future__ import annotations

import os
import sys
from _thread import RLock

from scitex_repro import _hash_order, _keys, _process
from scitex_repro._import_hook import on_import
from scitex_repro._libraries import LIBRARIES, Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from scitex_repro._libraries import Library

_EXPLICIT = frozenset({"os", *(library.name for library in LIBRARIES)})


class Globals:
    """Which seed governs this process, and what has been seeded with it."""

    def __init__(self) -> None:
        self.seed: int | None = None
        self.deterministic = False
        self.verbose = False
        self.entries: dict[str, dict[str, Any]] = {}
        self.settings: list[str] = []
        self._modules: Mapping[str, Any] = {}
        self._waiting: dict[str, Any] = {}
        self._cancels: list[Callable[[], None]] = []
        self._when = "at the start"
        self._guarded: list[object] = []
        self.lock = RLock()

    def fix(
        self,
        seed: int,
        *,
        deterministic: bool = False,
        verbose: bool = False,
        modules: Mapping[str, Any] | None = None,
        children: bool = True,
    ) -> None:
        """Seed what is loaded, and what will be, with ``seed``."""
        with self.lock:
            for cancel in self._cancels:
                cancel()
            self._cancels.clear()
            self._waiting.clear()
            self.seed, self.deterministic, self.verbose = seed, deterministic, verbose
            self.entries = {}
            self._modules = _checked(modules or {})
            self.settings = _set_environment() if deterministic else []
            if children:
                _hash_order.fix_for_children(seed)
            self._when = "at the start"
            self._seed_given()
            for library in LIBRARIES:
                self._cancels.append(on_import(library.watched, self._hook(library)))
            self._when = "on import"
        if verbose:
            self._announce()

    def _hook(self, library: Library) -> Callable[[Any], None]:
        return lambda module: self._seed(library, module)

    def _seed_given(self) -> None:
        """Seed the objects that the user handed over, unless the hook will do it."""
        for library, module in self._given():
            if module is not sys.modules.get(library.watched):
                self._seed(library, module)

    def _given(self) -> Iterator[tuple[Library, Any]]:
        for library in LIBRARIES:
            module = self._modules.get(library.name)
            if module is not None:
                # What users call np holds its generator one level down.
                yield library, module.random if library.name == "numpy" else module

    def _seed(self, library: Library, module: Any) -> None:
        if self.seed is None:
            return
        try:
            how = library.seed(module, self.number(library))
            self.entries[library.name] = {"when": self._when, "how": how}
            if self.deterministic and library.deterministic is not None:
                self.entries[library.name]["deterministic"] = library.deterministic(module)
            if library.name in self._waiting and library.restore is not None:
                library.restore(module, self._waiting.pop(library.name))
                self.entries[library.name]["restored"] = True
        except Exception as error:  # noqa: BLE001 - whatever a library raises, its import stands
            self._failed(library, error)
        if library.name == "random":
            self._stay_behind(module)
        if self.verbose and self._when == "on import":
            self._say(f"{library.name} seeded on import")

    def _failed(self, library: Library, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        self.entries[library.name] = {"when": self._when, "failed": reason}
        self._say(f"{library.name} could not be seeded: {reason}")

    def _stay_behind(self, module: Any) -> None:
        """Seed ``random`` after its own hook, which seeds it from the system in a forked child."""
        instance = getattr(module, "_inst", None)
        if instance is None or any(instance is one for one in self._guarded):
            return
        self._guarded.append(instance)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: self._seed_again(module))

    def _seed_again(self, module: Any) -> None:
        if self.seed is not None and sys.modules.get("random") is module:
            self._seed(LIBRARIES[0], module)

    def number(self, library: Library) -> Number:
        """Return what a library is seeded with in this process."""
        seed = self.seed or 0
        lineage = _process.lineage()
        if not lineage and seed < 2**32:
            return Number(seed, derived=False)
        key = _keys.digest(_keys.prefix(lineage, ()), "global", library.name)
        return Number(_keys.derived_int(seed, key), derived=True)

    def moved(self) -> None:
        """Start the generators of a process that has just learned which one it is."""
        if self.seed is None:
            return
        self.lock = RLock()
        self._waiting.clear()
        self._when = "in a worker"
        self._seed_given()
        for library, module in self.loaded():
            if all(map(_process.is_free, _locks_of(library, module))):
                self._seed(library, module)
            else:
                self.entries[library.name] = {
                    "when": self._when,
                    "failed": "a thread was drawing from it when this process was forked",
                }
        self._when = "on import"

    def loaded(self) -> Iterator[tuple[Library, Any]]:
        """Yield the libraries that are imported, with the module that has the generator."""
        for library in LIBRARIES:
            module = sys.modules.get(library.watched)
            # One that waits to be loaded lazily, or is in the middle of it, is not there yet.
            if module is not None and library.name in self.entries:
                yield library, module

    def state(self) -> dict[str, Any]:
        """Return the states of the global generators that have one."""
        return {
            library.name: library.state(module)
            for library, module in self.loaded()
            if library.state is not None and "failed" not in self.entries[library.name]
        }

    def restore(self, states: Mapping[str, Any]) -> None:
        """Put states back, now or when the library comes; one without a state starts anew."""
        with self.lock:
            present = {library.name: (library, module) for library, module in self.loaded()}
            for library, module in present.values():
                if library.name in states and library.restore is not None:
                    library.restore(module, states[library.name])
                    self.entries[library.name]["restored"] = True
                else:
                    self._seed(library, module)
            self._waiting = {name: one for name, one in states.items() if name not in present}

    def lend(self, seed: int) -> tuple[Any, ...]:
        """Seed everything with another seed for a while; return what `take_back` needs."""
        with self.lock:
            saved = self.seed, dict(self.entries), dict(self._waiting), self.state()
            self.seed, self._waiting = seed, {}
            for library, module in self.loaded():
                self._seed(library, module)
        return saved

    def take_back(self, saved: tuple[Any, ...]) -> None:
        """Let everything go on as it was before `lend`."""
        with self.lock:
            self.seed, entries, waiting, states = saved
            self.restore(states)
            # A library that came meanwhile has been seeded anew, as if it came now.
            self.entries.update(entries)
            self._waiting.update(waiting)

    def _announce(self) -> None:
        loaded = ", ".join(self.entries) or "nothing"
        later = ", ".join(one.name for one in LIBRARIES if one.name not in self.entries)
        self._say(f"seed {self.seed}: {loaded} seeded" + (f"; {later} when imported" * bool(later)))

    def _say(self, text: str) -> None:
        # Streams can be None where a program has no console.
        if sys.stderr is not None:
            sys.stderr.write(f"scitex_repro: {text}\n")


def _locks_of(library: Library, module: Any) -> tuple[Any, ...]:
    """Return the lock that a library's seeding takes, if it is one that can be asked."""
    if library.name != "numpy" or not hasattr(module, "get_bit_generator"):
        return ()
    return (module.get_bit_generator().lock,)


def _locks() -> Iterator[Any]:
    yield GLOBALS.lock
    for library, module in GLOBALS.loaded():
        yield from _locks_of(library, module)


def _checked(modules: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(modules) - _EXPLICIT)
    if unknown:
        known = ", ".join(sorted(_EXPLICIT))
        raise ValueError(f"modules: no rule to seed {unknown[0]!r}; known are {known}")
    return modules


def _set_environment() -> list[str]:
    """Set what libraries read from the environment when they start."""
    done = []
    for name, value in (("CUBLAS_WORKSPACE_CONFIG", ":4096:8"), ("TF_DETERMINISTIC_OPS", "1")):
        if os.environ.setdefault(name, value) == value:
            done.append(f"{name}={value}")
    flag = "--xla_gpu_deterministic_ops=true"
    flags = os.environ.get("XLA_FLAGS", "")
    if "--xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()
        done.append(f"XLA_FLAGS={os.environ['XLA_FLAGS']}")
    return done


GLOBALS = Globals()
_process.on_change(GLOBALS.moved)
_process.guard(_locks)


class _Inheritance:
    """What a worker that is not forked unpickles with its process object.

    It lies in the private configuration that multiprocessing hands from process to process; being
    read there, it seeds the worker before anything of the user's runs in it.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        seed = GLOBALS.seed
        return _inherit, (seed, GLOBALS.deterministic, list(_process.lineage()))


def _inherit(seed: int | None, deterministic: bool, lineage: list[str]) -> _Inheritance:
    _process.inherit(tuple(lineage))
    if seed is not None:
        GLOBALS.fix(seed, deterministic=deterministic)
    return _inheritance


_inheritance = _Inheritance()


def _hand_on(process: Any) -> None:
    config = getattr(process.current_process(), "_config", None)
    if isinstance(config, dict):
        config["scitex_repro"] = _inheritance


on_import("multiprocessing.process", _hand_on)
