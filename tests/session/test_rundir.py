import os
import pickle
import re
import stat
import subprocess

import pytest

ID = re.compile(r"(DEBUG_)?\d{4}Y-\d\dM-\d\dD-\d\dh\d\dm\d\ds_[0-9A-Za-z]{4}")


def test_the_run_directory_has_what_the_contract_names(lab):
    """CONFIGS and logs, and what the script saved."""
    lab.decorated("(CONFIG.SDIR_RUN / 'mine.txt').write_text('x')", "CONFIG=INJECTED")
    lab.run()
    run = lab.only("FINISHED_SUCCESS")
    assert ID.fullmatch(run.name)
    code = run / "CONFIGS" / "CODE"  # without git, copies of the script and its modules
    found = [p for p in run.rglob("*") if p != code and code not in p.parents]
    assert sorted(str(p.relative_to(run)) for p in found) == [
        "CONFIGS",
        "CONFIGS/CONFIG.pkl",
        "CONFIGS/CONFIG.yaml",
        "CONFIGS/PROVENANCE.json",
        "logs",
        "logs/stderr.log",
        "logs/stdout.log",
        "mine.txt",
    ]


def test_while_it_runs_everything_is_under_running(lab, look):
    """CONFIG.yaml is complete before the function is called."""
    lab.decorated(
        "import yaml\n"
        "print([p.name for p in CONFIG.SDIR_OUT.iterdir()])\n"
        "text = (CONFIG.SDIR_RUN / 'CONFIGS' / 'CONFIG.yaml').read_text(encoding='utf-8')\n"
        "print(yaml.safe_load(text)['ID'] == CONFIG.ID, CONFIG.SDIR == str(CONFIG.SDIR_RUN))",
        "CONFIG=INJECTED",
    )
    assert lab.run().stdout == "['RUNNING']\nTrue True\n"
    config = look.config(lab.only("FINISHED_SUCCESS"))
    assert config["SDIR"] == str(lab.only("FINISHED_SUCCESS"))


def test_the_configuration_is_written_at_the_start_and_again_at_the_end(lab, look):
    """As YAML and as a pickle of plain values, both times complete."""
    lab.config_file("MODEL.yaml", "lr: 0.1\n")
    lab.decorated(
        "import pickle, yaml\n"
        "folder = CONFIG.SDIR_RUN / 'CONFIGS'\n"
        "pickled = pickle.loads((folder / 'CONFIG.pkl').read_bytes())\n"
        "plain = yaml.safe_load((folder / 'CONFIG.yaml').read_text(encoding='utf-8'))\n"
        "for found in (pickled, plain):\n"
        "    print(found['ARGS'], found['MODEL'], found['EXIT_STATUS'], found['END_TIME'])\n"
        "print(pickled.keys() == plain.keys() == CONFIG.keys(), type(pickled).__name__)",
        "n=1, CONFIG=INJECTED",
    )
    done = lab.run("--n", "2")
    assert done.stdout == "{'n': 2} {'lr': 0.1} None None\n" * 2 + "True dict\n", done.stderr
    run = lab.only("FINISHED_SUCCESS")
    pickled = pickle.loads((run / "CONFIGS" / "CONFIG.pkl").read_bytes())
    plain = look.config(run)
    assert pickled.keys() == plain.keys()
    for found in (pickled, plain):
        assert (found["ARGS"], found["MODEL"], found["EXIT_STATUS"]) == ({"n": 2}, {"lr": 0.1}, 0)
        assert str(found["SDIR_RUN"]) == found["SDIR"] == str(run)
        assert found["END_TIME"] > found["START_TIME"]


def test_debug_stands_in_front_of_the_id(lab):
    """`config/IS_DEBUG.yaml` says so."""
    lab.config_file("IS_DEBUG.yaml", "IS_DEBUG: true\n")
    lab.decorated("print(CONFIG.IS_DEBUG)", "CONFIG=INJECTED")
    assert lab.run().stdout == "True\n"
    assert lab.only("FINISHED_SUCCESS").name.startswith("DEBUG_")


def test_a_suffix_follows_the_id(lab, look):
    """In the directory's name, not in the ID."""
    lab.write(
        "from scitex_session import session\n@session(sdir_suffix='v2')\ndef main(): ...\nmain()\n"
    )
    lab.run()
    run = lab.only("FINISHED_SUCCESS")
    assert run.name == look.config(run)["ID"] + "-v2"


@pytest.mark.parametrize("name", ["my script.py", "análisis.py", "no_ending", "v1.2", "dir/x.py"])
def test_any_name_of_a_script(lab, name):
    """The output stands next to the script, under its name without a Python ending."""
    lab.decorated("print('ran')", name=name)
    assert lab.run(script=name).stdout == "ran\n"
    base = name.removesuffix(".py") + "_out"
    lab.only("FINISHED_SUCCESS", base=base)


