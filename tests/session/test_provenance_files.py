import hashlib
import json
import subprocess
import sys
import time

import pytest


@pytest.fixture
def run(lab, look):
    """Run the body of a decorated function and return its record."""

    def run(body, *args, status="FINISHED_SUCCESS", **options):
        lab.decorated(body, **options)
        done = lab.run(*args, script=options.get("name", "script.py"))
        base = options.get("name", "script.py").removesuffix(".py") + "_out"
        assert lab.runs(status, base=base), done.stderr
        return settled(lab.runs(status, base=base)[-1], look)

    return run


def settled(run_dir, look, seconds=20):
    """Return the record once nothing is pending any more."""
    deadline = time.monotonic() + seconds
    while "pending" in (record := look.record(run_dir)):
        assert time.monotonic() < deadline, record["pending"]
        time.sleep(0.02)
    return record


def paths(entries, base):
    """Return the sorted paths of a section, from the lab."""
    return sorted(
        entry["path"].removeprefix(f"{base}/") for entry in entries if entry["path"] is not None
    )


@pytest.mark.parametrize(
    "how",
    [
        "open('data.txt').read()",
        "open('data.txt', 'rb').read()",
        "import pathlib; pathlib.Path('data.txt').read_text()",
        "import os; os.read(os.open('data.txt', os.O_RDONLY), 9)",
        "import os; os.chdir('sub'); open('../data.txt').read()",
        "open(b'data.txt').read()",
        "import io; io.FileIO('data.txt').read()",
        "import numpy; numpy.loadtxt('data.txt')",
        "from scitex_io import load; load('data.txt')",
        "from scitex_session import record_input; record_input('data.txt')",
        "import sqlite3; sqlite3.connect('data.txt').close()",
        "import fileinput; list(fileinput.input(['data.txt'], encoding='utf-8'))",
    ],
)
def test_an_input_is_seen_however_it_is_read(lab, run, how):
    """A file that is read is an input with its digest, whatever reads it."""
    (lab.path / "sub").mkdir()
    lab.write("1 2 3\n", "data.txt")
    record = run(how)
    assert paths(record["inputs"], lab.path) == ["data.txt"]
    assert record["inputs"][0]["sha256"] == hashlib.sha256(b"1 2 3\n").hexdigest()


def test_what_is_no_input(run):
    """Libraries, the system, files that are not there and the run's own work are no inputs."""
    record = run(
        "import json, os, tomllib, email.mime.text\n"
        "for path in ('/proc/self/status', '/etc/hostname', '/dev/null', 'missing.csv'):\n"
        "    try:\n"
        "        open(path).close()\n"
        "    except OSError:\n"
        "        pass\n"
        "path = os.path.join(CONFIG.SDIR, 'own.txt')\n"
        "open(path, 'w').write('x')\n"
        "open(path).read()\n"
        "open('made.txt', 'w').write('x')\n"
        "open('made.txt').read()\n"
        "open(json.__file__).read()",
        parameters="CONFIG=INJECTED",
    )
    assert record["inputs"] == []


def test_user_modules_are_code_and_not_inputs(lab, run):
    """A module of the user's own that is imported is recorded as code."""
    lab.write("X = 1\n", "mylib/__init__.py")
    lab.write("Y = 2\n", "mylib/deep.py")
    record = run("import mylib.deep")
    assert record["inputs"] == []
    found = {entry["module"]: entry["path"] for entry in record["code"]["files"]}
    assert found["mylib.deep"] == str(lab.path / "mylib/deep.py")
    assert found["__main__"] == str(lab.path / "script.py")


def test_data_that_a_library_carries_is_an_input(run):
    """A sample recording inside a library is data, the library's own files are not."""
    pytest.importorskip("matplotlib")
    record = run(
        "import matplotlib.cbook, numpy\n"
        "numpy.fromfile(matplotlib.cbook.get_sample_data('eeg.dat', asfileobj=False))"
    )
    assert [entry["path"].rpartition("/")[2] for entry in record["inputs"]] == ["eeg.dat"]


def test_an_input_that_changes_meanwhile_is_marked(lab, run):
    """An input that somebody changes after it was read is said to be no longer what was read."""
    lab.write("old\n", "data.txt")
    record = run(
        "import subprocess, time\nopen('data.txt').read()\ntime.sleep(0.05)\n"
        "subprocess.run(['sh', '-c', 'echo new > data.txt'])"
    )
    assert "changed after it was first read" in record["inputs"][0]["note"]


def test_an_input_that_the_run_removes(lab, run):
    """An input that is gone at the end is recorded as one, without a digest."""
    lab.write("old\n", "data.txt")
    record = run("import os\nopen('data.txt').read()\nos.remove('data.txt')")
    (entry,) = record["inputs"]
    assert entry["removed"] is True
    assert entry["sha256"] is None


