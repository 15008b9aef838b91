"""From a function's signature to its command line."""

from ._command import Command

__all__ = ["Command"]
