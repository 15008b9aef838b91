import os
import pickle
from datetime import datetime
from pathlib import Path

import pytest


def test_the_snippet_of_the_first_readme(lab, look):
    """Start and close as users have written them from the beginning."""
    lab.write(
        "import sys\nimport matplotlib.pyplot as plt\nfrom scitex_session import start, close\n"
        "CONFIG, sys.stdout, sys.stderr, plt, CC, rng_manager = start(sys, plt, agg=True)\n"
        "print('working', CC.blue == CC['blue'], rng_manager.random((2, 2)).shape)\n"
        "close(CONFIG)\n"
        "close(CONFIG)\n"
        "print('after', CONFIG.EXIT_STATUS)\n"
    )
    done = lab.run()
    assert done.stdout == "working True (2, 2)\nafter None\n", done.stderr
    run = lab.only("FINISHED")
    assert look.log(run) == "working True (2, 2)\n"
    assert look.config(run)["EXIT_REASON"] == "finished"


@pytest.mark.parametrize(
    ("status", "state"), [("0", "FINISHED_SUCCESS"), ("4", "FINISHED_ERROR"), ("None", "FINISHED")]
)
def test_close_files_by_exit_status(lab, look, status, state):
    """And CONFIG names the new place."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, verbose=False)\n"
        f"close(CONFIG, exit_status={status}, verbose=False)\n"
        "print(CONFIG.SDIR_RUN.parent.name, CONFIG.SDIR_RUN.is_dir())\n"
    )
    assert lab.run().stdout == f"{state} True\n"
    assert look.record(lab.only(state))["run"]["exit_status"] == (
        None if status == "None" else int(status)
    )


def test_without_sys_nothing_is_captured(lab, look):
    """The present streams are returned."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "before = sys.stdout\n"
        "CONFIG, out, err, *_ = start(verbose=False)\n"
        "print('not logged', out is before)\n"
        "close(CONFIG, verbose=False)\n"
    )
    assert lab.run().stdout == "not logged True\n"
    assert look.log(lab.only("FINISHED")) == ""


def test_the_message_is_shown_and_recorded(lab, look):
    """On standard error when verbose."""
    lab.write(
        "from scitex_session import start, close\n"
        "CONFIG, *_ = start(verbose=False)\nclose(CONFIG, message='well done')\n"
    )
    done = lab.run()
    assert done.stderr.splitlines()[-1].endswith("well done")
    assert look.config(lab.only("FINISHED"))["MESSAGE"] == "well done"


def test_an_explicit_directory_is_used_in_place(lab, look):
    """It is not moved, and the logs of an earlier session are continued."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, sdir='mine', verbose=False)\nprint(sys.argv[1])\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
    )
    lab.run("one")
    lab.run("two")
    assert look.log(lab.path / "mine") == "one\ntwo\n"
    assert look.config(lab.path / "mine")["EXIT_STATUS"] == 0
    assert not (lab.path / "script_out").exists()
    assert not (lab.path / "mine" / "CONFIGS" / ".open").exists(), "the next session need not wait"


def test_the_header_names_the_script(lab):
    """By its path; without a file it says that there is none."""
    code = "from scitex_session import close, start\nclose(start()[0])\n"
    script = lab.write(code)
    assert f"  script     {script}\n" in lab.run().stderr
    assert "  script     (no file)\n" in lab.run("-c", code, script=None).stderr


def test_clear_logs_empties_them_first(lab, look):
    """Only the logs; everything else stays."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, sdir='mine', clear_logs=True, verbose=False)\nprint(sys.argv[1])\n"
        "close(CONFIG, verbose=False)\n"
    )
    lab.run("one")
    (lab.path / "mine" / "kept.txt").write_text("x", encoding="utf-8")
    lab.run("two")
    assert look.log(lab.path / "mine") == "two\n"
    assert (lab.path / "mine" / "kept.txt").exists()


def test_an_explicit_directory_under_running_is_moved(lab):
    """As one that the session chose itself."""
    lab.write(
        "from scitex_session import start, close\n"
        "CONFIG, *_ = start(sdir='here/RUNNING/first', verbose=False)\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
    )
    lab.run()
    assert [p.name for p in lab.runs(base="here")] == ["first"]
    assert lab.only("FINISHED_SUCCESS", base="here")


