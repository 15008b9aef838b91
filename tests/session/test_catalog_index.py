"""The index behind every listing: it follows the directories, whatever they hold."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scitex_session import SessionManager


@pytest.fixture
def listed(command):
    """Return a reader of ``ls --json``: the runs by name."""

    def read(*words):
        answer = command("ls", "--json", *words)
        assert answer.status == 0, answer.err
        found = json.loads(answer.out)
        assert len({run["name"] for run in found}) == len(found)
        return {run["name"]: run for run in found}

    return read


@pytest.fixture
def states(listed):
    """Return a reader of where each run is filed."""
    return lambda: {name: Path(run["path"]).parent.name for name, run in listed().items()}


@pytest.fixture
def index_file(listed, tmp_path):
    """Return the file of the index; the runs have to be made before."""
    listed()
    (file,) = (tmp_path / ".state").glob("index-*.sqlite3")
    return file


def settle(base):
    """Make the directories old enough for their change times to be trusted."""
    old = time.time() - 100
    for state in base.iterdir():
        os.utime(state, (old, old))


def _open_files(path):
    if sys.platform != "linux":
        return []
    return [fd for fd in os.listdir("/proc/self/fd") if _target(fd) == str(path)]


def _target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:  # that of the listing itself
        return None


def test_runs_appear_move_and_vanish(make_run, states):
    """Each reading shows the directories as they are then."""
    one = make_run("RUNNING", name="one")
    make_run(name="two")
    assert states() == {"one": "RUNNING", "two": "FINISHED_SUCCESS"}
    settle(make_run.base)
    assert states() == {"one": "RUNNING", "two": "FINISHED_SUCCESS"}
    target = make_run.base / "FINISHED_ERROR"
    target.mkdir()
    one.rename(target / "one")
    assert states() == {"one": "FINISHED_ERROR", "two": "FINISHED_SUCCESS"}
    shutil.rmtree(target / "one")
    assert states() == {"two": "FINISHED_SUCCESS"}
    shutil.rmtree(make_run.base)
    assert states() == {}


def test_a_change_right_after_a_reading_is_seen(make_run, listed):
    """A run that arrives within the grain of the clock is not missed by the next reading."""
    make_run(name="one")
    for count in range(20):
        assert len(listed()) == count + 1
        run = make_run(name=f"more{count}")
    listed()
    before = run.parent.stat()
    make_run(name="last")
    os.utime(run.parent, ns=(before.st_atime_ns, before.st_mtime_ns))  # what a coarse clock says
    assert "last" in listed()


def test_an_unchanged_directory_is_not_listed_again(make_run, listed):
    """A warm index costs one look at each state directory, however many runs are in it."""
    run = make_run(name="one")
    settle(make_run.base)
    listed()
    code = """
import sys
from scitex_session._commands import main

def watch(event, args):
    if event in ("os.scandir", "os.listdir", "open") and str(args[0]).startswith(sys.argv[1]):
        print("read", args[0])

