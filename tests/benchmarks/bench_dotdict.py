"""DotDict beside a plain dict and beside its peers: reading an attribute, building a tree.

Run it alone: ``python tests/benchmarks/bench_dotdict.py``. All candidates are measured in turn,
round after round, and the medians are printed. A peer that is not installed is left out.
"""

import sys
from importlib import import_module
from statistics import median
from timeit import Timer

from scitex_dotdict import DotDict

ROUNDS = 15
READ_LIMIT_NS = 100
BUILD_LIMIT = 4


def peers():
    """Give {name: function that makes one from a dict} of what is installed."""
    wanted = {
        "python-box": ("box", "Box"),
        "munch": ("munch", "munchify"),
        "addict": ("addict", "Dict"),
        "OmegaConf": ("omegaconf", "OmegaConf"),
    }
    found = {}
    for name, (module, attribute) in wanted.items():
        try:
            made = getattr(import_module(module), attribute)
        except ImportError:
            print(f"{name}: not installed, left out")
            continue
        found[name] = getattr(made, "create", made)
    return found


def interleaved(timers, number):
    """Give {name: median seconds for one pass}, measured A B C A B C."""
    times = {name: [] for name in timers}
    for _ in range(ROUNDS):
        for name, timer in timers.items():
            times[name].append(timer.timeit(number(name)) / number(name))
    return {name: median(values) for name, values in times.items()}


def attribute_read(makers):
    """Time `d.learning_rate`."""
    source = {"learning_rate": 0.1, "epochs": 3, "name": "x"}

    # a statement compiled by timeit: no call stands between the reads
    timers = {"dict, by key": Timer("; ".join(["d['learning_rate']"] * 10), globals={"d": source})}
    for name, make in makers.items():
        timers[name] = Timer("; ".join(["d.learning_rate"] * 10), globals={"d": make(source)})
    times = interleaved(timers, lambda name: 300 if name == "OmegaConf" else 10_000)
    return {name: seconds / 10 for name, seconds in times.items()}


def tree(shape):
    """Make nested dicts of the given shape with a number at each leaf."""
    if not shape:
        return 1
    return {f"key_{n}": tree(shape[1:]) for n in range(shape[0])}


def dict_copy(source):
    """Copy nested dicts with dict's own copy at each level."""
    copied = dict(source)
    for key, value in source.items():
        if type(value) is dict:
            copied[key] = dict_copy(value)
    return copied


def build(makers, shape):
    """Time building from nested dicts with 10,000 leaves."""
    source = tree(shape)
    timers = {"dict's copy": Timer(lambda: dict_copy(source))}
    timers |= {name: Timer(lambda make=make: make(source)) for name, make in makers.items()}
    fast = ("dict's copy", "DotDict")
    return interleaved(timers, lambda name: 10 if name in fast else 1)


def show(title, times, unit, factor):
    """Print each time and its ratio to the first."""
    print(f"\n{title}")
    base = next(iter(times.values()))
    for name, seconds in times.items():
        print(f"  {name:14}{seconds * factor:10.1f} {unit}   x{seconds / base:.2f}")


def main():
    """Measure and print; the status is 1 if a limit is missed."""
    print(f"Python {sys.version.split()[0]}")
    makers = {"DotDict": DotDict, **peers()}
    reads = attribute_read(makers)
    show("attribute read", reads, "ns", 1e9)
    missed = reads["DotDict"] * 1e9 > READ_LIMIT_NS
    for shape in ((100, 100), (10, 10, 10, 10), (1000, 10)):
        times = build(makers, shape)
        show(f"building from 10,000 nested keys, {' x '.join(map(str, shape))}", times, "us", 1e6)
        missed |= times["DotDict"] > BUILD_LIMIT * times["dict's copy"]
    limits = f"read at most {READ_LIMIT_NS} ns, building at most {BUILD_LIMIT} x dict's copy"
    print(f"\n{limits}: {'MISSED' if missed else 'kept'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
