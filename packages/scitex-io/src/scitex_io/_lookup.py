"""Recognise objects of optional libraries without importing them, and import those needed."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_a(obj: object, module: str, name: str) -> bool:
    """Tell whether `obj` is an instance of ``module.name``, importing nothing.

    Parameters
    ----------
    obj : object
        Anything.
    module, name : str
        Where the class lives.

    Returns
    -------
    bool
        False if the module has not been imported: then no such object can exist.
    """
    cls = getattr(sys.modules.get(module), name, None)
    return isinstance(cls, type) and isinstance(obj, cls)


def is_frame(obj: object) -> bool:
    """Tell whether `obj` is a DataFrame or a Series of pandas."""
    return is_a(obj, "pandas", "DataFrame") or is_a(obj, "pandas", "Series")


def is_polars(obj: object) -> bool:
    """Tell whether `obj` is a DataFrame of polars."""
    return is_a(obj, "polars", "DataFrame")


def need(module: str, ending: str, extra: str = "") -> Any:
    """Import an optional library, or say how it is installed.

    Parameters
    ----------
    module : str
        The module to import.
    ending : str
        The file ending that needs it, for the message.
    extra : str, default ""
        The extra of this package that brings it; "" if the library stands for itself.

    Raises
    ------
    MissingLibraryError
        If it is not installed. An installed library that fails to import raises as it does.
    """
    from importlib import import_module

    top = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {top, module} or sys.modules.get(top) is not None:
            raise
        from scitex_io._errors import MissingLibraryError

        wanted = f"'scitex-io[{extra}]'" if extra else top
        raise MissingLibraryError(
            f"{ending} needs {top}, which is not installed: pip install {wanted}", name=top
        ) from None


def type_name(obj: object) -> str:
    """Name the type of an object as a user would: ``a dict``, ``a pandas DataFrame``."""
    cls = type(obj)
    home = cls.__module__.partition(".")[0]
    name = cls.__name__ if home in {"builtins", "__main__"} else f"{home} {cls.__name__}"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
