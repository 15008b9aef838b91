"""What stands in the files of a run is read as data, whoever has written it."""

import os
import pickle

import pytest


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def trap(lab, tmp_path):
    """Leave two runs that do something when their pickle or their YAML is trusted."""
    sprung = tmp_path / "sprung"
    lab.write("x", "data.txt")
    lab.decorated(
        "import pickle\nopen('data.txt').read()\n"
        "(CONFIG.SDIR_RUN / 'o.pkl').write_bytes(pickle.dumps([1, 2]))",
        "CONFIG=INJECTED",
    )
    for _ in range(2):
        assert lab.run().returncode == 0
    yaml = f"ID: !!python/object/apply:os.mkdir ['{sprung}']\n"
    for run in lab.runs("FINISHED_SUCCESS"):
        (run / "CONFIGS" / "CONFIG.pkl").write_bytes(pickle.dumps(Trap(sprung)))
        (run / "CONFIGS" / "CONFIG.yaml").write_text(yaml, encoding="utf-8")
        (run / "o.pkl").write_bytes(pickle.dumps(Trap(sprung)))
    return sprung


def test_the_trap_works(trap, lab):
    """Whoever trusts the pickle springs it."""
    run = lab.runs("FINISHED_SUCCESS")[0]
    pickle.loads((run / "CONFIGS" / "CONFIG.pkl").read_bytes())
    assert trap.is_dir()


COMMANDS = [
    ["ls", "--in", "script_out"],
    ["ls", "--json", "--in", "script_out"],
    ["show", "FIRST"],
    ["show", "--json", "FIRST"],
    ["logs", "FIRST"],
    ["diff", "FIRST", "SECOND"],
    ["recover", "script_out"],
    ["stale", "FIRST"],
    ["whence", "data.txt"],
    ["export", "FIRST", "crate"],
    ["rerun", "FIRST"],
    ["rerun", "--in-place", "FIRST"],
    ["prune", "--yes", "--keep-last", "1", "--in", "script_out"],
    ["archive", "FIRST"],
    ["restore", "NAME"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_executes_what_it_reads(trap, lab, words):
    """YAML as plain data and JSON only, never the pickle."""
    first, second = lab.runs("FINISHED_SUCCESS")
    names = {"FIRST": str(first), "SECOND": str(second), "NAME": first.name}
    if words[0] == "restore":
        packed = lab.run("-m", "scitex_session", "archive", str(first), script=None)
        assert packed.returncode == 0, packed.stderr
    words = [names.get(word, word) for word in words]
    done = lab.run("-m", "scitex_session", *words, script=None)
    assert done.returncode in (0, 1), done.stderr  # done, or the answer is no
    assert "Traceback" not in done.stderr
    assert not trap.exists()


def test_the_commands_above_are_all_there_are(lab):
    """A command that is new has its line above."""
    said = lab.run("-m", "scitex_session", "--help", script=None).stdout
    listed = said.partition("commands:\n")[2].partition("\n\n")[0].splitlines()
    assert {line.split()[0] for line in listed} - {"completion"} == {words[0] for words in COMMANDS}