def test_a_directory_with_a_live_session_is_refused(lab):
    """Two sessions never share one."""
    lab.write(
        "import sys, time\nfrom scitex_session import start\n"
        "start(sys, sdir='mine', verbose=False)\nprint('up', flush=True)\ntime.sleep(30)\n"
    )
    first = lab.start()
    try:
        second = lab.run()
        assert "a session of process" in second.stderr
    finally:
        first.kill()
        first.communicate()
    third = lab.start()
    third.kill()
    third.communicate()
    assert third.first_line == "up\n"


@pytest.mark.skipif(os.name == "nt", reason="a kill as POSIX has it")
def test_a_directory_of_a_killed_session_can_be_used_again(lab, look):
    """The next session takes over its claim, and leaves nothing of it."""
    lab.write(
        "import os, sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sdir='mine', verbose=False)\n"
        "if sys.argv[1:]:\n    os.kill(os.getpid(), 9)\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
    )
    assert lab.run("dies").returncode == -9
    done = lab.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert look.config(lab.path / "mine")["EXIT_STATUS"] == 0
    assert not list((lab.path / "mine" / "CONFIGS").glob(".open*"))


def test_args_are_recorded_whatever_they_are(lab):
    """A namespace, a mapping or an object with attributes."""
    lab.write(
        "import argparse\nfrom scitex_session import start, close\n"
        "class Parsed:\n    def __init__(self):\n        self.a = 1\n"
        "for args in (argparse.Namespace(a=1), {'a': 1}, Parsed()):\n"
        "    CONFIG, *_ = start(args=args, verbose=False)\n"
        "    print(CONFIG.ARGS.a)\n    close(CONFIG, verbose=False)\n"
    )
    assert lab.run().stdout == "1\n1\n1\n"


def test_the_keys_of_config(lab, look):
    """Their types, in the script, in YAML and in the pickle."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, args={'a': 1}, verbose=False)\n"
        "assert CONFIG.FILE.name == 'script.py' and CONFIG.EXIT_STATUS is None\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
        "print({k: type(v).__name__ for k, v in CONFIG.items()})\n"
    )
    types = eval(lab.run().stdout)
    assert (
        types["FILE"] == types["SDIR_RUN"] == types["SDIR_OUT"] == types["SDIR_PATH"] == "PosixPath"
    )
    assert types["START_DATETIME"] == types["END_DATETIME"] == "datetime"
    assert {types[k] for k in ("ID", "SDIR", "START_TIME", "END_TIME", "RUN_TIME")} == {"str"}
    assert (types["PID"], types["EXIT_STATUS"], types["IS_DEBUG"]) == ("int", "int", "bool")
    run = lab.only("FINISHED_SUCCESS")
    pickled = pickle.loads((run / "CONFIGS" / "CONFIG.pkl").read_bytes())
    assert type(pickled) is dict
    assert Path(pickled["SDIR_RUN"]) == run
    assert datetime.fromisoformat(pickled["START_TIME"]) == pickled["START_DATETIME"]
    assert pickled["START_DATETIME"].tzinfo is not None
    assert look.config(run)["RUN_TIME"].count(":") == 2


def test_show_execution_flow_prints_the_scripts_own_call_tree(lab):
    """On standard error, indented, without the libraries' calls."""
    lab.write(
        "import json, sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, show_execution_flow=True, verbose=False)\n"
        "def inner():\n    return json.dumps([1])\n"
        "def outer():\n    return inner()\n"
        "outer()\nclose(CONFIG, verbose=False)\n"
    )
    lines = lab.run().stderr.splitlines()
    assert lines == ["outer (script.py:6)", "  inner (script.py:4)"]


def test_run_is_the_same_without_a_decorator(lab):
    """`run(main)` as users have written it, with parsed arguments, and with options."""
    lab.write(
        "import argparse\nfrom scitex_session import run\n"
        "def main(args):\n    print(args)\n    return 0\n"
        "run(main)\n"
        "parser = argparse.ArgumentParser(); parser.add_argument('--n', type=int, default=3)\n"
        "run(main, parse_args=parser.parse_args)\n"
        "def typed(n=1):\n    print(n)\n    return 'result'\n"
        "print(run(typed, seed=7))\n"
    )
    done = lab.run("--n", "5")
    assert done.stdout == "namespace()\nNamespace(n=5)\n5\nresult\n", done.stderr
    assert len(lab.runs("FINISHED_SUCCESS")) == 3


