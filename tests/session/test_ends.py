"""One test for each row of docs/what_happens_when.md."""

import os
import signal
import time

import pytest

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


@pytest.mark.parametrize(
    ("body", "process", "status", "reason"),
    [
        ("return 0", 0, 0, "success"),
        ("import sys; sys.exit()", 0, 0, "success"),
        ("import sys; sys.exit(0)", 0, 0, "success"),
        ("return 3", 3, 3, "error"),
        ("import sys; sys.exit(3)", 3, 3, "error"),
        ("import sys; sys.exit('no data')", 1, 1, "error: no data"),
        ("raise ValueError('bad')", 1, 1, "exception: ValueError: bad"),
        ("raise ValueError", 1, 1, "exception: ValueError"),
        ("raise ValueError('two\\n lines')", 1, 1, "exception: ValueError: two lines"),
        ("raise ValueError('x' * 999)", 1, 1, f"exception: ValueError: {'x' * 200}"),
        ("return 1000", 1, 1000, "error"),
    ],
)
def test_an_end_in_python(lab, look, body, process, status, reason):
    """Directory, EXIT_STATUS and EXIT_REASON say how it ended; the record says the same."""
    lab.decorated(body)
    assert lab.run().returncode == process
    run = lab.only("FINISHED_SUCCESS" if status == 0 else "FINISHED_ERROR")
    config, record = look.config(run), look.record(run)
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (status, reason)
    assert (record["run"]["exit_status"], record["run"]["exit_reason"]) == (status, reason)
    assert record["run"]["status"] == ("success" if status == 0 else "error")


def test_a_traceback_is_once_in_the_log_and_once_on_the_terminal(lab, look):
    """The caller gets the exception as it is, and the log holds no frame of the session."""
    lab.decorated("raise ValueError('bad')")
    done = lab.run()
    log = look.log(lab.only("FINISHED_ERROR"), "stderr")
    assert done.stderr.count("ValueError: bad") == 1
    assert log.count("ValueError: bad") == 1
    assert log.count("  File ") == 1


def test_a_caller_can_catch_the_exception(lab):
    """It is the very object that the function raised."""
    lab.write(
        "from scitex_session import session\nerror = ValueError('mine')\n"
        "@session\ndef main():\n    raise error\n"
        "try:\n    main()\nexcept ValueError as caught:\n    print(caught is error)\n"
    )
    assert lab.run().stdout == "True\n"


def test_the_text_of_sys_exit_is_in_the_log(lab, look):
    """As it is on the terminal."""
    lab.decorated("import sys; sys.exit('no data')")
    assert lab.run().stderr == "no data\n"
    assert look.log(lab.only("FINISHED_ERROR"), "stderr") == "no data\n"


@pytest.mark.parametrize("call", ["sys.exit()", "sys.exit(0)", "sys.exit(3)"])
def test_an_exit_without_a_text_adds_nothing_to_the_log(lab, look, call):
    """The terminal shows nothing of it either."""
    lab.decorated(f"import sys; print('said', file=sys.stderr); {call}")
    assert lab.run().stderr == "said\n"
    (run,) = lab.runs()
    assert look.log(run, "stderr") == "said\n"


@POSIX
@pytest.mark.parametrize(
    ("name", "process", "status"),
    [("SIGINT", -2, 130), ("SIGTERM", 143, 143), ("SIGHUP", 129, 129)],
)
def test_a_signal(lab, look, name, process, status):
    """The script's finally blocks run, and the reason names the signal."""
    lab.decorated(
        "import time\ntry:\n    print('up')\n    time.sleep(60)\nfinally:\n    print('down')"
    )
    running = lab.start()
    running.send_signal(getattr(signal, name))
    out, _ = running.communicate(timeout=20)
    assert running.returncode == process
    assert out == "down\n"
    run = lab.only("FINISHED_ERROR")
    config = look.config(run)
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (status, f"signal: {name}")
    assert look.log(run) == "up\ndown\n"


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_the_stacks_of_all_threads(lab, name):
    """logs/stacks.txt shows where every thread was."""
    lab.decorated(
        "import threading, time\n"
        "def elsewhere():\n    time.sleep(60)\n"
        "threading.Thread(target=elsewhere, daemon=True).start()\n"
        "print('up')\ntime.sleep(60)"
    )
    running = lab.start()
    running.send_signal(getattr(signal, name))
    running.communicate(timeout=20)
    stacks = (lab.only("FINISHED_ERROR") / "logs" / "stacks.txt").read_text(encoding="utf-8")
    assert stacks.startswith(name)
    assert "in elsewhere" in stacks
    assert "in main" in stacks


