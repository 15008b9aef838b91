"""The files of ./config, as CONFIG shows them; `scitex_io.load` reads each of them alike."""

import datetime as dt
import os
import subprocess
import sys

import pytest

import scitex_io
from scitex_session import INJECTED, ConfigError, session

# The keys that the session itself writes, as docs/configuration.md lists them.
OF_THE_SESSION = [
    "ID", "PID", "FILE", "SDIR", "SDIR_OUT", "SDIR_RUN", "SDIR_PATH", "ARGS", "START_DATETIME",
    "END_DATETIME", "START_TIME", "END_TIME", "RUN_TIME", "EXIT_STATUS", "EXIT_REASON", "MESSAGE",
    "LOG_INCOMPLETE", "SEED", "PARENT",
]  # fmt: skip


@session
def show(_number, CONFIG=INJECTED):  # noqa: N803 - the name that is injected
    """Return CONFIG; called with an argument it opens no session."""
    return CONFIG


def config():
    """Return what ./config gives to CONFIG."""
    return {key: value for key, value in show(1).to_dict().items() if key not in OF_THE_SESSION}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Make an empty ./config."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@pytest.fixture
def load(folder, capsys):
    """Return a function that writes files into ./config and reads them; it has nothing to say."""

    def run(*, said=(), **files):
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name.replace("__", ".")).write_bytes(data)
        found = config()
        assert capsys.readouterr().err.splitlines() == list(said)
        return found

    return run


@pytest.fixture
def refusal(load):
    """Return a function that reads one file, a__yaml, and gives the message of its refusal."""

    def run(content, name="a__yaml"):
        with pytest.raises(ConfigError) as caught:
            load(**{name: content})
        message = str(caught.value)
        assert "\n" not in message
        return message

    return run


def test_each_file_is_a_namespace_in_upper_case(load):
    """The stem in upper case is the namespace; keys keep their case; both endings count."""
    files = {"EXPERIMENT__yaml": "learning_rate: 0.1", "model__yml": "Size: {Hidden: 3}"}
    assert load(**files) == {
        "EXPERIMENT": {"learning_rate": 0.1},
        "MODEL": {"Size": {"Hidden": 3}},
        "IS_DEBUG": False,
    }


def test_no_directory_is_no_configuration(folder):
    """No directory, or a file of that name, holds nothing; IS_DEBUG is there all the same."""
    folder.rmdir()
    assert config() == {"IS_DEBUG": False}
    folder.write_text("")
    assert config() == {"IS_DEBUG": False}


def test_an_empty_file_is_an_empty_namespace(load):
    """Nothing, comments alone and a bare document start are all empty."""
    read = load(a__yaml="", b__yaml="# nothing yet\n", c__yaml="---\n", d__yaml="\ufeff")
    assert read == {"A": {}, "B": {}, "C": {}, "D": {}, "IS_DEBUG": False}


def test_other_files_are_left_alone(load, folder):
    """Hidden files, editors' locks, other endings and subdirectories are not read."""
    (folder / ".#a.yaml").symlink_to("user@host.123")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "b.yaml").write_text("[")
    assert load(__hidden__yaml="[", notes__txt="[", a__yaml="x: 1") == {
        "A": {"x": 1},
        "IS_DEBUG": False,
    }


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("TRUE", True)])
def test_is_debug_is_a_bool_at_the_top(load, text, value):
    """IS_DEBUG.yaml gives CONFIG.IS_DEBUG itself, a bool."""
    assert load(IS_DEBUG__yaml=f"IS_DEBUG: {text}") == {"IS_DEBUG": value}


