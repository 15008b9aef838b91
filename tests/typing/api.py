"""The public API as users write it, for a type checker; it is never run.

Each comment that ignores an error is a promise that the type checker finds that error.
"""
# ruff: noqa: T201 - scripts print

import sys
from logging import Logger
from pathlib import Path
from typing import assert_type

import matplotlib.pyplot as real_pyplot
import numpy as np

import scitex as stx
import scitex.io
import scitex.plt
import scitex.repro
import scitex.session
import scitex_io
import scitex_plt_style
import scitex_repro
import scitex_session
import scitex_tee
from scitex import INJECTED, io, plt, repro, session
from scitex.session import INJECTED as INJECTED_TOO
from scitex.session import SessionManager, close, start
from scitex_dotdict import DotDict


@stx.session
def main(
    data_path: str = "data.csv",
    threshold: float = 0.5,
    CONFIG: DotDict = stx.INJECTED,
    rngg: scitex_repro.RandomStateManager = stx.INJECTED,
    logger: Logger = stx.INJECTED,
) -> int:
    """Analyze."""
    data = stx.io.load(data_path)
    stx.io.save(data, "output.csv")
    stx.io.save(data, Path("output.csv"))
    logger.info("%s %s", CONFIG.MODEL.hidden_size, CONFIG["ID"])
    noise: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = rngg("noise").normal(size=3)
    return int(noise[0] > threshold)


assert_type(main(), int)
assert_type(main("x.csv", threshold=0.3), int)
main(treshold=0.3)  # type: ignore[call-arg]
main(threshold="high")  # type: ignore[arg-type]


@stx.session(verbose=True, notify=True, sdir_suffix="v2", seed=7, fig_size_mm=(80, 60))
def with_options(count: int, *, name: str | None = None) -> list[str]:
    """Count."""
    return [name or ""] * count


assert_type(with_options(3), list[str])
stx.session(verbose="yes")  # type: ignore[call-overload]


@session
def by_name(CONFIG: DotDict = INJECTED) -> None:
    """Use the name imported from the umbrella."""
    print(CONFIG.ARGS)


@scitex_session.session
def from_the_package(CONFIG: DotDict = INJECTED_TOO) -> None:
    """Use the package below the umbrella."""
    print(CONFIG.ARGS)


@scitex_session.session(agg=False)
def from_the_package_with_options(CONFIG: DotDict = scitex_session.INJECTED) -> None:
    """Use the package below the umbrella, with options."""
    print(CONFIG.ARGS)


def by_hand() -> None:
    """Open and close a session without the decorator."""
    CONFIG, sys.stdout, sys.stderr, pyplot, COLORS, rng = session.start(sys, real_pyplot)
    pyplot.subplots()
    print(COLORS.blue, COLORS["red"], rng.random((10, 10)))
    stx.session.close(CONFIG, message="done", exit_status=0)
    CONFIG = scitex.session.running2finished(CONFIG, exit_status=0)
    stx.session.start(sys, seeed=1)  # type: ignore[call-arg]
    start(sys, agg=True, fig_size_mm=(80, 60), alpha=0.5)
    close(CONFIG)


def function(arguments: object) -> int:
    """Take parsed arguments."""
    return hash(arguments)


stx.session.run(function, lambda: None, seed=1)
manager = SessionManager()
manager.create_session("id", {}, script_path=None)
for name, about in stx.session.SessionManager().list_sessions().items():
    print(name, about)
try:
    stx.session.record_input("data.csv")
except (stx.session.ConfigError, scitex_session.UsageError) as error:
    raise stx.session.SessionError("no") from error


def the_rest() -> None:
    """Use each of the other rooms by itself."""
    fig, ax = stx.plt.subplots()
    ax.plot([1, 2], color=scitex_plt_style.COLORS.blue)
    stx.plt.subplts()  # type: ignore[attr-defined]
    plt.close(fig)
    scitex.plt.figure()
    scitex_plt_style.COLORS.bleu  # type: ignore[attr-defined]  # noqa: B018 - the error is the point
    pyplot, colors = scitex_plt_style.configure_mpl(real_pyplot, fontsize="small", alpha=0.9)
    lazy = scitex_plt_style.lazy_pyplot(agg=True, fig_scale=2.0)
    lazy.figure()
    scitex_plt_style.lazy_pyplot(fig_size=(1, 2))  # type: ignore[call-arg]
    print(pyplot.rcParams, colors.get("red"))

    assert_type(stx.repro.fix_seeds(42), scitex_repro.RandomStateManager)
    print(repro.gen_ID(N=6), scitex.repro.hash_array(np.zeros(3)), stx.__version__)

    with scitex_io.saving_into("results"):
        io.save({"a": 1}, "a.json")
    scitex.io.save({"a": 1}, "a.json")

    out, err = scitex_tee.tee(sys)
    print("x", file=out)
    print("x", file=err)

    tree = DotDict({"a": {"b": 1}})
    tree.a.c = 2
    assert_type(tree.copy() | {"d": 3}, DotDict)
    assert_type(tree.freeze(), DotDict)
    tree.update({"x": 1}, y=2)
    print(tree.to_dict()["a"], tree.items())
