"""The errors of this package; each is also the builtin error that a caller would expect."""

from __future__ import annotations


class UnknownEndingError(ValueError):
    """A file ending for which there is no format, or none in this direction."""


class UnfitObjectError(TypeError, ValueError):
    """An object that the format of the chosen ending cannot hold without loss."""


class MissingLibraryError(ImportError):
    """An optional library that the chosen ending needs is not installed."""


class UnreadableFileError(ValueError):
    """A file whose content is not what its ending says."""


class YamlError(UnreadableFileError):
    """A YAML document that does not follow the rules, in one line.

    Parameters
    ----------
    problem : str
        What is wrong, and what to do.
    name : str, optional
        The file.
    line : int, optional
        Where in it, counted from 1.
    key : str, optional
        The path of keys that leads there, joined by dots.
    """

    def __init__(
        self, problem: str, name: str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        super().__init__(problem, name, line, key)
        self.problem, self.name, self.line, self.key = problem, name, line, key

    def __str__(self) -> str:
        where = [self.name] if self.name else []
        where.append(f"line {self.line or 1}")
        if self.key:
            where.append(f"key {self.key!r}")
        return f"{', '.join(where)}: {self.problem}"
