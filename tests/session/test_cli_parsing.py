from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import typing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Optional

import numpy as np
import pytest

from scitex_session import INJECTED

if TYPE_CHECKING:
    from types import ModuleType

NAMES = frozenset({"CONFIG", "plt"})


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Optimizer:
    """How to learn."""

    lr: float = 0.1
    steps: list[int] = dataclasses.field(default_factory=lambda: [1])


@dataclasses.dataclass
class Model:
    optimizer: Optimizer = dataclasses.field(default_factory=Optimizer)
    width: int = 8


class Axes:
    def __init__(self, figure: Figure): ...  # noqa: F821 - no such type


class Pair(typing.NamedTuple):
    low: float
    high: float


@pytest.fixture
def parse(called):
    """Return a function that gives the options alone."""

    def run(func, *argv):
        return {name: value for name, value in called(func, *argv).items() if name not in NAMES}

    return run


def by_hint(hint, default=...):
    """Make a function of one option `x` with a hint as if it were written in the source."""
    scope = {**globals(), "_default": default}
    tail = "" if default is ... else " = _default"
    exec(f"from __future__ import annotations\ndef main(x: {hint}{tail}): return locals()", scope)
    return scope["main"]


@pytest.mark.parametrize(
    ("hint", "words", "value"),
    [
        ("int", ["3"], 3), ("int", ["-3"], -3), ("float", ["1"], 1.0), ("float", ["-1e-3"], -0.001),
        ("float", ["inf"], float("inf")), ("str", ["3"], "3"), ("str", ["ä b"], "ä b"),
        ("bool", [], True), ("Path", ["a/b"], Path("a/b")), ("bytes", ["ab"], b"ab"),
        ("complex", ["1+2j"], 1 + 2j), ("Literal['a', 1]", ["1"], 1),
        ("Literal['a', 1]", ["a"], "a"),
        ("Colour", ["BLUE"], Colour.BLUE), ("Level", ["HIGH"], Level.HIGH),
        ("Optional[int]", ["3"], 3), ("Optional[int]", ["None"], None), ("int | None", ["3"], 3),
        ("int | str", ["3"], 3), ("int | str", ["a"], "a"),
        ("list[int]", ["1", "2"], [1, 2]), ("list[int]", [], []),
        ("list[float]", ["-1", "1e-3"], [-1, 0.001]),
        ("list[Colour]", ["RED", "BLUE"], [Colour.RED, Colour.BLUE]),
        ("list[Path]", ["a"], [Path("a")]),
        ("list[str] | None", ["a", "b"], ["a", "b"]), ("set[int]", ["1", "1"], {1}),
        ("tuple[float, float]", ["1", "-2.5"], (1.0, -2.5)),
        ("tuple[int, ...]", ["1", "2"], (1, 2)),
        ("tuple[str, int]", ["a", "2"], ("a", 2)),
        ("dict[str, int]", ["a", "1", "b", "2"], {"a": 1, "b": 2}),
        ("list[tuple[int, int]]", ["1", "2", "3", "4"], [(1, 2), (3, 4)]),
        ("dt.date", ["2024-02-03"], dt.date(2024, 2, 3)),
        ("dt.datetime", ["2024-02-03T04:05:06+00:00"],
         dt.datetime(2024, 2, 3, 4, 5, 6, tzinfo=dt.UTC)),
        ("dt.time", ["04:05"], dt.time(4, 5)),
        ("typing.Annotated[float, 1]", ["2"], 2.0), ("typing.Annotated[int | None, 1]", ["2"], 2),
        ("'int'", ["3"], 3), ("list['Colour']", ["RED"], [Colour.RED]), ("Any", ["a"], "a"),
        ("typing.Sequence[int]", ["1"], [1]),
    ],
)  # fmt: skip
def test_a_hint_gives_the_type(parse, hint, words, value):
    """Each hint a script may have turns the words into its type, required options too."""
    func = by_hint(hint) if hint != "Any" else by_hint("Any", "b")
    found = parse(func, "--x", *words)["x"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("default", "words", "value"),
    [
        (1, ["2"], 2), (1.0, ["2"], 2.0), ("a", ["2"], "2"), (None, ["a"], "a"),
        (None, ["None"], None),
        (Path("a"), ["b"], Path("b")), (Colour.RED, ["BLUE"], Colour.BLUE),
        (Level.LOW, ["HIGH"], Level.HIGH),
        ([1], ["2", "3"], [2, 3]), ([1, 2.5], ["3"], [3.0]), ([], ["a"], ["a"]), (["a"], [], []),
        ([1, "a"], ["2", "b"], [2, "b"]), ((1, 2.5), ["3", "4"], (3, 4.0)), ((), ["a"], ("a",)),
        ({1}, ["2"], {2}), (dt.date(2024, 1, 1), ["2025-01-01"], dt.date(2025, 1, 1)),
        (np.float64(0.5), ["2"], 2.0), (np.int64(1), ["2"], 2), (b"a", ["b"], b"b"),
    ],
)  # fmt: skip
def test_without_a_hint_the_default_gives_the_type(parse, default, words, value):
    """An option is of its default's type; None takes a text; a list of numbers takes numbers."""

    def main(x=default):
        return locals()

    found = parse(main, "--x", *words)["x"]
    assert found == value
    assert type(found) is type(value)


