import json
import os
import subprocess
import sys
import time

import pytest

DEAD = {"host": os.uname().nodename, "boot_id": "another boot", "pid": 1, "start_ticks": 1}


@pytest.mark.parametrize("packed", [False, True])
def test_show_tells_what_is_known(make_run, command, packed):
    """The end, arguments, configuration and other sections are shown, archived or not."""
    make_run(name="one", message=":)", warnings=["careful"], outputs=[{"path": "a.csv", "size": 3}])
    if packed:
        assert command("archive", "one").status == 0
    answer = command("show", "one")
    assert answer.status == 0
    for text in ("exit status", "message", ":)", "threshold: 0.5", "lr: 0.001", "careful", "a.csv"):
        assert text in answer.out
    assert ("archived" in answer.out) is packed
    assert json.loads(command("show", "one", "--json").out)["seed"] == 42


def test_show_cuts_long_lists(make_run, command):
    """Thousands of outputs do not flood the terminal unless they are asked for."""
    make_run(name="one", outputs=[{"path": f"f{n}", "sha256": "0" * 64} for n in range(3000)])
    answer = command("show", "one")
    assert len(answer.lines) < 100
    assert "2980 more" in answer.out
    assert len(command("show", "one", "--all").lines) > 3000


NAMES = ["2026Y-11M-20D-14h30m15s_Z5MR", "2026Y-11M-20D-14h30m16s_Q7ab-v2"]


@pytest.mark.parametrize("wanted", [NAMES[0], "Z5MR", "2026Y-11M-20D-14h30m15s", "MR"])
def test_ids_may_be_shortened(make_run, command, wanted):
    """Any beginning or end that only one run has names it."""
    for name in NAMES:
        make_run(name=name, id=name[:28])
    assert NAMES[0] in command("show", wanted).lines[0]


@pytest.mark.parametrize("wanted", ["Q7ab", "v2", "2026Y-11M-20D-14h30m16s_Q7ab", NAMES[1]])
def test_suffixed_runs_are_named_by_id_or_by_directory(make_run, command, wanted):
    """With a `sdir_suffix` both the ID and the directory's name are names of the run."""
    for name in NAMES:
        make_run(name=name, id=name[:28])
    assert NAMES[1][:28] in command("show", wanted).lines[0]


def test_an_exact_name_wins_over_a_longer_one(make_run, command):
    """A name that is the beginning of another is not ambiguous."""
    make_run(name="a")
    make_run(name="ab")
    assert command("show", "a").status == 0


def test_ambiguous_and_unknown_ids(make_run, command):
    """Several candidates are listed; no candidate is said; both give status 3."""
    for name in NAMES:
        make_run(name=name)
    answer = command("show", "2026Y")
    assert (answer.status, answer.out) == (3, "")
    assert all(name in answer.err for name in NAMES)
    answer = command("show", "nothing")
    assert (answer.status, answer.out) == (3, "")
    assert answer.err.count("\n") == 1


def test_a_run_may_be_named_by_its_path(make_run, command, tmp_path, monkeypatch):
    """A directory names its run, registered or not."""
    run = make_run(name="one")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / "another"))
    assert "one" in command("show", run).lines[0]
    assert command("logs", run).out == "out\n"
    assert command("show", tmp_path).status == 3


def test_an_unreadable_record_is_said(make_run, command):
    """A run without its record gives one line and status 4."""
    run = make_run(name="one")
    (run / "CONFIGS" / "PROVENANCE.json").unlink()
    answer = command("show", "one")
    assert answer.status == 4
    assert "PROVENANCE.json" in answer.err


@pytest.mark.parametrize("packed", [False, True])
def test_logs_go_where_they_came_from(make_run, command, packed):
    """Standard output goes to standard output, standard error to standard error."""
    make_run(name="one", files={"logs/stdout.log": "a\nb\nc\n", "logs/stderr.log": "x\ny\n"})
    if packed:
        assert command("archive", "one").status == 0
    answer = command("logs", "one")
    assert (answer.out, answer.err) == ("a\nb\nc\n", "x\ny\n")
    answer = command("logs", "one", "--stderr", "-n", "1")
    assert (answer.out, answer.err) == ("y\n", "")
    assert command("logs", "one", "--stdout", "-n", "0").out == ""
    assert command("logs", "one", "--stdout", "-n", "2").out == "b\nc\n"


def test_the_last_lines_of_a_long_log(make_run, command):
    """The end of a log larger than one block is found."""
    text = "".join(f"{n} {'x' * 100}\n" for n in range(30_000))
    make_run(name="one", files={"logs/stdout.log": text})
    assert command("logs", "one", "-n", "3").out == "".join(text.splitlines(keepends=True)[-3:])
    assert command("logs", "one").out == text


def test_logs_do_not_reach_the_terminal_raw(make_run, command):
    """Escape sequences in a log are spelled out, lines and letters kept; --raw gives the bytes."""
    text = "\x1b[31mred\x1b]0;t\x07\n\tÄ\u3000日本\n\u202e\x9b"
    make_run(name="one", files={"logs/stdout.log": text})
    assert command("logs", "one").out == "\\x1b[31mred\\x1b]0;t\\x07\n\tÄ\u3000日本\n\\u202e\\x9b"
    assert command("logs", "one", "--raw").out == text