def test_a_file_that_is_read_and_written(lab, run):
    """A file updated in place is an input and an output, and said to be both."""
    lab.write("old\n", "data.txt")
    record = run("with open('data.txt', 'r+') as file:\n    file.read()\n    file.write('x')")
    assert record["inputs"][0]["written_too"] is True
    assert paths([e for e in record["outputs"] if e.get("elsewhere")], lab.path) == ["data.txt"]


def test_outputs(lab, run):
    """Every file below the run directory is an output; others are said to be elsewhere."""
    record = run(
        "import os, pathlib\n"
        "base = pathlib.Path(CONFIG.SDIR)\n"
        "(base / 'deep').mkdir()\n"
        "(base / 'deep' / 'a.bin').write_bytes(b'abc')\n"
        "(base / 'empty').write_text('')\n"
        "open('beside.tmp', 'w').write('x')\n"
        "os.replace('beside.tmp', 'beside.txt')",
        parameters="CONFIG=INJECTED",
    )
    inside = {e["path"]: e for e in record["outputs"] if not e.get("elsewhere")}
    assert sorted(inside) == ["deep/a.bin", "empty"]
    assert inside["deep/a.bin"]["size"] == 3
    assert inside["deep/a.bin"]["sha256"] == hashlib.sha256(b"abc").hexdigest()
    (beside,) = [e for e in record["outputs"] if e.get("elsewhere")]
    assert (beside["path"], beside["given"]) == (str(lab.path / "beside.txt"), "relative")


def test_forked_workers_are_seen(lab, run):
    """What a forked worker reads and writes belongs to the run."""
    lab.write("a\n", "one.txt")
    record = run(
        "import os\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    open('one.txt').read()\n"
        "    open('two.txt', 'w').write('x')\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)"
    )
    assert paths(record["inputs"], lab.path) == ["one.txt"]
    assert paths(record["outputs"], lab.path) == ["two.txt"]


def test_programs_that_are_started(run):
    """Programs are recorded with their arguments, once however often, and without secrets."""
    record = run(
        "import subprocess, os\n"
        "for _ in range(3):\n"
        "    subprocess.run(['true', '--token', 'abc-1'])\n"
        "os.system('exit 0')"
    )
    found = [(entry["argv"], entry["count"]) for entry in record["commands"]]
    assert found == [(["true", "--token", "***"], 3), (["exit 0"], 1)]


@pytest.mark.parametrize(
    ("library", "write", "read"),
    [
        ("h5py", "h5py.File('d', 'w').close()", "h5py.File('d', 'r').close()"),
        (
            "pyarrow",
            "import pyarrow.parquet as q; q.write_table(pyarrow.table({'a': [1]}), 'd')",
            "import pyarrow.parquet as q; q.read_table('d')",
        ),
        ("netCDF4", "netCDF4.Dataset('d', 'w').close()", "netCDF4.Dataset('d').close()"),
    ],
)
def test_readers_in_c_are_seen(lab, run, library, write, read):
    """Libraries that open files in C are noted where they are in use, and said to be."""
    pytest.importorskip(library)
    subprocess.run([sys.executable, "-c", f"import {library}; {write}"], cwd=lab.path, check=True)
    record = run(f"import {library}; {read}")
    assert paths(record["inputs"], lab.path) == ["d"]
    assert record["collection"]["hooks"]
    record = run(f"import {library}; {write}", name="other.py")
    assert paths(record["outputs"], lab.path) == ["d"]


def test_classes_with_a_hook_stay_classes(lab):
    """A hooked class is the same for isinstance, and is put back when the session is over."""
    pytest.importorskip("h5py")
    lab.write(
        "import h5py\nfrom scitex_session import session\nbefore = h5py.File.__init__\n"
        "@session\ndef main():\n"
        "    with h5py.File('d', 'w') as file:\n        assert isinstance(file, h5py.File)\n"
        "main()\nassert h5py.File.__init__ is before\n"
    )
    done = lab.run()
    assert done.returncode == 0, done.stderr


def test_standard_input_from_a_file(lab, look):
    """A file behind standard input is an input."""
    lab.decorated("input()")
    lab.write("hello\n", "data.txt")
    with open(lab.path / "data.txt", encoding="utf-8") as file:
        lab.run(stdin=file)
    (entry,) = look.record(lab.only("FINISHED_SUCCESS"))["inputs"]
    assert (entry["path"], entry["how"]) == (str(lab.path / "data.txt"), "standard input")