@pytest.mark.parametrize("content", ["IS_DEBUG: yes", "IS_DEBUG: 1", "debug: true", "true"])
def test_is_debug_is_nothing_else(refusal, content):
    """Another value or another key in IS_DEBUG.yaml is refused by name."""
    assert "IS_DEBUG" in refusal(content, "IS_DEBUG__yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1E3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-.5e+2", -50.0), ("+1.5", 1.5),
        ("017", 17), ("0o17", 15), ("0x1F", 31), ("-12", -12), ("1_000", 1000), ("0b11", "0b11"),
        ("1_000.5", 1000.5), ("2024-01-05T10:00:00+0530",
         dt.datetime(2024, 1, 5, 10, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))),
        (".inf", float("inf")), ("-.INF", float("-inf")), ("+.inf", float("inf")),
        ("True", True), ("FALSE", False), ("on", "on"), ("No", "No"), ("y", "y"), ("tRuE", "tRuE"),
        ("null", None), ("~", None), ("", None), ("None", "None"), ("1:30", "1:30"),
        ("1.2.3", "1.2.3"), ("1e", "1e"), ("-", [None]), (".", "."), ("+", "+"), ("0x", "0x"),
        ("2024-02-03", dt.date(2024, 2, 3)), ("2024-2-3", "2024-2-3"), ("2024-02", "2024-02"),
        ("2024-02-03 04:05:06.7", dt.datetime.fromisoformat("2024-02-03T04:05:06.7")),
        ("2024-02-03T04:05:06Z", dt.datetime(2024, 2, 3, 4, 5, 6, tzinfo=dt.UTC)),
        ("2024-02-03 4:05:06 -01:30",
         dt.datetime(2024, 2, 3, 4, 5, 6, tzinfo=dt.timezone(-dt.timedelta(minutes=90)))),
        ("2024-02-03 04:05:06+2",
         dt.datetime(2024, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
        ("'1e-3'", "1e-3"), ('"true"', "true"), ("!!str 12", "12"), ("!!float 12", 12.0),
        ("!!int '12'", 12), ("!!bool 'true'", True), ("!!null ''", None),
        ("!!binary AP8=", b"\x00\xff"), ("!!timestamp '2024-02-03'", dt.date(2024, 2, 3)),
        ("!!seq [1]", [1]), ("!!map {a: 1}", {"a": 1}), ("|\n   1\n   2", "1\n2\n"),
    ],
)  # fmt: skip
def test_values_follow_yaml_1_2(folder, text, value):
    """Numbers, booleans and words as YAML 1.2 has them, dates and 1_000 as YAML 1.1."""
    (folder / "a.yaml").write_text(f"x: {text}\n" if text != "-" else "x:\n  -\n")
    for found in (config()["A"]["x"], scitex_io.load("config/a.yaml")["x"]):
        assert (found, type(found)) == (value, type(value))


def test_nan_is_a_number(load):
    """The one value that does not equal itself."""
    found = load(a__yaml="x: .NaN")["A"]["x"]
    assert found != found  # noqa: PLR0124 - NaN


def test_keys_keep_their_types(load):
    """A number, a boolean or a date may be a key: labels of classes are often numbers."""
    assert load(a__yaml="3: a\n2.5: b\ntrue: c\n2024-01-01: d\n'1': e\non: f")["A"] == {
        3: "a", 2.5: "b", True: "c", dt.date(2024, 1, 1): "d", "1": "e", "on": "f",
    }  # fmt: skip


def test_a_bare_yes_is_a_word_and_that_is_said(load):
    """A bare yes, no, on or off is told on standard error with file, line and key.

    Quoted ones and keys are not told.
    """
    advice = "write true or false for a boolean, or quote it"
    read = load(
        a__yaml="on: 'yes'\nb:\n  - {deep: yes}\nc: Off\n",
        said=[
            f"config/a.yaml, line 3, key 'b.0.deep': yes is read as the word 'yes'; {advice}",
            f"config/a.yaml, line 4, key 'c': Off is read as the word 'Off'; {advice}",
        ],
    )
    assert read["A"] == {"on": "yes", "b": [{"deep": "yes"}], "c": "Off"}


def test_anchors_merges_and_overrides_of_merged_keys(load):
    """`<<` and aliases work as in PyYAML, and an overridden merged key is no repeated one."""
    text = """\
base: &base {x: 1, y: &list [1, 2]}
again: *base
over: {<<: *base, x: 2}
two: {<<: [{z: 3, x: 9}, *base], list: *list}
late:
  y: 5
  <<: *base
quoted: {'<<': 1}
"""
    read = load(a__yaml=text)["A"]
    assert read["again"] == {"x": 1, "y": [1, 2]}
    assert read["over"] == {"x": 2, "y": [1, 2]}
    assert read["two"] == {"x": 9, "y": [1, 2], "z": 3, "list": [1, 2]}
    assert read["late"] == {"x": 1, "y": 5}
    assert read["quoted"] == {"<<": 1}
    read["again"]["y"].append(3)
    assert read["base"]["y"] == [1, 2], "what an alias gave is a copy"


