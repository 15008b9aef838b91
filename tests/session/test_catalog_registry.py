"""The registry: a session notes its output directory, and the command finds the runs in it."""

import json
import os
import subprocess
import sys
import time

import pytest


@pytest.fixture
def entries(tmp_path):
    """Return a reader of the registry's files."""
    return lambda: list((tmp_path / ".state" / "outputs").iterdir())


@pytest.fixture
def known(command):
    """Return a reader of the names of the runs in all registered directories."""

    def read():
        answer = command("ls", "--json")
        assert answer.status == 0
        return sorted(run["name"] for run in json.loads(answer.out))

    return read


def age(entry):
    """Make a file of the registry 91 days old."""
    long_ago = time.time() - 91 * 86_400
    os.utime(entry, (long_ago, long_ago))


def test_registered_directories_are_known(make_run, entries, known, tmp_path):
    """What was registered is found again, once, with any character a path can hold."""
    odd = tmp_path / "späce \n and \x1b[31m_out"
    bad = type(tmp_path)(os.fsdecode(os.fsencode(tmp_path) + b"/\xff_out"))
    texts = dict.fromkeys(("script", "sdir_out", "sdir_run", "cwd"), "a JSON file takes UTF-8 only")
    for base, name in ((odd, "a"), (odd, "b"), (bad, "c")):
        make_run(base=base, name=name, **texts)
    assert known() == ["a", "b", "c"]
    assert len(entries()) == 2


def test_missing_directories_are_not_known_but_remembered(make_run, known, tmp_path):
    """A directory on a disk that is away for a while is known again when it is back."""
    make_run(name="one")
    make_run.base.rename(tmp_path / "away")
    assert known() == []
    (tmp_path / "away").rename(make_run.base)
    assert known() == ["one"]


def test_long_gone_directories_are_forgotten(make_run, entries, known, tmp_path):
    """An entry whose directory has been missing for 90 days is removed."""
    make_run(name="one")
    make_run.base.rename(tmp_path / "gone")
    age(*entries())
    assert known() == []
    assert entries() == []


def test_entries_in_use_are_kept_fresh(make_run, entries, known):
    """The clock of an entry starts anew each time its directory is seen."""
    make_run(name="one")
    (entry,) = entries()
    age(entry)
    assert known() == ["one"]
    assert time.time() - entry.stat().st_mtime < 60


def test_an_entry_cut_short_is_written_again(make_run, entries, known):
    """An entry that a full disk or a power cut left empty does not block the next session."""
    make_run(name="one")
    (entry,) = entries()
    entry.write_bytes(b"")
    assert known() == []
    make_run(name="two")
    assert known() == ["one", "two"]


def fnv_1a(data):
    """Return the name of a path in the registry: its 128-bit FNV-1a hash."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in data:
        value = ((value ^ byte) * 0x1000000000000000000013B) % 2**128
    return f"{value:032x}"


def test_forged_entries_are_ignored(make_run, entries, known, tmp_path, monkeypatch):
    """A link, a relative path and an entry under a wrong name lead nowhere."""
    make_run(name="one")
    other = make_run(base=tmp_path / "relative", name="two").parent.parent
    monkeypatch.chdir(tmp_path)
    folder = entries()[0].parent
    genuine = folder / fnv_1a(os.fsencode(other))
    content = genuine.read_bytes()
    genuine.unlink()
    assert known() == ["one"]
    (folder / fnv_1a(b"relative")).write_bytes(b"relative")
    (folder / ("0" * 32)).write_bytes(content)
    (tmp_path / "target").write_bytes(content)
    genuine.symlink_to(tmp_path / "target")
    (folder / ("2" * 32)).mkdir()
    assert known() == ["one"]
    genuine.unlink()
    genuine.write_bytes(content)
    assert known() == ["one", "two"]


def test_a_state_directory_that_cannot_be_written_turns_it_off(lab, known, monkeypatch):
    """A session is not harmed where the user's state directory is read-only or a file."""
    file = lab.path / "file"
    file.write_text("", encoding="utf-8")
    lab.decorated("print('done')")
    answer = lab.run(env={"SCITEX_STATE_DIR": str(file)})
    assert (answer.returncode, answer.stdout) == (0, "done\n")
    monkeypatch.setenv("SCITEX_STATE_DIR", str(file))
    assert lab.only("FINISHED_SUCCESS").is_dir()
    assert known() == []


@pytest.mark.parametrize("xdg", [False, True])
def test_the_directory_is_the_one_platformdirs_names(make_run, monkeypatch, tmp_path, xdg):
    """The shortcut around platformdirs gives the same folder."""
    import platformdirs

    monkeypatch.delenv("SCITEX_STATE_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if xdg:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    make_run(name="one")
    folder = platformdirs.user_state_dir("scitex", appauthor=False)
    assert folder.startswith(str(tmp_path))
    assert len(os.listdir(os.path.join(folder, "outputs"))) == 1


def test_registering_imports_next_to_nothing(tmp_path):
    """A session that registers its directory loads no database, no hash and no platformdirs."""
    code = (
        "import sys, scitex_session._catalog._registry as c; c.register(sys.argv[1]);"
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
    assert len(list((tmp_path / ".state" / "outputs").iterdir())) == 1
