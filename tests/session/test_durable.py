"""Files appear whole, and are on the disk when somebody waits for it."""

import os

import pytest

from scitex_session import _durable
from scitex_session._provenance import _audit_hook


@pytest.fixture
def synced(monkeypatch):
    """Collect what is brought to the disk, by inode."""
    found = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (found.append(os.fstat(fd).st_ino), real(fd)))
    return found


def test_everything_is_on_the_disk_after_waiting(tmp_path, synced):
    """Files and directories are synced in their order; a file that is not there needs nothing."""
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    _durable.Syncing(str(file), str(tmp_path / "none"), str(tmp_path)).wait()
    assert synced == [file.stat().st_ino, tmp_path.stat().st_ino]


def test_a_directory_that_is_synced_is_not_noted(tmp_path):
    """The session's own work on the disk is nothing that the script reads."""

    class Everything:
        def is_data(self, _path):
            return True

    sink = _audit_hook.Sink(Everything(), str(tmp_path))
    _audit_hook.attach(sink)
    try:
        _durable.Syncing(str(tmp_path)).wait()
        (tmp_path / "read").touch()
        (tmp_path / "read").read_bytes()
    finally:
        _audit_hook.detach()
        sink.close()
    assert [*sink.reads] == [str(tmp_path / "read")]


def test_without_a_thread_it_is_done_at_once(tmp_path, synced, monkeypatch):
    """At the limit of threads, and while the interpreter ends, the caller does it itself."""

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_durable, "start_new_thread", refuse)
    syncing = _durable.Syncing(str(tmp_path))
    assert synced == [tmp_path.stat().st_ino]
    syncing.wait()


def test_a_disk_that_refuses_is_told_of_by_waiting(tmp_path, monkeypatch):
    """An error of the disk comes out where it is waited for."""

    def refuse(_fd):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    syncing = _durable.Syncing(str(tmp_path))
    with pytest.raises(OSError, match="Input/output error"):
        syncing.wait()


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path, monkeypatch):
    """What stood there stays as it was, and no half file lies beside it."""
    file = tmp_path / "file"
    file.write_text("old", encoding="utf-8")

    def refuse(_fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        _durable.write_whole(str(file), b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert file.read_text(encoding="utf-8") == "old"
