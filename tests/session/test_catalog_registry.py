import os
import subprocess
import sys
import time

import pytest

from scitex_session._catalog import _registry, register


def entries():
    """Return the files of the registry."""
    folder = os.path.join(_registry.state_dir(), "outputs")
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def test_registered_directories_are_known(tmp_path):
    """What was registered is found again, once, with any character a path can hold."""
    odd = tmp_path / "späce \n and \x1b[31m_out"
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/\xff_out")
    for path in (str(odd), bad):
        os.mkdir(path)
        register(path)
        register(path)
    assert _registry.known() == sorted([str(odd), bad])
    assert len(entries()) == 2


def test_missing_directories_are_not_known_but_remembered(tmp_path):
    """A directory on a disk that is away for a while is known again when it is back."""
    there = tmp_path / "a_out"
    there.mkdir()
    register(str(there))
    there.rename(tmp_path / "away")
    assert _registry.known() == []
    (tmp_path / "away").rename(there)
    assert _registry.known() == [str(there)]


def test_long_gone_directories_are_forgotten(tmp_path):
    """An entry whose directory has been missing for 90 days is removed."""
    register(str(tmp_path / "gone_out"))
    (entry,) = entries()
    long_ago = time.time() - 91 * 86_400
    os.utime(entry, (long_ago, long_ago))
    assert _registry.known() == []
    assert entries() == []


def test_entries_in_use_are_kept_fresh(tmp_path):
    """The clock of an entry starts anew each time its directory is seen."""
    register(str(tmp_path))
    (entry,) = entries()
    long_ago = time.time() - 91 * 86_400
    os.utime(entry, (long_ago, long_ago))
    assert _registry.known() == [str(tmp_path)]
    assert time.time() - os.stat(entry).st_mtime < 60


def test_an_entry_cut_short_is_written_again(tmp_path):
    """An entry that a full disk or a power cut left empty does not block the next session."""
    register(str(tmp_path))
    (entry,) = entries()
    open(entry, "wb").close()
    assert _registry.known() == []
    register(str(tmp_path))
    assert _registry.known() == [str(tmp_path)]


def test_forged_entries_are_ignored(tmp_path):
    """A link, a relative path and an entry under a wrong name lead nowhere."""
    register(str(tmp_path))
    folder = os.path.dirname(entries()[0])
    with open(os.path.join(folder, _registry._name(b"relative")), "wb") as file:
        file.write(b"relative")
    with open(os.path.join(folder, "0" * 32), "wb") as file:
        file.write(os.fsencode(tmp_path))
    os.symlink("/etc/hostname", os.path.join(folder, "1" * 32))
    os.mkdir(os.path.join(folder, "2" * 32))
    assert _registry.known() == [str(tmp_path)]


def test_a_state_directory_that_cannot_be_written_turns_it_off(tmp_path, monkeypatch):
    """A session is not harmed where the user's state directory is read-only or a file."""
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(file))
    register(str(tmp_path))
    assert _registry.known() == []


@pytest.mark.parametrize("xdg", [None, "/somewhere/state"])
def test_the_place_is_the_one_platformdirs_names(monkeypatch, xdg):
    """The shortcut around platformdirs gives the same folder."""
    import platformdirs

    monkeypatch.delenv("SCITEX_STATE_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if xdg:
        monkeypatch.setenv("XDG_STATE_HOME", xdg)
    assert _registry.state_dir() == platformdirs.user_state_dir("scitex", appauthor=False)


def test_registering_imports_next_to_nothing(tmp_path):
    """A session that registers its directory loads no database, no hash and no platformdirs."""
    code = (
        "import sys, scitex_session._catalog as c; c.register(sys.argv[1]);"
        "print(*{'sqlite3', 'hashlib', 'platformdirs', 'json', 'pathlib', 'typing', 're'}"
        " & set(sys.modules))"
    )
    command = [sys.executable, "-S", "-c", code, str(tmp_path)]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    answer = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert answer.stdout.strip() == ""
    assert _registry.known() == [str(tmp_path)]
