"""The public API as users write it: a type checker reads this file, nothing runs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal, assert_type

import matplotlib.pyplot
import numpy as np

import scitex as stx
from scitex import session
from scitex.session import SessionManager
from scitex_dotdict import DotDict
from scitex_session import SessionError


@stx.session
def bare(data_path: str = "data.csv", threshold: float = 0.5, CONFIG: Any = stx.INJECTED) -> int:
    """The decorator without parentheses keeps the function's signature."""
    assert_type(CONFIG.ID, Any)
    return len(data_path) + int(threshold)


@stx.session(verbose=True, agg=False, notify=True, sdir_suffix="v2", seed=7, dpi_save=150)
def with_options(
    mode: Literal["fast", "exact"], path: Path, rngg: Any = stx.INJECTED
) -> list[float]:
    """The decorator with parentheses keeps it too."""
    return [float(rngg("a").normal()), len(mode), len(path.parts)]


@session
def by_the_module(n: int = 1) -> str:
    """`scitex.session` is the decorator and the namespace."""
    return str(n)


def decorated() -> None:
    """Calls of decorated functions are checked as those of the plain ones."""
    assert_type(bare("a.csv", threshold=0.1), int)
    assert_type(with_options("fast", Path("x")), list[float])
    assert_type(by_the_module(n=2), str)
    bare(threshold="high")  # type: ignore[arg-type]
    with_options("slow", Path())  # type: ignore[arg-type]


def around_lines() -> None:
    """The function interface."""
    CONFIG, sys.stdout, sys.stderr, plt, COLORS, rng = stx.session.start(
        sys, matplotlib.pyplot, fig_size_mm=(80, 60), seed=1
    )
    fig, ax = plt.subplots()
    ax.plot(rng.random(3), color=COLORS.blue)
    stx.io.save(fig, CONFIG.SDIR_RUN / "a.png")
    stx.session.close(CONFIG, message="done", exit_status=0)


def managed() -> dict[str, Any]:
    """Sessions of all processes."""
    manager = SessionManager()
    manager.create_session("a", {"x": 1}, script_path="a.py")
    manager.close_session("a", status="error", exit_code=3)
    return manager.get_session("a")


def parts() -> None:
    """The parts under their names in the umbrella."""
    manager = stx.repro.fix_seeds(3, verbose=True)
    assert_type(manager("split"), np.random.Generator)
    assert_type(stx.repro.gen_ID(), str)
    fig, _axes = stx.plt.subplots()
    stx.io.save(fig, "a.png")
    stx.io.save({"a": [1]}, Path("a.json"))
    with stx.io.saving_into("somewhere"):
        stx.io.load("a.json")


def refused() -> str:
    """Refusals are one family of exceptions."""
    try:
        return str(stx.session.run(bare))
    except SessionError as error:
        return str(error)


def configured(config: DotDict) -> object:
    """Keys read as attributes are not checked, those that are there are reached."""
    return config.EXPERIMENT.learning_rate, config["EXPERIMENT"], config.to_dict()
