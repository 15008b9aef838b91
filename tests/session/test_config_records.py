"""The records of a run: CONFIG.yaml, CONFIG.pkl and PROVENANCE.json hold what the run was given."""

import datetime as dt
import io
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# A session whose arguments are unpickled from a file, or made by code.
SCRIPT = """
import pickle
from scitex_session import close, start
{code}
CONFIG, *_ = start(args={{"value": value}}, sdir={folder!r}, verbose=False)
close(CONFIG, exit_status=0, verbose=False)
"""


def strict_json(data):
    """Load JSON without Python's own NaN and Infinity."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(data, parse_constant=refuse)


class Records:
    """The argument of a run as its three records hold it."""

    def __init__(self, folder):
        folder = folder / "CONFIGS"
        self.yaml = (folder / "CONFIG.yaml").read_bytes()
        self.json = (folder / "PROVENANCE.json").read_bytes()
        self.pickle = (folder / "CONFIG.pkl").read_bytes()

    def from_json(self):
        return strict_json(self.json)["args"]["value"]

    def from_pickle(self):
        return pickle.loads(self.pickle)["ARGS"]["value"]

    def from_yaml(self):
        return yaml.safe_load(self.yaml)["ARGS"]["value"]


@pytest.fixture
def records(lab):
    """Return a function that runs a session with an argument, or code that makes one."""
    count = iter(range(1000))

    def run(value=None, *, code="value = pickle.load(open('value.pkl', 'rb'))"):
        (lab.path / "value.pkl").write_bytes(pickle.dumps(value))
        folder = lab.path / f"run{next(count)}"
        lab.write(SCRIPT.format(code=code, folder=str(folder)))
        done = lab.run()
        assert done.returncode == 0, done.stderr
        return Records(folder)

    return run


NASTY = [
    "", " ", "yes", "No", "ON", "y", "null", "~", "true", "1", "1e-3", "1e5", "017", "0x1", "1_0",
    "1:30", ".5", ".inf", "nan", "-", "- a", "? a", ": a", "a: b", "a #b", "#", "&a", "*a", "!a",
    "%a", "|", ">", "@a", "`a", "'", '"', "\\", "[a]", "{a}", ",", "a,b", "<<", "=", "2024-01-01",
    "a\nb", "a\r\nb", "\ta", "a ", " a", "\x00\x07\x1b\x7f\x80\x85\x9f\xa0\xad", "\u2028\u2029",
    "\ufeff\ufffe\U0001f600\U000e0001\U0010ffff", "é", "---", "...", "a\u0300", "x" * 3000,
]  # fmt: skip


def test_any_text_comes_back(records):
    """As a value, as a key and in a list, whatever a reader of YAML would make of it bare."""
    plain = [{text: text, "list": [text, [text]], "deep": {text: [{text: text}]}} for text in NASTY]
    made = records(plain)
    assert made.from_yaml() == plain
    assert made.from_json() == plain
    assert made.from_pickle() == plain


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(lambda when: when.replace(fold=0))
)
KEYS = st.text() | st.integers() | st.dates()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@FEW
@given(st.lists(TREES, min_size=10, max_size=10))
def test_every_value_comes_back(records, trees):
    """YAML and the pickle hold the same values in the same types; JSON is JSON by RFC 8259."""
    made = records(trees)
    assert repr(made.from_yaml()) == repr(trees)
    assert repr(made.from_pickle()) == repr(trees)
    assert len(made.from_json()) == len(trees)


def test_json_of_what_json_has_not(records):
    """Dates are ISO text, bytes a data URL, keys text, and no two keys fall together."""
    day = dt.date(2024, 1, 2)
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    made = records(
        [
            {1: "a", "1": "b", day: moment, "b": b"\x00\xff"},
            [math.inf, -math.inf, math.nan],
            1e-5,
            1e22,
            10**5000,
        ]
    )
    mapping, *numbers = made.from_json()
    assert mapping == {
        "1 (2)": "a",
        "1": "b",
        "2024-01-02": moment.isoformat(),
        "b": "data:application/octet-stream;base64,AP8=",
    }
    assert numbers == [["Infinity", "-Infinity", "NaN"], 1e-5, 1e22, hex(10**5000)]
    assert made.from_pickle()[4] == made.from_yaml()[4] == 10**5000


ODD = """
import datetime as dt, enum, pathlib
import numpy as np
from scitex_dotdict import DotDict

class Broken:
    def __repr__(self):
        raise ValueError("no")

class Level(enum.IntEnum):
    HIGH = 3

value = {
    "path": pathlib.Path("a/b"), "pure": pathlib.PurePosixPath("/c"), "pair": (1, 2.5),
    "when": dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc), "day": dt.date(2024, 1, 2),
    "odd": lambda: 0, "n": np.float64(1.5), "dot": DotDict(a=1), "set": {1}, "broken": Broken(),
    "level": Level.HIGH, "name": "caf\\udce9.csv", "of": {},
}
"""


def test_the_pickle_holds_builtins_paths_and_datetimes_only(records):
    """No class of ours or of numpy is named in it: of all modules, pathlib and datetime alone."""
    made = records(code=ODD)
    named = set()

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            named.add((module, name))
            return super().find_class(module, name)

    read = Reader(io.BytesIO(made.pickle)).load()["ARGS"]["value"]
    assert named == {
        ("pathlib", "Path"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
    }
    assert (read["path"], read["pure"]) == (Path("a/b"), Path("/c"))
    assert read["pair"] == (1, 2.5)
    assert read["when"] == dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    assert read["day"] == dt.date(2024, 1, 2)
    assert (type(read["n"]), type(read["dot"]), read["set"]) == (float, dict, [1])


def test_what_no_record_can_hold_is_described_and_named(records):
    """The description stands in its place in all three, and a warning names the key."""
    made = records(code=ODD)
    for read in (made.from_yaml(), made.from_json(), made.from_pickle()):
        assert "<lambda>" in read["odd"]
        assert "Broken" in read["broken"]
        assert (read["level"], read["name"], read["of"]) == ("HIGH", "caf\\udce9.csv", {})
    warnings = strict_json(made.json)["warnings"]
    assert [line.split()[0] for line in warnings] == [
        "args.value.odd", "args.value.broken", "args.value.name",
    ]  # fmt: skip


def test_what_configuration_cannot_hold_is_said_at_the_end(lab, look):
    """A key that the script added with such a value is named on the console."""
    lab.decorated("CONFIG['CALLED'] = lambda: 0\nreturn 0", "CONFIG=INJECTED")
    said = lab.run().stderr
    assert "CONFIG: CALLED" in said
    assert "<lambda>" in look.config(lab.only("FINISHED_SUCCESS"))["CALLED"]


def test_the_pickle_loads_without_this_package(records, tmp_path):
    """An interpreter that has never heard of us loads it."""
    made = records([tmp_path, dt.datetime.now(dt.UTC), [1, {}, []]])
    file = tmp_path / "x.pkl"
    file.write_bytes(made.pickle)
    code = f"import pickle; print(pickle.load(open({str(file)!r}, 'rb'))['ARGS']['value'][0])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == f"{tmp_path}\n"


def test_a_run_without_configuration_files_loads_no_yaml_library(lab):
    """Reading no YAML, a session writes its own without PyYAML, and loads no numpy for it."""
    lab.write(
        "import sys\nfrom scitex_session import INJECTED, session\n"
        "import atexit\n"
        "atexit.register(lambda: print({'yaml', 'numpy'} & set(sys.modules)))\n"
        "@session\ndef main():\n    return 0\nmain()\n"
    )
    assert lab.run().stdout == "set()\n"
