import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from scitex_session._provenance._late import complete
from scitex_session._run._liveness import identity, is_alive
from scitex_session._run._recovery import file_dead, recover

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes as POSIX has them")

RECOVER = """\
import sys
from scitex_session._run._recovery import recover
print(len(recover(sys.argv[1])))
"""
DEAD = {**identity(), "pid": 2**22 - 1, "start_ticks": 1}


def a_run(base, name="2026Y-02M-13D-14h30m15s_Z5MR", process=DEAD, **about):
    """Write what a session leaves that had no time for more."""
    path = base / "RUNNING" / name
    (path / "CONFIGS").mkdir(parents=True)
    (path / "logs").mkdir()
    (path / "logs" / "stdout.log").write_text("before\n", encoding="utf-8")
    run = {"id": name, "name": name, "status": "running", "exit_status": None, "moves": True}
    run |= {"start_time": "2026-02-13T14:30:15+00:00", "end_time": None, **about}
    record = {"schema": "scitex-provenance", "run": run, "process": process}
    (path / "CONFIGS" / "PROVENANCE.json").write_text(json.dumps(record), encoding="utf-8")
    (path / "CONFIGS" / "CONFIG.yaml").write_text(
        f"ID: {name}\nEXIT_STATUS: null\n", encoding="utf-8"
    )
    return path


def test_this_process_is_alive():
    """And a copy of its description through JSON still is."""
    assert is_alive(json.loads(json.dumps(identity()))) is True


def test_a_recycled_pid_is_another_process():
    """Same PID, another start time: dead."""
    assert is_alive({**identity(), "start_ticks": 1}) is False


def test_another_boot_is_dead():
    """Nothing survives a reboot."""
    assert is_alive({**identity(), "boot_id": "another"}) is False


@pytest.mark.parametrize("key", ["host", "pid_namespace"])
def test_what_cannot_be_seen_from_here_is_unknown(key):
    """Another host or PID namespace is never called dead."""
    assert is_alive({**identity(), key: "another"}) is None


def test_a_zombie_is_dead():
    """`kill(pid, 0)` would say that it is alive."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stat = Path(f"/proc/{child.pid}/stat")
    text = stat.read_text(encoding="utf-8")
    ticks = int(text[text.rindex(")") + 2 :].split()[19])
    process = {**identity(), "pid": child.pid, "start_ticks": ticks}
    assert is_alive(process) is True
    child.kill()
    while stat.read_text(encoding="utf-8").split(")")[1][:3] != " Z ":
        time.sleep(0.01)
    assert is_alive(process) is False
    child.wait()


def test_a_dead_run_is_filed_as_lost(tmp_path):
    """Configuration and record say so, and what was in it is still there."""
    path = a_run(tmp_path)
    (found,) = recover(str(tmp_path))
    target = tmp_path / "FINISHED_ERROR" / path.name
    assert (found.source, found.target) == (str(path), str(target))
    config = yaml.safe_load((target / "CONFIGS" / "CONFIG.yaml").read_text(encoding="utf-8"))
    assert (config["EXIT_REASON"], config["EXIT_STATUS"]) == ("lost", None)
    assert (target / "logs" / "stdout.log").read_text(encoding="utf-8") == "before\n"
    assert recover(str(tmp_path)) == []


def test_a_live_run_is_left_alone(tmp_path):
    """Whatever its age."""
    path = a_run(tmp_path, process=identity())
    assert recover(str(tmp_path)) == []
    assert path.is_dir()


def test_a_run_of_another_host_needs_the_users_word(tmp_path):
    """Unknown is not dead."""
    a_run(tmp_path, process={**DEAD, "host": "node7"})
    assert recover(str(tmp_path)) == []
    assert recover(str(tmp_path), host="node8") == []
    assert len(recover(str(tmp_path), host="node7")) == 1


def test_an_end_that_was_written_but_not_moved_is_kept(tmp_path):
    """Killed between the last word and the rename: it was a success."""
    path = a_run(tmp_path, status="success", exit_status=0, end_time="2026-02-13T14:31:00+00:00")
    recover(str(tmp_path))
    assert (tmp_path / "FINISHED_SUCCESS" / path.name).is_dir()


def test_a_run_that_was_being_born_is_filed_too(tmp_path):
    """Under its own name."""
    a_run(tmp_path, name=".new-X")
    recover(str(tmp_path))
    assert (tmp_path / "FINISHED_ERROR" / "X" / "CONFIGS" / "CONFIG.yaml").exists()


def test_what_died_before_it_had_a_configuration_is_taken_back(tmp_path):
    """Nothing had run, and there is nothing of the user's in it."""
    path = a_run(tmp_path, name=".new-X")
    (path / "CONFIGS" / "CONFIG.yaml").unlink()
    assert recover(str(tmp_path)) == []
    assert not path.exists()


def test_an_empty_claim_goes_after_a_minute(tmp_path):
    """A fresh one is somebody's; only an empty directory can go."""
    claim = tmp_path / "RUNNING" / ".new-X"
    claim.mkdir(parents=True)
    recover(str(tmp_path))
    assert claim.is_dir()
    os.utime(claim, (0, 0))
    recover(str(tmp_path))
    assert not claim.exists()


