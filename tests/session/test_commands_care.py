import os
import shutil
import tarfile
from pathlib import Path

import pytest

DEAD = {"host": os.uname().nodename, "boot_id": "another boot", "pid": 1, "start_ticks": 1}
ELSEWHERE = {"host": "elsewhere", "boot_id": "b", "pid": 1, "start_ticks": 1}


def runs(base):
    """Return the runs under each state."""
    found = {}
    for path in sorted(base.glob("[A-Z]*/*")):
        found.setdefault(path.parent.name, []).append(path.name)
    return found


def test_prune_lists_first_and_moves_when_told(make_run, command):
    """Without --yes nothing is touched; with it the runs lie in the trash, whole."""
    make_run("FINISHED_ERROR", name="bad", files={"a.csv": "1"})
    make_run(name="good")
    answer = command("prune", "--status", "error")
    assert [line.split("\t")[0] for line in answer.lines] == ["bad"]
    assert "--yes" in answer.err
    assert runs(make_run.base) == {"FINISHED_ERROR": ["bad"], "FINISHED_SUCCESS": ["good"]}
    assert command("prune", "--status", "error", "--yes").status == 0
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["good"]}
    (trashed,) = make_run.base.glob(".trash/*/FINISHED_ERROR/bad")
    assert (trashed / "a.csv").read_text(encoding="utf-8") == "1"
    assert command("ls", "--trash").lines[1].split("\t")[0] == "bad"


def test_restore_brings_a_run_back_from_the_trash(make_run, command):
    """What was pruned by mistake is where it was, and the trash leaves nothing behind."""
    make_run(name="one", files={"a.csv": "1"})
    command("prune", "--keep-last", "0", "--yes")
    assert command("ls").lines[1:] == []
    assert command("restore", "on").status == 0
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["one"]}
    assert not (make_run.base / ".trash").exists()


def test_restore_overwrites_nothing(make_run, command):
    """A run that stands where the pruned one was stays."""
    run = make_run(name="one")
    command("prune", "--keep-last", "0", "--yes")
    run.mkdir()
    (run / "new").write_text("", encoding="utf-8")
    assert command("restore", "one").status == 3
    assert (run / "new").exists()


def test_prune_keeps_the_newest_of_each_script(make_run, command, tmp_path):
    """--keep-last counts per script, among the runs that the other options choose."""
    for count in range(3):
        make_run(name=f"a{count}")
        make_run(name=f"b{count}", base=tmp_path / "other_out")
    make_run("FINISHED_ERROR", name="bad")
    assert command("prune", "--keep-last", "2", "--status", "success", "--yes").status == 0
    assert runs(make_run.base) == {"FINISHED_ERROR": ["bad"], "FINISHED_SUCCESS": ["a1", "a2"]}
    assert runs(tmp_path / "other_out") == {"FINISHED_SUCCESS": ["b1", "b2"]}


def test_prune_by_age_and_parameter(make_run, command):
    """Age and expressions choose, as in ls."""
    make_run(name="old", start_time="2020-01-01T00:00:00+00:00")
    make_run(name="other", start_time="2020-01-01T00:00:00+00:00", args={"threshold": 1})
    make_run(name="new", start_time="2999-01-01T00:00:00+00:00")
    answer = command("prune", "--older-than", "30d", "threshold<0.6")
    assert [line.split("\t")[0] for line in answer.lines] == ["old"]


def test_prune_never_touches_live_runs(make_run, command, tmp_path):
    """Running, dead, foreign, in-place and half-made runs stay, whatever is asked."""
    make_run("RUNNING", name="alive")
    make_run("RUNNING", name="dead", process=DEAD)
    make_run("RUNNING", name="far", process=ELSEWHERE)
    make_run("RUNNING", name=".new-x")
    make_run("", base=tmp_path / "here", status="success")
    make_run("FINISHED", name="reused", status="running")
    before = runs(make_run.base)
    answer = command("prune", "--keep-last", "0", "--yes")
    assert answer.status == 4
    assert "live session" in answer.err
    assert runs(make_run.base) == before
    assert (tmp_path / "here" / "CONFIGS").is_dir()


def test_prune_without_a_choice_is_refused(make_run, command):
    """No option means no run, not every run."""
    make_run(name="one")
    for words in (
        ["prune"],
        ["prune", "--yes"],
        ["prune", "--yes", "--script", ""],
        ["archive"],
        ["restore"],
    ):
        assert command(*words).status == 2
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["one"]}