sys.addaudithook(watch)
main(["ls"])
"""
    command = [sys.executable, "-c", code, str(make_run.base)]
    out = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    assert out.splitlines()[1].startswith("one\t")
    assert "read" not in out
    os.utime(run.parent)
    out = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    assert f"read {run.parent}\n" in out


def test_a_replaced_run_is_read_again(make_run, listed):
    """Another directory under the same name is another run."""
    first = make_run(name="one", args={"x": 1})
    second = make_run("RUNNING", name="one", args={"x": 2})
    listed("--status", "success")
    shutil.rmtree(first)
    second.rename(first)
    assert listed()["one"]["args"] == {"x": 2}


def test_a_record_completed_later_is_read_again(make_run, listed):
    """A run filed before its record had an end in it shows the end once it is there."""
    run = make_run("FINISHED_ERROR", name="one", status="running", exit_reason=None)
    settle(make_run.base)
    assert listed()["one"]["run"]["exit_reason"] is None
    file = run / "CONFIGS" / "PROVENANCE.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["run"].update(status="error", exit_reason="lost")
    file.write_text(json.dumps(record), encoding="utf-8")
    settle(make_run.base)
    assert listed()["one"]["run"]["exit_reason"] == "lost"


def test_a_run_in_place_is_found(make_run, listed, tmp_path):
    """A run in a directory of the user's own is listed while it runs and when it is over."""
    run = make_run("", base=tmp_path / "here", name="X")
    assert {name: one["status"] for name, one in listed().items()} == {"here": "running"}
    file = run / "CONFIGS" / "PROVENANCE.json"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    file.write_text(text.replace('"running"', '"success"'), encoding="utf-8")
    assert {name: one["status"] for name, one in listed().items()} == {"here": "success"}


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" * 500])
def test_a_broken_index_is_made_anew(make_run, listed, index_file, content):
    """Whatever stands in the index file, the runs are listed."""
    make_run(name="one")
    index_file.write_bytes(content)
    assert list(listed()) == ["one"]
    assert index_file.read_bytes() != content
    assert list(listed()) == ["one"]


def test_an_index_of_another_version_is_made_anew(make_run, listed, index_file):
    """An index that an older or newer release wrote is not misread."""
    make_run(name="one")
    listed()
    with sqlite3.connect(index_file) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA user_version = 99")
        db.execute("DELETE FROM runs")
    db.close()
    assert list(listed()) == ["one"]
    with sqlite3.connect(index_file) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
    db.close()


def test_without_a_writable_state_directory_it_lives_in_memory(
    make_run, listed, tmp_path, monkeypatch
):
    """Runs are listed where no index can be kept."""
    make_run(name="one")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert list(listed("--in", make_run.base)) == ["one"]


def test_an_index_held_by_another_tool_does_not_block(make_run, listed, index_file, monkeypatch):
    """A tool that keeps the index locked makes the others slow, not wrong."""
    make_run(name="one")
    listed()
    make_run(name="two")
    connect, patience = sqlite3.connect, []

    def impatient(path, *, timeout, **options):
        patience.append(timeout)
        return connect(path, timeout=0.05, **options)

    holder = connect(index_file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(sqlite3, "connect", impatient)
    assert sorted(listed()) == ["one", "two"]
    holder.close()
    assert _open_files(index_file) == []
    assert patience[0] >= 10


def test_readings_at_once_agree(make_run):
    """Several programs that build the index together all see every run."""
    for count in range(30):
        make_run(name=f"run{count}")
    found = []

    def read():
        found.append(len(SessionManager().list_sessions()))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [30] * 4


def listed_while_moving(source, target, at):
    """List runs; one is moved when the listing is about to read a file or directory."""
    code = """
import os, sys
from scitex_session._commands import main

source, target, at = sys.argv[1:]

def watch(event, args):
    if event in ("os.scandir", "open") and args[0] == at and os.path.exists(source):
        os.rename(source, target)

sys.addaudithook(watch)
main(["ls"])
"""
    words = [sys.executable, "-c", code, str(source), str(target), str(at)]
    out = subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout
    assert target.is_dir()
    return sorted(line.split("\t")[:2] for line in out.splitlines()[1:])


def test_a_run_filed_while_the_directories_are_listed_is_listed_once(make_run, command):
    """A run that moves behind the first directory's listing is seen where it is filed."""
    run = make_run("RUNNING", name="one")
    make_run("FINISHED_ERROR", name="two")
    target = make_run.base / "FINISHED_ERROR" / "one"
    rows = listed_while_moving(run, target, at=target.parent)
    assert rows == [["one", "error"], ["two", "error"]]
    assert len(command("ls").lines) == 3


def test_a_run_that_goes_before_it_is_read_is_not_listed(make_run, command, tmp_path):
    """A run that is moved away between the listing of its directory and its reading is gone."""
    run = make_run(name="one")
    make_run("FINISHED_ERROR", name="two")
    assert listed_while_moving(run, tmp_path / "away", at=run) == [["two", "error"]]
    (tmp_path / "away").rename(run)
    assert len(command("ls").lines) == 3


def test_directories_that_are_gone_leave_nothing_in_the_index(
    make_run, listed, index_file, tmp_path
):
    """The index does not grow with output directories that were removed."""
    make_run(name="one")
    make_run(name="two", base=tmp_path / "other_out")
    listed()
    shutil.rmtree(tmp_path / "other_out")
    make_run(name="three")
    assert sorted(listed()) == ["one", "three"]
    with sqlite3.connect(index_file) as db:
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("runs", "heads")
        ]
    db.close()
    assert counts == [(2,), (2,)]


