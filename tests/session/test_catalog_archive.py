import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from scitex_session._catalog import _archive, _claim, _restore, _trash, _walk
from scitex_session._catalog._archive import pack
from scitex_session._catalog._restore import unpack
from scitex_session.errors import SessionError

FILES = {"a.csv": "1,2\n", "deep/er/b.txt": "b" * 5000, "line\nbreak \\ back": "x", "é": "é"}


def entry_of(path):
    """Return the entry that a listing has for a path."""
    root = path.parent.parent
    return next(entry for entry in _walk.walk(str(root)) if entry.path == str(path))


def tree(top):
    """Return all that is below a directory: mode, time, content, target of links."""
    found = {}
    for path in sorted(Path(top).rglob("*")):
        at = path.lstat()
        content = (
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else 0
        )
        stamp = None if path.is_symlink() else (at.st_mode, int(at.st_mtime))
        found[str(path.relative_to(top))] = (stamp, content)
    return found


def hidden(base):
    """Return what a tool has left behind."""
    return [path for path in base.rglob("*") if path.name.startswith(".")]


def test_packing_and_unpacking_give_the_run_back(make_run):
    """Content, modes, times, links and odd names survive; nothing else is left behind."""
    run = make_run(files=FILES)
    (run / "a.csv").chmod(0o640)
    os.symlink("/nowhere/else", run / "link")
    os.symlink("a.csv", run / "near")
    os.link(run / "a.csv", run / "twin")
    (run / "empty").mkdir(mode=0o750)
    os.utime(run / "a.csv", (1_000_000_000, 1_000_000_000))
    before = tree(run)
    packed = pack(entry_of(run))
    assert packed == f"{run}.tar"
    assert not run.exists()
    assert unpack(entry_of(Path(packed))) == str(run)
    assert tree(run) == before
    assert (run / "twin").samefile(run / "a.csv")
    assert not Path(packed).exists()
    assert hidden(make_run.base) == []


def test_the_list_of_digests_is_what_sha256sum_reads(make_run, tmp_path):
    """A user without this tool can unpack the tar file and check it."""
    run = make_run(files=FILES)
    packed = pack(entry_of(run))
    subprocess.run(["tar", "xf", packed, "-C", tmp_path], check=True)
    manifest = f"{run.name}.sha256"
    subprocess.run(["sha256sum", "--quiet", "-c", manifest], cwd=tmp_path, check=True)
    assert len((tmp_path / manifest).read_bytes().splitlines()) == len(FILES) + 4


def test_the_record_comes_first(make_run):
    """A listing reads the beginning of a tar file only."""
    run = make_run(files=FILES)
    with tarfile.open(pack(entry_of(run))) as archive:
        names = archive.getnames()
    assert names[:3] == [run.name, f"{run.name}/CONFIGS", f"{run.name}/CONFIGS/PROVENANCE.json"]


@pytest.mark.parametrize("make", [os.mkfifo, "socket"], ids=["pipe", "socket"])
def test_what_a_tar_file_cannot_hold_is_refused(make_run, make, monkeypatch):
    """A run with a pipe or a socket in it stays as it is."""
    run = make_run()
    if make == "socket":
        import socket

        monkeypatch.chdir(run)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("odd")
    else:
        make(run / "odd")
    with pytest.raises(SessionError, match="pipe, socket or device"):
        pack(entry_of(run))
    assert run.is_dir()
    assert hidden(make_run.base) == []


def test_a_failing_write_leaves_the_run_as_it_was(make_run, monkeypatch):
    """A full disk while packing loses nothing."""
    run = make_run(files=FILES)
    before = tree(run)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_archive, "_add_manifest", full)
    with pytest.raises(OSError, match="No space left"):
        pack(entry_of(run))
    assert tree(run) == before
    assert hidden(make_run.base) == []
    assert list(run.parent.glob("*.tar")) == []


def test_a_tar_file_that_reads_back_wrong_is_not_kept(make_run, monkeypatch):
    """A disk that does not give back what was written costs no run."""
    run = make_run(files=FILES)
    monkeypatch.setattr(
        _archive, "digest_of", lambda reader: hashlib.sha256(reader.read(1)).hexdigest()
    )
    with pytest.raises(SessionError, match="does not read back"):
        pack(entry_of(run))
    assert run.is_dir()
    assert hidden(make_run.base) == []


def test_a_run_that_changes_while_it_is_packed_is_kept(make_run, monkeypatch):
    """A process that still writes into a finished run does not lose what it writes."""
    run = make_run(files=FILES)
    put = _archive._put_in_place

    def meddle(claim):
        put(claim)
        Path(claim.packing, "a.csv").write_text("changed", encoding="utf-8")

    monkeypatch.setattr(_archive, "_put_in_place", meddle)
    with pytest.raises(SessionError, match="changed while it was packed"):
        pack(entry_of(run))
    assert (run / "a.csv").read_text(encoding="utf-8") == "changed"
    assert not Path(f"{run}.tar").exists()