def test_the_trash_is_emptied_only_when_told(make_run, command):
    """--empty-trash counts; with --yes it deletes, and an age spares what was pruned lately."""
    make_run(name="one")
    command("prune", "--keep-last", "0", "--yes")
    assert "1 run in the trash" in command("prune", "--empty-trash").err
    assert command("prune", "--empty-trash", "--older-than", "1d", "--yes").status == 0
    assert len(list(make_run.base.glob(".trash/*/*/one"))) == 1
    assert command("prune", "--empty-trash", "--yes").status == 0
    assert not (make_run.base / ".trash").exists()
    assert command("prune", "--empty-trash", "--status", "error", "--yes").status == 2


def test_archive_and_restore(make_run, command):
    """An archived run is one file, stays in every listing, and comes back as it was."""
    run = make_run(name="one", files={f"f{n}": str(n) for n in range(50)})
    before = sorted(path.name for path in run.rglob("*"))
    assert command("archive", "one").status == 0
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["one.tar"]}
    assert command("ls").lines[1].split("\t")[:2] == ["one", "success (archived)"]
    assert tarfile.is_tarfile(f"{run}.tar")
    assert command("archive", "one").err == "0 runs archived\n"
    assert command("restore", "one").status == 0
    assert sorted(path.name for path in run.rglob("*")) == before
    answer = command("restore", "one")
    assert answer.status == 2
    assert "neither archived nor in the trash" in answer.err


def test_archived_runs_can_be_pruned_and_restored(make_run, command):
    """The trash takes tar files too, and gives them back as they were."""
    run = make_run(name="one")
    command("archive", "one")
    command("prune", "--keep-last", "0", "--yes")
    assert command("ls", "--trash").lines[1].split("\t")[0] == "one"
    assert command("restore", "one").status == 0
    assert Path(f"{run}.tar").exists()
    assert command("restore", "one").status == 0
    assert run.is_dir()


def test_archive_by_filters(make_run, command):
    """Many runs are packed at once; --dry-run only lists them."""
    for count in range(3):
        make_run(name=f"run{count}", args={"x": count})
    answer = command("archive", "--where", "x>0", "--dry-run")
    assert [line.split("\t")[0] for line in answer.lines] == ["run1", "run2"]
    command("archive", "--where", "x>0")
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["run0", "run1.tar", "run2.tar"]}


def test_one_refusal_does_not_stop_the_others(make_run, command):
    """A run that cannot be packed is named, the rest are packed, and the status is 4."""
    run = make_run(name="a")
    os.mkfifo(run / "pipe")
    make_run(name="b")
    answer = command("archive", "--status", "success")
    assert answer.status == 4
    assert "pipe" in answer.err
    assert runs(make_run.base) == {"FINISHED_SUCCESS": ["a", "b.tar"]}


def test_recover_files_the_dead_and_only_them(make_run, command):
    """Dead runs go to FINISHED_ERROR, live and foreign ones stay; again nothing happens."""
    make_run("RUNNING", name="dead", process=DEAD)
    make_run("RUNNING", name="alive")
    make_run("RUNNING", name="far", process=ELSEWHERE)
    assert command("recover").status == 0
    filed = {"FINISHED_ERROR": ["dead"], "RUNNING": ["alive", "far"]}
    assert runs(make_run.base) == filed
    answer = command("recover", make_run.base)
    assert (answer.status, answer.out) == (0, "")
    assert runs(make_run.base) == filed
    assert "lost" in command("ls", "--status", "error").out


def test_recover_of_another_host_needs_its_name(make_run, command):
    """Only a user who says so declares the runs of another machine dead."""
    make_run("RUNNING", name="far", process=ELSEWHERE)
    command("recover", "--host", "third")
    assert runs(make_run.base) == {"RUNNING": ["far"]}
    command("recover", "--host", "elsewhere")
    assert runs(make_run.base) == {"FINISHED_ERROR": ["far"]}


def test_recover_writes_the_end_of_a_run_in_place(make_run, command, tmp_path):
    """A dead run in a directory of the user's own gets its end there."""
    run = make_run("", base=tmp_path / "here", process=DEAD, moves=False)
    assert command("recover").status == 0
    assert run.is_dir()
    assert command("ls").lines[1].split("\t")[1] == "error"
    assert command("recover").out == ""


@pytest.mark.parametrize("path", ["script_out", "script.py", "."])
def test_recover_takes_paths(make_run, command, tmp_path, monkeypatch, path):
    """An output directory, a script, or any folder above says where to look."""
    make_run("RUNNING", name="dead", process=DEAD)
    (tmp_path / "script.py").write_text("", encoding="utf-8")
    shutil.rmtree(tmp_path / ".state")
    monkeypatch.chdir(tmp_path)
    assert command("recover", path).status == 0
    assert runs(make_run.base) == {"FINISHED_ERROR": ["dead"], "RUNNING": []} or runs(
        make_run.base
    ) == {"FINISHED_ERROR": ["dead"]}
    assert command("recover", "nowhere").status == 2