@pytest.mark.parametrize(
    ("text", "line", "key", "part"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "c", "bracket"),
        ("a: 1\nb: c: 2\n", 2, "b", "quote a value"),
        ("a: 1\n\tb: 2\n", 2, "b", "tab"),
        ("a: 'x\n", 1, "a", "quote"),
        ("a: @x\n", 1, "a", "quote a value"),
        ("a: *nowhere\n", 1, "a", "undefined alias"),
        ("a: 1\n---\nb: 2\n", 2, "a", "one document"),
        ("a: 1\nb: x\0y\n", 2, "b", "control character"),
        ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 5, "b.c", "twice (first on line 3)"),
        ("a: 1\n'a': 2\n", 2, "a", "twice"),
        ("1: 1\n0x1: 2\n", 2, "1", "twice"),
        ("a: {b: [{c: 1, c: 2}]}", 1, "a.b.0.c", "twice"),
        ("x: &x {k: 1}\na:\n  <<: *x\n  <<: *x\n", 4, "a.<<", "[*one, *other]"),
        ("x: &x {k: 1}\na:\n  <<: *x\n  b: 1\n  b: 2\n", 5, "a.b", "twice"),
        ("a: {<<: 1}", 1, "a.<<", "merges a value that is not a mapping"),
        ("- 1\n- 2\n", 1, "A", "a list at the top"),
        ("just words\n", 1, "A", "a single value"),
        ("a:\n  k: !!python/object/apply:os.system [x]\n", 2, "a.k", "!!python/object/apply"),
        ("!!python/object:os.x {a: 1}\n", 1, None, "!!python/object"),
        ("a: !include b.yaml\n", 1, "a", "!include"),
        ("a: !!set {b}\n", 1, "a", "!!set"),
        ("a: !!int x\n", 1, "a", "no int"),
        ("a: !!int true\n", 1, "a", "no int"),
        ("a: !!binary '*'\n", 1, "a", "invalid value"),
        ("a: 2024-13-01\n", 1, "a", "month"),
        ("a: " + "9" * 5000, 1, "a", "5000 digits"),
        ("a: &a [1, *a]\n", 1, "a.1", "contains itself"),
        ("a: &a {<<: *a}\n", 1, "a.<<", "contains itself"),
        ("? [1, 2]\n: 3\n", 1, None, "for a key"),
        ("a:\n  ~: 3\n", 2, "a", "for a key"),
        ("a: " + "[" * 101 + "]" * 101, 1, "a", "100 levels"),
        ("a: " + "[" * 200_000, 1, "a", "100 levels"),
        ("- " * 200_000, 1, None, "100 levels"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_file_line_and_key(refusal, folder, text, line, key, part):
    """What YAML or these rules forbid is told where it stands; the message says what to do.

    `scitex_io.load` says the same, except where it has no reason to refuse.
    """
    message = refusal(text)
    where = f"config/a.yaml, line {line}" + (f", key {key!r}: " if key else ": ")
    assert message.startswith(where)
    assert part in message
    if "at the top" in message:
        assert scitex_io.load("config/a.yaml") in ([1, 2], "just words")
        return
    with pytest.raises(scitex_io.YamlError) as caught:
        scitex_io.load("config/a.yaml")
    assert str(caught.value) == f"{folder.parent}/{message}"


def test_an_alias_bomb_does_not_go_off(refusal):
    """Aliases that would make a billion values, or a terabyte of text, are refused at once."""
    lists = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "more than 100,000 values" in refusal(lists)
    merges = "a: &a {x: 1}\n" + "".join(
        f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 10)}], {new}: 1}}\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "more than 100,000 values" in refusal(merges)
    texts = f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 1000)}]\n"
    assert "more than 100,000 values" in refusal(texts)


def test_plenty_of_harmless_aliases_are_fine(load):
    """A thousand uses of one anchor are no bomb."""
    text = "a: &a {x: 1, y: [1, 2]}\nb: [" + ", ".join(["*a"] * 1000) + "]\n"
    assert load(a__yaml=text)["A"]["b"][999] == {"x": 1, "y": [1, 2]}


@pytest.mark.parametrize(
    "data",
    [b"a: 1\nname: caf\xe9\n", b"a: 1\nname: \xed\xa0\x80\n", "a: 1\nname: x\n".encode("utf-16")],
)
def test_bytes_that_are_not_utf_8(refusal, data):
    """The first wrong byte is told with its line."""
    message = refusal(data)
    assert "is not UTF-8" in message
    assert ", line 1" in message or ", line 2, key 'name'" in message


