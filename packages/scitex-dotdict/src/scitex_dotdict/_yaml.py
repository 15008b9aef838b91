"""Let PyYAML's safe dumper write DotDicts, without importing PyYAML."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


def register_with_yaml(cls: type[dict[Any, Any]]) -> None:
    """Have PyYAML write `cls` and its subclasses as mappings, now or when it is imported.

    PyYAML's safe dumper looks at exact types and refuses a subclass of dict that it does not know.
    """
    if "yaml" in sys.modules and hasattr(sys.modules["yaml"], "SafeDumper"):
        _register(sys.modules["yaml"], cls)
    else:
        sys.meta_path.insert(0, _WhenYamlIsImported(cls))


def _register(yaml: ModuleType, cls: type[dict[Any, Any]]) -> None:
    base = yaml.representer.SafeRepresenter
    pending = [base]
    while pending:
        dumper = pending.pop()
        pending += dumper.__subclasses__()
        # A class with registrations of its own does not see those of its base.
        if dumper is base or "yaml_multi_representers" in vars(dumper):
            dumper.add_multi_representer(cls, base.represent_dict)


class _WhenYamlIsImported:
    """A finder that adds the registration to PyYAML's own loader."""

    def __init__(self, cls: type[dict[Any, Any]]) -> None:
        self._cls = cls

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return PyYAML's spec with a loader that registers the class in the end."""
        if name != "yaml":
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                self._extend(spec.loader)
                return spec
        return None

    def _extend(self, loader: Any) -> None:
        execute = getattr(loader, "exec_module", None)
        if execute is None:  # a namespace package: a folder of the user's called "yaml"
            return

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            if hasattr(module, "SafeDumper"):
                _register(module, self._cls)

        loader.exec_module = execute_and_register
