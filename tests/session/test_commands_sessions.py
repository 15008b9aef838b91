"""The command on runs of real sessions."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

LIVE = "import sys\nsys.stdout.write('ready\\n')\nsys.stdout.flush()\nsys.stdin.readline()"


def column(answer, number):
    """Return one column of a listing."""
    assert answer.status == 0, answer.err
    return [line.split("\t")[number] for line in answer.lines[1:]]


@pytest.fixture
def live(lab):
    """Start a session that ends when its standard input does."""
    lab.decorated(LIVE, name="live.py")
    started = []

    def start():
        process = lab.start(script="live.py", stdin=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        process.wait(60)


def test_a_run_is_seen_from_beginning_to_end(lab, live, command):
    """A session is running while it runs, and what it became when it is over."""
    process = live()
    assert column(command("ls"), 1) == ["running"]
    process.communicate("\n", timeout=60)
    assert column(command("ls"), 1) == ["success"]
    assert command("logs", lab.runs(base="live_out")[0].name).out.startswith("ready")


def test_live_runs_survive_prune_archive_and_recover(lab, live, command):
    """None of the tools that move things touches a session at work."""
    process = live()
    (run,) = lab.runs("RUNNING", base="live_out")
    command("prune", "--keep-last", "0", "--yes")
    assert command("archive", run.name).status == 4
    assert command("recover").status == 0
    assert lab.runs(base="live_out") == [run]
    process.communicate("\n", timeout=60)
    assert process.returncode == 0
    assert [found.parent.name for found in lab.runs(base="live_out")] == ["FINISHED_SUCCESS"]


def test_a_killed_run_is_filed_and_shown(live, command):
    """After SIGKILL the run is under FINISHED_ERROR with its reason, by itself or by recover."""
    process = live()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while column(command("ls"), 1) != ["error"] and time.monotonic() < deadline:
        command("recover")
        time.sleep(0.1)
    assert column(command("ls"), 5) == ["lost"]


def test_follow_ends_with_the_session(lab, live):
    """`logs -f` prints what a session prints and stops when it is over."""
    process = live()
    (run,) = lab.runs("RUNNING", base="live_out")
    words = [sys.executable, "-m", "scitex_session", "logs", "-f", run.name]
    follower = subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8")
    assert follower.stdout.readline() == "ready\n"
    process.communicate("\n", timeout=60)
    assert follower.communicate(timeout=60)[0] == ""
    assert follower.returncode == 0


def test_diff_of_real_runs(lab, command):
    """Two runs that differ in one option differ in it and in what it made."""
    lab.decorated("print(x)", "x=1")
    for words in ([], ["--x", "2"], ["--x", "2"]):
        assert lab.run(*words).returncode == 0
    newest, middle, oldest = column(command("ls"), 0)
    changes = json.loads(command("diff", oldest, middle, "--json").out)["changes"]
    assert changes["args"] == [{"name": "x", "a": 1, "b": 2}]
    answer = command("diff", middle, newest)
    assert (answer.status, answer.lines[2:]) == (0, ["no difference"])


def test_an_explicit_directory_is_listed_and_left_alone(lab, command):
    """A run in a directory of the user's own is in the listing and never pruned."""
    lab.write(
        "import sys, scitex_session\n"
        "CONFIG, *_ = scitex_session.start(sys, sdir='mine/here', args={'x': 5})\n"
        "scitex_session.close(CONFIG, exit_status=0)\n"
    )
    assert lab.run().returncode == 0
    assert column(command("ls", "x=5"), 1) == ["success"]
    command("prune", "--keep-last", "0", "--yes")
    assert (lab.path / "mine" / "here" / "CONFIGS").is_dir()
    assert command("archive", lab.path / "mine" / "here").status == 4


@pytest.mark.slow
def test_sessions_and_tools_at_once(lab, command):
    """While sessions start and finish, archiving, pruning and restoring lose none of them."""
    lab.decorated("open(CONFIG.SDIR_RUN / 'a', 'w').write('x' * 9999)", "CONFIG=INJECTED")
    wanted, stop, problems = 12, threading.Event(), []

    def work():
        words = [sys.executable, "-m", "scitex_session"]
        while not stop.is_set():
            for rest in (
                ["archive", "--status", "success"],
                ["prune", "--keep-last", "3", "--yes"],
                ["ls"],
            ):
                answer = subprocess.run(
                    [*words, *rest], capture_output=True, check=False, encoding="utf-8"
                )
                if "Traceback" in answer.stderr:
                    problems.append(answer.stderr)

    tools = [threading.Thread(target=work) for _ in range(2)]
    for tool in tools:
        tool.start()
    try:
        for _ in range(wanted // 3):
            together = [
                subprocess.Popen(lab.command(), cwd=lab.path, env=lab.env) for _ in range(3)
            ]
            assert [process.wait(120) for process in together] == [0, 0, 0]
    finally:
        stop.set()
        for tool in tools:
            tool.join()
    assert problems == []
    listed = column(command("ls", "--status", "success"), 0)
    trashed = column(command("ls", "--trash"), 0)
    assert len(listed) + len(trashed) == wanted
    for name in [*listed, *trashed]:
        for _ in range(2):  # out of the trash, then out of its tar file
            command("restore", name)
    runs = lab.runs("FINISHED_SUCCESS")
    assert sorted(run.name for run in runs) == sorted([*listed, *trashed])
    assert all(os.path.getsize(run / "a") == 9999 for run in runs)


@pytest.mark.slow
def test_rerun_whence_export_and_stale(lab, command, tmp_path):
    """A run is repeated, traced by what it made, exported, and stale once its code changes."""
    lab.decorated(
        "print(x)\nopen(CONFIG.SDIR_RUN / 'a.txt', 'w').write(f'{x} {CONFIG.ID[:0]}')",
        "x=1, CONFIG=INJECTED",
    )
    assert lab.run("--x", "7").returncode == 0
    run = lab.only("FINISHED_SUCCESS")
    copy = tmp_path / "copy.txt"
    copy.write_bytes((run / "a.txt").read_bytes())
    assert run.name in command("whence", copy).out
    copy.write_text("something else", encoding="utf-8")
    assert command("whence", copy).status == 1
    answer = command("rerun", run.name, "--json")
    assert answer.status == 0, answer.out + answer.err
    assert json.loads(answer.out)["reproduced"] is True
    assert command("export", run.name, tmp_path / "crate").status == 0
    assert (tmp_path / "crate" / "ro-crate-metadata.json").is_file()
    assert command("stale").status == 0
    (lab.path / "script.py").write_text("print('new')\n", encoding="utf-8")
    answer = command("stale")
    assert answer.status == 1
    assert run.name in answer.out


def test_packed_runs_are_traced_but_not_repeated(lab, command, tmp_path):
    """Whence reads archives too; rerun and export ask for a restore."""
    lab.decorated("open(CONFIG.SDIR_RUN / 'a.txt', 'w').write('unique')", "CONFIG=INJECTED")
    assert lab.run().returncode == 0
    run = lab.only("FINISHED_SUCCESS")
    copy = tmp_path / "copy.txt"
    copy.write_text("unique", encoding="utf-8")
    assert command("archive", run.name).status == 0
    assert f"{run}.tar" in command("whence", copy).out
    for words in (["rerun"], ["export"]):
        answer = command(*words, run.name)
        assert answer.status == 4
        assert "restore" in answer.err
