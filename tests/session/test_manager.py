import os
import subprocess
import sys

import pytest

from scitex_session import SessionError, SessionManager

DEAD = {"host": os.uname().nodename, "boot_id": "another boot", "pid": 1, "start_ticks": 1}
KEYS = {
    "session_id",
    "status",
    "config",
    "script_path",
    "start_time",
    "end_time",
    "exit_code",
    "exit_reason",
    "pid",
    "host",
    "sdir_run",
}


def test_own_sessions_open_and_close():
    """A session of the program's own is active until it is closed, and remembered after."""
    manager = SessionManager()
    config = {"lr": 0.1}
    manager.create_session("mine", config, script_path="a.py")
    config["lr"] = 0.2
    active = manager.get_active_sessions()["mine"]
    assert set(active) == KEYS
    assert (active["status"], active["config"], active["script_path"]) == (
        "running",
        {"lr": 0.1},
        "a.py",
    )
    assert active["pid"] == os.getpid()
    manager.close_session("mine", status="failed", exit_code=3)
    assert manager.get_active_sessions() == {}
    closed = manager.get_session("mine")
    assert (closed["status"], closed["exit_code"]) == ("failed", 3)
    assert closed["end_time"] >= closed["start_time"]
    assert manager.list_sessions() == {"mine": closed}


def test_opening_and_closing_return_nothing():
    """As the reference says: what a session is, `get_session` tells."""
    manager = SessionManager()
    assert manager.create_session("mine", {}) is None
    assert manager.close_session("mine") is None


def test_closing_twice_changes_nothing():
    """The first end counts."""
    manager = SessionManager()
    manager.create_session("mine", {})
    manager.close_session("mine")
    first = manager.get_session("mine")
    assert first["status"] == "success"
    manager.close_session("mine", status="error", exit_code=1)
    assert manager.get_session("mine") == first


def test_unknown_ids_give_an_empty_dict():
    """Nothing is raised for a session that is not there."""
    manager = SessionManager()
    assert manager.get_session("nothing") == {}
    manager.close_session("nothing")
    assert manager.list_sessions() == {}


def test_an_id_is_taken_once():
    """A second session of the same ID is refused instead of replacing the first."""
    manager = SessionManager()
    manager.create_session("mine", {})
    with pytest.raises(SessionError, match="mine"):
        manager.create_session("mine", {})


def test_own_sessions_are_the_managers_own():
    """What one manager keeps is not written anywhere and not seen by another."""
    SessionManager().create_session("mine", {})
    assert SessionManager().get_session("mine") == {}


def test_sessions_on_disk_are_seen(make_run):
    """Runs of any process are there, with arguments, configuration and how they ended."""
    run = make_run("FINISHED_ERROR", name="bad-v2", id="bad", exit_reason="lost", args={"x": 1})
    make_run("RUNNING", name="alive")
    make_run("RUNNING", name="dead", process=DEAD)
    manager = SessionManager()
    assert list(manager.list_sessions()) == ["dead", "alive", "bad"]
    assert list(manager.get_active_sessions()) == ["alive"]
    assert manager.get_session("dead")["status"] == "dead"
    found = manager.get_session("bad")
    assert set(found) == KEYS
    assert found == manager.get_session("bad-v2")
    assert found["config"] == {
        "EXPERIMENT": {"lr": 0.001},
        "IS_DEBUG": False,
        "ARGS": {"x": 1},
    }
    assert (found["status"], found["exit_code"], found["exit_reason"]) == ("error", 1, "lost")
    assert found["sdir_run"] == str(run)


def test_sessions_on_disk_are_not_closed_from_here(make_run):
    """A manager cannot end the run of another process."""
    run = make_run("RUNNING", name="alive")
    SessionManager().close_session("alive")
    assert run.is_dir()
    assert list(SessionManager().get_active_sessions()) == ["alive"]


def test_two_runs_of_one_id_are_both_listed(make_run, tmp_path):
    """A copied output directory hides no session."""
    make_run(name="one")
    make_run(name="one", base=tmp_path / "copy_out")
    assert len(SessionManager().list_sessions()) == 2


def test_records_of_the_wrong_shape_are_seen_too(make_run):
    """A run whose record cannot be read is listed with what its directory says."""
    run = make_run(name="one")
    (run / "CONFIGS" / "PROVENANCE.json").write_text("{", encoding="utf-8")
    found = SessionManager().get_session("one")
    assert set(found) == KEYS
    assert (found["status"], found["config"], found["pid"]) == ("success", {"ARGS": {}}, None)


def test_a_real_session_of_another_process_is_seen(lab):
    """A script that is running is active here, and filed when it is over."""
    lab.write(
        "import sys\n"
        "import scitex_session\n"
        "CONFIG, *_ = scitex_session.start(sys)\n"
        "sys.stderr.write(CONFIG.ID + '\\n'); sys.stderr.flush()\n"
        "sys.stdin.readline()\n"
        "scitex_session.close(CONFIG, exit_status=0)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=lab.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    lines = iter(process.stderr.readline, "")
    identifier = next(line.strip() for line in lines if line.startswith("20") and "_" in line)
    manager = SessionManager()
    assert manager.get_active_sessions()[identifier]["pid"] == process.pid
    process.communicate("\n", timeout=60)
    assert manager.get_active_sessions() == {}
    assert manager.get_session(identifier)["status"] == "success"
