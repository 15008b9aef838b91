"""Save and load by file ending, atomically, with the data of every figure beside it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import (
        MissingLibraryError,
        UnfitObjectError,
        UnknownEndingError,
        UnreadableFileError,
        YamlError,
    )
    from ._figure._table import figure_data
    from ._load import load
    from ._plain import describe, to_plain
    from ._save import save
    from ._stamp import read_stamp
    from ._target import saving_into
    from ._yaml_reader import parse_yaml
    from ._yaml_writer import dump_yaml

    __version__: str

__all__ = [
    "MissingLibraryError",
    "UnfitObjectError",
    "UnknownEndingError",
    "UnreadableFileError",
    "YamlError",
    "describe",
    "dump_yaml",
    "figure_data",
    "load",
    "parse_yaml",
    "read_stamp",
    "save",
    "saving_into",
    "to_plain",
]

_HOMES = {
    "MissingLibraryError": "_errors",
    "UnfitObjectError": "_errors",
    "UnknownEndingError": "_errors",
    "UnreadableFileError": "_errors",
    "YamlError": "_errors",
    "describe": "_plain",
    "dump_yaml": "_yaml_writer",
    "figure_data": "_figure._table",
    "load": "_load",
    "parse_yaml": "_yaml_reader",
    "read_stamp": "_stamp",
    "save": "_save",
    "saving_into": "_target",
    "to_plain": "_plain",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("scitex-io")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(__import__(f"{__name__}.{_HOMES[name]}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
