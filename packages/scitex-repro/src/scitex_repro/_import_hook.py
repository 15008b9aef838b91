"""Run code when a module is imported, and not before."""

from __future__ import annotations

import sys
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Hook = Callable[[ModuleType], object]

_lock = RLock()


def on_import(name: str, hook: Hook) -> Callable[[], None]:
    """Run ``hook(module)`` whenever the module called ``name`` is executed.

    If the module is already there, the hook runs at once. Otherwise it runs at the end of the
    import, before the importing statement goes on, however the module is imported
    (``import torch``, ``from torch import nn``, a lazy loader when it loads). A reload runs it
    again, since a reloaded module is a new one. An import that fails runs no hook and raises
    what it would have raised. Nothing is imported for the hook's sake.

    Parameters
    ----------
    name : str
        Full name of the module, such as ``"numpy.random"``.
    hook : callable
        Called with the module. An error in it is reported in one line on stderr and does not
        fail the import.

    Returns
    -------
    callable
        Call it without arguments to remove the hook.
    """
    with _lock:
        _finder.hooks.setdefault(name, []).append(hook)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        module = sys.modules.get(name)
        unfinished = module is not None and _is_initializing(module)
        if unfinished:
            _finder.unfinished.append(name)
    if module is not None and _is_lazy(module):
        _watch(object.__getattribute__(module, "__spec__"))
    elif module is not None and not unfinished:
        _call(hook, module)

    def cancel() -> None:
        with _lock:
            hooks = _finder.hooks.get(name, [])
            if hook in hooks:
                hooks.remove(hook)
            if not hooks:
                _finder.hooks.pop(name, None)
            if not _finder.hooks and _finder in sys.meta_path:
                sys.meta_path.remove(_finder)

    return cancel


class _Finder:
    """Comes first in ``sys.meta_path`` and asks the others about the names that have hooks."""

    def __init__(self) -> None:
        self.hooks: dict[str, list[Hook]] = {}
        # Modules that were half imported when their hook came: their loader is not ours.
        self.unfinished: list[str] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self.unfinished:
            self._check_unfinished()
        if name not in self.hooks:
            return None
        finders = list(sys.meta_path)
        # Those in front of this one have declined already, or are in the middle of asking.
        others = finders[finders.index(self) + 1 :] if self in finders else finders
        for finder in others:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                _watch(spec)
                return spec
        return None

    def _check_unfinished(self) -> None:
        with _lock:
            for name in list(self.unfinished):
                module = sys.modules.get(name)
                if module is None or not _is_initializing(module):
                    self.unfinished.remove(name)
                    if module is not None:
                        self.run_hooks(name, module)

    def run_hooks(self, name: str, module: ModuleType) -> None:
        for hook in list(self.hooks.get(name, ())):
            _call(hook, module)


class _Loader:
    """Delegates to the true loader, and runs the hooks once the module has been executed.

    There is one for each spec. The true loader is never changed in place: it may be a class
    (built-in and frozen modules) or serve a whole zip file.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        # Code that looks a spec up without importing it may ask what kind of loader it has.
        return type(self._loader)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        module: ModuleType | None = create(spec) if create is not None else None
        return module

    def exec_module(self, module: ModuleType) -> None:
        # From here on the module must look as if there were no hooks.
        loader = self._loader
        spec: Any = module.__spec__
        if spec is not None and type(spec.loader) is _Loader:
            spec.loader = loader
        if module.__dict__.get("__loader__") is self:
            module.__loader__ = loader
        loader.exec_module(module)
        if _is_lazy(module):
            # Python 3.11 sets this class before it executes the module, later versions afterwards;
            # with it, a hook that touches the module would start the execution once more.
            object.__setattr__(module, "__class__", type(sys))
        if spec is not None:
            # A module may replace itself in sys.modules while it is imported.
            _finder.run_hooks(spec.name, sys.modules.get(spec.name, module))


_finder = _Finder()


def _watch(spec: Any) -> None:
    """Have the hooks run when the module of this spec is executed."""
    if type(spec.loader) is not _Loader and hasattr(spec.loader, "exec_module"):
        spec.loader = _Loader(spec.loader)


def _call(hook: Hook, module: ModuleType) -> None:
    try:
        hook(module)
    except Exception as error:  # noqa: BLE001 - the import must not fail for it
        name = getattr(module, "__name__", module)
        report(f"a hook on the import of {name} failed: {type(error).__name__}: {error}")


def report(text: str) -> None:
    """Write one line to stderr."""
    # A program without a console has no stderr.
    if sys.stderr is not None:
        sys.stderr.write(f"scitex_repro: {text}\n")


def _is_initializing(module: ModuleType) -> bool:
    if _is_lazy(module):
        return False
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _is_lazy(module: ModuleType) -> bool:
    """Return whether ``importlib.util.LazyLoader`` put the import off; touching it loads it."""
    return type(module).__name__ == "_LazyModule"
