"""A whole empty session beside forty lines of one's own, and beside the peers.

Run by itself: ``python tests/benchmarks/bench_session.py``. Every round runs each program once, in
turn, so that a change of the machine's speed meets all of them; medians and ratios are printed.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = int(os.environ.get("ROUNDS", "15"))

BARE = "pass\n"

OURS = """\
from scitex_session import INJECTED, session

@session
def main(n=1, name="x", CONFIG=INJECTED):
    print("working")
    return 0

if __name__ == "__main__":
    main()
"""

FORTY = """\
import argparse
import datetime
import os
import random
import string
import subprocess
import sys
import traceback
from pathlib import Path

import yaml

def main(args, config):
    print("working")
    return 0

parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int, default=1)
parser.add_argument("--name", default="x")
args = parser.parse_args()
now = datetime.datetime.now().astimezone()
letters = "".join(random.choices(string.ascii_letters + string.digits, k=4))
name = now.strftime("%YY-%mM-%dD-%Hh%Mm%Ss_") + letters
base = Path(__file__).resolve().with_suffix("")
base = base.with_name(base.name + "_out")
run = base / "RUNNING" / name
(run / "logs").mkdir(parents=True)
config = {"ID": name, "PID": os.getpid(), "ARGS": vars(args), "START_TIME": now.isoformat()}
for file in sorted(Path("config").glob("*.yaml")):
    config[file.stem.upper()] = yaml.safe_load(file.read_text(encoding="utf-8"))
(run / "CONFIG.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
saved = [os.dup(1), os.dup(2)]
tees = []
for number, log in ((1, "stdout.log"), (2, "stderr.log")):
    command = ["tee", run / "logs" / log]
    tee = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=saved[number - 1])
    os.dup2(tee.stdin.fileno(), number)
    tees.append(tee)
status = 1
try:
    status = main(args, config)
except Exception:
    traceback.print_exc()
finally:
    sys.stdout.flush()
    sys.stderr.flush()
    for number, (old, tee) in enumerate(zip(saved, tees), start=1):
        os.dup2(old, number)
        tee.stdin.close()
        tee.wait()
    config["END_TIME"] = datetime.datetime.now().astimezone().isoformat()
    config["EXIT_STATUS"] = status
    (run / "CONFIG.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    state = "FINISHED_SUCCESS" if status == 0 else "FINISHED_ERROR"
    (base / state).mkdir(exist_ok=True)
    run.rename(base / state / name)
sys.exit(status)
"""

SACRED = """\
from sacred import Experiment
from sacred.observers import FileStorageObserver
ex = Experiment("x")
ex.observers.append(FileStorageObserver("sacred_runs"))

@ex.config
def cfg():
    n = 1
    name = "x"

@ex.automain
def main(n, name):
    print("working")
"""

HYDRA = """\
import hydra

@hydra.main(version_base=None, config_path=None)
def main(cfg):
    print("working")

main()
"""

MLFLOW = """\
import mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
with mlflow.start_run():
    mlflow.log_params({"n": 1, "name": "x"})
    print("working")
"""

PEERS = {"sacred": SACRED, "hydra": HYDRA, "mlflow": MLFLOW}


def usual() -> dict[str, str]:
    """Environment without what makes a Python slower than a user's: no buffers, no byte code."""
    slow = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in slow}


def timed(command: list[str], cwd: Path) -> float:
    """Return the wall time of a whole process, in seconds."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, env=usual())
    return time.perf_counter() - begun


def compare(programs: dict[str, list[str]], work: Path, rounds: int) -> dict[str, float]:
    """Return medians in seconds, the programs in turn."""
    for command in programs.values():
        timed(command, work)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            times[name].append(timed(command, work))
    return {name: statistics.median(found) for name, found in times.items()}


def empty_session(work: Path) -> None:
    """Print what an empty session costs."""
    arguments = ["--n", "2", "--name", "y"]
    programs = {}
    for name, text in {"bare": BARE, "forty lines": FORTY, "session": OURS}.items():
        file = work / f"{name.split()[0]}.py"
        file.write_text(text, encoding="utf-8")
        programs[name] = [sys.executable, str(file)]
    programs["forty lines, with options"] = [*programs["forty lines"], *arguments]
    programs["session, with options"] = [*programs["session"], *arguments]
    for name, text in {"forty lines": FORTY, "session": OURS}.items():
        file = work / f"{name.split()[0]}_numpy.py"
        file.write_text(f"import numpy\n{text}", encoding="utf-8")
        programs[f"{name}, with numpy"] = [sys.executable, str(file)]
    found = compare(programs, work, ROUNDS)
    for name, seconds in found.items():
        print(f"  {name:28} {seconds * 1e3:8.1f} ms")
    for variant, goal in {"": 1.6, ", with options": 1.6, ", with numpy": 1.2}.items():
        ratio = found[f"session{variant}"] / found[f"forty lines{variant}"]
        print(f"  session / forty lines{variant:16} {ratio:.2f} (goal: at most {goal})")


def peers(work: Path) -> None:
    """Print what the peers cost that are installed here."""
    programs = {}
    for name, text in PEERS.items():
        if importlib.util.find_spec(name) is None:
            print(f"  {name}: not installed here")
            continue
        (work / f"with_{name}.py").write_text(text, encoding="utf-8")
        programs[name] = [sys.executable, str(work / f"with_{name}.py")]
    if not programs:
        return
    programs["session"] = [sys.executable, str(work / "session.py")]
    found = compare(programs, work, max(3, ROUNDS // 3))
    for name, seconds in found.items():
        ratio = seconds / found["session"]
        print(f"  {name:28} {seconds * 1e3:8.1f} ms   {ratio:5.1f} x a session")


MANY = """\
import time
from scitex_session import start, close
CONFIG, *_ = start(verbose=False)
run = CONFIG.SDIR_RUN
{make}
import scitex_session._run._close
begun = time.perf_counter()
close(CONFIG, exit_status=0, verbose=False)
print(time.perf_counter() - begun)
"""

# What a rename takes by itself, and with what has to be on the disk before and after it.
BARE_END = """\
import os, sys, time
from pathlib import Path
run = Path("many_out/RUNNING/run")
for folder in ("CONFIGS", "logs", "../../FINISHED_SUCCESS"):
    (run / folder).mkdir(parents=True)
