import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

# What asks for a record that is not complete has no shorter way in than an archive or a rerun.
from scitex_session._provenance._late import complete

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes as POSIX has them")


@pytest.fixture
def dead(look):
    """Describe a process that is dead, though it was of this machine and of this boot."""
    return {**look.process(os.getpid()), "pid": 2**22 - 1, "start_ticks": 1}


@pytest.fixture
def alive(look):
    """Describe this process."""
    return look.process(os.getpid())


@pytest.fixture
def a_run(dead):
    """Write what a session leaves that had no time for more."""

    def write(base, name="2026Y-02M-13D-14h30m15s_Z5MR", process=dead, **about):
        path = base / "RUNNING" / name
        (path / "CONFIGS").mkdir(parents=True)
        (path / "logs").mkdir()
        (path / "logs" / "stdout.log").write_text("before\n", encoding="utf-8")
        run = {"id": name, "name": name, "status": "running", "exit_status": None, "moves": True}
        run |= {"start_time": "2026-02-13T14:30:15+00:00", "end_time": None, **about}
        record = {"schema": "scitex-provenance", "schema_version": 1, "run": run}
        record["process"] = process
        file = path / "CONFIGS" / "PROVENANCE.json"
        file.write_text(json.dumps(record), encoding="utf-8")
        (path / "CONFIGS" / "CONFIG.yaml").write_text(
            f"ID: {name}\nEXIT_STATUS: null\n", encoding="utf-8"
        )
        return path

    return write


@pytest.fixture
def recover(command):
    """Give `scitex-session recover`: what it files, as pairs of a name and where that is now."""

    def call(*words, status=0):
        answer = command("recover", *words)
        assert answer.status == status, answer.err
        call.said = answer.err
        return [tuple(line.split("\t")) for line in answer.lines]

    return call


def test_a_record_names_the_process_of_its_run(lab, look):
    """Host, boot, PID namespace, PID and start time are those that the system gives."""
    lab.decorated("import time\nprint('up')\ntime.sleep(60)")
    running = lab.start()
    try:
        described = look.process(running.pid)
        assert look.record(lab.only("RUNNING"))["process"] == described
    finally:
        running.kill()
        running.communicate()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_live_run_whose_process_has_an_odd_name_is_left_alone(lab, look, recover):
    """The name of a command may look like the rest of what the system tells of a process."""
    lab.write(
        "import time\nopen('/proc/self/comm', 'w').write('x) Z 1 (y')\n"
        "from scitex_session import session\n"
        "@session\ndef main():\n    print('up')\n    time.sleep(60)\nmain()\n"
    )
    running = lab.start()
    try:
        assert look.record(lab.only("RUNNING"))["process"] == look.process(running.pid)
        assert recover(lab.path / "script_out") == []
    finally:
        running.kill()
        running.communicate()


def test_a_recycled_pid_is_another_process(tmp_path, a_run, alive, recover):
    """Same PID, another start time: dead."""
    path = a_run(tmp_path, process={**alive, "start_ticks": 1})
    assert [name for name, _ in recover(tmp_path)] == [path.name]


def test_another_boot_is_dead(tmp_path, a_run, alive, recover):
    """Nothing survives a reboot."""
    path = a_run(tmp_path, process={**alive, "boot_id": "another"})
    assert [name for name, _ in recover(tmp_path)] == [path.name]


@pytest.mark.parametrize("keys", [["host"], ["pid_namespace"], ["host", "boot_id"]])
def test_what_cannot_be_seen_from_here_is_never_called_dead(tmp_path, a_run, dead, recover, keys):
    """Another host or PID namespace is unknown, though nothing here has that PID."""
    process = {**dead, **dict.fromkeys(keys, "another")}
    path = a_run(tmp_path, process=process)
    assert recover(tmp_path) == []
    assert path.is_dir()