@pytest.mark.parametrize("name", OF_THE_SESSION)
@pytest.mark.parametrize("change", [str, str.lower])
def test_a_name_of_the_session_is_refused(refusal, name, change):
    """No file may overwrite what the session writes into CONFIG, in any case of letters."""
    stem = change(name)
    message = refusal("x: 1", f"{stem}__yaml")
    assert f"{stem}.yaml, line 1, key {name!r}" in message


def test_two_files_of_one_namespace(refusal, load):
    """Two files that differ in case or ending alone are refused, both named."""
    load(model__yaml="x: 1")
    message = refusal("x: 2", "Model__yml")
    assert "model.yaml" in message
    assert "Model.yml" in message


def test_every_bad_file_has_its_line(folder):
    """Several bad files are told at once, a line for each."""
    for name in ("a", "b", "c"):
        (folder / f"{name}.yaml").write_text("x: [" if name != "b" else "x: 1")
    with pytest.raises(ConfigError) as caught:
        config()
    assert [line.partition(",")[0] for line in str(caught.value).splitlines()] == [
        "config/a.yaml",
        "config/c.yaml",
    ]


def test_a_file_of_more_than_ten_megabytes(refusal):
    """Ten megabytes are read, one byte more is refused."""
    assert "10 MB" in refusal("# " + "x" * 10_000_000)


def test_what_is_no_regular_file(folder):
    """A pipe does not hold the start up; a directory and a link to nothing are named."""
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "link.yaml").symlink_to("nowhere")
    (folder / "device.yaml").symlink_to("/dev/zero")
    with pytest.raises(ConfigError) as caught:
        config()
    lines = str(caught.value).splitlines()
    assert [os.path.basename(line.partition(":")[0]) for line in lines] == [
        "device.yaml", "folder.yaml", "link.yaml", "pipe.yaml",
    ]  # fmt: skip
    assert "link to nothing" in lines[2]


def test_a_link_to_a_file_is_read(load, tmp_path_factory, folder):
    """Configuration may be shared by links."""
    shared = tmp_path_factory.mktemp("shared") / "common.yaml"
    shared.write_text("x: 1")
    (folder / "b.yaml").symlink_to(shared)
    assert load()["B"] == {"x": 1}


def test_a_file_that_may_not_be_read(lab, bound):
    """A missing permission is told in one line, not by a traceback."""
    lab.config_file("b.yaml", "x: 1").chmod(0)
    lab.decorated("print('ran')")
    done = lab.run(prefix=bound)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "script.py: error: config/b.yaml: cannot be read: Permission denied\n"


@pytest.fixture
def fresh(tmp_path):
    """Return a function that runs code in an interpreter that sees no environment."""

    def run(code):
        (tmp_path / "fresh.py").write_text(code, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-I", "fresh.py"],
            cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip

    return run


SHOW = (
    "import sys\n"
    "from scitex_session import INJECTED, session\n"
    "@session\n"
    "def show(number, CONFIG=INJECTED):\n"
    "    return CONFIG\n"
)


def test_nothing_is_imported_where_there_is_no_file(fresh):
    """Without configuration files the YAML library stays where it is."""
    done = fresh(SHOW + "show(1)\nprint('yaml' in sys.modules)\n")
    assert done.stdout == "False\n", done.stderr


def test_the_parser_in_python_reads_alike(fresh, folder):
    """Where PyYAML was built without its C parser, the same values and refusals come out."""
    (folder / "a.yaml").write_text("x: &x [1e-3, on]\ny: {<<: {z: *x}}\n")
    done = fresh(
        "import yaml; del yaml.CSafeLoader\n"
        + SHOW
        + "print(show(1).A.to_dict())\n"
        + "open('config/b.yaml', 'w', encoding='utf-8').write('- ' * 500)\n"
        + "show(1)\n"
    )
    assert done.stdout == "{'x': [0.001, 'on'], 'y': {'z': [0.001, 'on']}}\n"
    assert "config/b.yaml, line 1: is nested more than 100 levels deep" in done.stderr


@pytest.mark.parametrize(
    "text",
    ["a: [1", "a: 1\na: 2", "- 1", "a: !!python/name:os.system", "a: &a [*a]", "a: \xff"],
)
def test_a_script_says_it_in_one_line_and_leaves_nothing(lab, text):
    """A mistake in a configuration file ends a script with status 2, one line and no directory."""
    (lab.path / "config" / "a.yaml").write_bytes(text.encode("latin-1"))
    lab.decorated("print('ran')")
    done = lab.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "config/a.yaml, line " in done.stderr
    assert not (lab.path / "script_out").exists()
