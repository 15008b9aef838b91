import json
import os
import shutil
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from scitex_session._catalog import _index, _read_rows, _record_head, _walk
from scitex_session._catalog._index import Index
from scitex_session._provenance import _digest
from scitex_session.errors import UsageError


def names(**options):
    """Return the names of the indexed runs."""
    with Index(**options) as index:
        return sorted(run.name for run in index.find())


def states():
    """Return where each run is filed."""
    with Index() as index:
        return {run.name: run.entry.state for run in index.find()}


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


def test_runs_appear_move_and_vanish(make_run):
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


def test_a_change_right_after_a_reading_is_seen(make_run):
    """A run that arrives within the grain of the clock is not missed by the next reading."""
    make_run(name="one")
    for count in range(20):
        assert len(names()) == count + 1
        make_run(name=f"more{count}")


def test_an_unchanged_directory_is_not_listed_again(make_run, monkeypatch):
    """A warm index costs one look at each state directory, however many runs are in it."""
    make_run(name="one")
    settle(make_run.base)
    names()
    monkeypatch.setattr(_index.Directory, "compare", lambda *_: pytest.fail("was read again"))
    assert names() == ["one"]


def test_a_replaced_run_is_read_again(make_run):
    """Another directory under the same name is another run."""
    first = make_run(name="one", args={"x": 1})
    second = make_run("RUNNING", name="one", args={"x": 2})
    names()
    shutil.rmtree(first)
    second.rename(first)
    with Index() as index:
        (run,) = index.find()
    assert "x=2" in run.line


def test_a_record_completed_later_is_read_again(make_run):
    """A run filed before its record had an end in it shows the end once it is there."""
    run = make_run("FINISHED_ERROR", name="one", status="running", exit_reason=None)
    settle(make_run.base)
    with Index() as index:
        assert "lost" not in next(index.find()).line
    file = run / "CONFIGS" / "PROVENANCE.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["run"].update(status="error", exit_reason="lost")
    file.write_text(json.dumps(record), encoding="utf-8")
    settle(make_run.base)
    with Index() as index:
        assert "lost" in next(index.find()).line


def test_a_run_in_place_is_found(make_run, tmp_path):
    """A run in a directory of the user's own is listed while it runs and when it is over."""
    run = make_run("", base=tmp_path / "here", name="X")
    with Index() as index:
        assert [(found.name, found.status) for found in index.find()] == [("here", "running")]
    file = run / "CONFIGS" / "PROVENANCE.json"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    file.write_text(text.replace('"running"', '"success"'), encoding="utf-8")
    with Index() as index:
        assert [(found.name, found.status) for found in index.find()] == [("here", "success")]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" * 500])
def test_a_broken_index_is_made_anew(make_run, content):
    """Whatever stands in the index file, the runs are listed."""
    make_run(name="one")
    Path(_index._path()).write_bytes(content)
    assert names() == ["one"]
    assert names() == ["one"]


def test_an_index_of_another_version_is_made_anew(make_run):
    """An index that an older or newer release wrote is not misread."""
    make_run(name="one")
    names()
    with sqlite3.connect(_index._path()) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert names() == ["one"]


def test_without_a_writable_state_directory_it_lives_in_memory(make_run, tmp_path, monkeypatch):
    """Runs are listed where no index can be kept."""
    make_run(name="one")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert names(roots=[str(make_run.base)]) == ["one"]


