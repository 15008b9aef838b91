"""Archives and the trash, through the command: whatever happens, a run is whole where it is."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import scitex_session

FILES = {"a.csv": "1,2\n", "deep/er/b.txt": "b" * 5000, "line\nbreak \\ back": "x", "é": "é"}
COMMAND = [sys.executable, "-m", "scitex_session"]


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


def pack(command, name):
    """Archive a run; return its tar file."""
    answer = command("archive", name)
    assert (answer.status, answer.err) == (0, "1 run archived\n")
    return Path(answer.out.rstrip("\n").split("\t")[1])


def refused(answer, text, status=4):
    """Check that a command did nothing and said why."""
    assert (answer.status, answer.out) == (status, "")
    assert text in answer.err


def test_packing_and_unpacking_give_the_run_back(make_run, command):
    """Content, modes, times, links and odd names survive; nothing else is left behind."""
    run = make_run(name="one", files=FILES)
    (run / "a.csv").chmod(0o640)
    os.symlink("/nowhere/else", run / "link")
    os.symlink("a.csv", run / "near")
    os.link(run / "a.csv", run / "twin")
    (run / "empty").mkdir(mode=0o750)
    os.utime(run / "a.csv", (1_000_000_000, 1_000_000_000))
    before = tree(run)
    packed = pack(command, "one")
    assert packed == Path(f"{run}.tar")
    assert not run.exists()
    assert command("restore", "one").out == f"one\t{run}\n"
    assert tree(run) == before
    assert (run / "twin").samefile(run / "a.csv")
    assert not packed.exists()
    assert hidden(make_run.base) == []


def test_the_list_of_digests_is_what_sha256sum_reads(make_run, command, tmp_path):
    """A user without this tool can unpack the tar file and check it."""
    make_run(name="one", files=FILES)
    subprocess.run(["tar", "xf", pack(command, "one"), "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "one.sha256"], cwd=tmp_path, check=True)
    assert len((tmp_path / "one.sha256").read_bytes().splitlines()) == len(FILES) + 4


def test_the_record_comes_first(make_run, command):
    """A listing reads the beginning of a tar file only."""
    make_run(name="one", files=FILES)
    with tarfile.open(pack(command, "one")) as archive:
        names = archive.getnames()
    assert names[:3] == ["one", "one/CONFIGS", "one/CONFIGS/PROVENANCE.json"]


@pytest.mark.parametrize("make", [os.mkfifo, "socket"], ids=["pipe", "socket"])
def test_what_a_tar_file_cannot_hold_is_refused(make_run, command, make, monkeypatch):
    """A run with a pipe or a socket in it stays as it is."""
    run = make_run(name="one")
    if make == "socket":
        import socket

        monkeypatch.chdir(run)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("odd")
    else:
        make(run / "odd")
    answer = command("archive", "one")
    assert answer.status == 4
    assert "pipe, socket or device" in answer.err
    assert run.is_dir()
    assert hidden(make_run.base) == []


def test_a_failing_write_leaves_the_run_as_it_was(make_run):
    """A disk that is full while a run is packed loses nothing."""
    run = make_run(name="one", files={**FILES, "big": "x" * 1_000_000})
    before = tree(run)
    limited = 'ulimit -f 512; exec "$@"'  # no file of more than 512 KiB, in bash's unit
    answer = subprocess.run(
        ["bash", "-c", limited, "bash", *COMMAND, "archive", "one"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert answer.returncode == 4
    assert "File too large" in answer.stderr
    assert tree(run) == before
    assert hidden(make_run.base) == []
    assert list(run.parent.glob("*.tar")) == []


# A process of the command in which something happens just before a step of its own. Steps are what
# Python's audit hooks see on paths below the output directory: opening, making, renaming, linking,
# removing.
MEDDLED = """
import json, os, sys
from scitex_session._commands import main

base, number, action = sys.argv[1], int(sys.argv[2]), sys.argv[3]
steps = 0