def test_nothing_is_overwritten(make_run):
    """A tar file or a directory that stands in the way stays, and so does the run."""
    run = make_run()
    Path(f"{run}.tar").write_text("mine", encoding="utf-8")
    with pytest.raises(SessionError, match="not overwritten"):
        pack(entry_of(run))
    Path(f"{run}.tar").unlink()
    packed = Path(pack(entry_of(run)))
    entry = entry_of(packed)
    run.mkdir()
    with pytest.raises(SessionError, match="not overwritten"):
        unpack(entry)
    assert packed.exists()


@pytest.mark.parametrize("state", ["RUNNING", ""])
def test_live_runs_and_runs_in_place_are_refused(make_run, state):
    """Neither packing nor pruning touches what a session may still use."""
    run = make_run(state, base=None if state else make_run.base.parent / "here")
    entry = next(_walk.walk(str(run.parent.parent if state else run)))
    for work in (pack, lambda entry: _trash.discard(entry, "now")):
        with pytest.raises(SessionError, match="FINISHED"):
            work(entry)
    assert run.is_dir()


def test_a_live_session_under_an_end_state_is_refused(make_run):
    """A session that was given a directory under FINISHED is live all the same."""
    run = make_run("FINISHED", status="running")
    for work in (pack, lambda entry: _trash.discard(entry, "now")):
        with pytest.raises(SessionError, match="live session"):
            work(entry_of(run))
    assert run.is_dir()
    assert hidden(make_run.base) == []


def test_two_at_once_pack_once(make_run):
    """Of several tools that pack the same run one does, and no other harms it."""
    run = make_run(files={f"f{count}": "x" * 1000 for count in range(200)})
    before, entry, results = tree(run), entry_of(run), []

    def work():
        try:
            results.append(pack(entry))
        except (OSError, SessionError) as error:
            results.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, str) for result in results) == 1
    unpack(entry_of(Path(f"{run}.tar")))
    assert tree(run) == before
    assert hidden(make_run.base) == []


KILLED = """
import os, sys
from scitex_session._catalog import _archive, _restore, _walk, _claim
module, name = {where!r}.split(":")
before = getattr(globals()[module], name)
def die(*args, **options):
    if {after}:
        before(*args, **options)
    os.kill(os.getpid(), 9)
setattr(globals()[module], name, die)
entry = next(_walk.walk(sys.argv[1]))
(_restore.unpack if entry.archived else _archive.pack)(entry)
"""


def kill_at(base, where, *, after=False):
    """Pack or unpack in a process that is killed at one of its steps."""
    code = KILLED.format(where=where, after=after)
    answer = subprocess.run([sys.executable, "-c", code, str(base)], check=False)
    assert answer.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("where", "after"),
    [
        ("_archive:_write", False),
        ("_archive:_add_manifest", False),
        ("_archive:_verify", False),
        ("_archive:_put_in_place", False),
        ("_archive:_put_in_place", True),
        ("_archive:shutil.rmtree", False),
    ],
)
def test_a_killed_packing_is_cleaned_up(make_run, command, where, after):
    """Killed at any moment, the run is in the listing and whole after the next command."""
    run = make_run(name="one", files=FILES)
    before = tree(run)
    if where == "_archive:shutil.rmtree":
        where = "_archive:sync_directory"  # called between the rename and the deletion
    kill_at(make_run.base, where, after=after)
    assert [line.split("\t")[0] for line in command("ls").lines[1:]] == ["one"]
    _claim.tidy(str(make_run.base))
    assert hidden(make_run.base) == []
    if not run.exists():
        unpack(entry_of(Path(f"{run}.tar")))
    assert tree(run) == before


@pytest.mark.parametrize(
    "where", ["_restore:_write", "_restore:sync_directory", "_restore:os.unlink"]
)
def test_a_killed_unpacking_is_cleaned_up(make_run, command, where):
    """Killed at any moment, the tar file or the directory is whole after the next command."""
    run = make_run(name="one", files=FILES)
    before = tree(run)
    pack(entry_of(run))
    kill_at(make_run.base, where if where != "_restore:os.unlink" else "_restore:manifest_line")
    assert [line.split("\t")[0] for line in command("ls").lines[1:]] == ["one"]
    _claim.tidy(str(make_run.base))
    assert hidden(make_run.base) == []
    if not run.exists():
        unpack(entry_of(Path(f"{run}.tar")))
    assert tree(run) == before
    assert not Path(f"{run}.tar").exists()


