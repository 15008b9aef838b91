"""What a run repeats of another one, and what is its own."""

import pytest

DEFAULT = "n=1, label='a', CONFIG=INJECTED"


@pytest.fixture
def rerun(lab):
    """Repeat a run where it lies with `scitex-session rerun`; return the runs this makes."""

    def repeat(run, *options):
        before = lab.runs("FINISHED_SUCCESS")
        done = lab.run(
            "-m", "scitex_session", "rerun", str(run), "--in-place", *options, script=None
        )
        assert done.returncode in (0, 1), done.stderr  # reproduced, or not
        return [run for run in lab.runs("FINISHED_SUCCESS") if run not in before]

    return repeat


def once(lab, *args, **options):
    """Run the script; return the runs that it has left."""
    before = lab.runs("FINISHED_SUCCESS")
    done = lab.run(*args, **options)
    assert done.returncode == 0, done.stderr
    return [run for run in lab.runs("FINISHED_SUCCESS") if run not in before]


def test_a_recorded_value_wins_over_a_default_that_has_changed(lab, look, rerun):
    """In today's code, what the run was given goes on to be what it is given."""
    lab.decorated("print(n, label)", DEFAULT)
    (first,) = once(lab, "--label", "b")
    lab.decorated("print(n, label)", DEFAULT.replace("n=1", "n=2").replace("'a'", "'z'"))
    (again,) = rerun(first)
    assert look.log(again) == "1 b\n"
    assert look.record(again)["args"] == look.record(first)["args"] == {"n": 1, "label": "b"}
    assert look.config(again)["ARGS"] == {"n": 1, "label": "b"}


def test_a_default_that_is_computed_is_not_computed_again(lab):
    """A time, or whatever a default was at that moment, is the recorded one in the rerun."""
    lab.decorated("print(now)", "now=__import__('time').time_ns()")
    (first,) = once(lab)
    done = lab.run("-m", "scitex_session", "rerun", str(first), script=None)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_option_that_is_new_takes_its_default(lab, look, rerun):
    """The recorded run knows nothing of it; one that is gone is left out."""
    lab.decorated("print(n, label)", DEFAULT)
    (first,) = once(lab)
    lab.decorated("print(n, more)", "n=5, more=3, CONFIG=INJECTED")
    (again,) = rerun(first)
    assert look.record(again)["args"] == {"n": 1, "more": 3}


def test_the_configuration_is_the_recorded_one(lab, look, rerun):
    """With the overrides of its command line, whatever ./config holds today."""
    lab.config_file("E.yaml", "k: 1\nm: 1\n")
    lab.decorated("print(CONFIG.E.k, CONFIG.E.m)", DEFAULT)
    (first,) = once(lab, "--set", "E.k=7")
    lab.config_file("E.yaml", "k: 2\nm: 2\n")
    (again,) = rerun(first)
    assert look.log(again) == "7 1\n"


TWO = """\
from scitex_session import INJECTED, session

@session
def first(n={n}, CONFIG=INJECTED):
    print("first", n, CONFIG.E.k)

@session
def second(n={n}, CONFIG=INJECTED):
    print("second", n, CONFIG.E.k)

first()
second()
"""


def test_only_the_first_session_of_a_process_repeats_the_other_run(lab, look, rerun):
    """The second is its own: no parent, the arguments and the configuration of today."""
    lab.config_file("E.yaml", "k: 1\n")
    lab.write(TWO.format(n=1))
    first, _ = sorted(once(lab), key=lambda run: look.record(run)["run"]["function"])
    lab.config_file("E.yaml", "k: 2\n")
    lab.write(TWO.format(n=2))
    again = {look.record(run)["run"]["function"]: run for run in rerun(first)}
    assert look.log(again["first"]) == "first 1 1\n"
    assert look.config(again["first"])["PARENT"] == first.name
    assert look.log(again["second"]) == "second 2 2\n"
    assert "PARENT" not in look.config(again["second"])
    assert look.record(again["second"])["run"]["parent"] is None


def test_a_session_of_a_program_that_the_script_starts_is_its_own(lab, look, rerun):
    """Only the process that was started repeats the other run."""
    lab.config_file("E.yaml", "k: 1\n")
    lab.decorated("print('child', n, CONFIG.E.k)", DEFAULT, name="child.py")
    body = "import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'], check=True)"
    lab.decorated(f"{body}\nprint('parent', n)", DEFAULT)
    (first,) = once(lab)
    (before,) = lab.runs(base="child_out")
    lab.config_file("E.yaml", "k: 2\n")
    lab.decorated("print('child', n, CONFIG.E.k)", DEFAULT.replace("n=1", "n=2"), name="child.py")
    (again,) = rerun(first)
    assert look.config(again)["PARENT"] == first.name
    (child,) = set(lab.runs(base="child_out")) - {before}
    assert look.log(child) == "child 2 2\n"
    assert "PARENT" not in look.config(child)


STARTED = """\
import sys
from scitex_session import close, start
for _ in range(2):
    CONFIG, *_ = start(sys, seed={seed}, verbose=False)
    print(CONFIG.SEED, CONFIG.E.k)
    close(CONFIG, exit_status=0, verbose=False)
"""


def test_of_two_sessions_that_are_started_only_the_first_repeats(lab, look, rerun):
    """`start` is as the decorator; in today's code the seed is today's."""
    lab.config_file("E.yaml", "k: 1\n")
    lab.write(STARTED.format(seed=1))
    first, _ = once(lab)
    lab.config_file("E.yaml", "k: 2\n")
    lab.write(STARTED.format(seed=2))
    parents = {look.config(run).get("PARENT"): look.log(run) for run in rerun(first)}
    assert parents == {first.name: "2 1\n", None: "2 2\n"}