@POSIX
def test_a_signal_ends_the_run_though_the_stacks_cannot_be_written(lab, look):
    """That they are missing is said; status and reason are those of the signal."""
    lab.decorated(
        "import os, time\nos.mkdir(CONFIG.SDIR_RUN / 'logs' / 'stacks.txt')\n"
        "print('up')\ntime.sleep(60)",
        "CONFIG=INJECTED",
    )
    running = lab.start()
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 143
    assert "the stacks could not be written" in said
    assert "Traceback" not in said
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"] == "signal: SIGTERM"


@POSIX
def test_an_opt_in_signal_ends_the_session_in_order(lab, look):
    """`preempt_signal` is for schedulers that warn before they kill."""
    lab.write(
        "import time\nfrom scitex_session import on_preempt, session\n"
        "@session(preempt_signal='SIGUSR1')\ndef main():\n"
        "    on_preempt(lambda: print('saved'))\n"
        "    print('up')\n    time.sleep(60)\n"
        "main()\n"
    )
    running = lab.start()
    running.send_signal(signal.SIGUSR1)
    out, _ = running.communicate(timeout=20)
    assert (running.returncode, out) == (128 + signal.SIGUSR1, "saved\n")
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"] == "signal: SIGUSR1"


@POSIX
def test_a_preempt_callback_has_a_deadline(lab, look):
    """One that takes too long, or fails, does not keep the run from being filed."""
    lab.decorated(
        "import time\n"
        "def slow():\n    time.sleep(60)\n"
        "def wrong():\n    raise ValueError('oh')\n"
        "stx.on_preempt(slow, deadline=0.2)\nstx.on_preempt(wrong)\n"
        "print('up')\ntime.sleep(60)"
    )
    running = lab.start()
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=20)
    assert "was stopped after 0.2 s" in err
    assert "ValueError: oh" in err
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_STATUS"] == 143


@POSIX
@pytest.mark.parametrize(
    ("left", "said"),
    [
        (30, "Slurm job 77 at its time limit"),
        (9999, "Slurm job 77 cancelled or preempted"),
        (None, "Slurm job 77 cancelled, preempted or out of time"),
    ],
)
def test_the_scheduler_is_named_where_its_environment_tells(lab, look, left, said):
    """A job at its time limit says so."""
    lab.decorated("import time\nprint('up')\ntime.sleep(60)")
    lab.env["SLURM_JOB_ID"] = "77"
    lab.env.pop("SLURM_JOB_END_TIME", None)
    if left is not None:
        lab.env["SLURM_JOB_END_TIME"] = str(int(time.time()) + left)
    running = lab.start()
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"] == f"signal: SIGTERM ({said})"


def test_an_exception_whose_text_fails_is_an_end_like_another(lab, look):
    """The reason names both."""
    lab.decorated(
        "class Odd(Exception):\n    def __str__(self):\n        raise KeyError('no')\nraise Odd"
    )
    assert lab.run().returncode == 1
    reason = look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"]
    assert reason.endswith("Odd: (its text failed: KeyError)")


@POSIX
def test_a_second_signal_does_not_change_how_the_run_ended(lab, look):
    """Nor does it kill the process while it is finishing, or after that."""
    lab.decorated(
        "import os, signal, sys\n"
        "def again(event, args):\n"
        "    if event in ('open', 'os.rename') and 'CONFIG' in str(args[0]):\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "sys.addaudithook(again)\n"
        "signal.raise_signal(signal.SIGTERM)"
    )
    done = lab.run()
    assert (done.returncode, done.stderr) == (143, "")
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"] == "signal: SIGTERM"


@POSIX
def test_a_forked_child_dies_of_a_signal_as_without_a_session(lab, look):
    """The handlers of the session are its parent's alone."""
    lab.decorated(
        "import os, signal, time\n"
        "for number in (signal.SIGTERM, signal.SIGHUP):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        if signal.getsignal(number) is not signal.SIG_DFL:\n            os._exit(7)\n"
        "        os.kill(os.getpid(), number)\n        time.sleep(9)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)"
    )
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "-15\n-1\n")
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0