def test_another_working_directory(lab, tmp_path_factory):
    """The output stands next to the script, not where it was called."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    lab.decorated("print('ran')")
    assert lab.run(script=lab.path / "script.py", cwd=elsewhere).stdout == "ran\n"
    assert list(elsewhere.iterdir()) == []
    lab.only("FINISHED_SUCCESS")


def test_a_symlinks_target_counts(lab):
    """The real path is the script's."""
    lab.decorated("print('ran')", name="real/script.py")
    (lab.path / "link.py").symlink_to(lab.path / "real" / "script.py")
    assert lab.run(script="link.py").stdout == "ran\n"
    lab.only("FINISHED_SUCCESS", base="real/script_out")


def test_python_dash_m(lab):
    """A module of a package is a script like any other."""
    lab.write("", "pkg/__init__.py")
    lab.decorated("print(n)", "n=1", name="pkg/module.py")
    assert lab.run("-m", "pkg.module", "--n", "4", script=None).stdout == "4\n"
    lab.only("FINISHED_SUCCESS", base="pkg/module_out")


def test_python_dash_c(lab):
    """Without a file it is session_out in the working directory."""
    code = "from scitex_session import session\n@session\ndef main(n=1): print(n)\nmain()"
    assert lab.run("-c", code, script=None).stdout == "1\n"
    lab.only("FINISHED_SUCCESS", base="session_out")


def test_standard_input(lab):
    """The same for a script that is piped in."""
    code = "from scitex_session import session\n@session\ndef main(n=1): print(n)\nmain()"
    assert lab.run(script=None, input=code).stdout == "1\n"
    lab.only("FINISHED_SUCCESS", base="session_out")


def test_an_output_directory_that_is_a_file(lab):
    """One line that names it, and nothing is changed."""
    lab.decorated("return 0")
    (lab.path / "script_out").write_text("mine", encoding="utf-8")
    done = lab.run()
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "script_out" in done.stderr
    assert (lab.path / "script_out").read_text(encoding="utf-8") == "mine"


def test_an_output_directory_that_cannot_be_written(lab, bound):
    """One line that names it and the way out."""
    lab.decorated("return 0")
    lab.path.chmod(0o500)
    try:
        done = lab.run(prefix=bound)
    finally:
        lab.path.chmod(0o700)
    assert done.returncode == 2
    assert "Permission denied" in done.stderr


FROZEN = """\
import os, sys, time
import scitex_repro
scitex_repro.gen_ID = lambda N=4: "A" * N
scitex_repro.gen_timestamp = lambda *a, **k: "2026Y-02M-13D-14h30m15s"
from scitex_session import INJECTED, session

@session
def main(CONFIG=INJECTED):
    (CONFIG.SDIR_RUN / "who.txt").write_text(str(os.getpid()))
main()
"""


@pytest.mark.slow
def test_two_sessions_never_share_a_directory(lab, look):
    """256 sessions, 8 at a time, with the clock and the random source frozen."""
    lab.write(FROZEN)
    waiting = list(range(256))
    running = []
    while waiting or running:
        while waiting and len(running) < 8:
            waiting.pop()
            running.append(
                subprocess.Popen(lab.command(), cwd=lab.path, env=lab.env, stderr=subprocess.PIPE)
            )
        _, err = running[0].communicate(timeout=60)
        assert (running[0].returncode, err) == (0, b"")
        running.pop(0)
    runs = lab.runs()
    assert len(runs) == 256
    assert {run.parent.name for run in runs} == {"FINISHED_SUCCESS"}
    assert len({(run / "who.txt").read_text(encoding="utf-8") for run in runs}) == 256
    assert {look.config(run)["ID"] for run in runs} == {run.name for run in runs}


def test_the_id_is_not_drawn_from_a_seeded_generator(lab):
    """A script that seeds everything still gets another ID."""
    lab.write(
        "import random\nrandom.seed(1)\nfrom scitex_session import session\n"
        "@session\ndef main(): ...\nmain()\nrandom.seed(1)\nmain()\n"
    )
    lab.run()
    first, second = lab.runs("FINISHED_SUCCESS")
    assert first.name[-4:] != second.name[-4:]


@pytest.mark.skipif(os.name == "nt", reason="permissions as POSIX has them")
def test_umask_and_setgid_are_honoured(lab):
    """A shared directory stays shared."""
    lab.decorated("return 0")
    lab.path.chmod(0o2770)
    lab.run(preexec_fn=lambda: os.umask(0o007))
    run = lab.only("FINISHED_SUCCESS")
    assert stat.S_IMODE(run.stat().st_mode) == 0o2770
    assert stat.S_IMODE((run / "CONFIGS" / "CONFIG.yaml").stat().st_mode) == 0o660