def test_a_broken_cache_of_digests_is_no_cache(lab, look):
    """Where it is no database a session digests as ever, and keeps no file open."""
    cache = lab.path / ".state" / "digests.sqlite"
    cache.parent.mkdir()
    cache.write_bytes(b"no database" * 1000)
    (lab.path / "data").write_bytes(b"x" * 2_000_000)
    lab.write(
        "import os, sys, scitex_session\n"
        "CONFIG, *_ = scitex_session.start(sys)\n"
        "len(open('data', 'rb').read())\n"
        "scitex_session.close(CONFIG, exit_status=0)\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: print(os.readlink(f'/proc/self/fd/{name}'))\n"
        "    except OSError: pass\n"
    )
    answer = lab.run()
    assert answer.returncode == 0, answer.stderr
    assert "digests" not in answer.stdout
    (entry,) = look.record(lab.only("FINISHED_SUCCESS"))["inputs"]
    assert entry["sha256"] == hashlib.sha256(b"x" * 2_000_000).hexdigest()


def test_links_are_not_followed(make_run, command, tmp_path):
    """A link in place of a run, a state, CONFIGS or the record leads nowhere."""
    secret = make_run(base=tmp_path / "other_out", name="secret", args={"password": "p"})
    inner = make_run(name="inner")
    os.symlink(secret, make_run.base / "FINISHED_SUCCESS" / "linked")
    os.symlink(secret.parent, make_run.base / "FINISHED")
    (inner / "CONFIGS" / "PROVENANCE.json").unlink()
    os.symlink(secret / "CONFIGS" / "PROVENANCE.json", inner / "CONFIGS" / "PROVENANCE.json")
    outer = make_run(name="outer")
    shutil.rmtree(outer / "CONFIGS")
    os.symlink(secret / "CONFIGS", outer / "CONFIGS")
    answer = command("ls", "--in", make_run.base)
    assert sorted(line.split("\t")[0] for line in answer.lines[1:]) == ["inner", "outer"]
    assert "password" not in answer.out
    assert "password" not in command("ls", "--in", make_run.base, "--json").out


def test_a_pipe_as_a_record_does_not_hang(make_run, listed):
    """A record that is a named pipe is no record."""
    run = make_run(name="one")
    (run / "CONFIGS" / "PROVENANCE.json").unlink()
    os.mkfifo(run / "CONFIGS" / "PROVENANCE.json")
    assert list(listed()) == ["one"]


HOSTILE = {
    "no json": b"{oops",
    "a list": b"[1, 2]",
    "a text": b'"run"',
    "sections of the wrong type": b'{"run": 1, "process": [], "args": "x", "config": null}',
    "fields of the wrong type": b'{"run": {"id": 1, "status": [], "start_time": {}, "script": 5}}',
    "not UTF-8": b'{"run": {"id": "\xff"}}',
    "too deep for the parser": b'{"run": ' + b"[" * 200_000,
    "too deep for SQLite": b'{"args": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b', "run": {}}',
    "no number that JSON has": b'{"args": {"x": NaN, "y": Infinity, "z": 1e999}, "run": {}}',
    "too many digits": b'{"args": {"x": ' + b"9" * 10_000 + b'}, "run": {}}',
    "a lone surrogate": b'{"run": {"id": "\\ud800", "script": "\\ud800"}, "args": {"\\udc00": 1}}',
    "another's ID": b'{"run": {"id": "another", "status": "success"}}',
    "a far year": b'{"run": {"start_time": "9999-12-31T23:59:59+00:00"}}',
    "cut in the middle of a text": b'{"run": {}} x,\n  "seed": 1',
    "empty": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_records_do_not_break_the_listing(make_run, command, content):
    """Whatever a record holds, its run and the others are listed, and conditions still work."""
    run = make_run(name="bad")
    make_run(name="good", args={"x": 5})
    (run / "CONFIGS" / "PROVENANCE.json").write_bytes(content)
    listing = command("ls")
    assert listing.status == 0
    assert sorted(line.split("\t")[0] for line in listing.lines[1:]) == ["bad", "good"]
    assert [line.split("\t")[0] for line in command("ls", "x=5").lines[1:]] == ["good"]
    assert json.loads(command("ls", "--json").out)[-1]["name"] in ("bad", "good")
    assert command("show", "bad").status in (0, 4)