def test_a_misspelt_option_of_run_is_refused(lab):
    """As with the decorator."""
    lab.write("from scitex_session import run\nrun(lambda: 0, sed=7)\n")
    assert "did you mean 'seed'" in lab.run().stderr


def test_running2finished_moves_a_directory(lab):
    """And `CONFIG` names the new place."""
    lab.write(
        "from scitex_session import start, close, running2finished\n"
        "CONFIG, *_ = start(verbose=False)\n"
        "assert running2finished(CONFIG, exit_status=0) is CONFIG\n"
        "print(CONFIG.SDIR_RUN.parent.name)\nclose(CONFIG, exit_status=0, verbose=False)\n"
    )
    assert lab.run().stdout == "FINISHED_SUCCESS\n"
    lab.only("FINISHED_SUCCESS")


@pytest.mark.parametrize(
    ("status", "state"), [("0", "FINISHED_SUCCESS"), ("4", "FINISHED_ERROR"), ("None", "FINISHED")]
)
def test_running2finished_files_by_exit_status(lab, look, status, state):
    """The record says the same as the directory."""
    lab.write(
        "import os\nfrom scitex_session import start, running2finished\n"
        f"CONFIG, *_ = start(verbose=False)\nrunning2finished(CONFIG, exit_status={status})\n"
        "os._exit(0)\n"
    )
    assert lab.run().returncode == 0
    config = look.config(lab.only(state))
    assert config["EXIT_STATUS"] == (None if status == "None" else int(status))
    assert config["SDIR"] == str(lab.only(state))
    assert (
        look.record(lab.only(state))["run"]["status"]
        == (
            {"FINISHED_SUCCESS": "success", "FINISHED_ERROR": "error", "FINISHED": "finished"}[
                state
            ]
        )
    )


FINISHED_BY_HAND = """\
import sys
from scitex_session import close, running2finished, start
CONFIG, *_ = start(sys, verbose=False)
print("working")
running2finished(CONFIG, exit_status={status})
{then}
"""


@pytest.mark.parametrize(
    ("status", "state", "reason", "then"),
    [
        (0, "FINISHED_SUCCESS", "success", ""),
        (0, "FINISHED_SUCCESS", "success", "close(CONFIG)"),
        (0, "FINISHED_SUCCESS", "success", "close(CONFIG, exit_status=0)"),
        (0, "FINISHED_SUCCESS", "success", "close(CONFIG, exit_status=0)\nclose(CONFIG)"),
        (0, "FINISHED_SUCCESS", "success", "sys.exit(0)"),
        (4, "FINISHED_ERROR", "error", ""),
        (4, "FINISHED_ERROR", "error", "close(CONFIG)"),
        (4, "FINISHED_ERROR", "error", "close(CONFIG, exit_status=0)"),
        (4, "FINISHED_ERROR", "error", "close(CONFIG, exit_status=4)"),
    ],
)
def test_what_running2finished_says_stays(lab, look, status, state, reason, then):
    """CONFIG.yaml and the record hold that end whole, and nothing later contradicts it."""
    lab.write(FINISHED_BY_HAND.format(status=status, then=then))
    done = lab.run()
    assert "Traceback" not in done.stderr
    run = lab.only(state)
    config, about = look.config(run), look.record(run)["run"]
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (status, reason)
    assert (about["exit_status"], about["exit_reason"]) == (status, reason)
    assert about["status"] == reason
    assert config["END_TIME"] is not None
    assert config["END_TIME"] == about["end_time"]
    assert config["RUN_TIME"] == about["run_time"]
    assert config["RUN_TIME"].count(":") == 2
    assert "FINISHED " not in done.stderr, "the run did not end under FINISHED"
    assert done.stdout == "working\n"
    assert look.log(run) == "working\n"


@pytest.mark.parametrize(
    ("call", "message"),
    [("close(CONFIG, 'well done')", "well done"), ("pass", None)],
)
def test_a_message_after_running2finished_is_recorded(lab, look, call, message):
    """A word on the end that comes with `close` is added to what the record says already."""
    lab.write(FINISHED_BY_HAND.format(status=0, then=call))
    lab.run()
    run = lab.only("FINISHED_SUCCESS")
    assert look.record(run)["run"]["message"] == message
    assert look.config(run).get("MESSAGE") == message