def test_a_linked_log_is_not_read(make_run, command, tmp_path):
    """A log that is a link or a pipe, or in a linked folder, is no log."""
    (tmp_path / "stdout.log").write_text("secret", encoding="utf-8")
    run = make_run(name="one")
    for name in ("stdout.log", "stderr.log"):
        (run / "logs" / name).unlink()
    (run / "logs" / "stdout.log").symlink_to(tmp_path / "stdout.log")
    answer = command("logs", "one")
    assert (answer.status, answer.out) == (4, "")
    (run / "logs" / "stdout.log").unlink()
    os.mkfifo(run / "logs" / "stdout.log")
    answer = command("logs", "one")
    assert (answer.status, answer.out) == (4, "")
    (run / "logs" / "stdout.log").unlink()
    (run / "logs").rmdir()
    (run / "logs").symlink_to(tmp_path)
    answer = command("logs", "one")
    assert (answer.status, answer.out) == (4, "")


def test_follow_goes_on_across_the_move_and_stops_at_the_end(make_run):
    """A followed run is read to its last line although its directory is filed meanwhile."""
    run = make_run("RUNNING", name="one", files={"logs/stdout.log": "begin\n"})
    command = [sys.executable, "-m", "scitex_session", "logs", "-f", "one"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
    assert follower.stdout.readline() == "begin\n"
    with open(run / "logs" / "stdout.log", "a", encoding="utf-8") as log:
        log.write("middle\n")
        log.flush()
        assert follower.stdout.readline() == "middle\n"
        (make_run.base / "FINISHED_SUCCESS").mkdir()
        moved = make_run.base / "FINISHED_SUCCESS" / "one"
        run.rename(moved)
        log.write("end\n")
    record = moved / "CONFIGS" / "PROVENANCE.json"
    text = record.read_text(encoding="utf-8").replace('"running"', '"success"')
    record.write_text(text, encoding="utf-8")
    assert follower.communicate(timeout=30)[0] == "end\n"
    assert follower.returncode == 0


def test_follow_stops_when_the_process_is_dead(make_run, command):
    """A run that died is printed and not waited for."""
    make_run("RUNNING", name="one", process=DEAD)
    begin = time.monotonic()
    assert command("logs", "-f", "one").out == "out\n"
    assert time.monotonic() - begin < 30


def test_diff_of_equal_runs(make_run, command):
    """Runs that differ in time, process and directory only are the same: status 0."""
    for name in ("one", "two"):
        make_run(name=name, outputs=[{"path": "a", "size": 1, "sha256": "f" * 64, "mtime_ns": 1}])
    answer = command("diff", "one", "two")
    assert answer.status == 0
    assert answer.lines == ["--- one", "+++ two", "no difference"]


def test_diff_names_what_differs(make_run, command):
    """Arguments, configuration, inputs, code, environment and outputs are compared: status 1."""
    make_run(
        name="run-1",
        args={"threshold": 0.3, "old": 1},
        code={"git": {"commit": "aaa"}},
        environment={"python": "3.11", "distributions": {"numpy": "1.0"}},
        inputs=[{"path": "/data.csv", "size": 4, "sha256": "a" * 64}],
        outputs=[{"path": "a.csv", "size": 4, "sha256": "a" * 64}, {"path": "gone", "size": 1}],
    )
    make_run(
        "FINISHED_ERROR",
        name="run-2",
        args={"threshold": 0.5},
        config={"EXPERIMENT": {"lr": 0.1}},
        code={"git": {"commit": "bbb"}},
        environment={"python": "3.12", "distributions": {"numpy": "2.0"}},
        inputs=[{"path": "/data.csv", "size": 4, "sha256": "b" * 64}],
        outputs=[{"path": "a.csv", "size": 5, "sha256": "b" * 64}],
    )
    answer = command("diff", "run-1", "run-2")
    assert answer.status == 1
    for line in (
        "    status: success -> error",
        "    threshold: 0.3 -> 0.5",
        "  - old: 1",
        "    EXPERIMENT.lr: 0.001 -> 0.1",
        "    git.commit: aaa -> bbb",
        "    distributions.numpy: 1.0 -> 2.0",
        "    /data.csv: 4 bytes, sha256 aaaaaaaaaaaa -> 4 bytes, sha256 bbbbbbbbbbbb",
        "    a.csv: 4 bytes, sha256 aaaaaaaaaaaa -> 5 bytes, sha256 bbbbbbbbbbbb",
        "  - gone: 1 bytes, no digest",
    ):
        assert line in answer.lines
    changes = json.loads(command("diff", "run-1", "run-2", "--json").out)["changes"]
    assert {"name": "threshold", "a": 0.3, "b": 0.5} in changes["args"]
    assert {"name": "old", "a": 1} in changes["args"]


def test_diff_leaves_the_runs_own_directory_out(make_run, command):
    """A path into the run's own directory is the same in both."""
    for name in ("one", "two"):
        path = make_run.base / "FINISHED_SUCCESS" / name / "x"
        make_run(name=name, args={"out": str(path)})
    assert command("diff", "one", "two").status == 0