def test_a_claim_of_another_host_is_respected(make_run):
    """Where nobody can tell whether the owner of a claim lives, the run is left alone."""
    run = make_run()
    claim = _claim.Claim(str(run.parent), run.name)
    Path(claim.path).write_text(
        '{"host": "elsewhere", "pid": 1, "start_ticks": 1}', encoding="utf-8"
    )
    with pytest.raises(_claim.BusyError):
        pack(entry_of(run))
    assert run.is_dir()


def forged(path, members):
    """Write a tar file with the given members and a list of digests that fits them."""
    lines = []
    with tarfile.open(path, "w") as archive:
        for member, data in members:
            if data is not None:
                member.size = len(data)
                lines.append(f"{hashlib.sha256(data).hexdigest()}  {member.name}\n")
            archive.addfile(member, io.BytesIO(data or b""))
        info = tarfile.TarInfo("evil.sha256")
        text = "".join(lines).encode()
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))


def member(name, kind=tarfile.REGTYPE, link=""):
    """Return the head of a member of a tar file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o755
    return info


TOP = (member("evil", tarfile.DIRTYPE), None)
ATTACKS = {
    "parent": [TOP, (member("evil/../../out"), b"x")],
    "absolute": [TOP, (member("/tmp/out"), b"x")],
    "another run": [TOP, (member("other/file"), b"x")],
    "through a link": [
        TOP,
        (member("evil/link", tarfile.SYMTYPE, "../.."), None),
        (member("evil/link/out"), b"x"),
    ],
    "over a link": [
        TOP,
        (member("evil/link", tarfile.SYMTYPE, "../../out"), None),
        (member("evil/link"), b"x"),
    ],
    "hard link outside": [TOP, (member("evil/hard", tarfile.LNKTYPE, "/etc/hostname"), None)],
    "pipe": [TOP, (member("evil/pipe", tarfile.FIFOTYPE), None)],
    "device": [TOP, (member("evil/device", tarfile.CHRTYPE), None)],
    "twice": [TOP, (member("evil/a"), b"x"), (member("evil/a"), b"y")],
    "empty step": [TOP, (member("evil//a"), b"x")],
}


@pytest.mark.parametrize("members", ATTACKS.values(), ids=ATTACKS)
def test_hostile_archives_write_nothing_outside(make_run, tmp_path, members):
    """An archive whose names or links lead out of the run is refused, and stays."""
    make_run(name="good")
    file = make_run.base / "FINISHED_SUCCESS" / "evil.tar"
    forged(file, members)
    with pytest.raises((SessionError, OSError)):
        unpack(entry_of(file))
    assert file.exists()
    assert not list(tmp_path.rglob("out"))
    assert not (file.parent / "evil").exists()
    assert hidden(make_run.base) == []


@pytest.mark.parametrize("damage", ["cut", "flip", "no list"])
def test_damaged_archives_are_refused(make_run, damage):
    """A tar file that was cut short or changed is not taken for the run."""
    run = make_run(files=FILES)
    file = Path(pack(entry_of(run)))
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flip":
        data[data.index(b"b" * 100)] ^= 1
    else:
        with tarfile.open(file, "w") as archive:
            archive.addfile(member(run.name, tarfile.DIRTYPE))
        data = file.read_bytes()
    file.write_bytes(data)
    with pytest.raises(SessionError, match=r"damaged|missing"):
        unpack(entry_of(file))
    assert file.exists()
    assert not run.exists()
    assert hidden(make_run.base) == []


def test_links_inside_a_run_are_kept_as_links(make_run, tmp_path):
    """Packing does not copy what a link points at, and pruning does not delete it."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("keep", encoding="utf-8")
    run = make_run()
    os.symlink(precious, run / "data")
    packed = pack(entry_of(run))
    with tarfile.open(packed) as archive:
        assert archive.getmember(f"{run.name}/data").issym()
    unpack(entry_of(Path(packed)))
    _trash.discard(entry_of(run), "2026-01-01T00-00-00")
    deleted, errors = _trash.empty(str(make_run.base))
    assert (deleted, errors) == (1, [])
    assert (precious / "data").read_text(encoding="utf-8") == "keep"
    shutil.rmtree(precious)


def test_a_trash_that_is_a_link_is_refused(make_run, tmp_path):
    """Runs do not leave their output directory through a link."""
    run = make_run()
    (tmp_path / "away").mkdir()
    os.symlink(tmp_path / "away", make_run.base / ".trash")
    with pytest.raises(SessionError, match="not a directory"):
        _trash.discard(entry_of(run), "now")
    assert run.is_dir()
    assert list((tmp_path / "away").iterdir()) == []


def test_unpacking_uses_no_extraction_of_its_library():
    """The tar library's own extraction, with its history of traversals, is never called."""
    source = Path(_restore.__file__).read_text(encoding="utf-8")
    assert ".extract(" not in source
    assert ".extractall(" not in source