def test_descriptors_run_out(lab):
    """EMFILE at start: one line, nothing left behind."""
    resource = pytest.importorskip("resource")
    lab.write(
        "import os\nfrom scitex_session import session\n"
        "@session\ndef main(): ...\n"
        "main()\n"  # so that nothing is left to be imported
        "held = []\n"
        "try:\n"
        "    while True:\n        held.append(os.open('/dev/null', os.O_RDONLY))\n"
        "except OSError:\n    pass\n"
        "main()\n"
    )
    done = lab.run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    assert done.returncode != 0
    assert "Too many open files" in done.stderr
    lab.only("FINISHED_SUCCESS")


@pytest.mark.skipif(os.name == "nt", reason="output goes through no process there")
@pytest.mark.parametrize(
    "calls", [("fork", "vfork", "clone", "clone3"), ("fork", "clone")], ids=["at once", "later"]
)
def test_processes_run_out(lab, look, failing, calls):
    """At the limit of processes: one line that names the limit, and the run is filed as failed."""
    lab.decorated("print('begun')")
    done = lab.run(prefix=failing("EAGAIN", *calls))
    (line,) = done.stderr.splitlines()
    assert "the output cannot be logged" in line
    assert "`ulimit -u`" in line
    assert (done.returncode, done.stdout) == (2, "")
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_STATUS"] == 1


RENAME = ["rename", "renameat", "renameat2"]
REMOVE = ["unlink", "unlinkat", "rmdir"]


@pytest.mark.parametrize(("body", "state"), [("", "FINISHED_SUCCESS"), ("1 / 0", "FINISHED_ERROR")])
def test_a_run_is_filed_by_one_rename(lab, traced, body, state):
    """The directory itself is renamed, once, and nothing is copied out of it."""
    lab.decorated(
        f"(CONFIG.SDIR_RUN / 'mine.txt').write_text('x')\n{body}", parameters="CONFIG=INJECTED"
    )
    seen = traced([*RENAME, "link", "linkat"])
    name = lab.only(state).name
    filing = [call for call in seen.calls if f"/{state}/" in call.text and call.result == "0"]
    (call,) = filing
    source, target = re.findall(r'"([^"]+)"', call.text)
    assert source == str(lab.path / "script_out" / "RUNNING" / name)
    assert target == str(lab.path / "script_out" / state / name)


def test_no_step_removes_a_file_of_the_users(lab, traced):
    """What a session removes is its own, hidden, and there for a moment."""
    lab.write("kept", "script_out/RUNNING/notes.txt")
    lab.write("kept", "script_out/FINISHED_SUCCESS/older/result.txt")
    lab.decorated(
        "import os\nfor name in ('a.txt', '.b.txt', 'logs/c.txt', 'CONFIGS/d.txt'):\n"
        "    (CONFIG.SDIR_RUN / name).write_text('kept')\n"
        "os.mkdir(CONFIG.SDIR_RUN / 'empty')",
        "CONFIG=INJECTED",
    )
    seen = traced(REMOVE)
    assert seen.done.returncode == 0, seen.done.stderr
    run = next(run for run in lab.runs("FINISHED_SUCCESS") if run.name != "older")
    kept = ["a.txt", ".b.txt", "logs/c.txt", "CONFIGS/d.txt"]
    assert [(run / name).read_text(encoding="utf-8") for name in kept] == ["kept"] * 4
    assert (run / "empty").is_dir()
    assert (lab.path / "script_out/RUNNING/notes.txt").exists()
    assert (lab.path / "script_out/FINISHED_SUCCESS/older/result.txt").exists()
    for call in seen.calls:
        (path,) = re.findall(r'"([^"]+)"', call.text)
        if path.startswith(str(lab.path / "script_out")) and call.result == "0":
            inside = path.removeprefix(str(lab.path / "script_out"))
            assert any(part.startswith(".") for part in inside.split("/")), path


def test_at_a_prompt_it_is_session_out(lab):
    """As without a file; each call of a line is a session."""
    lines = (
        "from scitex_session import session\n"
        "@session\ndef main(n=1): print('n', n)\n\nmain()\nmain()\n"
    )
    done = lab.run("-i", script=None, input=lines)
    assert done.stdout == "n 1\nn 1\n"
    assert len(lab.runs("FINISHED_SUCCESS", base="session_out")) == 2


def test_what_is_in_the_way_of_a_run_is_named(lab):
    """A file where a directory has to be: its path, the reason and the way out, in one line."""
    lab.decorated("print('ran')")
    taken = lab.path / "script_out" / "RUNNING"
    taken.parent.mkdir()
    taken.write_text("mine", encoding="utf-8")
    done = lab.run()
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"{taken}: cannot be written (File exists)" in line
    assert "sdir=" in line
    assert taken.read_text(encoding="utf-8") == "mine"