def test_no_hint_and_no_default_is_a_text(parse):
    """The least that is known of a required option."""

    def main(x):
        return locals()

    assert parse(main, "--x", "3") == {"x": "3"}


def test_dashes_in_options_and_underscores_in_python(parse):
    """`data_path` is `--data-path`; the underscore is understood too, and so is `=`."""

    def main(data_path="a", _hidden=1, lambda_=2):
        return locals()

    assert parse(main, "--data-path", "b") == {"data_path": "b", "_hidden": 1, "lambda_": 2}
    assert parse(main, "--data_path=b", "--_hidden", "3", "--lambda_", "4") == {
        "data_path": "b",
        "_hidden": 3,
        "lambda_": 4,
    }


def test_booleans_are_pairs(parse):
    """A bool is switched by `--flag` and `--no-flag`, required ones too."""

    def main(on=True, off: bool = False, *, needed_flag: bool):
        return locals()

    assert parse(main, "--no-on", "--off", "--needed-flag") == {
        "on": False,
        "off": True,
        "needed_flag": True,
    }
    assert parse(main, "--no-needed-flag") == {"on": True, "off": False, "needed_flag": False}


def test_a_required_boolean_that_is_missing(usage_error):
    """It is asked for by both its names."""

    def main(a: int, flag: bool):
        return locals()

    assert "--flag | --no-flag" in usage_error(main, "--a", "1")
    assert "--a INT" in usage_error(main)


def test_nested_options(parse):
    """A dataclass, also inside another, and a dict with defaults give dotted options."""

    def main(model: Model = Model(), best=Optimizer(lr=0.5), extra={"a": 1}):  # noqa: B006, B008 - as users write
        return locals()

    found = parse(main, "--model.optimizer.lr", "1e-4", "--model.optimizer.steps", "2", "3",
                  "--best.lr", "1", "--extra.a", "5")  # fmt: skip
    assert found["model"] == Model(Optimizer(1e-4, [2, 3]))
    assert found["best"] == Optimizer(lr=1.0)
    assert found["extra"] == {"a": 5}

    def required(opt: Optimizer):
        return locals()

    assert parse(required) == {"opt": Optimizer()}


def test_a_named_tuple_is_nested(parse):
    """Types known by their fields work like a dataclass."""

    def main(band: Pair = Pair(1.0, 2.0)):  # noqa: B008 - as users write
        return locals()

    assert parse(main, "--band.low", "0.5") == {"band": Pair(0.5, 2.0)}


