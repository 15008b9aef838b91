"""CONFIG costs no pathlib until it is looked into, and then holds paths, however that happens."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from scitex_dotdict import DotDict
from scitex_session._config import LaterPath, hand_out, take_back


def _named(**found):
    return found


def _updated(config):
    new = {}
    new.update(config)
    return new


def _matched(config):
    match config:
        case {"FILE": found}:
            return found


LOOKS = {
    "attribute": lambda c: c.FILE,
    "key": lambda c: c["FILE"],
    "get": lambda c: c.get("FILE"),
    "values": lambda c: next(iter(c.values())),
    "items": lambda c: dict(c.items())["FILE"],
    "dict()": lambda c: dict(c)["FILE"],
    "**": lambda c: {**c}["FILE"],
    "call": lambda c: _named(**c)["FILE"],
    "iteration": lambda c: next(c[key] for key in c),
    "copy.copy": lambda c: copy.copy(c)["FILE"],
    "copy.deepcopy": lambda c: copy.deepcopy(c)["FILE"],
    "pickle": lambda c: pickle.loads(pickle.dumps(c))["FILE"],
    "or": lambda c: (c | {"x": 1})["FILE"],
    "or, from the right": lambda c: ({"x": 1} | c)["FILE"],
    "update": lambda c: _updated(c)["FILE"],
    "to_dict": lambda c: c.to_dict()["FILE"],
    "freeze": lambda c: c.freeze()["FILE"],
    "pop": lambda c: c.pop("FILE"),
    "setdefault": lambda c: c.setdefault("FILE", None),
    "match": _matched,
}


@pytest.mark.parametrize("way", LOOKS)
def test_the_first_look_finds_a_path(way):
    """Whatever reads CONFIG first finds `pathlib.Path` where it promises one."""
    config = DotDict(FILE=LaterPath("/a/b.py"), ID="x")
    hand_out(config)
    found = LOOKS[way](config)
    assert found == Path("/a/b.py")
    assert isinstance(found, Path)


@pytest.mark.parametrize(
    "look", [len, repr, bool, list, lambda c: c == {}, lambda c: "ID" in c, lambda c: c.ID, dir]
)
def test_a_look_makes_it_a_dotdict(look):
    """After any look CONFIG is exactly a DotDict, and equal to what it always stood for."""
    config = DotDict(FILE=LaterPath("/a/b.py"), ID="x")
    hand_out(config)
    assert isinstance(config, DotDict)
    look(config)
    assert type(config) is DotDict
    assert config == {"FILE": Path("/a/b.py"), "ID": "x"}


def test_a_change_is_kept():
    """What is set before anything is read stands beside the paths."""
    config = DotDict(FILE=LaterPath("/a/b.py"))
    hand_out(config)
    config.answer = 42
    assert config == {"FILE": Path("/a/b.py"), "answer": 42}


def test_nobody_has_looked_when_it_is_taken_back():
    """The session itself reads CONFIG without settling it."""
    config = DotDict(FILE=LaterPath("/a/b.py"))
    hand_out(config)
    take_back(config)
    assert type(config["FILE"]) is LaterPath
    hand_out(config)
    assert isinstance(config["FILE"], Path)


SCRIPT = """
import sys
from scitex_session import INJECTED, close, session, start

@session
def main(CONFIG=INJECTED):
    print(*sorted({"pathlib", "datetime", "functools", "re", "typing"} & set(sys.modules)))

main()
CONFIG, *_ = start(verbose=False)
close(CONFIG, verbose=False)
print(*sorted({"pathlib", "datetime", "functools", "re", "typing"} & set(sys.modules)))
print(type(CONFIG.SDIR_RUN).__name__.endswith("Path"), CONFIG.SDIR_RUN.parent.name)
"""


def test_a_run_that_does_not_look_imports_no_pathlib(tmp_path):
    """What is not used costs nothing; what is kept after the end names the final place."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(tmp_path)}
    command = [sys.executable, "-S", "script.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout == "\n\nTrue FINISHED\n"
    pickles = sorted((tmp_path / "script_out").glob("*/*/CONFIGS/CONFIG.pkl"))
    assert len(pickles) == 2
    for file in pickles:
        config = pickle.loads(file.read_bytes())
        assert config["SDIR_RUN"] == file.parent.parent
        assert config["FILE"] == tmp_path / "script.py"
