"""YAML: what is written is read the same, by us and by everyone else."""

import datetime as dt
import math
import pathlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scitex_io import UnfitObjectError, YamlError, dump_yaml, load, parse_yaml, save, to_plain

yaml = pytest.importorskip("yaml")
MANY = settings(suppress_health_check=list(HealthCheck), deadline=None)


def readers(data):
    """Yield what each YAML reader makes of some bytes."""
    yield yaml.safe_load(data)
    yield yaml.load(data, yaml.CSafeLoader)
    yield parse_yaml(data)


NASTY = [
    "", " ", "yes", "No", "ON", "y", "null", "~", "true", "1", "1e-3", "1e5", "017", "0x1", "1_0",
    "1:30", ".5", ".inf", "nan", "-", "- a", "? a", ": a", "a: b", "a #b", "#", "&a", "*a", "!a",
    "%a", "|", ">", "@a", "`a", "'", '"', "\\", "[a]", "{a}", ",", "a,b", "<<", "=", "2024-01-01",
    "a\nb", "a\r\nb", "\ta", "a ", " a", "\x00\x07\x1b\x7f\x80\x85\x9f\xa0\xad", "\u2028\u2029",
    "\ufeff\ufffe\U0001f600\U000e0001\U0010ffff", "é", "---", "...", "a\u0300", "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_any_text_comes_back(text):
    """As a value, as a key and in a list: what YAML 1.1 or 1.2 would misread is quoted."""
    plain = {text: text, "list": [text, [text]], "deep": {text: [{text: text}]}}
    for read in readers(dump_yaml(plain)):
        assert read == plain
    assert load(save(plain, "x.yaml")) == plain


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


@MANY
@given(TREES)
def test_every_value_comes_back(tree):
    """What is plain is written so that PyYAML and our own reader load the very same value."""
    for read in readers(dump_yaml(tree)):
        assert repr(read) == repr(tree)


@MANY
@given(TREES)
def test_a_saved_file_comes_back_or_is_refused(tree):
    """`load` of what `save` wrote is equal, whatever the nest holds; bytes are refused."""
    try:
        path = save(tree, "x.yaml")
    except UnfitObjectError as error:
        assert "bytes" in str(error) or "surrogate" in str(error)  # noqa: PT017
        return
    assert repr(load(path)) == repr(tree)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1e-5, b"1.0e-05\n"),
        (1e22, b"1.0e+22\n"),
        (math.inf, b".inf\n"),
        (-math.inf, b"-.inf\n"),
        (math.nan, b".nan\n"),
    ],
)
def test_numbers_that_readers_disagree_on(number, written):
    """YAML 1.1 takes 1e-05 for a word: it is written as every reader knows it."""
    data = dump_yaml(number)
    assert data == written
    assert [repr(read) for read in readers(data)] == [repr(number)] * 3


def test_a_number_of_five_thousand_digits():
    """Where Python refuses to write a whole number in decimal, it is written to base 16."""
    assert list(readers(dump_yaml(10**5000))) == [10**5000] * 3


def test_moments_keep_their_offset():
    """A datetime comes back as the same instant; an offset with seconds goes to UTC."""
    paris = dt.timezone(dt.timedelta(hours=1, minutes=30), "Somewhere")
    odd = dt.timezone(dt.timedelta(minutes=9, seconds=21))
    moments = {
        "a": dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=paris),
        "b": dt.datetime(1880, 1, 2, 3, 4, 5, tzinfo=odd),
        "c": dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.timezone(-dt.timedelta(minutes=30))),
    }
    for read in (*readers(dump_yaml(to_plain(moments)[0])), load(save(moments, "x.yaml"))):
        assert read == moments


def test_only_plain_values_are_written():
    """`dump_yaml` refuses what has not gone through to_plain, naming its type."""
    with pytest.raises(TypeError, match="Path"):
        dump_yaml({"a": [pathlib.Path("b")]})


@pytest.mark.parametrize("key", [None, math.nan])
def test_keys_that_no_reader_finds_again_are_refused(key, names):
    """The reader refuses null and NaN as keys, so `save` does."""
    with pytest.raises(UnfitObjectError, match=r"at \['a'\] has the key (None|nan)"):
        save({"a": {key: 1}}, "x.yaml")
    assert names() == []


@pytest.mark.parametrize("deepest", [[], {}, 1])
def test_the_deepest_nest_that_is_written_is_read(deepest):
    """A nest of a hundred levels comes back, or is refused when it is saved, and not later."""
    saved = []
    for depth in range(95, 105):
        nest = deepest
        for _ in range(depth):
            nest = [nest]
        try:
            assert load(save(nest, "x.yaml")) == nest
            saved.append(depth)
        except UnfitObjectError as error:
            assert "nested too deep" in str(error)  # noqa: PT017
    assert saved == list(range(95, max(saved) + 1))


def test_keys_can_be_sorted():
    """`sort_keys` sorts at every depth; keys without a common order stay as they are."""
    path = save({"b": [{"d": 1, "c": 2}], "a": {2: "x", "1": "y"}}, "x.yaml", sort_keys=True)
    assert list(load(path)) == ["a", "b"]
    assert list(load(path)["b"][0]) == ["c", "d"]
    assert list(load(path)["a"]) == [2, "1"]


def test_a_document_of_any_shape():
    """A list, a single value or nothing may stand at the top."""
    for text, value in (("- 1\n- a: 2\n", [1, {"a": 2}]), ("3", 3), ("", None)):
        assert parse_yaml(text) == parse_yaml(text.encode()) == value


def test_an_error_gives_its_parts():
    """The message is one line with file, line and key, and the attributes give them singly."""
    with pytest.raises(YamlError) as caught:
        parse_yaml("a:\n  b: 1\n  b: 2\n", name="x.yaml")
    error = caught.value
    assert str(error) == f"x.yaml, line 3, key 'a.b': {error.problem}"
    assert (error.name, error.line, error.key) == ("x.yaml", 3, "a.b")
    assert error.problem == "is there twice (first on line 2); keep one of them"
    with pytest.raises(ValueError, match=r"^line 1: is no YAML"):
        parse_yaml("[")


def test_a_bare_yes_can_be_told():
    """`warn` hears of a word that YAML 1.1 read as a boolean, with line and key."""
    heard = []
    read = parse_yaml("a: 1\nb: [on, 'on']\n", warn=lambda *what: heard.append(what))
    assert read == {"a": 1, "b": ["on", "on"]}
    ((text, line, key),) = heard
    assert (line, key) == (2, "b.0")
    assert text.startswith("on is read as the word 'on'")


@pytest.mark.parametrize("content", [b"a: caf\xe9", "a: 1".encode("utf-16"), "a: \ud800"])
def test_what_is_not_utf_8_is_refused(content):
    """A file in another encoding is named as such."""
    with pytest.raises(YamlError, match="is not UTF-8"):
        parse_yaml(content)
