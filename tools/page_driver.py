"""The Python process that a page keeps from block to block; `pages.py` starts it."""

from __future__ import annotations

import doctest
import json
import linecache
import os
import sys
import traceback
from typing import Any


def serve(requests: int, replies: int) -> None:
    """Run each block that is asked for in ``__main__``, and answer with what went wrong, or "".

    Parameters
    ----------
    requests, replies : int
        Descriptors that requests are read from and answers written to, one line of JSON each.
    """
    scope = sys.modules["__main__"].__dict__
    with (
        os.fdopen(requests, encoding="utf-8") as asked,
        os.fdopen(replies, "w", encoding="utf-8") as answers,
    ):
        for line in asked:
            name, language, text = json.loads(line)
            # So that tracebacks and `inspect.getsource` find the source.
            linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
            told = _run(name, language, text, scope)
            sys.stdout.flush()
            sys.stderr.flush()
            answers.write(json.dumps(told) + "\n")
            answers.flush()


def _run(name: str, language: str, text: str, scope: dict[str, Any]) -> str:
    try:
        if language == "pycon":
            return _run_doctest(name, text, scope)
        exec(compile(text, name, "exec"), scope)  # noqa: S102 - running the page is the purpose
    except SystemExit as end:
        return "" if end.code in {None, 0} else f"SystemExit({end.code!r})\n"
    except BaseException:  # noqa: BLE001 - whatever a block raises is the answer
        return traceback.format_exc()
    return ""


def _run_doctest(name: str, text: str, scope: dict[str, Any]) -> str:
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(text, scope, name, name, 0)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
        test, out=said.append, clear_globs=False
    )
    scope.update(test.globs)
    return "".join(said)
