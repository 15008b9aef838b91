import functools
import subprocess
import sys

import numpy as np
import pytest

from scitex_session import INJECTED, SessionError, session

NAMES = frozenset({"CONFIG", "plt", "COLORS", "CC", "logger", "rngg", "rng"})


def refusal(func):
    """Give the message with which a function is refused."""
    with pytest.raises(SessionError) as caught:
        session()(func)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_parameters_are_options_or_injected(called, usage_error):
    """What defaults to INJECTED is injected, and is no option; the rest are options."""

    def main(a, b=1, CONFIG=INJECTED, *, c="x", plt=INJECTED):  # noqa: N803 - a name of ours
        return locals()

    given = called(main, "--a", "2", "--c", "y")
    assert set(given) == {"a", "b", "c", "CONFIG", "plt"}
    assert (given["a"], given["b"], given["c"]) == ("2", 1, "y")
    assert given["CONFIG"].ARGS.to_dict() == {"a": "2", "b": 1, "c": "y"}
    assert callable(given["plt"].figure)
    for name in ("CONFIG", "plt"):
        assert f"--{name}" in usage_error(main, "--a", "2", f"--{name}", "x")


def test_an_unknown_injected_name_is_told_the_names_there_are():
    """The message names the culprit, the function and every name that exists."""

    def main(config=INJECTED): ...

    message = refusal(main)
    assert "'config'" in message
    assert "main (" in message
    assert all(name in message for name in NAMES)


def refused_functions():
    """Give functions that cannot be commands, as a script would define them."""

    def star(*args): ...

    def stars(a, **kwargs): ...

    def nameless(a, /, b): ...

    def generator():
        yield

    async def coroutine(): ...

    async def stream():
        yield

    def named_set(set=1): ...  # noqa: A002 - what is refused

    def named_help(help=1): ...  # noqa: A002 - what is refused

    def negated(flag=True, no_flag=1): ...

    return locals()


REFUSED = refused_functions()


class Owner:
    def method(self): ...

    @classmethod
    def of_class(cls): ...

    @staticmethod
    def static(a=1): ...

    def __call__(self, a=1):
        return "called", a


@pytest.mark.parametrize(
    ("func", "part"),
    [
        (REFUSED["star"], "*args cannot become an option"),
        (REFUSED["stars"], "**kwargs cannot become an option"),
        (REFUSED["nameless"], "remove the `/`"),
        (REFUSED["generator"], "a generator function"),
        (REFUSED["coroutine"], "a coroutine function"),
        (REFUSED["stream"], "a generator function"),
        (REFUSED["named_set"], "--set already"),
        (REFUSED["named_help"], "--help already"),
        (REFUSED["negated"], "--no-flag"),
        (Owner.method, "is a method"),
        (Owner().method, "is a method"),
        (Owner.of_class, "is a method"),
        (Owner.static, "is a method"),
        (Owner.__dict__["static"], "is a method"),
        (Owner, "no function"),
        (print, "*args cannot become an option"),
        (dict.get, "remove the `/`"),
        (3, "no function"),
        (None, "no function"),
    ],
)
def test_what_cannot_be_a_command_is_refused_when_decorating(func, part):
    """One sentence says what is wrong with the function and what to do."""
    assert part in refusal(func)


def test_odd_callables_that_can(called):
    """A partial, an object that can be called and a wrapped function show their own parameters."""

    def main(a, b=1):
        return "main", a, b

    @functools.wraps(main)
    def wrapper(*args, **kwargs):
        return "wrapper", *main(*args, **kwargs)

    assert called(functools.partial(main, b=2), "--a", "x", "--b", "3") == ("main", "x", 3)
    assert called(functools.partial(main, b=2), "--a", "x") == ("main", "x", 2)
    assert called(Owner(), "--a", "3") == ("called", 3)
    assert called(wrapper, "--a", "x", "--b", "3") == ("wrapper", "main", "x", 3)
    assert called(lambda x=1: [x]) == [1]


def test_a_function_inside_a_function_is_no_method(called):
    """Only a class makes a method."""

    class Local:
        def make(self):
            def main(a=1):
                return [a]

            return main

    assert called(Local().make(), "--a", "2") == [2]
    assert "is a method" in refusal(Local.make)


def test_without_arguments_the_defaults_are_given_as_copies(called):
    """A run may change its lists and dicts; the next one begins with the script's own."""
    array = np.zeros(3)

    def main(xs=[1], d={"a": [1]}, s={1}, array=array, fn=print, n=None):  # noqa: B006 - the point
        return locals()

    first = called(main)
    first["xs"].append(2)
    first["d"]["a"].append(2)
    first["s"].add(2)
    second = called(main)
    assert second["xs"] == [1]
    assert second["d"] == {"a": [1]}
    assert second["s"] == {1}
    assert second["array"] is array
    assert second["fn"] is print


def test_decorating_and_a_bare_run_import_nothing(tmp_path):
    """Neither the command line library nor inspect is loaded until something is typed."""
    (tmp_path / "script.py").write_text(
        "import sys\nfrom scitex_session import INJECTED, session\n"
        "heavy = {'tyro', 'inspect', 'typing', 'copy', 'dataclasses', 'argparse'}\n"
        "@session\ndef main(a=1, xs=(), CONFIG=INJECTED):\n"
        "    print(sorted(heavy & set(sys.modules)))\n"
        "print(sorted(heavy & set(sys.modules)))\nmain()\n",
        encoding="utf-8",
    )
    # Without `site`, which may import anything that an installed package wants at start-up.
    path = {"PYTHONPATH": ":".join(filter(None, sys.path)), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-S", "script.py"], cwd=tmp_path, env=path, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n[]\n"