def test_a_record_deeper_than_the_index_takes_breaks_no_listing(make_run):
    """Where Python parses more levels than SQLite does, such a record is no record."""
    run = make_run(name="deep")
    make_run(name="good", args={"x": 5})
    nested = '{"a":' * 2500 + "1" + "}" * 2500
    (run / "CONFIGS" / "PROVENANCE.json").write_text(f'{{"run": {{}}, "args": {nested}}}', "utf-8")
    code = (
        "import sys; sys.setrecursionlimit(10_000);"
        "from scitex_session._commands import main; sys.exit(main(sys.argv[1:]))"
    )
    for words, wanted in ((["ls"], ["deep", "good"]), (["ls", "x=5"], ["good"])):
        command = [sys.executable, "-c", code, *words]
        out = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
        assert sorted(line.split("\t")[0] for line in out.splitlines()[1:]) == wanted


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_a_record_of_any_layout_is_read(make_run, listed, indent):
    """How a record's JSON is laid out, and what stands behind the listed sections, is no matter."""
    run = make_run(name="one", args={"x": ',\n  "seed": '}, config={"a": {"seed": 1}, "b": 2})
    file = run / "CONFIGS" / "PROVENANCE.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    for text in (
        json.dumps({**record, "outputs": [{"path": "a" * 9}] * 99}, indent=indent),
        json.dumps({"first": 0, "seed": 1, **dict(reversed(record.items()))}, indent=indent),
    ):
        file.write_text(text, encoding="utf-8")
        os.rename(run, run.parent / "away")  # another directory of that name is read anew
        shutil.copytree(run.parent / "away", run)
        shutil.rmtree(run.parent / "away")
        found = listed()["one"]
        assert found["run"] == record["run"]
        assert found["args"] == {"x": ',\n  "seed": '}
        assert found["config"] == {"a": {"seed": 1}, "b": 2}


def test_paths_are_found_by_script_directory_run_and_tree(make_run, command, tmp_path):
    """A path may be an output directory, its script, a run in it, or any folder above."""
    run = make_run(name="one")
    make_run(name="two", base=tmp_path / "deep" / "other_out")
    script = tmp_path / "script.py"
    script.write_text("", encoding="utf-8")
    shutil.rmtree(tmp_path / ".state")
    for path in (make_run.base, script, run):
        assert [line.split("\t")[0] for line in command("ls", "--in", path).lines[1:]] == ["one"]
    assert len(command("ls", "--in", tmp_path).lines) == 3
    answer = command("ls", "--in", tmp_path / "nowhere")
    assert (answer.status, answer.out) == (2, "")
    assert "no such directory or script" in answer.err


def test_conditions_that_are_none_are_refused(command):
    """An expression without an operator or with a quote in its name is a usage error."""
    for text in ("threshold", "=5", 'a"b=1', ""):
        answer = command("ls", text)
        assert (answer.status, answer.out) == (2, "")
        assert "no condition" in answer.err
    answer = command("ls", "--since", "yesterday")
    assert answer.status == 2
    assert "no date" in answer.err
