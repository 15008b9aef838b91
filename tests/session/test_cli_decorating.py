import functools
import subprocess
import sys

import numpy as np
import pytest

from scitex_session import INJECTED, SessionError
from scitex_session._cli._command import Command

NAMES = frozenset({"CONFIG", "plt", "COLORS", "logger", "rngg"})


def refusal(func):
    """Give the message with which a function is refused."""
    with pytest.raises(SessionError) as caught:
        Command(func, NAMES)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_parameters_are_options_or_injected():
    """What defaults to INJECTED is injected, the rest are options, each in its order."""

    def main(a, b=1, CONFIG=INJECTED, *, c="x", plt=INJECTED): ...  # noqa: N803 - a name of ours

    command = Command(main, NAMES)
    assert command.func is main
    assert command.options == ("a", "b", "c")
    assert command.injected == ("CONFIG", "plt")


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

    def __call__(self, a=1): ...


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


def test_odd_callables_that_can():
    """A partial, an object that can be called and a wrapped function show their own parameters."""

    def main(a, b=1): ...

    @functools.wraps(main)
    def wrapper(*args, **kwargs):
        return main(*args, **kwargs)

    assert Command(functools.partial(main, b=2), NAMES).options == ("a", "b")
    assert Command(Owner(), NAMES).options == ("a",)
    assert Command(wrapper, NAMES).options == ("a", "b")
    assert Command(wrapper, NAMES).func is wrapper
    assert Command(lambda x=1: x, NAMES).parse([], "s.py") == ({"x": 1}, [])


def test_a_function_inside_a_function_is_no_method():
    """Only a class makes a method."""

    class Local:
        def make(self):
            def main(a=1): ...

            return main

    assert Command(Local().make(), NAMES).options == ("a",)
    assert "is a method" in refusal(Local.make)


def test_without_arguments_the_defaults_are_given_as_copies():
    """A run may change its lists and dicts; the next one begins with the script's own."""
    array = np.zeros(3)

    def main(xs=[1], d={"a": [1]}, s={1}, array=array, fn=print, n=None): ...  # noqa: B006 - the point

    command = Command(main, NAMES)
    first, overrides = command.parse([], "s.py")
    first["xs"].append(2)
    first["d"]["a"].append(2)
    first["s"].add(2)
    second, _ = command.parse([], "s.py")
    assert overrides == []
    assert second["xs"] == [1]
    assert second["d"] == {"a": [1]}
    assert second["s"] == {1}
    assert second["array"] is array
    assert second["fn"] is print


def test_decorating_and_a_bare_run_import_nothing():
    """Neither the command line library nor inspect is loaded until something is typed."""
    code = (
        "import sys; from scitex_session._cli._command import Command\n"
        "from scitex_session import INJECTED\n"
        "def main(a=1, xs=(), CONFIG=INJECTED): ...\n"
        "assert Command(main, frozenset({'CONFIG'})).parse([], 's') == ({'a': 1, 'xs': ()}, [])\n"
        "print(sorted({'tyro', 'inspect', 'typing', 'copy', 'dataclasses'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    bare = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(sorted(sys.modules))"],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert [name for name in eval(done.stdout) if name not in eval(bare.stdout)] == []