def watch(event, args):
    global steps
    if event not in {"open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove",
                     "os.rmdir", "os.chmod", "os.utime"}:
        return
    if not str(args[0]).startswith(base) and event not in {"os.remove", "os.rmdir"}:
        return
    steps += 1
    if action == "kill" and steps == number:
        os.kill(os.getpid(), 9)
    if action == "flip" and event == "open" and args[0].endswith(".tar") and args[1] == "r":
        descriptor = os.open(args[0].encode(), os.O_RDWR)
        os.pwrite(descriptor, b"!", os.pread(descriptor, 100_000, 0).index(b"bbbbbb"))
        os.close(descriptor)
    if action == "touch" and event == "os.link":
        folder = os.path.dirname(args[0]).encode()
        (run,) = [name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))]
        with open(os.path.join(folder, run, b"a.csv"), "w") as file:
            file.write("changed")

    if action == "appear" and event == "open" and args[2] & os.O_CREAT:
        os.makedirs(os.path.join(os.path.dirname(args[0]), "one").encode(), exist_ok=True)
    if action == "revive" and event == "os.rename" and args[0].endswith("/one"):
        record = os.path.join(args[0], "CONFIGS", "PROVENANCE.json").encode()
        with open(record) as file:
            text = file.read().replace('"status": "success"', '"status": "running"')
        with open(record, "w") as file:
            file.write(text)

sys.addaudithook(watch)
sys.exit(main(sys.argv[4:]))
"""


def meddled(base, action, *words, number=0):
    """Run the command with something happening in between."""
    return subprocess.run(
        [sys.executable, "-c", MEDDLED, str(base), str(number), action, *words],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def test_a_tar_file_that_reads_back_wrong_is_not_kept(make_run):
    """A disk that does not give back what was written costs no run."""
    run = make_run(name="one", files=FILES)
    before = tree(run)
    answer = meddled(make_run.base, "flip", "archive", "one")
    assert answer.returncode == 4
    assert "does not read back" in answer.stderr
    assert tree(run) == before
    assert hidden(make_run.base) == []
    assert not Path(f"{run}.tar").exists()


def test_a_run_that_changes_while_it_is_packed_is_kept(make_run):
    """A process that still writes into a finished run does not lose what it writes."""
    run = make_run(name="one", files=FILES)
    answer = meddled(make_run.base, "touch", "archive", "one")
    assert answer.returncode == 4
    assert "changed while it was packed" in answer.stderr
    assert (run / "a.csv").read_text(encoding="utf-8") == "changed"
    assert not Path(f"{run}.tar").exists()
    assert hidden(make_run.base) == []


def test_nothing_is_overwritten(make_run, command):
    """A tar file or a directory that stands in the way stays, and so does the run."""
    run = make_run(name="one")
    file = Path(f"{run}.tar")
    file.write_text("mine", encoding="utf-8")
    answer = command("archive", "one")
    assert (answer.status, file.read_text(encoding="utf-8")) == (4, "mine")
    assert "not overwritten" in answer.err
    assert run.is_dir()
    file.unlink()
    pack(command, "one")
    run.mkdir()
    assert command("restore", "one").status != 0
    assert file.exists()
    assert list(run.iterdir()) == []


def test_a_directory_that_appears_meanwhile_is_not_overwritten(make_run, command):
    """A directory that gets the run's name just before the unpacking stays, and the tar file."""
    run = make_run(name="one")
    file = pack(command, "one")
    answer = meddled(make_run.base, "appear", "restore", "one")
    assert answer.returncode == 4
    assert "not overwritten" in answer.stderr
    assert file.exists()
    assert list(run.iterdir()) == []