def test_a_zombie_is_dead(tmp_path, a_run, look, recover):
    """`kill(pid, 0)` would say that it is alive."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    path = a_run(tmp_path, process=look.process(child.pid))
    assert recover(tmp_path) == []
    child.kill()
    stat = Path(f"/proc/{child.pid}/stat")
    while stat.read_text(encoding="utf-8").split(")")[1][:3] != " Z ":
        time.sleep(0.01)
    assert [name for name, _ in recover(tmp_path)] == [path.name]
    child.wait()


def test_a_dead_run_is_filed_as_lost(tmp_path, a_run, look, recover):
    """Configuration and record say so, and what was in it is still there."""
    path = a_run(tmp_path)
    target = tmp_path / "FINISHED_ERROR" / path.name
    assert recover(tmp_path) == [(path.name, str(target))]
    config = look.config(target)
    assert (config["EXIT_REASON"], config["EXIT_STATUS"]) == ("lost", None)
    about = look.record(target)["run"]
    assert (about["status"], about["exit_reason"]) == ("error", "lost")
    assert about["sdir_run"] == config["SDIR"] == str(target)
    assert look.log(target) == "before\n"
    assert recover(tmp_path) == []


def test_a_dead_run_ended_when_it_last_wrote(tmp_path, a_run, look, recover):
    """Its end is the latest moment at which it is known to have lived, not that of its recovery."""
    path = a_run(tmp_path)
    begun = 1_770_993_015  # 2026-02-13T14:30:15+00:00
    for name, moment in {"CONFIGS/CONFIG.yaml": begun, "logs/stdout.log": begun + 3725}.items():
        os.utime(path / name, (moment, moment))
    recover(tmp_path)
    config = look.config(tmp_path / "FINISHED_ERROR" / path.name)
    assert datetime.fromisoformat(config["END_TIME"]).timestamp() == begun + 3725
    assert config["RUN_TIME"] == "01:02:05"


@pytest.mark.parametrize("start", ["2026-02-13T14:30:15", "yesterday", None])
def test_a_dead_run_whose_start_is_not_known_is_filed(tmp_path, a_run, look, recover, start):
    """A start without a zone, or none, leaves the run time open."""
    path = a_run(tmp_path, start_time=start)
    assert [name for name, _ in recover(tmp_path)] == [path.name]
    about = look.record(tmp_path / "FINISHED_ERROR" / path.name)["run"]
    assert (about["exit_reason"], about["run_time"]) == ("lost", None)


def test_a_live_run_is_left_alone(tmp_path, a_run, alive, recover):
    """Whatever its age."""
    path = a_run(tmp_path, process=alive)
    os.utime(path, (0, 0))
    assert recover(tmp_path) == []
    assert path.is_dir()


def test_a_run_of_another_host_needs_the_users_word(tmp_path, a_run, dead, recover):
    """Unknown is not dead."""
    a_run(tmp_path, process={**dead, "host": "node7"})
    assert recover(tmp_path) == []
    assert recover(tmp_path, "--host", "node8") == []
    assert len(recover(tmp_path, "--host", "node7")) == 1


def test_the_users_word_does_not_kill_a_live_run_of_this_host(tmp_path, a_run, alive, recover):
    """`--host` is for hosts that cannot be seen from here."""
    a_run(tmp_path, process=alive)
    assert recover(tmp_path, "--host", alive["host"]) == []


def test_an_end_that_was_written_but_not_moved_is_kept(tmp_path, a_run, recover):
    """Killed between the last word and the rename: it was a success."""
    path = a_run(tmp_path, status="success", exit_status=0, end_time="2026-02-13T14:31:00+00:00")
    recover(tmp_path)
    assert (tmp_path / "FINISHED_SUCCESS" / path.name).is_dir()


def test_a_run_that_had_not_yet_its_own_name_is_filed_too(tmp_path, a_run, recover):
    """Under its own name."""
    a_run(tmp_path, name=".new-X")
    recover(tmp_path)
    assert (tmp_path / "FINISHED_ERROR" / "X" / "CONFIGS" / "CONFIG.yaml").exists()


def test_what_died_before_it_had_a_configuration_is_discarded(tmp_path, a_run, recover):
    """Nothing had run, and there is nothing of the user's in it."""
    path = a_run(tmp_path, name=".new-X")
    (path / "CONFIGS" / "CONFIG.yaml").unlink()
    assert recover(tmp_path) == []
    assert not path.exists()