@POSIX
def test_a_forked_child_does_not_close_what_was_started(lab, look):
    """A session of `start` goes on in its parent when a child comes to its end."""
    lab.write(
        "import os, sys\nfrom scitex_session import close, start\n"
        "CONFIG, *_ = start(sys, verbose=False)\n"
        "pid = os.fork()\nif pid == 0:\n    sys.exit(0)\nos.waitpid(pid, 0)\n"
        "print(CONFIG.SDIR_RUN.is_dir())\nclose(CONFIG, exit_status=0, verbose=False)\n"
    )
    assert lab.run().stdout == "True\n"
    assert look.log(lab.only("FINISHED_SUCCESS")) == "True\n"


@POSIX
def test_a_caught_ctrl_c_is_no_error(lab, look):
    """The script decides what Ctrl-C means."""
    lab.decorated(
        "import time\ntry:\n    print('up')\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('enough')\nreturn 0"
    )
    running = lab.start()
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=20)
    assert (running.returncode, out) == (0, "enough\n")
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_REASON"] == "success"


@POSIX
def test_a_signal_after_a_caught_ctrl_c_ends_the_run(lab, look):
    """One that the script has dealt with does not hold back those that follow."""
    lab.decorated(
        "import time\ntry:\n    print('up')\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('enough', flush=True)\ntime.sleep(60)"
    )
    running = lab.start()
    running.send_signal(signal.SIGINT)
    assert running.stdout.readline() == "enough\n"
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert running.returncode == 143
    assert look.config(lab.only("FINISHED_ERROR"))["EXIT_REASON"] == "signal: SIGTERM"


@POSIX
def test_a_handler_of_the_script_wins(lab):
    """It is called instead of the session's, and still there afterwards."""
    lab.decorated(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('mine'))\n"
        "print('up')\n"
        "signal.raise_signal(signal.SIGTERM)\n"
        "return 0"
    )
    lab.path.joinpath("script.py").write_text(
        lab.path.joinpath("script.py").read_text(encoding="utf-8")
        + "    import signal; signal.raise_signal(signal.SIGTERM)\n",
        encoding="utf-8",
    )
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "up\nmine\nmine\n")
    lab.only("FINISHED_SUCCESS")