@pytest.mark.parametrize("words", [["archive", "one"], ["prune", "--keep-last", "0", "--yes"]])
def test_a_run_that_becomes_live_meanwhile_stays(make_run, words):
    """A session that is given the directory just before it is renamed keeps it."""
    run = make_run(name="one")
    answer = meddled(make_run.base, "revive", *words)
    assert answer.returncode == 4
    assert "live session" in answer.stderr
    assert (run / "CONFIGS").is_dir()


@pytest.mark.parametrize("state", ["RUNNING", ""])
def test_live_runs_and_runs_in_place_are_refused(make_run, command, state):
    """Neither packing nor pruning touches what a session may still use."""
    run = make_run(state, base=None if state else make_run.base.parent / "here", name="one")
    answer = command("archive", run)
    assert answer.status == 4
    assert "FINISHED" in answer.err
    assert command("prune", "--keep-last", "0", "--yes").out == ""
    assert run.is_dir()


def test_a_live_session_under_an_end_state_is_refused(make_run, command):
    """A session that was given a directory under FINISHED is live all the same."""
    run = make_run("FINISHED", name="one", status="running")
    for words in (["archive", "one"], ["prune", "--keep-last", "0", "--yes"]):
        answer = command(*words)
        assert answer.status == 4
        assert "live session" in answer.err
    assert run.is_dir()
    assert hidden(make_run.base) == []


def test_several_at_once_pack_once(make_run, command):
    """Of several tools that pack the same run one does, and no other harms it."""
    run = make_run(name="one", files={f"f{count}": "x" * 1000 for count in range(200)})
    before = tree(run)
    command("ls")
    tools = [
        subprocess.Popen([*COMMAND, "archive", "one"], stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(4)
    ]
    said = [tool.communicate(timeout=60)[1] for tool in tools]
    assert sum("1 run archived" in text for text in said) == 1
    assert not any("Traceback" in text for text in said)
    assert command("restore", "one").status == 0
    assert tree(run) == before
    assert hidden(make_run.base) == []


def killed_everywhere(make_run, command, prepare, *words):
    """Kill the command before each of its steps in turn, on a new run each time.

    Yields the run and what was in it. The run is listed or in the trash, but not in both.
    """
    for number in range(1, 200):
        run = make_run(name="one", files=FILES)
        before = tree(run)
        prepare()
        answer = meddled(make_run.base, "kill", *words, number=number)
        if answer.returncode != -signal.SIGKILL:
            assert answer.returncode == 0, answer.stderr
            assert number > 3
            return
        listed = [line.split("\t")[0] for line in command("ls").lines[1:]]
        trashed = [line.split("\t")[0] for line in command("ls", "--trash").lines[1:]]
        assert [*listed, *trashed] == ["one"], number
        yield run, before
        shutil.rmtree(make_run.base)
    pytest.fail("the command does not end")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["archive", "restore"])
