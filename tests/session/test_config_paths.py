"""CONFIG holds paths, in the script and in what is kept of the run."""

from __future__ import annotations

import pickle

SCRIPT = """
from pathlib import Path
from scitex_session import INJECTED, close, session, start

@session
def main(CONFIG=INJECTED):
    show(CONFIG)
    CONFIG.answer = 42
    return CONFIG

def show(config):
    paths = [config.FILE, config["SDIR_OUT"], config.get("SDIR_RUN"), dict(config)["SDIR_PATH"]]
    print(type(config).__name__, all(isinstance(path, Path) for path in paths))

show(main())
CONFIG, *_ = start(verbose=False)
show(CONFIG)
close(CONFIG, verbose=False)
print(CONFIG.SDIR_RUN.parent.name, CONFIG.SDIR == str(CONFIG.SDIR_RUN))
"""

PLAIN_CALL = """
from pathlib import Path
from scitex_session import INJECTED, session

@session
def main(n, CONFIG=INJECTED):
    print(type(CONFIG).__name__, CONFIG.FILE, CONFIG.SDIR_RUN == Path.cwd())

main(1)
"""


def test_config_is_a_dotdict_with_paths_from_start_to_end(lab):
    """In a decorated function, after it, and between `start` and `close`, however it is read."""
    lab.write(SCRIPT)
    done = lab.run()
    assert done.returncode == 0, done.stderr
    *shown, last = done.stdout.splitlines()
    assert shown == ["DotDict True"] * 3
    assert last == "FINISHED True"


def test_the_pickle_names_the_final_place(lab):
    """CONFIG.pkl holds paths, those of the directory in which the run is filed."""
    lab.write(SCRIPT)
    lab.run()
    pickles = sorted((lab.path / "script_out").glob("*/*/CONFIGS/CONFIG.pkl"))
    assert len(pickles) == 2
    for file in pickles:
        config = pickle.loads(file.read_bytes())
        assert config["SDIR_RUN"] == config["SDIR_PATH"] == file.parent.parent
        assert config["FILE"] == lab.path / "script.py"
        assert config["SDIR_OUT"] == lab.path / "script_out"
    assert sorted(pickle.loads(file.read_bytes()).get("answer", 0) for file in pickles) == [0, 42]


def test_a_plain_call_has_paths_too(lab):
    """CONFIG outside any session names the script and the working directory."""
    lab.write(PLAIN_CALL)
    assert lab.run().stdout == f"DotDict {lab.path / 'script.py'} True\n"
