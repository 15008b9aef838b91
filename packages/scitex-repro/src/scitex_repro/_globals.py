"""Seed the global generators of this process: now, or when their library is imported."""

from __future__ import annotations

import os
import sys
from _thread import RLock

from . import _hash_order, _keys, _process
from ._import_hook import on_import, report
from ._libraries import LIBRARIES, Number, set_deterministic_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType
    from typing import Any

    from ._libraries import Library


class Globals:
    """Which seed governs this process, and what has been seeded with it."""

    def __init__(self) -> None:
        self.seed: int | None = None
        self.deterministic = False
        #: What was set in the environment for determinism.
        self.settings: list[str] = []
        #: For each library seen: when and how it was seeded, or why not.
        self.entries: dict[str, dict[str, Any]] = {}
        self.lock = RLock()
        self._verbose = False
        self._when = "at the start"
        self._given: Mapping[str, Any] = {}
        # States to be set when their library is imported.
        self._pending_states: dict[str, Any] = {}
        self._cancels: list[Callable[[], None]] = []

    def fix(
        self,
        seed: int,
        *,
        deterministic: bool = False,
        verbose: bool = False,
        modules: Mapping[str, Any] | None = None,
    ) -> None:
        """Seed what is loaded, and what will be, with ``seed``."""
        with self.lock:
            for cancel in self._cancels:
                cancel()
            self._cancels.clear()
            self._pending_states.clear()
            self.seed, self.deterministic, self._verbose = seed, deterministic, verbose
            self.entries = {}
            self._given = _checked(modules or {})
            self.settings = set_deterministic_environment() if deterministic else []
            _hash_order.fix_for_children(seed)
            self._when = "at the start"
            self._seed_given(self._when)
            for library in LIBRARIES:
                self._cancels.append(on_import(library.watched, self._hook(library)))
            self._when = "on import"
        if verbose:
            loaded = ", ".join(self.entries) or "nothing"
            later = ", ".join(one.name for one in LIBRARIES if one.name not in self.entries)
            rest = f"; {later} when imported" if later else ""
            report(f"seed {seed}: {loaded} seeded{rest}")

    def _hook(self, library: Library) -> Callable[[Any], None]:
        return lambda module: self._seed(library, module, self._when)

    def _seed_given(self, when: str) -> None:
        """Seed the objects that the user passed, unless the import hook will do it."""
        for library in LIBRARIES:
            given = self._given.get(library.name)
            module = None if given is None else library.module_in(given)
            if module is not None and module is not sys.modules.get(library.watched):
                self._seed(library, module, when)

    def _seed(self, library: Library, module: Any, when: str) -> None:
        if self.seed is None:
            return
        entry: dict[str, Any] = {"when": when}
        try:
            entry["how"] = library.seed(module, self.number(library))
            settings = library.make_deterministic(module) if self.deterministic else []
            if settings:
                entry["deterministic"] = settings
            if library.name in self._pending_states and library.has_state:
                library.restore(module, self._pending_states.pop(library.name))
                entry["restored"] = True
        except Exception as error:  # noqa: BLE001 - whatever a library raises, its import stands
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            entry = {"when": when, "failed": reason}
            report(f"{library.name} could not be seeded: {reason}")
        self.entries[library.name] = entry
        if self._verbose and when == "on import":
            report(f"{library.name} seeded on import")

    def number(self, library: Library) -> Number:
        """Return what a library is seeded with in this process."""
        seed = self.seed or 0
        lineage = _process.lineage()
        if not lineage and seed < 2**32:
            return Number(seed, derived=False)
        key = _keys.stream_key(_keys.path_hash(lineage, ()), "global", library.name)
        return Number(_keys.derived_int(seed, key), derived=True)

    def loaded(self) -> Iterator[tuple[Library, Any]]:
        """Yield the libraries that are imported and seeded, each with its module."""
        for library in LIBRARIES:
            module = sys.modules.get(library.watched)
            # A module that is being imported, or put off by a lazy loader, has no entry yet.
            if module is not None and library.name in self.entries:
                yield library, module

    def locks(self) -> Iterator[Any]:
        """Yield the locks that must not be held by a vanished thread in a forked child."""
        yield self.lock
        for library, module in self.loaded():
            yield from library.locks(module)

    def reseed_in_new_process(self) -> None:
        """Seed the generators of this process, whose lineage has changed."""
        if self.seed is None:
            return
        self.lock = RLock()
        self._pending_states.clear()
        when = "in a worker"
        self._seed_given(when)
        for library, module in self.loaded():
            if all(map(_process.is_free, library.locks(module))):
                self._seed(library, module, when)
            else:
                reason = "a thread was drawing from it when this process was forked"
                self.entries[library.name] = {"when": when, "failed": reason}

    def reseed_random(self, module: ModuleType) -> None:
        """Seed ``random`` again in a forked child, where it has seeded itself from the system."""
        if sys.modules.get("random") is module:
            self._seed(LIBRARIES[0], module, "in a worker")

    def state(self) -> dict[str, Any]:
        """Return the states of the global generators that have one."""
        return {
            library.name: library.state(module)
            for library, module in self.loaded()
            if library.has_state and "failed" not in self.entries[library.name]
        }

    def restore(self, states: Mapping[str, Any]) -> None:
        """Set states, now or when the library is imported; one without a state starts anew."""
        with self.lock:
            self._pending_states = dict(states)
            for library, module in self.loaded():
                state = self._pending_states.pop(library.name, None)
                if state is not None and library.has_state:
                    library.restore(module, state)
                    self.entries[library.name]["restored"] = True
                else:
                    self._seed(library, module, self.entries[library.name]["when"])

    def override(self, seed: int) -> tuple[Any, ...]:
        """Seed everything with another seed; return what `end_override` needs."""
        with self.lock:
            # Of a library that is not loaded the state is the one that waits for it.
            states = {**self._pending_states, **self.state()}
            saved = self.seed, dict(self.entries), states
            self.seed, self._pending_states = seed, {}
            for library, module in self.loaded():
                self._seed(library, module, self._when)
        return saved

    def end_override(self, saved: tuple[Any, ...]) -> None:
        """Let everything go on as it was before `override`."""
        with self.lock:
            self.seed, entries, states = saved
            # A library that was imported meanwhile is seeded as if it were imported now.
            self.restore(states)
            self.entries.update(entries)


