"""What save and load cost beside the plain calls they stand for.

Run it alone: ``python tests/benchmarks/bench_io.py``. Candidates are measured in turn, round after
round, in one directory; the medians and their ratios are printed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

import scitex_io as io

ROUNDS = 9


def interleaved(candidates, rounds=ROUNDS):
    """Give {name: median seconds}, measured A B A B."""
    times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            start = perf_counter()
            function()
            times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def show(title, times):
    """Print the medians, and how they compare with the first."""
    base = next(iter(times.values()))
    print(title)
    for name, seconds in times.items():
        print(f"  {name:<34}{seconds * 1e3:10.2f} ms  x {seconds / base:.2f}")


def python(code):
    """Return a function that runs code in a fresh interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


def synced(path, content):
    """Write a file and bring it to the disk, without any other care."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def start_up():
    """Measure the interpreter with and without the package."""
    return interleaved(
        {
            "python": python("pass"),
            "import scitex_io": python("import scitex_io"),
            "import, save and load JSON": python(
                "import scitex_io as io; io.load(io.save({'a': 1}, 's.json'))"
            ),
            "import json": python("import json"),
        },
        15,
    )


def small_json():
    """Measure a small file: the price of the disk."""
    obj = {"accuracy": 0.93, "epochs": list(range(100))}
    return interleaved(
        {
            "json.dump": lambda: Path("p.json").write_text(json.dumps(obj), encoding="utf-8"),
            "json.dump and fsync": lambda: synced("q.json", json.dumps(obj).encode()),
            "save": lambda: io.save(obj, "r.json"),
        },
        51,
    )


def arrays():
    """Measure 80 MB of numbers."""
    array = np.random.default_rng(0).random((10_000_000,))

    def plain():
        np.save("p.npy", array)
        with open("p.npy", "rb") as file:
            os.fsync(file.fileno())

    return interleaved({"np.save and fsync": plain, "save": lambda: io.save(array, "q.npy")}, 5)


def tables():
    """Measure a table of 200,000 x 4 numbers, there and back."""
    array = np.random.default_rng(0).random((200_000, 4))
    return interleaved(
        {
            "np.savetxt": lambda: np.savetxt("p.csv", array, delimiter=","),
            "save": lambda: io.save(array, "q.csv"),
            "np.loadtxt": lambda: np.loadtxt("q.csv", delimiter=","),
            "load": lambda: io.load("q.csv"),
        },
        3,
    )


def hdf5():
    """Measure 80 MB in HDF5, without compression."""
    try:
        import h5py
    except ImportError:
        print("h5py: not installed, left out")
        return None
    array = np.random.default_rng(0).random((10_000_000,))

    def plain():
        with h5py.File("p.h5", "w") as file:
            file["data"] = array
        with open("p.h5", "rb") as file:
            os.fsync(file.fileno())

    return interleaved(
        {"h5py and fsync": plain, "save": lambda: io.save(array, "q.h5", compression=None)}, 5
    )


def figures():
    """Measure a figure of four lines of 10,000 points, with and without its table."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib: not installed, left out")
        return None
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(np.random.default_rng(0).random((10_000, 4)).cumsum(axis=0))
    return interleaved(
        {
            "savefig": lambda: figure.savefig("p.png"),
            "save, data=False": lambda: io.save(figure, "q.png", data=False),
            "save": lambda: io.save(figure, "r.png"),
        }
    )


def main():
    """Print every table."""
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        for measure in (start_up, small_json, arrays, tables, hdf5, figures):
            times = measure()
            if times:
                show(measure.__doc__.removeprefix("Measure ").rstrip("."), times)
        os.chdir("/")


if __name__ == "__main__":
    main()