def test_what_was_not_typed_stays_as_the_script_has_it(parse):
    """Defaults keep their identity and type, whatever the hint says; mutable ones are copies."""
    number = np.float64(0.5)
    items = [1, 2]

    def main(a=1, path: Path = "data", n: int = None, number=number, items=items, x: float = 1):  # noqa: RUF013 - as users write
        return locals()

    found = parse(main, "--a", "2")
    assert found["path"] == "data"
    assert found["n"] is None
    assert found["number"] is number
    assert found["items"] == items
    assert found["items"] is not items
    assert type(found["x"]) is int
    assert parse(main, "--n", "3", "--path", "b")["n"] == 3
    assert parse(main, "--path", "b")["path"] == Path("b")


GRID = [[1], [2]]


class Broken:
    def __init__(self, size: int = 1):
        self.size = size

    def __repr__(self):
        raise ValueError("no")


def test_what_no_text_can_give_is_fixed(parse, usage_error, capfd):
    """Such an option keeps its default, help shows it, and typing it is a usage error."""
    array = np.zeros((2, 2))
    broken = Broken()

    def main(
        a=1, array: np.ndarray = array, fn=np.log, key: typing.Callable = len, broken=broken,
        grid=GRID, also: Broken | None = None, d={"k": broken}, kind: type = int,  # noqa: B006 - as users write
    ):  # fmt: skip
        return locals()

    found = parse(main, "--a", "2")
    assert found["array"] is array
    assert found["fn"] is np.log
    assert found["key"] is len
    assert found["broken"] is broken
    assert found["grid"] == GRID
    assert found["kind"] is int
    assert "fixed" in usage_error(main, "--broken", "3")
    with pytest.raises(SystemExit):
        parse(main, "--help")
    assert "numpy.ndarray shape=(2, 2)" in capfd.readouterr().out


def test_a_union_offers_what_text_can_give(parse):
    """`Path | np.ndarray` takes a path."""

    def main(x: Path | np.ndarray = None):
        return locals()

    assert parse(main, "--x", "a") == {"x": Path("a")}


@pytest.fixture
def configured(lab, monkeypatch):
    """Work where ./config has a namespace A."""
    lab.config_file("A.yaml", "x: 0\ny: 0\nz: []\n")
    monkeypatch.chdir(lab.path)


@pytest.mark.usefixtures("configured")
def test_set_is_collected_in_order(called, look):
    """`--set` may come any number of times, anywhere; the last word on a key counts."""

    def main(n=1, CONFIG=INJECTED):  # noqa: N803 - a name of ours
        return n, CONFIG.A.to_dict(), CONFIG.SDIR_RUN

    words = ["--set", "A.x=5", "--set", "A.x=1", "--n", "3", "--set", "A.y=-2", "--set=A.z=[1, 2]"]
    n, namespace, directory = called(main, *words)
    assert n == 3
    assert namespace == {"x": 1, "y": -2, "z": [1, 2]}
    recorded = look.record(directory)["overrides"]
    assert recorded == ["A.x=5", "A.x=1", "A.y=-2", "A.z=[1, 2]"]


@pytest.mark.usefixtures("configured")
def test_set_alone_needs_no_option(called):
    """A function without options has `--set` too."""

    def main(CONFIG=INJECTED):  # noqa: N803 - a name of ours
        return CONFIG.A.x, "as it is"

    assert called(main, "--set", "A.x=1") == (1, "as it is")


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--thresold", "1"], "--threshold"),
        (["--n", "1.5"], "invalid literal for int"),
        (["--n"], "Missing value"),
        (["--n", "one"], "one"),
        (["--day", "2024-02-30"], "day"),
        (["--colour", "GREEN"], "RED"),
        (["--mode", "c"], "a"),
        (["extra"], "extra"),
        (["--set"], "--set"),
        (["--pair", "1"], "--pair"),
        (["--tyro-print-completion", "csh"], "bash"),
    ],
)
def test_a_mistake_on_the_command_line(usage_error, argv, part):
    """Status 2, the message on standard error, nothing on standard output, no traceback."""

    def main(
        threshold=0.5, n=1, day: dt.date = dt.date(2024, 1, 1), colour=Colour.RED,
        mode: Literal["a", "b"] = "a", pair: tuple[int, int] = (1, 2),
    ):  # fmt: skip
        return locals()

    assert part in usage_error(main, *argv)