def _checked(modules: Mapping[str, Any]) -> Mapping[str, Any]:
    # "os" is what start(os=...) of a session passes on; hash seeds are set without it.
    known = sorted({"os", *(library.name for library in LIBRARIES)})
    unknown = sorted(set(modules) - set(known))
    if unknown:
        raise ValueError(f"modules: no rule to seed {unknown[0]!r}; known are {', '.join(known)}")
    return modules


GLOBALS = Globals()
_process.on_new_lineage(GLOBALS.reseed_in_new_process)
_process.hold_before_fork(GLOBALS.locks)


def _reseed_random_after_fork(module: ModuleType) -> None:
    # At fork, hooks run in the order of their registration: this one after random's own.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: GLOBALS.reseed_random(module))


on_import("random", _reseed_random_after_fork)


class _Inheritance:
    """Seeds a worker that is not forked, by being unpickled with its process object.

    It is put into the private configuration that multiprocessing passes from process to process.
    There it is unpickled before anything of the user's runs in the worker.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _inherit, (GLOBALS.seed, GLOBALS.deterministic, list(_process.lineage()))


def _inherit(seed: int | None, deterministic: bool, lineage: list[str]) -> _Inheritance:
    _process.inherit(tuple(lineage))
    if seed is not None:
        GLOBALS.fix(seed, deterministic=deterministic)
    return _inheritance


_inheritance = _Inheritance()


def _pass_on_to_workers(process: Any) -> None:
    config = getattr(process.current_process(), "_config", None)
    if isinstance(config, dict):
        config["scitex_repro"] = _inheritance


on_import("multiprocessing.process", _pass_on_to_workers)
