import os
import subprocess
import sys

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


RECOVER = """\
import sys
from scitex_session._run._recovery import recover
recover(sys.argv[1])
"""

FILLING = """\
import os, sys
from pathlib import Path
from scitex_session import INJECTED, session
from scitex_session._run import closing
@session
def main(CONFIG=INJECTED):
    (CONFIG.SDIR_RUN / "mine.txt").write_text("precious")
    real = closing.{step}
    def end(run, *rest):
        with open(run.directory.inside("filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        return real(run, *rest)
    closing.{step} = end
    return 0
main()
"""


@pytest.mark.parametrize("step", ["note_end", "_note_randomness"])
def test_a_full_disk_at_the_end_loses_nothing(small_disk, lab, step):
    """The run stays whole under RUNNING, one line says so, and recovery files it as it ended."""
    script = small_disk / "script.py"
    script.write_text(FILLING.replace("{step}", step), encoding="utf-8")
    done = lab.run(script=script)
    assert "Nothing is lost" in done.stderr, done
    assert "Traceback" not in done.stderr
    (run,) = (small_disk / "script_out" / "RUNNING").iterdir()
    assert (run / "mine.txt").read_text(encoding="utf-8") == "precious"
    assert not list((run / "CONFIGS").glob(".*.*.*"))  # nothing half-written is left
    (run / "filler").unlink()
    command = [sys.executable, "-c", RECOVER, str(small_disk / "script_out")]
    subprocess.run(command, env=lab.env, check=True, capture_output=True)
    (filed,) = (small_disk / "script_out" / "FINISHED_SUCCESS").iterdir()
    assert (filed / "mine.txt").exists()


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


@pytest.mark.parametrize(("error", "said"), [("EINVAL", ""), ("EIO", "not yet on the disk")])
def test_directories_that_cannot_be_synced(lab, look, error, said):
    """A file system that knows no such thing is no reason to complain; a failing disk is one."""
    lab.decorated(UNSYNCABLE.format(error=error))
    done = lab.run()
    assert done.returncode == 0
    assert look.config(lab.only("FINISHED_SUCCESS"))["EXIT_STATUS"] == 0
    lines = [line for line in done.stderr.splitlines() if "scitex:" in line]
    assert len(lines) == (1 if said else 0), done.stderr
    assert said in done.stderr
