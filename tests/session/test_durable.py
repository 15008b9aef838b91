"""What is on the disk at which moment, seen in the system calls of real runs."""

import os
import subprocess

import pytest

SYNC = ["fsync", "fdatasync"]
LOOK = ["stat", "newfstatat", "statx", "access", "faccessat", "faccessat2"]
RENAME = ["rename", "renameat", "renameat2"]
BEGINS = "/here-begins-the-function"

STARTED = """\
from scitex_session import close, start
import os
CONFIG, *_ = start(sdir={sdir!r}, verbose=False)
os.path.exists({begins!r})
close(CONFIG, exit_status=0, verbose=False)
"""


def in_order(paths, *endings):
    """Whether paths with these endings are there, one after the other."""
    rest = iter(paths)
    return all(any(path.endswith(ending) for path in rest) for ending in endings)


def holds(paths, name):
    """Whether a file is there, under its name or under one that it has while it is written."""
    return any(os.path.basename(path).lstrip(".").startswith(name) for path in paths)


@pytest.mark.parametrize("how", ["decorated", "started", "in place"])
def test_the_configuration_is_on_the_disk_before_the_function_is_called(traced, lab, how):
    """CONFIG.yaml, and each directory that leads to it, are fsynced and waited for by then."""
    if how == "decorated":
        lab.decorated(f"import os; os.path.exists({BEGINS!r})")
    else:
        sdir = "mine" if how == "in place" else None
        lab.write(STARTED.format(sdir=sdir, begins=BEGINS))
    seen = traced([*SYNC, *LOOK], delay=0.25)
    assert seen.done.returncode == 0, seen.done.stderr
    by_then = seen.synced(before=seen.first(BEGINS, LOOK).begin)
    assert holds(by_then, "CONFIG.yaml"), by_then
    assert in_order(by_then, "/CONFIGS"), by_then
    if how != "in place":
        assert in_order(by_then, "/CONFIGS", "/RUNNING"), by_then


def test_an_earlier_configuration_is_replaced_by_one_on_the_disk(traced, lab):
    """In a directory that is used again, a power cut leaves the old CONFIG.yaml or the new one."""
    lab.write(STARTED.format(sdir="mine", begins=BEGINS))
    assert lab.run().returncode == 0
    seen = traced([*SYNC, *RENAME])
    assert seen.done.returncode == 0, seen.done.stderr
    replaced = seen.first("/mine/CONFIGS/CONFIG.yaml", RENAME)
    assert holds(seen.synced(before=replaced.begin), "CONFIG.yaml")


def test_the_end_is_on_the_disk_before_the_run_is_filed(traced, lab):
    """Logs, CONFIG.yaml and PROVENANCE.json first, then the rename, then both directories."""
    lab.decorated(f"import os; os.path.exists({BEGINS!r}); print('x')")
    seen = traced([*SYNC, *LOOK, *RENAME], delay=0.05)
    assert seen.done.returncode == 0, seen.done.stderr
    began = len(seen.synced(before=seen.first(BEGINS, LOOK).begin))
    filed = seen.first("/FINISHED_SUCCESS/", RENAME)
    before = seen.synced(before=filed.begin)[began:]
    for name in ("stdout.log", "stderr.log", "CONFIG.yaml", "PROVENANCE.json"):
        assert holds(before, name), (name, before)
    after = seen.synced(before=float("inf"))[began + len(before) :]
    assert {os.path.basename(path) for path in after} >= {"FINISHED_SUCCESS", "RUNNING"}


def test_the_sessions_own_work_on_the_disk_is_no_input(lab, look):
    """What the script read is recorded; the directories that the session opens are not."""
    lab.write("x", "data.txt")
    lab.decorated("open('data.txt').read()")
    assert lab.run().returncode == 0
    inputs = look.record(lab.only("FINISHED_SUCCESS"))["inputs"]
    assert [entry["path"] for entry in inputs] == [str(lab.path / "data.txt")]


def test_without_a_thread_everything_still_reaches_the_disk(traced, lab):
    """At the limit of threads the session fsyncs by itself, at the start and at the end."""
    script = lab.decorated(f"import os; os.path.exists({BEGINS!r})")
    refusing = (
        "import _thread\n"
        'def refuse(*_):\n    raise RuntimeError("can\'t start new thread")\n'
        "_thread.start_new_thread = refuse\n"
    )
    script.write_text(refusing + script.read_text(encoding="utf-8"), encoding="utf-8")
    seen = traced([*SYNC, *LOOK, *RENAME])
    assert (seen.done.returncode, seen.done.stderr) == (0, "")
    by_then = seen.synced(before=seen.first(BEGINS, LOOK).begin)
    assert holds(by_then, "CONFIG.yaml"), by_then
    filed = seen.first("/FINISHED_SUCCESS/", RENAME)
    assert holds(seen.synced(before=filed.begin)[len(by_then) :], "CONFIG.yaml")


@pytest.mark.parametrize(
    ("error", "said"),
    [("EIO", "Input/output error"), ("ENOSPC", "No space left on device")],
)
def test_a_disk_that_fails_at_the_start(failing, lab, error, said):
    """One line says so, the function is not called, and nothing is left under RUNNING."""
    lab.decorated("print('called')")
    done = lab.run(prefix=failing(error, "fsync"))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert lab.runs() == []


@pytest.mark.parametrize(
    ("error", "said"),
    [("EIO", "Input/output error"), ("ENOSPC", "No space left on device")],
)
def test_a_disk_that_fails_at_the_end(failing, lab, look, error, said):
    """The run stays under RUNNING with the files of its start, and no half one beside them."""
    lab.decorated(
        "import os, time\nprint('up')\nwhile not os.path.exists('go'):\n    time.sleep(0.02)"
    )
    process = lab.start()
    run = lab.only("RUNNING")
    there = set(os.listdir(run / "CONFIGS"))
    command = [*failing(error, "fsync"), "-p", str(process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
    assert "attached" in tracer.stderr.readline()
    (lab.path / "go").touch()
    _, err = process.communicate(timeout=60)
    tracer.communicate(timeout=60)
    assert process.returncode == 0
    assert said in err
    assert "Nothing is lost" in err
    assert "Traceback" not in err
    run = lab.only("RUNNING")
    assert look.config(run)["END_TIME"] is None
    here = set(os.listdir(run / "CONFIGS"))
    assert {"CONFIG.yaml", "CONFIG.pkl", "PROVENANCE.json"} <= there & here
    assert [name for name in here - there if name.startswith(".")] == []
    done = lab.run("-m", "scitex_session", "recover", "script_out", script=None)
    assert done.returncode == 0, done.stderr
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0