for log in ("stdout.log", "stderr.log"):
    (run / "logs" / log).touch()
{make}

def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)

begun = time.perf_counter()
if sys.argv[1:]:
    for log in ("stdout.log", "stderr.log"):
        sync(run / "logs" / log)
    for name in ("CONFIG.yaml", "PROVENANCE.json"):
        (run / "CONFIGS" / f".{{name}}").write_bytes(b"x" * 2000)
        sync(run / "CONFIGS" / f".{{name}}")
        os.replace(run / "CONFIGS" / f".{{name}}", run / "CONFIGS" / name)
os.rename(run, "many_out/FINISHED_SUCCESS/run")
if sys.argv[1:]:
    sync("many_out/FINISHED_SUCCESS")
    sync("many_out/RUNNING")
print(time.perf_counter() - begun)
"""

FILES = "for n in range(20_000): (run / str(n)).touch()"
BIG = """\
with open(run / 'big', 'wb') as file:
    for _ in range(2048): file.write(bytes(1 << 20))
"""


def finishing(work: Path) -> None:
    """Print what the end of a large run costs beside a rename, bare and with its syncs."""
    for name, make in {"nothing": "", "20,000 files": FILES, "2 GB": BIG}.items():
        (work / "many.py").write_text(MANY.format(make=make), encoding="utf-8")
        (work / "bare_end.py").write_text(BARE_END.format(make=make), encoding="utf-8")
        found: dict[str, list[float]] = {"many.py": [], "bare_end.py": [], "bare_end.py sync": []}
        for _ in range(5):
            for words, times in found.items():
                command = [sys.executable, *words.split()]
                os.sync()  # what an earlier run has left is not waited for by this one
                out = subprocess.check_output(command, cwd=work, text=True, env=usual())
                times.append(float(out) * 1e3)
                put_away(work / "many_out")
        ours, bare, synced = (statistics.median(times) for times in found.values())
        print(
            f"  finishing {name:14} {ours:7.2f} ms; a rename {bare:5.2f} ms, with the syncs that "
            f"are promised {synced:6.2f} ms: {ours - synced:+.2f} ms (goal: 5)"
        )


def put_away(base: Path) -> None:
    """Clear the way for the next run.

    Deleted files would be in its way: for half a minute the file system looks at each of them when
    it makes a new one.
    """
    time.sleep(0.3)  # the process that completes the record is at work there
    for large in base.glob("*/*/big"):
        os.truncate(large, 0)
    base.rename(base.with_name(f"over-{os.urandom(4).hex()}"))


def old_runs(work: Path) -> None:
    """Print what 10,000 old runs beside a new one cost."""
    few, many = work / "few.py", work / "crowd.py"
    for file in (few, many):
        file.write_text(OURS, encoding="utf-8")
    for number in range(10_000):
        (work / "crowd_out" / "FINISHED_SUCCESS" / f"old{number:05}" / "CONFIGS").mkdir(
            parents=True
        )
    programs = {"none": [sys.executable, str(few)], "10,000": [sys.executable, str(many)]}
    found = compare(programs, work, ROUNDS)
    ratio = found["10,000"] / found["none"]
    print(f"  with 10,000 old runs / with none     {ratio:.2f} (goal: at most 1.2)")


def main() -> None:
    """Print all comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["SCITEX_STATE_DIR"] = str(work / "state")
        print("An empty session:")
        empty_session(work)
        print("Peers:")
        peers(work)
        print("The end of a run:")
        finishing(work)
        print("Old runs:")
        old_runs(work)


if __name__ == "__main__":
    main()
