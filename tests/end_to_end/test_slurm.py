"""Runs under a real Slurm, where there is one."""

import shutil
import subprocess
import sys
import time

import pytest
import yaml


def _slurm_answers():
    if shutil.which("sbatch") is None:
        return False
    return subprocess.run(["sinfo"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _slurm_answers(), reason="no Slurm answers here"),
]

SCRIPT = """\
import time
import scitex_session as stx
from scitex_session import session

@session
def main(seconds=60.0, task=0):
    stx.on_preempt(lambda: print("checkpoint", flush=True))
    print("up", flush=True)
    time.sleep(seconds)
    return 0

if __name__ == "__main__":
    main()
"""


def _submit(place, *options):
    (place / "job.py").write_text(SCRIPT, encoding="utf-8")
    command = ["sbatch", "--parsable", "--mem=100", *options]
    return subprocess.check_output(command, cwd=place, text=True).strip()


def _wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return found


def test_a_cancelled_job_says_so(tmp_path):
    """Its callbacks run, and the reason names signal and job."""
    job = _submit(tmp_path, "--wrap", f"exec {sys.executable} job.py")
    log = "job_out/RUNNING/*/logs/stdout.log"
    _wait(lambda: any(p.read_text(encoding="utf-8") for p in tmp_path.glob(log)))
    subprocess.run(["scancel", job], check=True)
    (run,) = _wait(lambda: list(tmp_path.glob("job_out/FINISHED_ERROR/*")))
    config = yaml.safe_load((run / "CONFIGS" / "CONFIG.yaml").read_text(encoding="utf-8"))
    assert config["EXIT_STATUS"] == 143
    assert config["EXIT_REASON"].startswith(f"signal: SIGTERM (Slurm job {job} ")
    assert (run / "logs" / "stdout.log").read_text(encoding="utf-8") == "up\ncheckpoint\n"


def test_an_array_of_jobs_has_a_directory_each(tmp_path):
    """Sixteen tasks of one script, started as Slurm starts them."""
    command = f"exec {sys.executable} job.py --seconds 0.1 --task $SLURM_ARRAY_TASK_ID"
    _submit(tmp_path, "--array=1-16", "--wrap", command)
    done = tmp_path / "job_out" / "FINISHED_SUCCESS"
    _wait(lambda: done.is_dir() and len(list(done.iterdir())) == 16)
    configs = [
        yaml.safe_load((run / "CONFIGS" / "CONFIG.yaml").read_text(encoding="utf-8"))
        for run in done.iterdir()
    ]
    assert sorted(config["ARGS"]["task"] for config in configs) == list(range(1, 17))
