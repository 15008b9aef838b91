"""What it costs to begin: importing, `--help`, a run that needs nothing, and the disk.

Run it alone: ``python tests/benchmarks/bench_start_up.py``. Candidates are started in turn, round
after round, each in a process of its own, and the medians are printed.
"""

import subprocess
import sys
import tempfile
import time
from importlib.metadata import distribution
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROUNDS = 41
IMPORT_LIMIT_MS = 15
HELP_LIMIT = 1.1
DISTRIBUTIONS_LIMIT = 22
SIZE_LIMIT_MB = 160
LARGE = ("numpy", "matplotlib")

OURS = """\
from scitex_session import session

@session
def main({parameters}):
    \"\"\"Do something.

    Parameters
    ----------
    path : str
        What to read.
    threshold : float
        What to exceed.
    \"\"\"
    {body}

if __name__ == "__main__":
    main()
"""
TYRO = """\
import tyro

def main({parameters}):
    \"\"\"Do something.

    Parameters
    ----------
    path : str
        What to read.
    threshold : float
        What to exceed.
    \"\"\"

if __name__ == "__main__":
    tyro.cli(main)
"""
PARAMETERS = 'path: str = "data.csv", threshold: float = 0.5'
MODULES = "print(*sorted({'tyro', 'numpy', 'matplotlib', 'yaml'} & set(__import__('sys').modules)))"


def milliseconds(candidates, cwd, rounds=ROUNDS):
    """Give {name: median wall time in ms} of commands that are run A B C A B C."""
    times = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, argv in candidates.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *argv], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
            if turn:  # the first round fills the caches
                times[name].append(1e3 * (time.perf_counter() - began))
    return {name: median(values) for name, values in times.items()}


def imports(cwd):
    """Print what each import adds to a bare interpreter."""
    names = ["scitex_session", "scitex", "scitex_dotdict", "scitex_repro", "scitex_tee"]
    names += ["scitex_plt_style", "scitex_io", "platformdirs", "yaml", "tyro", "rich.console"]
    names += ["numpy", "matplotlib.pyplot"]
    candidates = {"bare": ["-c", "pass"]}
    candidates |= {name: ["-c", f"import {name}"] for name in names}
    taken = milliseconds(candidates, cwd, rounds=21)
    print(f"bare interpreter {taken['bare']:.1f} ms; imports on top of it:")
    for name in names:
        limit = f"  (at most {IMPORT_LIMIT_MS})" if name == "scitex_session" else ""
        print(f"  {name:20}{taken[name] - taken['bare']:8.1f} ms{limit}")


def help_text(cwd):
    """Print `--help` of a session beside the same script under the command-line library alone."""
    cwd.joinpath("ours.py").write_text(
        OURS.format(parameters=PARAMETERS, body="pass"), encoding="utf-8"
    )
    cwd.joinpath("alone.py").write_text(TYRO.format(parameters=PARAMETERS), encoding="utf-8")
    taken = milliseconds({"ours": ["ours.py", "--help"], "tyro": ["alone.py", "--help"]}, cwd)
    print(
        f"script.py --help: {taken['ours']:.1f} ms, tyro alone {taken['tyro']:.1f} ms, "
        f"ratio {taken['ours'] / taken['tyro']:.2f}  (at most {HELP_LIMIT})"
    )


def without_arguments(cwd):
    """Print which large modules a run without arguments has loaded; there should be none."""
    cwd.joinpath("bare.py").write_text(
        OURS.format(parameters=PARAMETERS, body=MODULES), encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "bare.py"], cwd=cwd, check=True, capture_output=True, encoding="utf-8"
    )
    loaded = done.stdout.strip() or "none"
    print(f"a run without arguments loads of tyro, numpy, matplotlib, yaml: {loaded}")


def needed(name):
    """Return the names of a distribution and of all that it needs, without extras."""
    found, waiting = set(), [name]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        wanted = (Requirement(text) for text in distribution(name).requires or ())
        waiting += [
            each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})
        ]
    return found


def megabytes(name):
    """Return the size on disk of what a distribution brought, without the byte code made of it."""
    files = (Path(file.locate()) for file in distribution(name).files or ())
    kept = (file for file in files if file.suffix != ".pyc" and file.is_file())
    return sum(file.stat().st_size for file in kept) / 1e6


def install():
    """Print how many distributions `pip install scitex` brings, and how large they are."""
    sizes = {name: megabytes(name) for name in needed("scitex")}
    ours = [name for name in sizes if name.startswith("scitex")]
    large = set.union(*map(needed, LARGE))
    print(
        f"the whole install: {len(sizes) - len(ours)} distributions beside our {len(ours)} "
        f"(at most {DISTRIBUTIONS_LIMIT}), {sum(sizes.values()):.0f} MB (at most {SIZE_LIMIT_MB}), "
        f"of which {' and '.join(LARGE)} with what they need are {sum(map(megabytes, large)):.0f}"
    )
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"  {name:20}{size:8.2f} MB{'  *' if name in large else ''}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        imports(Path(scratch))
        help_text(Path(scratch))
        without_arguments(Path(scratch))
    install()
