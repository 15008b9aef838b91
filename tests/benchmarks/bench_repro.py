"""scitex-repro beside what it rests on: streams, seeding, the import hook, hashing.

Run it alone: ``python tests/benchmarks/bench_repro.py``. All candidates are measured in turn,
round after round, by the processor time of the process, and the medians are printed.
"""

import gc
import hashlib
import importlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.random import SeedSequence, default_rng

from scitex_repro import RandomStateManager, hash_array, on_import

STREAMS = 10_000
STREAMS_LIMIT = 1.5
MANAGER_LIMIT_MS = 1
HOOK_LIMIT_US = 1
HASH_LIMIT = 0.8
BYTES = 10**9


def interleaved(candidates, rounds, clock=time.process_time):
    """Give {name: median seconds}, measured A B C A B C."""
    times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            gc.collect()
            start = clock()
            candidate()
            times[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def verdict(good):
    """Say whether a limit is kept."""
    return "within" if good else "OVER"


def streams():
    """10,000 named streams beside 10,000 generators of one seed with a spawn key each."""
    names = [f"stream {number}" for number in range(STREAMS)]

    def named():
        rngg = RandomStateManager(42)
        return [rngg(name) for name in names]

    def spawned():
        return [default_rng(SeedSequence(42, spawn_key=(key,))) for key in range(STREAMS)]

    def seeded():
        return [default_rng(SeedSequence(seed)) for seed in range(STREAMS)]

    found = interleaved({"named": named, "spawn key": spawned, "seed alone": seeded}, 15)
    for name, seconds in found.items():
        print(f"{STREAMS} streams, {name:10}  {seconds / STREAMS * 1e6:6.2f} us each")
    for name in ("spawn key", "seed alone"):
        ratio = found["named"] / found[name]
        print(f"  named : {name} = {ratio:.2f} ({verdict(ratio <= STREAMS_LIMIT)} {STREAMS_LIMIT})")


def manager():
    """A manager by itself, once numpy is there."""
    found = interleaved({"manager": lambda: RandomStateManager(42)}, 200, time.perf_counter)
    milliseconds = found["manager"] * 1e3
    print(f"RandomStateManager(42)  {milliseconds:.3f} ms ({verdict(milliseconds < 1)} 1 ms)")


def hook():
    """The import of a module that nobody waits for, with the hook and without it."""
    count = 1000
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            Path(folder, f"plain_{number}.py").touch()
        sys.path.insert(0, folder)
        modules = [f"plain_{number}" for number in range(count)]

        def load():
            for name in modules:
                sys.modules.pop(name, None)
            importlib.invalidate_caches()
            start = time.process_time()
            for name in modules:
                importlib.import_module(name)
            return time.process_time() - start

        finder = sys.meta_path[0]
        load()
        times = {"with": [], "without": []}
        for _ in range(25):
            for name, values in times.items():
                sys.meta_path[:] = [one for one in sys.meta_path if one is not finder]
                if name == "with":
                    sys.meta_path.insert(0, finder)
                values.append(load() / count)
        sys.path.remove(folder)
    plain, hooked = (statistics.median(times[name]) * 1e6 for name in ("without", "with"))
    print(f"an import that is not concerned  {plain:.1f} us, with the hook {hooked:.1f} us")
    loops = 100_000
    start = time.process_time()
    for _ in range(loops):
        finder.find_spec("plain_0", None, None)
    added = (time.process_time() - start) / loops * 1e6
    print(f"  the hook's own part {added:.3f} us ({verdict(added < HOOK_LIMIT_US)} 1 us)")


def hashing():
    """One gigabyte, beside the bare hash function, and beside joblib.hash."""
    data = np.arange(BYTES // 8, dtype="f8")
    candidates = {
        "hashlib.sha256": lambda: hashlib.sha256(data.data).hexdigest(),
        "hash_array": lambda: hash_array(data),
    }
    try:
        import joblib
    except ImportError:
        print("joblib: not installed, left out")
    else:
        candidates["joblib.hash (md5)"] = lambda: joblib.hash(data)
    found = interleaved(candidates, 3)
    for name, seconds in found.items():
        print(f"1 GB, {name:18} {BYTES / seconds / 1e9:.2f} GB/s")
    ratio = found["hashlib.sha256"] / found["hash_array"]
    print(f"  hash_array : sha256 = {ratio:.2f} of its speed ({verdict(ratio >= HASH_LIMIT)} 0.8)")


if __name__ == "__main__":
    on_import("a module that is never imported", print)
    streams()
    manager()
    hook()
    hashing()
