"""Where runs are: the registry of output directories, the walk over them, and the query index.

A session imports this package for `register` alone, so nothing else is imported here.
"""

from ._registry import register

__all__ = ["register"]