def test_many_outputs_are_digested_after_the_run(lab, run):
    """More than a closing session should wait for is digested by a process of its own."""
    record = run(
        "for n in range(400):\n"
        "    with open(f'{CONFIG.SDIR}/{n}.txt', 'w') as file:\n"
        "        file.write(str(n))",
        parameters="CONFIG=INJECTED",
    )
    assert len(record["outputs"]) == 400
    assert all(entry["sha256"] for entry in record["outputs"])
    (run_dir,) = lab.runs("FINISHED_SUCCESS")
    deadline = time.monotonic() + 10
    while (run_dir / "CONFIGS" / ".provenance").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_ceiling_of_digests(lab, look):
    """Above the ceiling a file has size and time alone, and the record says so."""
    lab.decorated("open('data.bin', 'rb').read()")
    lab.write("x" * 100, "data.bin")
    lab.run(env={"SCITEX_SESSION_DIGEST_CEILING": "99"})
    record = look.record(lab.only("FINISHED_SUCCESS"))
    (entry,) = record["inputs"]
    assert (entry["size"], entry["sha256"]) == (100, None)
    assert "larger than 99 bytes" in entry["note"]
    assert record["collection"]["digest_ceiling_bytes"] == 99


def test_after_a_kill_the_notes_are_kept(lab, look):
    """A run killed by force keeps what it had read and written, and its code and environment."""
    lab.decorated(
        "import os, signal\nopen('data.txt').read()\n"
        "open(f'{CONFIG.SDIR}/half.txt', 'w').write('x')\nopen('beside.txt', 'w').write('x')\n"
        "print('ready', flush=True)\nsignal.pause()",
        parameters="CONFIG=INJECTED",
    )
    lab.write("a\n", "data.txt")
    process = lab.start()
    process.kill()
    process.communicate()
    run_dir = lab.wait_for("FINISHED_ERROR")
    deadline = time.monotonic() + 10
    while not (record := look.record(run_dir)).get("inputs"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert paths(record["inputs"], lab.path) == ["data.txt"]
    outputs = {entry["path"].rpartition("/")[2] for entry in record["outputs"]}
    assert outputs == {"half.txt", "beside.txt"}
    assert record["code"]["files"][0]["sha256"]
    assert record["environment"]["python"]["version"] == sys.version.split()[0]
    assert any("was killed" in text for text in record["collection"]["not_collected"])
    notes = run_dir / "CONFIGS" / ".provenance"
    while notes.exists():  # the last thing that completing a record does
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_helpers_are_nobodys_children(lab):
    """A script that waits for its children never meets one of the session's."""
    lab.decorated(
        "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('none')\n"
        "else:\n    print('one')"
    )
    assert lab.run().stdout == "none\n"


def test_no_thread_is_started(lab):
    """A session is one thread, so that a script can fork without a warning."""
    lab.decorated("import threading, os\nprint(len(os.listdir('/proc/self/task')))")
    assert lab.run().stdout == "1\n"


def test_two_sessions_of_one_process(lab, look):
    """Each session has its own notes; between sessions nothing is noted."""
    lab.write(
        "from scitex_session import session\n"
        "@session\ndef first():\n    open('a.txt').read()\n"
        "@session\ndef second():\n    open('b.txt').read()\n"
        "first()\nopen('c.txt').read()\nsecond()\n"
    )
    for name in "abc":
        lab.write(name, f"{name}.txt")
    lab.run()
    found = [paths(look.record(run)["inputs"], lab.path) for run in lab.runs("FINISHED_SUCCESS")]
    assert sorted(found) == [["a.txt"], ["b.txt"]]


def test_what_cannot_be_collected_is_said(lab, look):
    """Where the notes cannot be kept the run goes on, and the record says what is missing."""
    lab.write(
        "import os\nfrom scitex_session import session\n"
        "def broken(): raise RuntimeError('no such luck')\n"
        "os.cpu_count = broken\n"
        "@session\ndef main():\n    open('data.txt').read()\n    print('fine')\nmain()\n"
    )
    lab.write("x", "data.txt")
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "fine\n")
    record = look.record(lab.only("FINISHED_SUCCESS"))
    assert "the machine: RuntimeError: no such luck" in record["collection"]["not_collected"]
    assert paths(record["inputs"], lab.path) == ["data.txt"]


def test_the_record_says_what_it_cannot_see(run):
    """A list in the record names what is beyond it."""
    unseen = run("pass")["collection"]["unseen"]
    assert any("standard input" in text for text in unseen)


def test_paths_with_odd_names(lab, run):
    """Spaces, quotes, newlines and bytes that are no text are recorded as they are."""
    names = ["with space", "with\nnewline", "quote\"'", "ünï", "back\\slash"]
    for name in names:
        (lab.path / name).write_text("x", encoding="utf-8")
    record = run(f"for name in {names!r}:\n    open(name).read()")
    assert paths(record["inputs"], lab.path) == sorted(names)


