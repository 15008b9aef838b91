"""Files appear whole or not at all."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from scitex_io import UnfitObjectError, load, save


def test_a_reader_never_sees_half_a_file():
    """While one thread saves again and again, every load finds a whole file."""
    save([0] * 20_000, "x.json")
    stop = threading.Event()

    def work():
        number = 0
        while not stop.is_set():
            number += 1
            save([number] * 20_000, "x.json")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(40):
            content = load("x.json")
            assert len(content) == 20_000
            assert len(set(content)) == 1
    finally:
        stop.set()
        thread.join()


def test_a_killed_process_leaves_the_old_file(tmp_path):
    """SIGKILL in the middle of saving leaves what was there before, whole."""
    save(np.zeros(10), "x.npy")
    code = (
        "import numpy as np, scitex_io as io\n"
        "print('go', flush=True)\n"
        "while True: io.save(np.ones(3_000_000), 'x.npy')"
    )
    for wait in (0.01, 0.03, 0.05, 0.08):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert load("x.npy").size in {10, 3_000_000}
    assert all(path.name.startswith(".scitex-io-") for path in tmp_path.glob(".*"))


def test_a_failure_leaves_nothing_behind(names):
    """Neither the file aside nor the directories made for it; an old file stays as it was."""
    with pytest.raises(UnfitObjectError):
        save([1, lambda: None], "new/deep/x.pkl")
    assert names() == []
    save([1], "x.pkl")
    with pytest.raises(UnfitObjectError):
        save([1, lambda: None], "x.pkl")
    assert load("x.pkl") == [1]
    assert names() == ["x.pkl"]


def test_directories_of_others_stay(tmp_path, names):
    """Only directories made by this very save go away again."""
    (tmp_path / "mine").mkdir()
    with pytest.raises(UnfitObjectError):
        save(lambda: None, "mine/new/x.pkl")
    assert names() == ["mine"]


def test_a_directory_that_another_process_makes_meanwhile_stays(monkeypatch, names):
    """A directory that appears between looking and making is not removed after a failure."""
    mkdir = os.mkdir

    def late(path):
        mkdir(path)  # by the other process
        mkdir(path)

    monkeypatch.setattr(os, "mkdir", late)
    with pytest.raises(UnfitObjectError):
        save(lambda: None, "new/x.pkl")
    assert names() == ["new"]


class _AnotherProcess:
    def __reduce__(self):
        Path("new/theirs.txt").write_text("x", encoding="utf-8")
        raise TypeError


def test_a_file_that_another_process_puts_there_meanwhile_stays(names):
    """A directory made for a file that could not be saved is removed only if it is empty."""
    with pytest.raises(UnfitObjectError):
        save([_AnotherProcess()], "new/x.pkl")
    assert names() == ["new", "new/theirs.txt"]


class _Interrupts:
    def __reduce__(self):
        raise KeyboardInterrupt


def test_an_interrupt_leaves_nothing_behind(names):
    """Ctrl-C while a file is written goes on to the caller, and the file aside is gone."""
    with pytest.raises(KeyboardInterrupt):
        save([_Interrupts()], "new/x.pkl")
    assert names() == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_counts(python, mask, mode):
    """A new file has the permissions that any program would give it."""
    python(f"import os, scitex_io as io; os.umask({mask}); io.save('x', 'x.txt')")
    assert stat.S_IMODE(Path("x.txt").stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
def test_the_permissions_of_a_replaced_file_stay():
    """What was private stays private."""
    path = save("x", "x.txt")
    path.chmod(0o600)
    save("y", "x.txt")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_write_protection_counts(python, bound, names):
    """A protected file is not replaced, nor anything put into a protected directory."""
    code = (
        "import os, scitex_io as io\n"
        "path = io.save('x', 'x.txt'); path.chmod(0o444)\n"
        "os.mkdir('d', 0o555)\n"
        "for name in ('x.txt', 'd/x.txt', 'd/deep/er/x.txt'):\n"
        "    try: io.save('y', name)\n"
        "    except PermissionError as error: print(error)\n"
    )
    said = python(code, prefix=bound).splitlines()
    assert [line.partition(": ")[2].removeprefix(os.getcwd()) for line in said] == [
        "it is write-protected",
        "/d is not writable",
        "/d is not writable",
    ]
    assert load("x.txt") == "x"
    assert names() == ["d", "x.txt"]


def test_links_are_followed(tmp_path):
    """Saving to a link changes its target, and the link stays; so with a dangling one."""
    save("old", "data/real.txt")
    (tmp_path / "link.txt").symlink_to("data/real.txt")
    assert save("new", "link.txt") == tmp_path / "link.txt"
    assert (tmp_path / "link.txt").is_symlink()
    assert load("data/real.txt") == "new"
    (tmp_path / "later.txt").symlink_to("data/later.txt")
    save("x", "later.txt")
    assert load("data/later.txt") == "x"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_link_to_where_nothing_can_be_made_is_refused(tmp_path, names):
    """The error is that of the directory which cannot be made, and the link stays."""
    (tmp_path / "link.json").symlink_to("/proc/none/x.json")
    with pytest.raises(FileNotFoundError, match="/proc/none'") as caught:
        save([1], "link.json")
    assert caught.value.filename == "/proc/none"
    assert names() == ["link.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_only_regular_files_are_replaced(tmp_path):
    """A directory, a named pipe or a file in the way is refused by name."""
    (tmp_path / "d.txt").mkdir()
    with pytest.raises(IsADirectoryError, match=r"d\.txt: it is a directory"):
        save("x", "d.txt")
    with pytest.raises(IsADirectoryError, match="names a directory"):
        save("x", "d/")
    with pytest.raises(IsADirectoryError, match="it is a directory"):
        load("d.txt")
    os.mkfifo("p.txt")
    with pytest.raises(OSError, match=r"p\.txt: it is not a regular file"):
        save("x", "p.txt")
    save("x", "f.txt")
    with pytest.raises(NotADirectoryError, match=r"f\.txt is not a directory"):
        save("x", "f.txt/x.txt")


def test_many_processes_save_one_file(names):
    """The last one wins and nothing else is left."""
    code = (
        "import scitex_io as io, sys\n"
        "for n in range(30): io.save([sys.argv[1:]] * 1000, 'deep/er/x.json')"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(load("deep/er/x.json")) == 1000
    assert names() == ["deep", "deep/er", "deep/er/x.json"]


WATCHED = """
import json, os, sys
import scitex_io as io

