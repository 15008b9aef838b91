import json
import os
import re
import subprocess
import sys

import pytest

DEAD = {"host": os.uname().nodename, "boot_id": "another boot", "pid": 1, "start_ticks": 1}
ELSEWHERE = {"host": "elsewhere", "boot_id": "b", "pid": 1, "start_ticks": 1}


def names(answer):
    """Return the first column."""
    assert answer.status == 0, answer.err
    return [line.split("\t")[0] for line in answer.lines[1:]]


def test_runs_are_listed_newest_first(make_run, command):
    """Each run is one tab-separated line, under headings that name its columns."""
    make_run(name="old", args={"threshold": 0.3, "flag": True, "name": "x y"})
    make_run("FINISHED_ERROR", name="new", exit_reason="exception: ValueError: no")
    head, new, old = command("ls").lines
    assert head.split("\t") == ["ID", "STATUS", "START", "TIME", "SCRIPT", "REASON", "ARGS"]
    assert old.split("\t") == [
        "old",
        "success",
        "2026-11-20T14:30:01+00:00",
        "00:00:30",
        "script.py",
        "success",
        "threshold=0.3 flag=true name=x y",
    ]
    assert new.split("\t")[1:6:4] == ["error", "exception: ValueError: no"]


def test_nothing_to_list_is_no_error(command):
    """A machine without runs gives the headings and status 0."""
    assert names(command("ls")) == []
    assert json.loads(command("ls", "--json").out) == []


def test_the_status_of_a_run_is_the_truth(make_run, command):
    """Running, dead and unknown are told apart by the process, not by the directory alone."""
    make_run("RUNNING", name="alive")
    make_run("RUNNING", name="dead", process=DEAD)
    make_run("RUNNING", name="far", process=ELSEWHERE)
    make_run("RUNNING", name="none", process=None)
    found = dict(line.split("\t")[:2] for line in command("ls").lines[1:])
    assert found == {"alive": "running", "dead": "dead", "far": "unknown", "none": "unknown"}
    assert names(command("ls", "--status", "dead")) == ["dead"]
    assert names(command("ls", "--status", "running")) == ["alive"]
    assert sorted(names(command("ls", "--status", "unknown"))) == ["far", "none"]


def test_a_record_that_does_not_tell_is_unknown(make_run, command, tmp_path):
    """A run used in place whose record names no known state is found as what it is."""
    run = make_run("", base=tmp_path / "here", name="X")
    file = run / "CONFIGS" / "PROVENANCE.json"
    text = file.read_text(encoding="utf-8").replace('"status": "running"', '"status": "odd"')
    assert '"odd"' in text
    file.write_text(text, encoding="utf-8")
    assert names(command("ls", "--status", "unknown")) == ["here"]
    assert names(command("ls", "--status", "running")) == []


def test_a_run_directory_being_filled_is_not_listed(make_run, command):
    """A directory under its staging name in RUNNING is no run yet."""
    make_run("RUNNING", name=".new-2026Y")
    assert names(command("ls")) == []


EXPRESSIONS = [
    ("threshold>0.4", ["b"]),
    ("threshold>=0.3", ["b", "a"]),
    ("threshold < 0.4", ["a"]),
    ("threshold!=0.3", ["b"]),
    ("threshold=0.30", ["a"]),
    ("n=10", ["c"]),
    ("n>9.5", ["c"]),
    ("data-path=a.csv", ["a"]),
    ("data_path='a.csv'", ["a"]),
    ("data_path~.csv", ["b", "a"]),
    ("data_path>a.csv", ["b"]),
    ("flag=true", ["b"]),
    ("flag=false", ["a"]),
    ("nothing=none", ["c"]),
    ("EXPERIMENT.lr<=1e-3", ["c", "b", "a"]),
    ("EXPERIMENT.lr>1e-3", []),
    ("opt.lr=0.1", ["c"]),
    ("run.exit_status!=0", ["c"]),
    ("run.exit_reason~lost", ["c"]),
    ("word=5", ["c"]),
    ("absent=1", []),
    ("absent!=1", []),
    ("n=99999999999999999999", []),
]


@pytest.mark.parametrize(("expression", "wanted"), EXPRESSIONS)
def test_expressions_choose_by_parameters(make_run, command, expression, wanted):
    """Arguments, configuration and fields of the run are compared by their own types."""
    make_run(name="a", args={"threshold": 0.3, "data_path": "a.csv", "flag": False})
    make_run(name="b", args={"threshold": 0.5, "data_path": "b.csv", "flag": True})
    make_run(
        "FINISHED_ERROR",
        name="c",
        args={"n": 10, "opt": {"lr": 0.1}, "word": "5", "nothing": None},
        exit_reason="lost",
    )
    assert names(command("ls", expression)) == wanted


