"""The query index with 100,000 runs: building it, listing from it, and registering a directory.

    python tests/benchmarks/bench_catalog.py [RUNS]

The cold build, a first `scitex-session ls -n 1`, is compared with a bare walk that lists the same
directories and reads the same files, both from the system's file cache, taking turns. Goal:
`scitex-session ls` of 100,000 runs in under 0.5 s warm.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

COMMAND = [sys.executable, "-m", "scitex_session"]
SCRIPTS = 10
TURNS = 3
STATES = ["FINISHED_SUCCESS"] * 8 + ["FINISHED_ERROR", "FINISHED"]
STATUS = {"FINISHED_SUCCESS": "success", "FINISHED_ERROR": "error", "FINISHED": "finished"}


def record(base: str, state: str, name: str, number: int) -> dict[str, object]:
    """Return a record of ordinary size: a few inputs, outputs and 40 libraries."""
    about = {
        "id": name,
        "name": name,
        "status": STATUS[state],
        "exit_status": 0 if state == "FINISHED_SUCCESS" else 1,
        "exit_reason": STATUS[state],
        "start_time": f"2026-{number // 3600 % 12 + 1:02d}-01T10:{number // 60 % 60:02d}:"
        f"{number % 60:02d}.123456+00:00",
        "end_time": "2026-12-20T21:44:29.123456+00:00",
        "run_time": "00:01:00",
        "script": base.removesuffix("_out") + ".py",
        "sdir_out": base,
        "sdir_run": f"{base}/{state}/{name}",
        "cwd": os.path.dirname(base),
        "message": ":)",
        "moves": True,
        "parent": None,
        "function": "main",
    }
    digest = "0123456789abcdef" * 4
    return {
        "schema": "scitex-provenance",
        "schema_version": 1,
        "run": about,
        "process": {"host": "h", "boot_id": "b", "pid_namespace": "p", "pid": 1, "start_ticks": 2},
        "args": {"threshold": number % 100 / 100, "data_path": "data.csv", "n": number},
        "argv": ["python", "script.py", "--threshold", "0.4"],
        "overrides": [],
        "config": {"EXPERIMENT": {"lr": 0.001, "batch_size": 32}, "IS_DEBUG": False},
        "seed": 42,
        "warnings": [],
        "inputs": [{"path": f"/data/{n}.csv", "size": 1, "sha256": digest} for n in range(3)],
        "outputs": [{"path": f"out{n}.csv", "size": 1, "sha256": digest} for n in range(6)],
        "environment": {"distributions": {f"package{n}": "1.2.3" for n in range(40)}},
    }


def populate(top: str, runs: int) -> list[str]:
    """Make the run directories; return the output directories."""
    bases = [f"{top}/script{number}_out" for number in range(SCRIPTS)]
    for number in range(runs):
        base, state = bases[number % SCRIPTS], STATES[number // SCRIPTS % len(STATES)]
        name = f"2026Y-01M-01D-10h{number // 60 % 60:02d}m{number % 60:02d}s_{number:06d}"
        configs = f"{base}/{state}/{name}/CONFIGS"
        os.makedirs(configs)
        with open(f"{configs}/PROVENANCE.json", "w", encoding="utf-8") as file:
            json.dump(record(base, state, name, number), file, indent=2)
    return bases


def bare_walk(bases: list[str]) -> float:
    """List every state directory and read every record; return seconds."""
    begin = time.perf_counter()
    for base in bases:
        for state in os.listdir(base):
            with os.scandir(f"{base}/{state}") as entries:
                for entry in entries:
                    with open(f"{entry.path}/CONFIGS/PROVENANCE.json", "rb") as file:
                        file.read()
    return time.perf_counter() - begin


def cold_build() -> float:
    """Build the index from nothing; return seconds."""
    for file in glob.glob(f"{os.environ['SCITEX_STATE_DIR']}/index-*"):
        os.unlink(file)
    return timed([*COMMAND, "ls", "-n", "1"])


def timed(words: list[str]) -> float:
    """Run a command with its output in a pipe; return seconds from start to end."""
    begin = time.perf_counter()
    subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    top = os.path.realpath(tempfile.mkdtemp(prefix="bench-catalog-"))
    os.environ["SCITEX_STATE_DIR"] = f"{top}/state"
    try:
        from scitex_session._catalog._registry import register

        bases = populate(top, runs)
        begin = time.perf_counter()
        for base in bases:
            register(base)
        first = (time.perf_counter() - begin) / len(bases)
        begin = time.perf_counter()
        for _ in range(100):
            register(bases[0])
        again = (time.perf_counter() - begin) / 100
        print(f"register: {first * 1e6:.0f} us a new directory, {again * 1e6:.0f} us a known one")

        bare_walk(bases)  # fills the file cache
        walks, builds = [], []
        for _ in range(TURNS):
            walks.append(bare_walk(bases))
            builds.append(cold_build())
        walk, build = statistics.median(walks), statistics.median(builds)
        print(f"{runs} runs: bare walk {walk:.2f} s, cold build {build:.2f} s")
        load, processors = os.getloadavg()[0], os.cpu_count()
        print(f"cold build / bare walk: {build / walk:.2f}", end="")
        print(f"; load {load:.1f} on {processors} processors")

        time.sleep(2.5)  # directories changed just now are not trusted yet
        timed([*COMMAND, "ls"])
        everything = statistics.median(timed([*COMMAND, "ls"]) for _ in range(5))
        chosen = [*COMMAND, "ls", "threshold>0.98", "--status", "error"]
        some = statistics.median(timed(chosen) for _ in range(5))
        shown = statistics.median(timed([*COMMAND, "show", "000042"]) for _ in range(5))
        nothing = statistics.median(timed([sys.executable, "-c", ""]) for _ in range(5))
        print(f"ls, all {runs} lines: {everything:.3f} s (goal: under 0.5)")
        print(
            f"ls with two filters: {some:.3f} s; show: {shown:.3f} s; bare Python: {nothing:.3f} s"
        )
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
