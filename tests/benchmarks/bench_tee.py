"""Capture beside no capture and beside its peers: much output, starting and stopping, memory.

Run it alone: ``python tests/benchmarks/bench_tee.py [megabytes]``. Every candidate runs in a
process of its own, in turn, round after round; what is printed are medians, and ratios to bare
output to the same file. A peer that is not installed is left out. Sacred is looked for in this
interpreter and in the one that the environment variable SACRED_PYTHON names; PREVIOUS_PYTHON names
one with the previous release of scitex-tee, to be compared with.

The limits: a capture starts and stops in 8 ms; a child that prints to a file takes at most 1.15
times as long as without capture; what children print and what is written past Python's streams
takes at most 1.1 times as long as with ``| tee``; and a median is at most 1.1 times that of the
previous release. `print` by the script itself stands apart: each line is handed over at once, which
neither the bare script nor ``| tee`` does, and costs one microsecond.

"child in blocks" is the worst case: the bare writer does nothing but hand 8 kB at a time to the
system, so that whoever copies the bytes once more takes a multiple of that.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

ROUNDS = 5
LINE = 80
LIMIT_BARE = 1.15  # for a child that prints to a file
LIMIT_TEE = 1.10
LIMIT_PREVIOUS = 1.10
LIMIT_MS = 8.0
LIMIT_MB = 20

WRITERS = {
    "print": "for _ in range(LINES): print(line)",
    "os.write": "for _ in range(LINES): os.write(1, one)",
    "child": "subprocess.run([sys.executable, '-c', prints], check=True)",
    "child in blocks": "subprocess.run([sys.executable, '-c', writes], check=True)",
}
PROGRAM = """
import os, subprocess, sys, time
LINES = {lines}
line = "x" * 79
one = (line + "\\n").encode()
prints = "for _ in range({lines}): print('" + line + "')"
writes = "import os\\nfor _ in range({lines} // 100): os.write(1, " + repr(one * 100) + ")"
{before}
begin = time.perf_counter()
{around}
sys.stdout.flush()
os.write({note}, b"%.6f" % (time.perf_counter() - begin))
"""
WURLITZER = """import wurlitzer
log, out = open("log", "w"), os.fdopen(os.dup(1), "w")
class Both:
    def write(self, text): log.write(text); out.write(text)
    def flush(self): log.flush(); out.flush()
"""
AROUND = {
    "bare": ("", "{writer}"),
    "| tee": ("", "{writer}"),
    "script": ("", "{writer}"),
    "wurlitzer": (
        WURLITZER,
        "with wurlitzer.pipes(stdout=Both(), stderr=None):\n    {writer}\n    sys.stdout.flush()",
    ),
    "sacred fd": (
        "from sacred.stdout_capturing import tee_output_fd",
        "with tee_output_fd() as out:\n    {writer}\n    sys.stdout.flush()",
    ),
    "previous": (
        "from scitex_tee import capture",
        "with capture('log', 'err.log'):\n    {writer}",
    ),
    "scitex-tee": (
        "from scitex_tee import capture",
        "with capture('log', 'err.log'):\n    {writer}",
    ),
}
START_STOP = """
import os, sys, time
from scitex_tee import Capture
for log in "o.log", "e.log":
    if os.path.exists(log):
        os.unlink(log)  # to empty an old log takes the same time without a capture
capture = Capture("o.log", "e.log")
begin = time.perf_counter()
capture.start()
middle = time.perf_counter()
print("x")
time.sleep({pause})
late = time.perf_counter()
capture.stop()
sys.stderr.write("%.6f" % (middle - begin + time.perf_counter() - late))
"""


def interpreters() -> dict[str, str]:
    """Give {candidate: Python} of what can be run here."""
    found = {"bare": sys.executable, "| tee": sys.executable, "scitex-tee": sys.executable}
    if shutil.which("script"):
        found["script"] = sys.executable
    if importlib.util.find_spec("wurlitzer"):
        found["wurlitzer"] = sys.executable
    if importlib.util.find_spec("sacred"):
        found["sacred fd"] = sys.executable
    elif "SACRED_PYTHON" in os.environ:
        found["sacred fd"] = os.environ["SACRED_PYTHON"]
    if "PREVIOUS_PYTHON" in os.environ:
        found["previous"] = os.environ["PREVIOUS_PYTHON"]
    for name in AROUND:
        if name not in found:
            print(f"{name}: not installed, left out")
    return {name: found[name] for name in AROUND if name in found}


class Target:
    """Where output goes: a file, /dev/null, or a pseudo-terminal that a thread reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        if name == "terminal":
            self.master, self.fd = os.openpty()
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()
        else:
            path = "out" if name == "file" else os.devnull
            self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def _read(self) -> None:
        try:
            while os.read(self.master, 65536):
                pass
        except OSError:
            pass  # the last writer is gone

    def close(self) -> None:
        """Close it."""
        os.close(self.fd)
        if self.name == "terminal":
            self.reader.join(5)
            os.close(self.master)