@POSIX
def test_an_ignored_signal_stays_ignored(lab):
    """As under nohup."""
    lab.decorated("import os, signal\nos.kill(os.getpid(), signal.SIGHUP)\nprint('still here')")
    done = lab.run(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert (done.returncode, done.stdout) == (0, "still here\n")


def test_the_handlers_are_put_back(lab):
    """After the session the process has those it had before."""
    lab.write(
        "import signal\nfrom scitex_session import session\n"
        "names = ('SIGINT', 'SIGTERM', 'SIGHUP')\n"
        "present = lambda: [signal.getsignal(getattr(signal, n)) for n in names]\n"
        "before = present()\n"
        "@session\ndef main():\n    print(present() == before)\n"
        "main()\nprint(present() == before)\n"
    )
    assert lab.run().stdout == "False\nTrue\n"


SIGNALLED = """\
import os, signal, sys
from scitex_session import session

NUMBERS = {numbers}

def mine(number, _frame):
    states = [state for state in os.listdir("script_out") if os.listdir(f"script_out/{{state}}")]
    print("mine", signal.Signals(number).name, *states, flush=True)
    {then}

def watch(event, args):
    # CPython tells of the steps of the finishing as it does them.
    global moments
    if over and event in {{"open", "os.rename", "os.mkdir"}} and "script_out" in str(args[0]):
        moments += 1
        for number in NUMBERS:
            signal.raise_signal(number)

def install():
    for number in NUMBERS:
        signal.signal(number, mine)

over, moments = False, 0
sys.addaudithook(watch)
if {own!r} == "before":
    install()

@session{options}
def main():
    global over
    if {own!r} == "inside":
        install()
    over = True
    return 0

try:
    main()
finally:
    over = False
    print("sent", moments >= 4)
"""


def signalled(lab, *names, own="inside", then="pass", options=""):
    """Run a script that gets signals at each step of its session's finishing."""
    numbers = f"({', '.join(f'signal.{name}' for name in names)},)"
    lab.write(SIGNALLED.format(numbers=numbers, own=own, then=then, options=options))
    return lab.run()


@POSIX
def test_a_signal_while_finishing_does_not_stop_it(lab, look):
    """The run is filed whole; then the signal has its way."""
    done = signalled(lab, "SIGTERM", "SIGINT", own="")
    config = look.config(lab.only("FINISHED_SUCCESS"))
    assert config["EXIT_STATUS"] == 0
    assert done.returncode == -signal.SIGTERM


@POSIX
@pytest.mark.parametrize("own", ["before", "inside"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_handler_of_the_script_waits_for_the_end_of_the_finishing(lab, look, name, own):
    """It is set aside from the first step on, and called once the run is filed."""
    done = signalled(lab, name, own=own)
    config = look.config(lab.only("FINISHED_SUCCESS"))
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (0, "success")
    assert done.stdout == f"mine {name} FINISHED_SUCCESS\nsent True\n"
    assert (done.returncode, done.stderr) == (0, "")


@POSIX
@pytest.mark.parametrize("then", ["raise ValueError('mine')", "sys.exit(9)"])
def test_a_handler_of_the_script_that_raises_leaves_no_run_in_running(lab, look, then):
    """What it raises leaves the call of the function, and the run is filed as it had ended."""
    done = signalled(lab, "SIGINT", "SIGTERM", then=then)
    config = look.config(lab.only("FINISHED_SUCCESS"))
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (0, "success")
    assert done.stdout.splitlines()[0].endswith(" FINISHED_SUCCESS")
    assert done.stdout.splitlines()[-1] == "sent True"
    assert done.returncode == (9 if "exit" in then else 1)


@POSIX
def test_a_preempt_signal_while_finishing_waits_too(lab, look):
    """Whether the session or the script has its handler."""
    done = signalled(lab, "SIGUSR1", options="(preempt_signal='SIGUSR1')")
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0
    assert done.stdout == "mine SIGUSR1 FINISHED_SUCCESS\nsent True\n"


@POSIX
@pytest.mark.parametrize("name", ["SIGALRM", "SIGUSR1"])
def test_any_signal_that_the_script_handles_waits(lab, look, name):
    """An alarm of the script's own that raises does not stop the finishing either."""
    done = signalled(lab, name, then="raise ValueError('mine')")
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0
    assert done.stdout == f"mine {name} FINISHED_SUCCESS\nsent True\n"


@POSIX
@pytest.mark.parametrize(
    ("body", "process"),
    [
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import ctypes; ctypes.string_at(0)", -11),
        ("import os; os.abort()", -6),
    ],
)
def test_a_death_without_warning_is_filed_at_once(lab, look, body, process):
    """The helper of the capture outlives the process and files its run as lost."""
    lab.config_file("MODEL.yaml", "lr: 0.1\n")
    lab.decorated(f"print('before', flush=True)\n{body}")
    assert lab.run().returncode == process
    run = lab.wait_for("FINISHED_ERROR")
    config = look.config(run)
    assert (config["EXIT_STATUS"], config["EXIT_REASON"]) == (None, "lost")
    assert config["MODEL"] == {"lr": 0.1}
    assert config["SDIR"] == str(run)
    assert look.log(run) == "before\n"
    assert lab.runs("RUNNING") == []


@POSIX
def test_a_crash_leaves_its_traceback_in_the_log(lab, look):
    """What faulthandler writes in the last moment is logged too."""
    lab.decorated("import faulthandler, ctypes\nfaulthandler.enable()\nctypes.string_at(0)")
    lab.run()
    assert "Segmentation fault" in look.log(lab.wait_for("FINISHED_ERROR"), "stderr")


@POSIX
def test_a_dead_session_whose_child_lives_on_is_dead(lab):
    """A forked worker that holds every descriptor does not keep the run alive."""
    lab.decorated(
        "import os, signal, time\n"
        "if os.fork() == 0:\n    time.sleep(8)\n    os._exit(0)\n"
        "print('up', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    running = lab.start()
    running.wait(timeout=20)
    running.stdout.close()
    running.stderr.close()
    lab.wait_for("FINISHED_ERROR", seconds=5)


@POSIX
def test_a_forked_child_does_not_close_its_parents_session(lab, look):
    """Whether it leaves by return, sys.exit or an exception."""
    lab.decorated(
        "import os, sys\n"
        "for how in range(3):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        if how == 0:\n            return 5\n"
        "        if how == 1:\n            sys.exit(6)\n"
        "        raise ValueError('of the child')\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)\n"
        "return 0"
    )
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "5\n6\n1\n")
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0


def test_a_session_that_was_never_closed_is_finished_at_exit(lab, look):
    """`start` without `close`: filed under FINISHED, and the reason says so."""
    lab.write(
        "import sys\nfrom scitex_session import start\nstart(sys, verbose=False)\nprint('x')\n"
    )
    assert lab.run().returncode == 0
    run = lab.only("FINISHED")
    assert look.config(run)["EXIT_STATUS"] is None
    assert look.log(run) == "x\n"


def test_an_exception_after_start_is_an_error(lab, look):
    """`start` without `close`, ended by an exception."""
    lab.write("import sys\nfrom scitex_session import start\nstart(sys, verbose=False)\n1 / 0\n")
    assert lab.run().returncode == 1
    config = look.config(lab.only("FINISHED_ERROR"))
    assert config["EXIT_REASON"] == "exception: ZeroDivisionError: division by zero"


@POSIX
def test_a_session_in_a_thread_leaves_signals_alone(lab):
    """They belong to the main thread."""
    lab.write(
        "import signal, threading\nfrom scitex_session import session\n"
        "@session\ndef main():\n"
        "    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)\n"
        "t = threading.Thread(target=main); t.start(); t.join()\n"
    )
    done = lab.run()
    assert (done.stdout, done.stderr) == ("True\n", "")
    lab.only("FINISHED_SUCCESS")


@POSIX
def test_a_deleted_run_directory_is_said(lab):
    """The script's own end is not changed by it."""
    lab.decorated("import shutil; shutil.rmtree(CONFIG.SDIR_RUN)\nreturn 0", "CONFIG=INJECTED")
    done = lab.run()
    assert done.returncode == 0
    assert "No such file or directory" in done.stderr
    assert "PROVENANCE.json: the status could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stream_that_cannot_be_flushed_is_said(lab, look):
    """What the script put in the place of sys.stdout does not keep the run from being filed."""
    lab.decorated(
        "import sys\nclass Full:\n    def write(self, text):\n        return len(text)\n"
        "    def flush(self):\n        raise OSError('no room for it')\n"
        "sys.stdout = Full()\nreturn 0"
    )
    assert "could not be flushed (no room for it)" in lab.run().stderr
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_REASON"] == "success"


def test_a_read_only_output_directory_at_the_end(lab, look, bound):
    """The run stays whole under RUNNING, and recovery files it as the success that it was."""
    lab.decorated("import os; os.chmod(CONFIG.SDIR_OUT, 0o500)\nreturn 0", "CONFIG=INJECTED")
    done = lab.run(prefix=bound)
    assert (done.returncode, "Nothing is lost" in done.stderr) == (0, True)
    assert "Traceback" not in done.stderr
    (run,) = lab.runs("RUNNING")
    (lab.path / "script_out").chmod(0o700)
    again = lab.run("-m", "scitex_session", "recover", "script_out", script=None)
    assert again.returncode == 0
    assert lab.only("FINISHED_SUCCESS").name == run.name
    assert look.config(lab.only("FINISHED_SUCCESS"))["SDIR"].endswith(
        f"FINISHED_SUCCESS/{run.name}"
    )


def test_a_target_that_exists_is_neither_merged_nor_overwritten(lab):
    """The run stays whole under RUNNING, and the message says where."""
    lab.decorated(
        "target = CONFIG.SDIR_OUT / 'FINISHED_SUCCESS' / CONFIG.SDIR_RUN.name\n"
        "target.mkdir(parents=True)\n(target / 'mine.txt').write_text('kept')\nreturn 0",
        "CONFIG=INJECTED",
    )
    done = lab.run()
    assert "Nothing is lost" in done.stderr
    (running,) = lab.runs("RUNNING")
    (target,) = lab.runs("FINISHED_SUCCESS")
    assert (running / "logs" / "stdout.log").exists()
    assert (target / "mine.txt").read_text(encoding="utf-8") == "kept"