def test_an_empty_claim_goes_after_a_minute(tmp_path, recover):
    """A fresh one is somebody's; only an empty directory can go."""
    claim = tmp_path / "RUNNING" / ".new-X"
    claim.mkdir(parents=True)
    recover(tmp_path)
    assert claim.is_dir()
    os.utime(claim, (0, 0))
    recover(tmp_path)
    assert not claim.exists()


def test_what_is_no_run_is_left_alone(tmp_path, a_run, recover):
    """Files, links, foreign directories, and records that are broken or cannot be read."""
    outside = a_run(tmp_path / "other")
    running = tmp_path / "script_out" / "RUNNING"
    running.mkdir(parents=True)
    (running / "link").symlink_to(outside)
    (running / "notes.txt").write_text("mine", encoding="utf-8")
    (running / "mine").mkdir()
    (running / "broken" / "CONFIGS").mkdir(parents=True)
    (running / "broken" / "CONFIGS" / "PROVENANCE.json").write_text("{", encoding="utf-8")
    (running / "unreadable" / "CONFIGS" / "PROVENANCE.json").mkdir(parents=True)
    before = sorted(os.listdir(running))
    assert recover(running.parent) == []
    assert sorted(os.listdir(running)) == before
    assert outside.is_dir()


def test_a_target_that_exists_is_not_overwritten(tmp_path, a_run, recover):
    """It is refused, and both are as they were."""
    path = a_run(tmp_path)
    target = tmp_path / "FINISHED_ERROR" / path.name
    target.mkdir(parents=True)
    before = {file: file.read_bytes() for file in (path / "CONFIGS").iterdir()}
    assert recover(tmp_path, status=4) == []
    assert str(tmp_path) in recover.said
    assert {file: file.read_bytes() for file in (path / "CONFIGS").iterdir()} == before
    assert list(target.iterdir()) == []


def test_a_dead_run_that_cannot_be_filed_does_not_stop_the_next(lab, a_run):
    """One line says where it stays, and the session goes on."""
    path = a_run(lab.path / "script_out")
    (lab.path / "script_out" / "FINISHED_ERROR" / path.name).mkdir(parents=True)
    lab.decorated("print('ran')")
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "a dead run cannot be filed" in done.stderr
    assert path.is_dir()