def test_killed_between_a_run_and_its_archive(make_run, command, verb):
    """Killed at any moment, the run is whole, packed or not, after the next command."""

    def prepare():
        if verb == "restore":
            pack(command, "one")

    for run, before in killed_everywhere(make_run, command, prepare, verb, "one"):
        assert command("recover").status == 0
        assert [path for path in hidden(make_run.base) if path.name != ".trash"] == []
        assert run.exists() != Path(f"{run}.tar").exists()
        command("restore", "one")
        assert tree(run) == before
        assert [path.name for path in run.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("verb", ["prune", "restore"])
def test_killed_between_a_run_and_the_trash(make_run, command, verb):
    """Killed at any moment, the run is whole where it was or in the trash."""
    pruning = ("prune", "--keep-last", "0", "--yes")

    def prepare():
        if verb == "restore":
            assert command(*pruning).status == 0

    words = pruning if verb == "prune" else ("restore", "one")
    for run, before in killed_everywhere(make_run, command, prepare, *words):
        command("restore", "one")
        assert tree(run) == before


def test_killed_while_the_trash_is_emptied(make_run, command):
    """What was to be deleted is out of reach or whole, and the next call deletes the rest."""
    for number in range(1, 200):
        run = make_run(name="one", files=FILES)
        before = tree(run)
        assert command("prune", "--keep-last", "0", "--yes").status == 0
        words = ("prune", "--empty-trash", "--yes")
        answer = meddled(make_run.base, "kill", *words, number=number)
        if command("ls", "--trash").lines[1:]:
            assert command("restore", "one").status == 0
            assert tree(run) == before
        else:
            assert command(*words).status == 0
            assert not (make_run.base / ".trash").exists()
            assert not run.exists()
        shutil.rmtree(make_run.base)
        if answer.returncode != -signal.SIGKILL:
            break
    assert number > 3


def test_a_claim_of_another_host_is_respected(make_run, command):
    """Where nobody can tell whether the tool at work on a run lives, the run is left alone."""
    run = make_run(name="one")
    left = []
    for number in range(1, 50):
        assert meddled(make_run.base, "kill", "archive", "one", number=number).returncode < 0
        if left := [path for path in hidden(make_run.base) if path.is_file()]:
            break
    (claim,) = left
    owner = json.loads(claim.read_text(encoding="utf-8"))
    claim.write_text(json.dumps({**owner, "host": "elsewhere"}), encoding="utf-8")
    before = sorted(make_run.base.rglob("*"))
    answer = command("archive", "one")
    assert (answer.status, answer.out) == (4, "")
    assert sorted(make_run.base.rglob("*")) == before
    claim.write_text(json.dumps(owner), encoding="utf-8")
    assert command("recover").status == 0
    assert tree(run)
    assert hidden(make_run.base) == []


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
def test_hostile_archives_write_nothing_outside(make_run, command, tmp_path, members):
    """An archive whose names or links lead out of the run is refused, and stays."""
    make_run(name="good")
    file = make_run.base / "FINISHED_SUCCESS" / "evil.tar"
    forged(file, members)
    refused(command("restore", "evil"), "")
    assert file.exists()
    assert not list(tmp_path.rglob("out"))
    assert not (file.parent / "evil").exists()
    assert hidden(make_run.base) == []


@pytest.mark.parametrize("damage", ["cut", "flip", "no list"])
def test_damaged_archives_are_refused(make_run, command, damage):
    """A tar file that was cut short or changed is not taken for the run."""
    run = make_run(name="one", files=FILES)
    file = pack(command, "one")
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
    refused(command("restore", "one"), "missing" if damage == "no list" else "damaged")
    assert file.exists()
    assert not run.exists()
    assert hidden(make_run.base) == []


def test_links_inside_a_run_are_kept_as_links(make_run, command, tmp_path):
    """Packing does not copy what a link points at, and pruning does not delete it."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("keep", encoding="utf-8")
    run = make_run(name="one")
    os.symlink(precious, run / "data")
    with tarfile.open(pack(command, "one")) as archive:
        assert archive.getmember("one/data").issym()
    assert command("restore", "one").status == 0
    assert command("prune", "--keep-last", "0", "--yes").status == 0
    assert command("prune", "--empty-trash", "--yes").err == "1 run deleted\n"
    assert (precious / "data").read_text(encoding="utf-8") == "keep"


def test_a_trash_that_is_a_link_is_refused(make_run, command, tmp_path):
    """Runs do not leave their output directory through a link."""
    run = make_run(name="one")
    (tmp_path / "away").mkdir()
    os.symlink(tmp_path / "away", make_run.base / ".trash")
    answer = command("prune", "--keep-last", "0", "--yes")
    assert answer.status == 4
    assert "not a directory" in answer.err
    assert run.is_dir()
    assert list((tmp_path / "away").iterdir()) == []


def test_no_extraction_of_the_tar_library_is_used():
    """The tar library's own extraction, with its history of traversals, is never called."""
    for file in Path(scitex_session.__file__).parent.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert ".extract(" not in source, file
        assert ".extractall(" not in source, file
