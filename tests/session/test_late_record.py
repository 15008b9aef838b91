"""The part of a record that is written after the run is filed, when git takes its time."""

import json
import os
import shutil
import subprocess
import tarfile
import threading
import time

import pytest

GIT = shutil.which("git")
SECRET = "correct-horse-77"

pytestmark = [
    pytest.mark.skipif(GIT is None, reason="needs git"),
    pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for git"),
]


def git(cwd, *args):
    """Call git as a user would."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([GIT, *identity, *args], cwd=cwd, check=True, capture_output=True)


def pending_of(look, run):
    """Return the names of what is still to be added to a record."""
    return look.record(run).get("pending")


def hidden(run):
    """Return what is noted aside until a record is complete."""
    return [name for name in os.listdir(run / "CONFIGS") if name.startswith(".")]


@pytest.fixture
def slow_git(lab):
    """Let git answer when the run has ended, so that the record is completed late."""
    wait = f"until [ -e {lab.path}/.state/go ]; do sleep 0.05; done"
    path = lab.write(f'#!/bin/sh\n{wait}\nexec {GIT} "$@"\n', "bin/git")
    path.chmod(0o755)
    lab.env["PATH"] = f"{path.parent}{os.pathsep}{lab.env['PATH']}"
    return lab


def late(lab, look):
    """Run the script; return the run once its record, pending at its end, is complete."""
    done = lab.run()
    assert done.returncode == 0, done.stderr
    run = lab.only("FINISHED_SUCCESS")
    assert pending_of(look, run)
    (lab.path / ".state" / "go").touch()
    deadline = time.monotonic() + 30
    while pending_of(look, run) or hidden(run):
        assert time.monotonic() < deadline, "the record was never completed, or notes are left"
        time.sleep(0.05)
    return run


def test_a_password_of_a_config_file_is_masked_in_a_late_patch(slow_git, look):
    """The process that completes the record knows the secrets of config/*.yaml as the run did."""
    lab = slow_git
    lab.config_file("DB.yaml", f"user: me\npassword: {SECRET}\n")
    lab.decorated("print('first')")
    lab.write("*_out/\n.state/\nbin/\nconfig/\n", ".gitignore")
    git(lab.path, "init", "-q")
    git(lab.path, "add", ".")
    git(lab.path, "commit", "-qm", "first")
    lab.decorated(f"print('second')\nspelling = ['{SECRET}', 'harmless']")
    run = late(lab, look)
    patch = (run / "CONFIGS" / "CODE.patch").read_text(encoding="utf-8")
    assert "spelling = ['***', 'harmless']" in patch
    holding = [
        path.relative_to(run)
        for path in run.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert holding == []


def test_a_run_is_archived_with_its_late_record(slow_git, look):
    """Archiving waits for what is still to be added, and packs the complete record."""
    lab = slow_git
    lab.decorated("print('ran')")
    lab.write("*_out/\n.state/\nbin/\n", ".gitignore")
    git(lab.path, "init", "-q")
    git(lab.path, "add", ".")
    git(lab.path, "commit", "-qm", "first")
    assert lab.run().returncode == 0
    run = lab.only("FINISHED_SUCCESS")
    assert pending_of(look, run), "the record was complete at once: git was not slow enough"
    answer = threading.Timer(0.5, (lab.path / ".state" / "go").touch)
    answer.start()
    done = lab.run("-m", "scitex_session", "archive", run.name, script=None)
    answer.join()
    assert done.returncode == 0, done.stderr
    with tarfile.open(f"{run}.tar") as packed:
        record = json.load(packed.extractfile(f"{run.name}/CONFIGS/PROVENANCE.json"))
    assert "pending" not in record
    assert len(record["code"]["commit"]) == 40


def test_a_late_record_is_that_of_a_run_with_a_quick_git(slow_git, look):
    """Commit, branch, patch and digests are the same, however long git took."""
    lab = slow_git
    lab.decorated("print('first')")
    lab.write("*_out/\n.state/\nbin/\n", ".gitignore")
    git(lab.path, "init", "-q")
    git(lab.path, "add", ".")
    git(lab.path, "commit", "-qm", "first")
    lab.decorated("print('second')")
    slow = late(lab, look)
    shutil.rmtree(lab.path / "bin")
    assert lab.run().returncode == 0
    (quick,) = set(lab.runs("FINISHED_SUCCESS")) - {slow}
    deadline = time.monotonic() + 30
    while pending_of(look, quick) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert look.record(slow)["code"] == look.record(quick)["code"]
    patches = [(run / "CONFIGS" / "CODE.patch").read_bytes() for run in (slow, quick)]
    assert patches[0] == patches[1] != b""