def test_hints_of_injected_parameters_need_not_exist(parse):
    """`plt: ModuleType = INJECTED` may be imported for type checkers alone."""

    def main(a: int = 1, plt: ModuleType = INJECTED):
        return locals()

    assert parse(main, "--a", "2") == {"a": 2}


def test_a_hint_may_name_what_encloses_the_function(parse):
    """A name of an enclosing function is found if the function uses it."""

    @dataclasses.dataclass
    class Local:
        a: int = 1

    def main(opt: Local = Local()):  # noqa: B008 - as users write
        return {"opt": Local(opt.a)}

    assert parse(main, "--opt.a", "2") == {"opt": Local(2)}


def test_a_hint_that_names_nothing(usage_error):
    """The message names function, parameter and hint, and says what to do."""
    main = by_hint("list[Nowhere]", None)
    said = usage_error(main, "--x", "1")
    assert re.search(r"main .*list\[Nowhere\] of 'x'.*TYPE_CHECKING", said)


def test_a_required_option_that_no_text_can_give(usage_error):
    """A hint that is no type of text, without a default, is told by name."""

    def main(x: object):
        return locals()

    assert "annotation for field x" in usage_error(main, "--x", "1")

    def plot(ax: Axes):
        return locals()

    said = usage_error(plot, "--ax", "1")
    assert re.search(r"plot .* no command line can be made of its hints", said)


def test_a_wrapped_function_has_the_inner_ones_hints(parse):
    """functools.wraps hands names, hints and docstring on."""
    import functools

    def inner(n: int = 1):
        return locals()

    @functools.wraps(inner)
    def main(*args, **kwargs):
        return inner(*args, **kwargs)

    assert parse(main, "--n", "2") == {"n": 2}


def test_shell_completion_is_there(lab):
    """The command line library's own completion works, without a run."""
    lab.decorated("return 0", "data_path='a'")
    done = lab.run("--tyro-print-completion", "bash")
    assert done.returncode == 0
    assert "--data-path" in done.stdout
    assert "--set" in done.stdout
    assert lab.runs() == []


def test_a_decimal_is_fixed_but_harmless(parse):
    """A default of a type the command line does not know stays as it is."""

    def main(x=Decimal("0.1"), n=1):
        return locals()

    assert parse(main, "--n", "2") == {"x": Decimal("0.1"), "n": 2}


def test_collection_of_garbage_is_as_it_was(parse):
    """Parsing switches it off for a moment and leaves it as it found it, after an error too."""
    import gc

    def main(n=1):
        return locals()

    for argv in (["--n", "2"], ["--help"], ["--m"]):
        try:
            parse(main, *argv)
        except SystemExit:
            assert gc.isenabled()
        assert gc.isenabled()


def test_any_value_may_have_any_default(parse):
    """A hint of Any is no hint."""

    def main(x: Any = 3):
        return locals()

    assert parse(main, "--x", "4") == {"x": 4}


def test_an_optional_dataclass_is_a_choice(parse):
    """`Optimizer | None` is None until it is chosen by name."""

    def main(opt: Optional[Optimizer] = None, n=1):  # noqa: UP045 - as users write
        return locals()

    assert parse(main, "--n", "2") == {"opt": None, "n": 2}
    for argv in (("--n", "3", "opt:optimizer", "--opt.lr", "2"),
                 ("opt:optimizer", "--n", "3", "--opt.lr", "2")):  # fmt: skip
        assert parse(main, *argv) == {"opt": Optimizer(lr=2.0), "n": 3}