@pytest.mark.parametrize(
    ("then", "status", "reason"),
    [
        ("1 / 0", 1, "exception: ZeroDivisionError: division by zero"),
        ("close(CONFIG, exit_status=4)", 4, "error"),
    ],
)
def test_a_run_that_fails_after_running2finished_is_an_error(lab, look, then, status, reason):
    """It is filed once more, from where it was, and says what it ended with."""
    lab.write(FINISHED_BY_HAND.format(status=0, then=then))
    lab.run()
    run = lab.only("FINISHED_ERROR")
    config, about = look.config(run), look.record(run)["run"]
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (status, reason)
    assert (about["status"], about["exit_status"], about["exit_reason"]) == (
        "error",
        status,
        reason,
    )
    assert config["SDIR"] == about["sdir_run"] == str(run)


UNFILEABLE = """\
from pathlib import Path
from scitex_session import SessionError, running2finished
from scitex_dotdict import DotDict
try:
    CONFIG = running2finished(DotDict(SDIR_RUN=Path({path!r}).absolute()), exit_status=0)
    print(CONFIG.SDIR_RUN.parent.name)
except SessionError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("script_out/RUNNING/none", "there is no such run directory"),
        ("script_out/RUNNING/both", "exists already; it is neither merged into nor overwritten"),
        ("script_out/FINISHED/filed", "FINISHED"),
        ("script_out/RUNNING/mine", "FINISHED_SUCCESS"),
    ],
)
def test_running2finished_takes_any_run_directory(lab, path, said):
    """One that is not under RUNNING stays; what cannot be filed is refused and whole."""
    for name in ("RUNNING/both", "FINISHED_SUCCESS/both", "FINISHED/filed", "RUNNING/mine"):
        lab.write("x", f"script_out/{name}/x.txt")
    lab.write(UNFILEABLE.format(path=path))
    done = lab.run()
    assert done.stdout.endswith(f"{said}\n"), done.stderr
    files = sorted((lab.path / "script_out").rglob("x.txt"))
    assert len(files) == 4
    moved = lab.path / "script_out" / "FINISHED_SUCCESS" / "mine" / "x.txt"
    assert (moved in files) == (said == "FINISHED_SUCCESS")


def test_running2finished_of_another_run_leaves_the_open_one_alone(lab, look):
    """It files the run that CONFIG names, not the one whose session is open."""
    lab.write("x", "script_out/RUNNING/earlier/x.txt")
    lab.write(
        "from scitex_dotdict import DotDict\n"
        "from scitex_session import close, running2finished, start\n"
        "CONFIG, *_ = start(verbose=False)\n"
        "earlier = DotDict(SDIR_RUN=CONFIG.SDIR_OUT / 'RUNNING' / 'earlier')\n"
        "running2finished(earlier, exit_status=4)\n"
        "print(earlier.SDIR_RUN.parent.name, CONFIG.SDIR_RUN.parent.name)\n"
        "print(CONFIG.SDIR_RUN.is_dir())\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
    )
    done = lab.run()
    assert done.stdout == "FINISHED_ERROR RUNNING\nTrue\n", done.stderr
    (run,) = lab.runs("FINISHED_SUCCESS")
    assert look.config(run)["EXIT_STATUS"] == 0
    assert [path.name for path in lab.runs("FINISHED_ERROR")] == ["earlier"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("DotDict()", "close() takes the CONFIG that start() returned"),
        (
            "DotDict(ID='x', PID=os.getpid())",
            "session x is not open in this process",
        ),
    ],
)
def test_close_refuses_what_is_no_open_session(lab, config, said):
    """One sentence, and the session that is open stays so."""
    lab.write(
        "import os\nfrom scitex_dotdict import DotDict\n"
        "from scitex_session import SessionError, close, start\n"
        "CONFIG, *_ = start(verbose=False)\n"
        f"try:\n    close({config})\nexcept SessionError as error:\n    print(error)\n"
        "print(CONFIG.SDIR_RUN.parent.name)\nclose(CONFIG, verbose=False)\n"
    )
    assert lab.run().stdout == f"{said}\nRUNNING\n"


def test_running2finished_can_copy(lab):
    """The copy appears whole, and the source stays."""
    lab.write(
        "from scitex_session import start, running2finished\n"
        "CONFIG, *_ = start(verbose=False)\n"
        "(CONFIG.SDIR_RUN / 'x.txt').write_text('x')\n"
        "import os\nhere = CONFIG.SDIR_RUN\n"
        "running2finished(CONFIG, exit_status=0, remove_src_dir=False)\n"
        "print((CONFIG.SDIR_RUN / 'x.txt').exists(), (here / 'x.txt').exists(), flush=True)\n"
        "os._exit(0)\n"
    )
    assert lab.run().stdout == "True True\n"


def test_the_source_of_a_copy_is_closed_where_it_is(lab, look):
    """Closing says nothing of a place that is taken, and later runs leave the source alone."""
    lab.write(
        "from scitex_session import close, running2finished, start\n"
        "CONFIG, *_ = start(verbose=False)\n"
        "running2finished(CONFIG, exit_status=0, remove_src_dir=False)\n"
        "close(CONFIG, verbose=False)\n"
    )
    done = lab.run()
    assert (done.returncode, done.stderr) == (0, "")
    (source,) = lab.runs("RUNNING")
    (copy,) = lab.runs("FINISHED_SUCCESS")
    for run in (source, copy):
        assert look.config(run)["EXIT_STATUS"] == 0
    again = lab.run()
    assert (again.returncode, again.stderr) == (0, "")
    assert source in lab.runs("RUNNING")


COPIED = """\
import os, time
from scitex_session import SessionError, running2finished, start
CONFIG, *_ = start(verbose=False)
for number in range(50):
    (CONFIG.SDIR_RUN / f"{number}.bin").write_bytes(b"x")
