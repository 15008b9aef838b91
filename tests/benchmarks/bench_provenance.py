"""What provenance costs: opens under the hook, a session in a large repository, digests, the end.

Run it alone: ``python tests/benchmarks/bench_provenance.py``. All figures are of
interleaved runs (A B A B) on this machine, medians where not said otherwise; the ratios are what to
compare between machines.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

OPENS = 10_000


def median(values):
    """Return the median."""
    return statistics.median(values)


def bench_opens(folder):
    """Time 10,000 opens (processor time) with the hook awake, asleep and not there."""
    code = textwrap.dedent(
        """
        import json, os, sys, time
        mode, folder, many = sys.argv[1], sys.argv[2], sys.argv[3] == "many"
        os.makedirs(folder + "/run/CONFIGS", exist_ok=True)
        names = [f"{folder}/{n if many else 0}.txt" for n in range(10_000)]
        if mode != "none":
            from scitex_session._provenance._collector import Collector
            collector = Collector(folder + "/run", None, folder, "ID")
            collector.start()
            if mode == "asleep":
                collector.stop()
        begin = time.process_time()
        for name in names:
            open(name).close()
        took = time.process_time() - begin
        print(json.dumps(took / len(names) * 1e6))
        if mode != "none":
            from scitex_session._provenance._late import remove_notes
            collector.stop()
            remove_notes(folder + "/run")
        """
    )
    for n in range(OPENS):
        (folder / f"{n}.txt").touch()
    for many in ("one", "many"):
        times = {"none": [], "awake": [], "asleep": []}
        for _ in range(7):
            for mode, found in times.items():
                command = [sys.executable, "-c", code, mode, str(folder), many]
                done = subprocess.run(command, capture_output=True, check=True)
                found.append(json.loads(done.stdout))
        # An open costs many times what the hook does, and only ever more than it has to.
        bare = min(times["none"])
        for mode in ("awake", "asleep"):
            extra = min(times[mode]) - bare
            print(
                f"{OPENS} opens of {many} file(s), hook {mode}: at best {min(times[mode]):.2f} us "
                f"each, {extra:+.2f} us over {bare:.2f} ({min(times[mode]) / bare:.2f} x)"
            )


SCRIPT = """\
import os, sys
if os.environ.get("WITHOUT"):
    import scitex_session._provenance as room
    class Nothing:
        def __init__(self, *args): pass
        def start(self): pass
        def stop(self): pass
        def gather(self): pass
        def sections(self, target): return {}
        def note_pending(self): pass
        def note_input(self, path): pass
        def leave(self, path): pass
    room.Collector = Nothing
from scitex_session import session
@session
def main():
    return 0
main()
"""


def make_repository(folder):
    """Make a repository of 2,000 files with some changes."""
    for n in range(2000):
        path = folder / f"d{n % 40}" / f"{n}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"VALUE = {n}\n" * 20, encoding="utf-8")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    (folder / ".gitignore").write_text("*_out/\n", encoding="utf-8")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder)]
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *args], check=True)
    (folder / "d0" / "0.py").write_text("VALUE = -1\n", encoding="utf-8")


def make_distributions(folder, count=200):
    """Make the metadata of as many installed distributions."""
    for n in range(count):
        info = folder / f"dist_{n}-{n}.0.dist-info"
        info.mkdir(parents=True)
        (info / "RECORD").write_text(f"dist_{n}/__init__.py,,\n" * 50, encoding="utf-8")


def bench_session(folder):
    """Time an empty session in a large repository with and without provenance."""
    make_repository(folder)
    make_distributions(folder / "site-packages")
    environment = {**os.environ, "SCITEX_STATE_DIR": str(folder / "state")}
    path = [str(folder / "site-packages"), *filter(None, sys.path)]
    environment["PYTHONPATH"] = os.pathsep.join(path)
    # Byte code is kept, as for every user; the first turn, which writes it, does not count.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "byte-code")
    times = {"": [], "1": []}
    for turn in range(31):
        if turn == 1:
            times = {"": [], "1": []}
        for without, found in times.items():
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, "script.py"], cwd=folder, check=True,
                env={**environment, "WITHOUT": without},
            )  # fmt: skip
            found.append((time.perf_counter() - begin) * 1e3)
    with_, bare = median(times[""]), median(times["1"])
    print(
        f"a session in 2,000 files with 200 distributions: {with_:.1f} ms, {with_ - bare:+.1f} ms "
        f"over {bare:.1f} without provenance ({with_ / bare:.2f} x)"
    )


def bench_digest(folder, size=1 << 30):
    """Compare the digest of 1 GB on disk with the bare hash function on memory."""
    from scitex_session._provenance._digest import sha256

    path = folder / "large.bin"
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        file.writelines(block for _ in range(size >> 20))
    ours, bare = [], []
    for _ in range(3):
        begin = time.perf_counter()
        sha256(str(path))
        ours.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        digest = hashlib.sha256()
        for _ in range(size >> 20):
            digest.update(block)
        bare.append(time.perf_counter() - begin)
    path.unlink()
    print(
        f"digest of {size >> 20} MB: {size / median(ours) / 1e9:.2f} GB/s, "
        f"{median(bare) / median(ours):.2f} x the bare hash ({size / median(bare) / 1e9:.2f} GB/s)"
    )


def bench_end(folder):
    """Time what the end of a session does with 20,000 outputs, beside a bare rename."""
    from scitex_session._provenance._collector import Collector

    took, bare = [], []
    for turn in range(5):
        run = folder / f"run{turn}"
        (run / "CONFIGS").mkdir(parents=True)
        for n in range(20_000):
            (run / f"{n}.txt").touch()
        collector = Collector(str(run), None, str(folder), "ID")
        collector.start()
        collector.stop()
        begin = time.perf_counter()
        collector.gather()
        collector.sections(collector._run_dir)
        collector.note_pending()
        took.append((time.perf_counter() - begin) * 1e3)
        collector.give_up()
        begin = time.perf_counter()
        run.rename(folder / f"moved{turn}")
        bare.append((time.perf_counter() - begin) * 1e3)
    print(
        f"sections of a run with 20,000 files: {median(took):.1f} ms "
        f"(the rename itself {median(bare):.2f} ms; digests follow in a process of their own)"
    )


def main():
    """Run all of them."""
    for bench in (bench_opens, bench_session, bench_digest, bench_end):
        with tempfile.TemporaryDirectory() as folder:
            bench(Path(folder))


if __name__ == "__main__":
    main()