def test_an_index_held_by_another_tool_does_not_block(make_run, monkeypatch):
    """A tool that keeps the index locked makes the others slow, not wrong."""
    make_run(name="one")
    names()
    make_run(name="two")
    monkeypatch.setattr(_index, "_PATIENCE", 0.05)
    holder = sqlite3.connect(_index._path(), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert names() == ["one", "two"]
    holder.close()
    assert _open_files(_index._path()) == []


def test_readings_at_once_agree(make_run):
    """Several tools that build the index together all see every run."""
    for count in range(30):
        make_run(name=f"run{count}")
    found = []

    def read():
        found.append(len(names()))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [30] * 4


def test_a_broken_cache_of_digests_is_let_go(tmp_path, monkeypatch):
    """A cache that is no database is none, and is not kept open."""
    monkeypatch.setattr(_digest, "cache_directory", lambda: str(tmp_path))
    file = tmp_path / "digests.sqlite"
    file.write_bytes(b"no database" * 1000)
    with _digest.Cache() as cache:
        assert _open_files(file) == []
        assert cache.get(os.stat(file)) is None


def test_links_are_not_followed(make_run, tmp_path):
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
    with Index([str(make_run.base)]) as index:
        found = {run.name: run.line for run in index.find()}
    assert sorted(found) == ["inner", "outer"]
    assert not any("password" in line for line in found.values())


def test_a_pipe_as_a_record_does_not_hang(make_run):
    """A record that is a named pipe is no record."""
    run = make_run(name="one")
    (run / "CONFIGS" / "PROVENANCE.json").unlink()
    os.mkfifo(run / "CONFIGS" / "PROVENANCE.json")
    assert names() == ["one"]


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


def test_only_the_needed_part_of_a_record_is_parsed():
    """Sections are taken as they come, with their text, and what follows the last is not read."""
    inner = '"run": {"id": "a"},\n  "process": {},\n  "args": {"x": [1, 2]},\n  "config": {}'
    rest = '"seed": 42, "outputs": [this is never read'
    texts = ('{ "schema" : "s", ' + inner + " , " + rest, "{\n  " + inner + ",\n  " + rest)
    for text in texts:
        found, kept = _record_head.head(text)
        assert found["run"] == {"id": "a"}
        assert found["args"] == {"x": [1, 2]}
        assert json.loads(kept) == found


def test_places_are_found_by_script_directory_run_and_tree(make_run, tmp_path):
    """A place may be an output directory, its script, a run in it, or any folder above."""
    run = make_run(name="one")
    script = tmp_path / "script.py"
    script.write_text("", encoding="utf-8")
    for place in (make_run.base, script, run, tmp_path):
        assert _walk.find_roots([str(place)]) == [str(make_run.base)]
    with pytest.raises(FileNotFoundError):
        _walk.find_roots([str(tmp_path / "nowhere")])


def test_conditions_that_are_none_are_refused():
    """An expression without an operator or with a quote in its name is a usage error."""
    from scitex_session._catalog._query import expression, moment

    for text in ("threshold", "=5", 'a"b=1', ""):
        with pytest.raises(UsageError, match="no condition"):
            expression(text)
    with pytest.raises(UsageError, match="no date"):
        moment("yesterday", option="--since")


@pytest.fixture
def shared(monkeypatch):
    """Let helpers read where there are more than a few runs, a few at a time; return them."""
    monkeypatch.setattr(_read_rows, "_MANY", 10)
    monkeypatch.setattr(_read_rows, "_PIECE", 4)
    monkeypatch.setattr(_read_rows, "_idle_processors", lambda: 3)
    started = []
    start = _read_rows._start
    monkeypatch.setattr(_read_rows, "_start", lambda: started.append(start()) or started[-1])
    return started


def make_many(make_run, *states):
    """Make twenty runs in each state; return their names."""
    made = [f"{state}-{number}" for state in states for number in range(20)]
    for name in made:
        make_run(name.rpartition("-")[0], name=name)
    return sorted(made)


def test_helpers_share_what_there_is_to_read(make_run, shared):
    """Every run is indexed once, in its own directory, whoever read its record."""
    made = make_many(make_run, "FINISHED_SUCCESS", "FINISHED_ERROR", "RUNNING")
    assert states() == {name: name.rpartition("-")[0] for name in made}
    assert names() == made
    assert len(shared) == 3
    assert all(helper.poll() is not None for helper in shared)


@pytest.mark.parametrize("dead_after", [0, 1, 3])
def test_what_a_dead_helper_was_to_read_is_read(make_run, shared, monkeypatch, dead_after):
    """A helper that is killed takes no run with it."""
    made = make_many(make_run, "FINISHED_SUCCESS", "FINISHED_ERROR")
    receive, answers = _read_rows._receive, []

    def kill_one(stream):
        answers.append(stream)
        if len(answers) == dead_after + 1:
            victim = next(helper for helper in shared if helper.stdout is stream)
            victim.kill()
            victim.wait()
        return receive(stream)

    monkeypatch.setattr(_read_rows, "_receive", kill_one)
    assert names() == made
    assert len(answers) > dead_after


def test_without_helpers_it_is_read_here(make_run, shared, monkeypatch):
    """Where helpers cannot run at all the index is the same."""
    made = make_many(make_run, "FINISHED_SUCCESS")
    monkeypatch.setattr(_read_rows, "_PROGRAM", "raise SystemExit(1)")
    assert names() == made
    assert len(shared) == 3
