"""Plain command lines are read without the library for them, and as the library reads them.

Both readers are called by themselves: hundreds of command lines are compared, which as sessions
would take minutes, and from outside nobody can tell which of the two has read one.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

from hypothesis import event, given, settings
from hypothesis import strategies as st

from scitex_session._cli import _quick
from scitex_session._cli._command import Command
from scitex_session._cli._tyro import parse


def experiment(
    n=1, rate=0.5, name="x", on=False, off: bool = True, two_words: int = 3, hinted: float = 0.1
):
    """Have an option of each plain kind."""


def demanding(path: str, count: int, flag: bool, none=None, many=(1, 2)):
    """Have options that must be given, and some that are not plain."""


FLAGS = st.sampled_from([
    "--n", "--rate", "--name", "--on", "--no-on", "--off", "--no-off", "--two-words", "--hinted",
    "--two_words", "--no-n", "--set", "--path", "--count", "--flag", "--no-flag", "--none",
    "--many", "--help", "--nam", "-n", "--", "--__n", "--n_",
])  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(
        ["", "-", "a b", "x=y", "None", "true", "@file", "1_0", "007", "+5", "1.", ".5"]
    ),
    st.sampled_from(["nan", "-inf", "1e5", "1e", "+.5e-3", "٣", "0x10", "--n", "-x", "a.b=1"]),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=3),
)
WORDS = st.lists(
    st.one_of(
        FLAGS.map(lambda flag: [flag]),
        st.tuples(FLAGS, TEXTS).map(list),
        st.tuples(FLAGS, TEXTS).map(lambda pair: ["=".join(pair)]),
        TEXTS.map(lambda text: [text]),
    ),
    max_size=4,
).map(lambda parts: [word for part in parts for word in part])


@given(argv=WORDS, func=st.sampled_from([experiment, demanding]))
@settings(max_examples=400, deadline=None)
def test_what_is_read_quickly_is_what_the_library_reads(argv, func):
    """The short way gives the library's values, or leaves the command line to it."""
    command = Command(func, frozenset())
    found = _quick.parse(func, command._defaults, argv)
    event("quick" if found else "left to the library")
    if found is None:
        return
    values = {**command.defaults(), **found[0]}
    words = io.StringIO()
    with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
        expected, overrides = parse(func, command._defaults, argv, "script.py")
    assert repr({name: values[name] for name in command.options}) == repr(expected)
    assert found[1] == overrides


def test_plain_options_of_every_kind_take_the_short_way():
    """Numbers, words, flags and overrides are plain, with a hint or by their default."""
    argv = [*("--n", "-2", "--rate=1e-3", "--name", "two words", "--on", "--no-off")]
    argv += ["--two-words", "7", "--hinted", ".5", "--set", "A.b=1", "--set", "A.c=2"]
    found = _quick.parse(experiment, Command(experiment, frozenset())._defaults, argv)
    assert found == (
        {"n": -2, "rate": 0.001, "name": "two words", "on": True, "off": False}
        | {"two_words": 7, "hinted": 0.5},
        ["A.b=1", "A.c=2"],
    )


def test_a_hint_that_only_looks_plain_is_left_to_the_library():
    """A script's own class that is called `int` is not the builtin."""
    space = {}
    exec("class int(str): pass\ndef func(x: 'int' = 1, y: int = 2): pass", space)
    for argv in (["--x", "5"], ["--y", "5"]):
        assert _quick.parse(space["func"], {"x": 1, "y": 2}, argv) is None


def test_a_run_with_plain_options_imports_no_library(tmp_path):
    """What is not needed costs nothing: neither tyro nor what it brings."""
    (tmp_path / "script.py").write_text(
        "import sys\n"
        "from scitex_session import session\n"
        "@session\n"
        "def main(n=1, name='x'):\n"
        "    print(n, name, sorted({'tyro', 'typing', 'inspect', 'argparse'} & set(sys.modules)))\n"
        "main()\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-S", "script.py", "--n", "2", "--name=y"]
    path = {"PYTHONPATH": ":".join(filter(None, sys.path)), "HOME": str(tmp_path)}
    result = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, check=True)
    assert result.stdout == b"2 y []\n"