def test_what_is_no_run_is_left_alone(tmp_path):
    """Files, links, foreign directories and broken records."""
    outside = a_run(tmp_path / "other")
    running = tmp_path / "RUNNING"
    running.mkdir()
    (running / "link").symlink_to(outside)
    (running / "notes.txt").write_text("mine", encoding="utf-8")
    (running / "mine").mkdir()
    (running / "broken" / "CONFIGS").mkdir(parents=True)
    (running / "broken" / "CONFIGS" / "PROVENANCE.json").write_text("{", encoding="utf-8")
    before = sorted(os.listdir(running))
    assert recover(str(tmp_path)) == []
    assert sorted(os.listdir(running)) == before
    assert outside.is_dir()


def test_a_target_that_exists_is_not_overwritten(tmp_path):
    """It is refused, and both are as they were."""
    path = a_run(tmp_path)
    (tmp_path / "FINISHED_ERROR" / path.name).mkdir(parents=True)
    with pytest.raises(FileExistsError):
        recover(str(tmp_path))
    assert path.is_dir()


def test_a_dead_run_that_cannot_be_filed_does_not_stop_the_next(lab):
    """One line says where it stays, and the session goes on."""
    path = a_run(lab.path / "script_out")
    (lab.path / "script_out" / "FINISHED_ERROR" / path.name).mkdir(parents=True)
    lab.decorated("print('ran')")
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "a dead run stays there" in done.stderr
    assert path.is_dir()


def test_two_recoveries_at_once(tmp_path):
    """Each run is filed once, whoever is first, and nobody fails."""
    for number in range(60):
        a_run(tmp_path, name=f"run{number:02}")
    both = [
        subprocess.Popen(
            [sys.executable, "-c", RECOVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    filed = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(filed) == 60
    assert len(list((tmp_path / "FINISHED_ERROR").iterdir())) == 60
    assert [process.returncode for process in both] == [0, 0]


def test_file_dead_waits_for_the_kernel_and_no_longer(tmp_path):
    """A live process keeps its run."""
    path = a_run(tmp_path, process=identity())
    assert file_dead(str(path)) is None
    assert path.is_dir()


def test_the_next_session_files_what_died_unseen(lab, look):
    """Without the helper of the capture, as after a power cut."""
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
    base = lab.path / "script_out"
    as_other = [unshare, "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
    command = [*as_other, sys.executable, "-c", RECOVER, str(base)]
    try:
        assert subprocess.check_output(command, text=True) == "0\n"
        assert len(lab.runs("RUNNING")) == 1
    finally:
        running.terminate()
        running.communicate()
    lab.only("FINISHED_ERROR")


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
def test_killed_at_any_instant_a_run_is_where_the_truth_is(lab, look):
    """200 SIGKILLs spread over the whole life of a run, birth and finish included."""
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
        recover(str(lab.path / "script_out"))
        time.sleep(0.1)
    left = [run for run in lab.runs("RUNNING") if not run.name.startswith(".new-")]
    assert left == []
    for run in lab.runs("FINISHED_ERROR"):
        assert look.config(run)["EXIT_REASON"] == "lost"
        lines = look.log(run).splitlines()
        assert lines == [str(number) for number in range(len(lines))]
        assert len(list(run.glob("*.txt"))) <= len(lines)
    for run in lab.runs("FINISHED_SUCCESS"):
        assert look.config(run)["EXIT_STATUS"] == 0
        assert len(list(run.glob("*.txt"))) == 60


@pytest.mark.slow
def test_killed_while_finishing_2000_files(lab, look):
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
        recover(str(lab.path / "script_out"))  # for a death after the helper had been let go
    runs = lab.runs()
    assert len(runs) == 20
    assert lab.runs("RUNNING") == []
    for run in runs:
        assert len(list(run.glob("*.txt"))) == 2000
        assert look.log(run) == "done\n"


DIES = """\
import os, signal
from scitex_session._run import frozen
from scitex_session._provenance import _late
{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
open("data.txt", encoding="utf-8").close()
return 0"""


def known(record):
    """Tell which inputs and which code a record names."""
    files = [entry["module"] for entry in record["code"]["files"]]
    return [os.path.basename(entry["path"]) for entry in record["inputs"]], files


def test_killed_before_the_record_is_in_place(lab, look):
    """The notes of the run are still there, and recovery puts into the record what they hold."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(DIES.format(step="frozen.End.put"))
    lab.run()
    recover(lab.path / "script_out")
    run = lab.only("FINISHED_ERROR")
    assert known(look.record(run)) == (["data.txt"], ["__main__"])
    assert not (run / "CONFIGS" / ".provenance").exists()


def test_killed_after_the_record_is_in_place(lab, look):
    """It is complete, and stays so when the notes that were left are removed."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(DIES.format(step="_late.remove_notes"))
    lab.run()
    run = lab.only("FINISHED_SUCCESS")
    record = look.record(run)
    assert known(record) == (["data.txt"], ["__main__"])
    complete(run)
    assert not (run / "CONFIGS" / ".provenance").exists()
    assert look.record(run) == record


def test_notes_that_somebody_works_with_stay(lab, look):
    """Asking for a record that another process completes at this moment takes nothing from it."""
    (lab.path / "data.txt").write_text("1", encoding="utf-8")
    lab.decorated(DIES.format(step="_late.remove_notes"))
    lab.run()
    run = lab.only("FINISHED_SUCCESS")
    file = run / "CONFIGS" / "PROVENANCE.json"
    file.write_text(json.dumps({**look.record(run), "pending": ["outputs"]}), encoding="utf-8")
    taken = run / "CONFIGS" / ".provenance" / f"state-{os.getppid()}"
    taken.touch()
    complete(run)
    assert taken.exists()
    assert look.record(run)["pending"] == ["outputs"]