began = time.monotonic()
try:
    running2finished(CONFIG, exit_status=0, remove_src_dir=False, max_wait=MAX_WAIT)
except SessionError as error:
    print("refused", "max_wait" in str(error), time.monotonic() - began < 10, flush=True)
else:
    print("copied", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(("max_wait", "said"), [("0", "refused True True"), ("60", "copied")])
def test_max_wait_bounds_a_copy(lab, max_wait, said):
    """After so many seconds it is given up: an error says so, the run is whole, no copy is left."""
    lab.write(COPIED.replace("MAX_WAIT", max_wait))
    assert lab.run().stdout == f"{said}\n"
    (run,) = lab.runs("RUNNING")
    assert len(list(run.glob("*.bin"))) == 50
    copies = list((lab.path / "script_out").glob("FINISHED*/*"))
    assert len(copies) == (said == "copied")
    for copy in copies:
        assert copy.name == run.name
        assert len(list(copy.glob("*.bin"))) == 50


def test_a_copy_that_is_given_up_leaves_the_run_as_it_was(lab, look):
    """It goes on where it is: CONFIG names that place, and says nothing of an end."""
    text = COPIED.replace("MAX_WAIT", "0").replace("os._exit(0)\n", "")
    lab.write(f"{text}print(CONFIG.SDIR_RUN.is_dir(), CONFIG.EXIT_STATUS, flush=True)\nos._exit(0)")
    assert lab.run().stdout == "refused True True\nTrue None\n"
    (run,) = lab.runs("RUNNING")
    assert look.config(run)["SDIR"] == str(run)
    assert look.record(run)["run"]["status"] == "running"


def test_max_wait_bounds_a_copy_that_is_under_way(lab):
    """Also where single files come one by one: it is given up in the middle, not afterwards."""
    slow = (
        "import sys\n"
        "def slow(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('.bin') and copying:\n"
        "        time.sleep(0.1)\n"
        "copying = False\nsys.addaudithook(slow)\n"
    )
    text = COPIED.replace("MAX_WAIT", "0.5").replace("began =", "copying = True\nbegan =")
    lab.write(slow + text)
    assert lab.run().stdout == "refused True True\n"
    assert len(lab.runs("RUNNING")) == 1
    assert list((lab.path / "script_out").glob("FINISHED*/*")) == []


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("start(seed='x')", "seed"),
        ("start(seed=-1)", "seed"),
        ("start(sdir='a', sdir_suffix='b')", "sdir_suffix"),
        ("start(args=3)", "args"),
        ("start(preempt_signal='SIGKILL')", "preempt_signal"),
        ("start(file='nowhere/at/all.py')", "nowhere"),
        ("start(fig_size_mm=(0, 1))", "fig_size_mm"),
    ],
)
def test_a_wrong_argument_of_start_is_refused(lab, call, word):
    """One sentence that names it, and nothing on the disk."""
    lab.write(f"from scitex_session import start\n{call}\n")
    done = lab.run()
    assert done.returncode == 1
    assert word in done.stderr.splitlines()[-1]
    assert [p.name for p in lab.path.iterdir()] == ["script.py"]