def recovering(lab, *before):
    """Start `scitex-session recover` for the output of the lab's script."""
    return subprocess.Popen(
        [*before, *lab.command("-m", "scitex_session", "recover", "script_out", script=None)],
        cwd=lab.path, env=lab.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_recoveries_at_once(lab, a_run):
    """Each run is filed once, whoever is first, and nobody fails."""
    for number in range(60):
        a_run(lab.path / "script_out", name=f"run{number:02}")
    both = [recovering(lab) for _ in range(2)]
    filed = [process.communicate(timeout=60)[0].count("\n") for process in both]
    assert sum(filed) == 60
    assert len(lab.runs("FINISHED_ERROR")) == 60
    assert [process.returncode for process in both] == [0, 0]


def test_a_live_process_keeps_its_run_though_it_was_called_dead(tmp_path, a_run, alive, command):
    """What the keeper of the logs starts at a death looks for itself, and for a moment only."""
    path = a_run(tmp_path, process=alive)
    begun = time.monotonic()
    assert command("_file-dead", path).status == 0
    assert time.monotonic() - begun < 10
    assert path.is_dir()


def test_the_next_session_files_what_died_unseen(lab, look, a_run):
    """Without the keeper of the logs, as after a power cut."""
    path = a_run(lab.path / "script_out")
    lab.decorated("return 0")
    done = lab.run()
    assert "had died" in done.stderr
    assert (
        look.config(lab.path / "script_out" / "FINISHED_ERROR" / path.name)["EXIT_REASON"] == "lost"
    )
    assert lab.runs("RUNNING") == []


def test_another_host_is_never_mistaken(lab):
    """A real session, looked at under another host name."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare")
    probe = subprocess.run([unshare, "--uts", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("may not make a UTS namespace here")
    lab.decorated("import time\nprint('up')\ntime.sleep(60)")
    running = lab.start()
    as_other = [unshare, "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
    try:
        other = recovering(lab, *as_other)
        assert other.communicate(timeout=60)[0] == ""
        assert other.returncode == 0
        assert len(lab.runs("RUNNING")) == 1
    finally:
        running.terminate()
        running.communicate()
    lab.only("FINISHED_ERROR")


def named(runs):
    """Return the runs that have their own names."""
    return [run for run in runs if not run.name.startswith(".new-")]


WHOLE_LIFE = """\
import os, sys
from scitex_session import INJECTED, session
@session
def main(CONFIG=INJECTED):
    for number in range(60):
        print(number, flush=True)
        (CONFIG.SDIR_RUN / f"{number}.txt").write_text("x" * 100)
    return 0
main()
"""


@pytest.mark.slow
def test_killed_at_any_instant_a_run_is_where_the_truth_is(lab, look, recover):
    """200 SIGKILLs spread over the whole life of a run, opening and finish included."""
    lab.write(WHOLE_LIFE)
    begun = time.perf_counter()
    assert lab.run().returncode == 0
    life = time.perf_counter() - begun
    drawn = random.Random(3)
    for _ in range(200):
        process = subprocess.Popen(
            lab.command(),
            cwd=lab.path,
            env=lab.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(drawn.uniform(0.2, 1.1) * life)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    deadline = time.monotonic() + 10
    while lab.runs("RUNNING") and time.monotonic() < deadline:
        recover(lab.path / "script_out")
        time.sleep(0.1)
    assert named(lab.runs("RUNNING")) == []
    for run in lab.runs("FINISHED_ERROR"):
        assert look.config(run)["EXIT_REASON"] == "lost"
        lines = look.log(run).splitlines()
        assert lines == [str(number) for number in range(len(lines))]
        assert len(list(run.glob("*.txt"))) <= len(lines)
    for run in lab.runs("FINISHED_SUCCESS"):
        assert look.config(run)["EXIT_STATUS"] == 0
        assert len(list(run.glob("*.txt"))) == 60


@pytest.mark.slow
def test_killed_while_finishing_2000_files(lab, look, recover):
    """Either still to be filed, or filed whole."""
    lab.write(
        "from scitex_session import INJECTED, session\n"
        "@session\ndef main(CONFIG=INJECTED):\n"
        "    for number in range(2000):\n"
        "        (CONFIG.SDIR_RUN / f'{number}.txt').touch()\n"
        "    print('done', flush=True)\n"
        "main()\n"
    )
    drawn = random.Random(4)
    for _ in range(20):
        process = lab.start()
        time.sleep(drawn.uniform(0, 0.06))
        process.kill()
        process.communicate()
    deadline = time.monotonic() + 20
    while lab.runs("RUNNING") and time.monotonic() < deadline:
        time.sleep(0.1)
        recover(lab.path / "script_out")  # for a death after the helper had been let go
    runs = lab.runs()
    assert len(runs) == 20
    assert lab.runs("RUNNING") == []
    for run in runs:
        assert len(list(run.glob("*.txt"))) == 2000
        assert look.log(run) == "done\n"


STEPS = """\
import os, signal, sys
from scitex_session import session

last, steps = int(sys.argv.pop()), 0
EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.listdir", "os.chmod"}

def step(event, args):
    # What CPython is about to do with the output directory.
    global steps
    if event in EVENTS and "script_out" in str(args[0]):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(step)

@session
def main():
    print("called", flush=True)

main()
print("through")
"""


@pytest.mark.slow
def test_killed_at_each_step_a_run_is_where_the_truth_is(lab, look, recover):
    """One SIGKILL before each thing that opening and finishing do with the output directory."""
    lab.write(STEPS)
    seen = set()
    for number in range(1, 500):
        done = lab.run(number)
        deadline = time.monotonic() + 2
        while named(lab.runs("RUNNING")) and time.monotonic() < deadline:
            time.sleep(0.02)
        if (lab.path / "script_out").exists():
            recover(lab.path / "script_out")
        left = lab.runs("RUNNING")
        # Without a record nobody can tell whether it is not just being made.
        assert named(left) == [], number
        for run in left:
            assert not (run / "CONFIGS" / "PROVENANCE.json").exists(), number
        new = [run for run in lab.runs() if run not in seen and run not in left]
        seen.update(new)
        assert len(new) <= 1, number
        called = "called" in done.stdout
        assert len(new) == 1 or not called, number
        for run in new:
            config, about = look.config(run), look.record(run)["run"]
            assert about["status"] == (
                "success" if run.parent.name.endswith("SUCCESS") else "error"
            )
            assert config["EXIT_REASON"] == about["exit_reason"]
            assert config["SDIR"] == about["sdir_run"] == str(run)
            assert about["exit_reason"] == ("success" if about["status"] == "success" else "lost")
            assert look.log(run) == ("called\n" if called else "")
        if "through" in done.stdout:
            break
        assert done.returncode == -signal.SIGKILL
    assert number > 20
    for run in lab.runs("RUNNING"):
        os.utime(run, (0, 0))
    recover(lab.path / "script_out")
    assert lab.runs("RUNNING") == []


DIES = """\
import os, signal, sys
def die(event, args):
    # At a step of the finishing, as CPython tells of it.
    path = str(args[event == "os.rename"]) if args else ""
    if event == {event!r} and {base!r} in path and path.endswith({path!r}):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
open("data.txt", encoding="utf-8").close()
return 0"""
BEFORE = DIES.format(event="os.rename", base="/RUNNING/", path="/CONFIGS/PROVENANCE.json")
AFTER = DIES.format(event="os.listdir", base="/FINISHED_SUCCESS/", path="/CONFIGS/.provenance")


def known(record):
    """Tell which inputs and which code a record names."""
    files = [entry["module"] for entry in record["code"]["files"]]
    return [os.path.basename(entry["path"]) for entry in record["inputs"]], files


def test_killed_before_the_record_is_in_place(lab, look, recover):
    """The notes of the run are still there, and recovery puts into the record what they hold."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(BEFORE)
    assert lab.run().returncode == -signal.SIGKILL
    recover(lab.path / "script_out")
    run = lab.wait_for("FINISHED_ERROR")
    assert known(look.record(run)) == (["data.txt"], ["__main__"])
    assert not (run / "CONFIGS" / ".provenance").exists()


def test_killed_after_the_record_is_in_place(lab, look):
    """It is complete, and stays so when the notes that were left are removed."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(AFTER)
    assert lab.run().returncode == -signal.SIGKILL
    run = lab.only("FINISHED_SUCCESS")
    record = look.record(run)
    assert known(record) == (["data.txt"], ["__main__"])
    complete(run)
    assert not (run / "CONFIGS" / ".provenance").exists()
    assert look.record(run) == record


def test_notes_that_somebody_works_with_stay(lab, look):
    """Asking for a record that another process completes at this moment takes nothing from it."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(AFTER)
    assert lab.run().returncode == -signal.SIGKILL
    run = lab.only("FINISHED_SUCCESS")
    file = run / "CONFIGS" / "PROVENANCE.json"
    file.write_text(json.dumps({**look.record(run), "pending": ["outputs"]}), encoding="utf-8")
    taken = run / "CONFIGS" / ".provenance" / f"state-{os.getppid()}"
    taken.touch()
    complete(run)
    assert taken.exists()
    assert look.record(run)["pending"] == ["outputs"]