def seconds(candidate: str, python: str, writer: str, target: str, lines: int) -> float:
    """Run one candidate once; return the wall time of the printing.

    For those that work from outside it is that of the whole pipeline, less a start of Python.
    """
    output = Target(target)
    reader, note = os.pipe()
    os.set_inheritable(note, True)
    before, around = AROUND[candidate]
    text = PROGRAM.format(
        lines=lines, before=before, note=note, around=around.format(writer=writer)
    )
    Path("program.py").write_text(text, encoding="utf-8")
    command = f"{python} program.py"
    if candidate == "| tee":
        command += " | tee log"
    elif candidate == "script":
        command = f"script -qec '{command}' log"
    begin = time.perf_counter()
    subprocess.run(
        command, shell=True, check=True, stdin=subprocess.DEVNULL, stdout=output.fd, env=usual(),
        pass_fds=[note],
    )  # fmt: skip
    whole = time.perf_counter() - begin
    os.close(note)
    inside = float(os.read(reader, 100) or b"nan")
    os.close(reader)
    output.close()
    if candidate in {"| tee", "script"}:
        return max(inside, whole - start_of_python(python))
    return inside


def usual() -> dict[str, str]:
    """Environment without what makes a Python slower than a user's: no buffers, no byte code."""
    slow = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in slow}


_starts: dict[str, float] = {}


def start_of_python(python: str) -> float:
    """Wall time of a Python that imports what the programs import and does nothing."""
    if python not in _starts:
        times = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            subprocess.run([python, "-c", "import subprocess"], check=True, env=usual())
            times.append(time.perf_counter() - begin)
        _starts[python] = median(times)
    return _starts[python]


def throughput(candidates: dict[str, str], megabytes: int) -> None:
    """Print the table of times and ratios; check that our log is complete."""
    lines = megabytes * 1_000_000 // LINE
    for target in ("null", "file", "terminal"):
        for writer, code in WRITERS.items():
            times: dict[str, list[float]] = {name: [] for name in candidates}
            amount = lines // 4 if target == "terminal" else lines
            for _ in range(ROUNDS):
                for name, python in candidates.items():
                    times[name].append(seconds(name, python, code, target, amount))
                    if name in {"previous", "scitex-tee"}:
                        size = os.path.getsize("log")
                        assert size == amount // 100 * 100 * LINE or size == amount * LINE, size
            medians = {name: median(values) for name, values in times.items()}
            report(f"{writer} to {target}", medians)


def report(what: str, medians: dict[str, float]) -> None:
    """Print one line for each candidate, and whether the limits are held."""
    bare, ours, tee = medians["bare"], medians["scitex-tee"], medians["| tee"]
    print(f"\n{what}")
    for name, value in medians.items():
        print(f"  {name:12} {value * 1e3:9.1f} ms   {value / bare:7.2f} x bare")
    if what == "child to file":
        judge("x bare", ours / bare, LIMIT_BARE)
    if what.endswith("file") and not what.startswith("print"):
        judge("x `| tee`", ours / tee, LIMIT_TEE)
    if "previous" in medians:
        judge("x previous release", ours / medians["previous"], LIMIT_PREVIOUS)


def judge(what: str, value: float, limit: float) -> None:
    """Print whether a limit is held."""
    print(f"  -> {value:.2f} {what}, limit {limit}: {'held' if value <= limit else 'MISSED'}")


def start_and_stop(candidates: dict[str, str]) -> None:
    """Print what a capture costs by itself: of a script that ends at once, and of a longer one."""
    for pause in (0.0, 0.1):
        print(f"\nstart + stop of a script of {pause} s")
        times: dict[str, list[float]] = {
            name: [] for name in ("previous", "scitex-tee") if name in candidates
        }
        for _ in range(5 * ROUNDS):
            for name, values in times.items():
                result = subprocess.run(
                    [candidates[name], "-c", START_STOP.format(pause=pause)],
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, env=usual(),
                )  # fmt: skip
                values.append(float(result.stderr) * 1e3)
        for name, values in times.items():
            print(f"  {name:12} median {median(values):5.2f} ms, best {min(values):5.2f} ms")
        judge("ms", median(times["scitex-tee"]), LIMIT_MS)


def memory(megabytes: int = 500) -> None:
    """Print how the peak memory of script and log keepers grows with the output."""
    code = (
        "import os, sys, time\nfrom scitex_tee import capture\n"
        "with capture('log', 'err.log'):\n"
        "    time.sleep(0.5); open('begun', 'w').close(); time.sleep(0.5)\n"
        f"    block = (b'x' * 79 + b'\\n') * 12500\n"
        f"    for _ in range({megabytes}): os.write(1, block)\n"
        "    open('done', 'w').close(); time.sleep(2)\n"
    )
    for name in ("begun", "done"):
        Path(name).unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process:
        peaks = []
        for name in ("begun", "done"):
            while not Path(name).exists():
                time.sleep(0.01)
            peaks.append(sum(peak(pid) for pid in [process.pid, *keepers(process.pid)]))
    growth = (peaks[1] - peaks[0]) / 1e6
    print(f"\nmemory for {megabytes} MB of output")
    judge("MB", growth, LIMIT_MB)


def keepers(pid: int) -> list[int]:
    """Processes that keep the logs of process `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if (b"--pid", str(pid).encode()) in itertools.pairwise(arguments):
                found.append(int(entry.name))
    return found


def peak(pid: int) -> int:
    """Peak of the resident memory of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Run everything in a directory of its own."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    candidates = interpreters()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        start_and_stop(candidates)
        memory()
        throughput(candidates, megabytes)
        os.chdir("/")


if __name__ == "__main__":
    main()