events = []
fsync, replace = os.fsync, os.replace

def watched_fsync(file):
    fsync(file)
    found = os.fstat(file)
    events.append(["fsync", found.st_ino, found.st_size])

def watched_replace(source, target):
    beside = os.path.join(os.path.dirname(target), os.path.basename(source)) == source
    hidden = os.path.basename(source).startswith(".scitex-io-")
    events.append(["rename", os.stat(source).st_ino, os.path.basename(target), beside and hidden])
    replace(source, target)

os.fsync, os.replace = watched_fsync, watched_replace
{save}
print(json.dumps(events))
"""
SAVES = {
    "json": "io.save([1] * 10_000, 'x.json')",
    "yaml": "io.save({'a': 'b' * 10_000}, 'x.yaml')",
    "csv.gz": "io.save([[1, 2.5]] * 10_000, 'x.csv.gz')",
    "npy": "import numpy as np; io.save(np.arange(10_000), 'x.npy')",
    "pkl": "io.save(list(range(10_000)), 'x.pkl')",
    "h5": "import numpy as np; io.save(np.arange(10_000), 'x.h5')",
    "mat": "import numpy as np; io.save(np.arange(10_000), 'x.mat')",
    "png": "from matplotlib.figure import Figure; f = Figure(); f.subplots().plot([1, 2]);"
    " io.save(f, 'x.png')",
}
NEEDED = {"h5": "h5py", "mat": "scipy", "png": "matplotlib"}


@pytest.mark.parametrize("ending", SAVES)
def test_a_file_is_on_the_disk_before_it_has_its_name(python, ending):
    """The whole content is fsynced, under a hidden name beside the file, and then renamed.

    So neither a power cut nor a target on another file system leaves half a file.
    """
    if ending in NEEDED:
        pytest.importorskip(NEEDED[ending])
    events = json.loads(python(WATCHED.format(save=SAVES[ending])))
    names = [event[2] for event in events if event[0] == "rename"]
    assert names == (["x.png", "x.csv"] if ending == "png" else [f"x.{ending}"])
    for number, name in enumerate(names):
        size = Path(name).stat().st_size
        inode = Path(name).stat().st_ino
        assert events[2 * number : 2 * number + 2] == [
            ["fsync", inode, size],
            ["rename", inode, name, True],
        ]


def test_an_error_of_the_system_is_not_taken_for_broken_content(python, bound):
    """A protected file that is to be mapped for writing is refused as what it is."""
    code = (
        "import numpy as np, scitex_io as io\n"
        "path = io.save(np.arange(3), 'x.npy'); path.chmod(0o444)\n"
        "try: io.load(path, mmap_mode='r+')\n"
        "except OSError as error: print(type(error).__name__)\n"
    )
    assert python(code, prefix=bound) == "PermissionError\n"