def test_many_notes_of_any_name_survive_a_kill(lab, look):
    """What was read before a kill is known, however much it is and however the files are named."""
    names = [f"many/{n}\\x\n{'y' * (n % 200)}" for n in range(2000)]
    for name in names:
        lab.write("", name)
    lab.decorated(
        "import os, signal\nfor entry in os.scandir('many'):\n    open(entry.path).close()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    lab.run()
    run_dir = lab.wait_for("FINISHED_ERROR")
    deadline = time.monotonic() + 20
    while not (record := look.record(run_dir)).get("inputs"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert paths(record["inputs"], lab.path) == sorted(names)


def test_the_record_is_json(lab, run):
    """Any JSON reader reads the record."""
    run("pass")
    text = (lab.runs()[0] / "CONFIGS" / "PROVENANCE.json").read_text(encoding="utf-8")
    assert json.loads(text)["schema"] == "scitex-provenance"


def test_digests_of_any_size(lab, run):
    """A digest is that of the content, whatever the size of the file."""
    data = bytes(range(251)) * 170_000
    sizes = [0, 1, 1 << 20, (1 << 20) + 1, (40 << 20) + 7]
    for size in sizes:
        (lab.path / f"{size}.bin").write_bytes(data[:size])
    record = run(f"for size in {sizes}:\n    open(f'{{size}}.bin', 'rb').close()")
    found = {entry["size"]: entry["sha256"] for entry in record["inputs"]}
    assert found == {size: hashlib.sha256(data[:size]).hexdigest() for size in sizes}


MANY = """\
import os
from scitex_session import close, start
before = len(os.listdir("/dev/fd"))
CONFIG, *_ = start(verbose=False)
run = CONFIG.SDIR_RUN
for number in range(200):
    (run / str(number)).touch()
{meanwhile}
close(CONFIG, exit_status=0, verbose=False)
print(len(os.listdir("/dev/fd")) - before)
try:
    os.wait()
except ChildProcessError:
    print("no child")
"""
REFUSED = """\
replace = os.replace
def refuse(source, target):
    if os.fsdecode(target).endswith("PROVENANCE.json"):
        raise OSError(28, "No space left on device")
    replace(source, target)
os.replace = refuse
"""
WRITING = """\
open("data.txt", "w").close()
"""
OCCUPIED = """\
(run.parents[1] / "FINISHED_SUCCESS" / run.name).mkdir(parents=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted as on Linux")
@pytest.mark.parametrize(
    ("meanwhile", "state"),
    [
        ("", "FINISHED_SUCCESS"),
        (WRITING, "FINISHED_SUCCESS"),
        (OCCUPIED, "RUNNING"),
        (REFUSED, "RUNNING"),
    ],
)
def test_what_completes_the_record_later_is_no_child(lab, look, meanwhile, state):
    """A script that goes on meets neither child nor descriptor of ours, however its run ended."""
    lab.write(MANY.format(meanwhile=meanwhile))
    done = lab.run()
    assert done.stdout == "0\nno child\n", done.stderr
    run = next(run for run in lab.runs(state) if (run / "199").exists())
    if meanwhile == REFUSED:
        assert look.record(run)["run"]["status"] == "success"  # noted in place
        assert (run / "CONFIGS" / ".provenance" / "state").exists()
    else:
        files = [e for e in settled(run, look)["outputs"] if not e.get("elsewhere")]
        assert len(files) == 200


def test_what_cannot_be_gathered_is_named(run):
    """The run does not suffer, and its record says what it lacks and why."""
    record = run(
        "import os\nos.mkdir(f'{CONFIG.SDIR}/CONFIGS/.provenance/events-1')",
        parameters="CONFIG=INJECTED",
    )
    said = record["collection"]["not_collected"]
    assert said[0].startswith("what was noted: IsADirectoryError: ")
    assert record["run"]["status"] == "success"


def test_a_link_among_the_outputs_is_no_directory_of_them(run):
    """A link to a directory is one output; what is behind it, perhaps the run itself, is not."""
    record = run(
        "import os\n"
        "os.makedirs('elsewhere')\n"
        "open('elsewhere/big.txt', 'w').close()\n"
        "os.symlink(os.path.abspath('elsewhere'), CONFIG.SDIR_RUN / 'linked')\n"
        "os.symlink(CONFIG.SDIR_RUN, CONFIG.SDIR_RUN / 'loop')\n"
        "(CONFIG.SDIR_RUN / 'mine.txt').touch()",
        parameters="CONFIG=INJECTED",
    )
    inside = sorted(e["path"] for e in record["outputs"] if not e.get("elsewhere"))
    assert "mine.txt" in inside
    assert not [path for path in inside if path.startswith(("linked/", "loop/"))]
