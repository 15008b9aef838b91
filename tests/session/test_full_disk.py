import os
import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=200", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount a file system here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


FILLING = """\
import os, sys
from scitex_session import INJECTED, session

def fill(event, args):
    # When the finishing makes its file number {number}, as CPython tells of it.
    global made
    if not over or event != "open" or "CONFIGS" not in str(args[0]) or not args[2] & os.O_CREAT:
        return
    made += 1
    if made != {number}:
        return
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass

over, made = False, 0
sys.addaudithook(fill)

@session
def main(CONFIG=INJECTED):
    global over, filler
    (CONFIG.SDIR_RUN / "mine.txt").write_text("precious")
    filler = CONFIG.SDIR_RUN / "filler"
    over = True
    return {status}
main()
"""


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(("status", "state"), [(0, "FINISHED_SUCCESS"), (3, "FINISHED_ERROR")])
def test_a_full_disk_at_the_end_loses_nothing(small_disk, lab, look, number, status, state):
    """The run stays whole under RUNNING, one line says so, and recovery files it as it ended."""
    script = small_disk / "script.py"
    script.write_text(FILLING.format(number=number, status=status), encoding="utf-8")
    done = lab.run(script=script)
    assert done.returncode == status
    assert "Nothing is lost" in done.stderr, done
    assert "Traceback" not in done.stderr
    (run,) = (small_disk / "script_out" / "RUNNING").iterdir()
    assert (run / "mine.txt").read_text(encoding="utf-8") == "precious"
    assert not list((run / "CONFIGS").glob(".*.*.*"))  # nothing half-written is left
    assert look.config(run)["END_TIME"] is None
    (run / "filler").unlink()
    base = str(small_disk / "script_out")
    assert lab.run("-m", "scitex_session", "recover", base, script=None).returncode == 0
    (filed,) = (small_disk / "script_out" / state).iterdir()
    assert (filed / "mine.txt").read_text(encoding="utf-8") == "precious"
    assert look.record(filed)["run"]["status"] == state.removeprefix("FINISHED_").lower()


def test_a_full_disk_at_the_start_is_one_line(small_disk, lab):
    """And nothing half-made is left under RUNNING."""
    script = small_disk / "script.py"
    script.write_text(
        "from scitex_session import session\n@session\ndef main(): ...\nmain()\n", encoding="utf-8"
    )
    with open(small_disk / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    done = lab.run(script=script)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    running = small_disk / "script_out" / "RUNNING"
    assert not running.exists() or os.listdir(running) == []


UNSYNCABLE = """\
import errno, os, stat
real = os.fsync
def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(errno.{error}, os.strerror(errno.{error}))
    real(descriptor)
os.fsync = fsync
return 0"""


@pytest.mark.parametrize(("error", "said"), [("EINVAL", ""), ("EIO", "could not be fsynced")])
def test_directories_that_cannot_be_synced(lab, look, error, said):
    """A file system that knows no such thing is no reason to complain; a failing disk is one."""
    lab.decorated(UNSYNCABLE.format(error=error))
    done = lab.run()
    assert done.returncode == 0
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0
    lines = [line for line in done.stderr.splitlines() if "scitex:" in line]
    assert len(lines) == (1 if said else 0), done.stderr
    assert said in done.stderr


def test_a_log_that_may_not_grow_is_named_in_the_configuration(lab, look):
    """The script goes on, and whoever reads its log can know that something is missing."""
    resource = pytest.importorskip("resource")
    lab.decorated("for number in range(20_000):\n    print('line', number)\nreturn 0")
    limit = (100_000, resource.RLIM_INFINITY)
    done = lab.run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert (done.returncode, done.stdout.count("\n")) == (0, 20_000)
    run = lab.only("FINISHED_SUCCESS")
    assert look.config(run)["LOG_INCOMPLETE"] == "stdout.log: File too large"
    assert done.stdout.startswith(look.log(run))
    assert len(look.log(run)) <= 100_000
