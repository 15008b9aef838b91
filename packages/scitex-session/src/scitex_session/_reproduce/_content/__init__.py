"""Comparing two files by what they mean: the same bytes, the same content, or where they differ."""

from scitex_session._reproduce._content._compare import compare_files
from scitex_session._reproduce._content._result import FileResult

__all__ = ["FileResult", "compare_files"]