def test_filters_are_combined(make_run, command, tmp_path):
    """Several filters mean all of them."""
    make_run(name="a", args={"x": 1})
    make_run(name="b", args={"x": 2})
    make_run("FINISHED_ERROR", name="c", args={"x": 2})
    make_run(name="d", base=tmp_path / "other_out", args={"x": 2})
    assert names(command("ls", "x=2", "--status", "success", "--script", "script.py")) == ["b"]
    assert names(command("ls", "--status", "error", "--status", "success", "x<2")) == ["a"]
    assert names(command("ls", "--script", "other")) == ["d"]
    assert names(command("ls", "-n", "1")) == ["d"]


def test_since_takes_dates_and_ages(make_run, command):
    """Runs are chosen by when they began."""
    make_run(name="old", start_time="2020-01-01T00:00:00+00:00")
    make_run(name="new", start_time="2999-01-01T00:00:00+00:00")
    assert names(command("ls", "--since", "2021-06-01")) == ["new"]
    assert names(command("ls", "--since", "7d")) == ["new"]
    answer = command("ls", "--since", "yesterday")
    assert (answer.status, answer.out) == (2, "")
    assert "yesterday" in answer.err


def test_json_holds_the_whole(make_run, command):
    """Objects have name, ID, status, path, whether archived, the run, arguments, configuration."""
    run = make_run(name="a-v2", id="a", args={"x": [1, {"y": None}]})
    (found,) = json.loads(command("ls", "--json").out)
    assert {key: found[key] for key in ("name", "id", "status", "path", "archived", "args")} == {
        "name": "a-v2",
        "id": "a",
        "status": "success",
        "path": str(run),
        "archived": False,
        "args": {"x": [1, {"y": None}]},
    }
    assert found["run"]["exit_status"] == 0
    assert found["config"]["EXPERIMENT"] == {"lr": 0.001}


def test_places_outside_the_registry(make_run, command, tmp_path, monkeypatch):
    """Runs that were copied from another machine are found where --in says."""
    make_run(name="a")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / "another"))
    assert names(command("ls")) == []
    assert names(command("ls", "--in", tmp_path)) == ["a"]
    answer = command("ls", "--in", tmp_path / "nowhere")
    assert answer.status == 2
    assert "no such directory" in answer.err


HOSTILE = (
    "\x7f\x1b[31mred\x1b]0;title\x07 \u202e[bold]tsil[/bold]\r\nfake\tline \x9b2J \u2028 \u200b"
)


def test_hostile_texts_are_spelled_out(make_run, command):
    """Names, arguments, reasons and scripts cannot colour, move, forge or hide a line."""
    name = HOSTILE.replace("/", "")
    make_run(
        name=name,
        script=f"/tmp/{HOSTILE.replace('/', '')}.py",
        exit_reason=HOSTILE,
        args={HOSTILE: HOSTILE},
    )
    make_run(name="good")
    for words in (["ls"], ["ls", "--json"], ["show", "\x7f\x1b[31m"], ["ls", "--trash"]):
        answer = command(*words)
        assert answer.status == 0
        assert all(char.isprintable() or char in "\n\t" for char in answer.out + answer.err)
    assert len(command("ls").lines) == 3
    assert all(line.count("\t") == 6 for line in command("ls").lines)


def test_names_that_are_no_utf8_are_listed(make_run, command):
    """A directory name of arbitrary bytes is shown, found and completed nowhere else."""
    run = make_run(name="good")
    os.rename(os.fsencode(run), os.fsencode(run.parent) + b"/bad\xff\xfe")
    assert names(command("ls")) == ["bad\\udcff\\udcfe"]
    assert command("show", "bad").status == 0
    assert command("show", os.fsdecode(b"\xff\xfe")).status == 0
    assert command("show", os.fsdecode(b"\xfe\xff")).status == 3
    assert names(command("ls", "--script", os.fsdecode(b"\xff"))) == []
    assert command("ls", os.fsdecode(b"x=\xff")).status == 2


def on_terminal(command, columns=100):
    """Run a command on a terminal and return what appears on it."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "scitex_session", *command],
        dimensions=(50, columns),
        encoding="utf-8",
        env={**os.environ, "TERM": "xterm-256color"},
        timeout=60,
    )
    text = child.read()
    child.close()
    return text


def test_a_terminal_gets_a_table(make_run):
    """On a terminal rich draws a table; markup in names is text, and the ID is never cut."""
    name = "2026Y-11M-20D-14h30m15s_Z5MR-[red]x[/red]".replace("/", "")
    make_run(name=name, args={"x": "[link=http://a]" + "y" * 300})
    text = on_terminal(["ls"])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert name in plain
    assert "success" in plain
    assert "\t" not in plain
    assert "\x1b]" not in text
    assert max(map(len, plain.splitlines())) <= 100


def test_rich_is_not_loaded_for_a_pipe(make_run):
    """Piped output costs no table library."""
    make_run(name="a")
    code = (
        "import sys; from scitex_session._commands import main; main(['ls']);"
        "print({'rich', 'yaml', 'tyro', 'numpy', 'tarfile'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    assert out.splitlines()[-1] == "set()"
