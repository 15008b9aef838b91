"""The catalogue: where runs are, what the index knows of them, archives and the trash.

A session imports this package for `register` alone, so nothing else is imported here.
"""

from ._registry import register

__all__ = ["register"]
