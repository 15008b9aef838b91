"""Reading, writing and what makes it a real dict."""

import collections
import copy
import json
import pickle
import pprint
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitex_dotdict import DotDict

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=20,
)
MAPPINGS = st.dictionaries(st.text(max_size=5), TREES, max_size=5)


class Settings(DotDict):
    """A class of a user."""

    def describe(self):
        """Tell something."""
        return f"{len(self)} settings"


class Scaled(DotDict):
    """A class of a user, with a property that can be set."""

    __slots__ = ()

    @property
    def percent(self):
        """Tell a hundred times the fraction."""
        return self.fraction * 100

    @percent.setter
    def percent(self, value):
        self["fraction"] = value / 100


def all_dicts(value):
    """Every dict in a tree of dicts, lists and tuples."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from all_dicts(item)


@given(MAPPINGS)
def test_equals_the_dict_it_was_made_from(source):
    """A DotDict equals its source, keeps the order of keys, and every dict in it is one."""
    made = DotDict(source)
    assert made == source
    assert list(made) == list(source)
    assert {type(part) for part in all_dicts(made)} == {DotDict}


@given(MAPPINGS)
def test_to_dict_undoes_the_conversion(source):
    """to_dict gives plain dicts, lists and tuples all the way down, equal to the source."""
    plain = DotDict(source).to_dict()
    assert plain == source
    assert all(type(part) is dict for part in all_dicts(plain))


@given(MAPPINGS)
def test_json_and_pickle_round_trips(source):
    """Json writes what it writes for the dict; pickle gives back the same type at every level."""
    made = DotDict(source)
    assert json.dumps(made) == json.dumps(source)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(made, protocol))
        assert again == made
        assert {type(part) for part in all_dicts(again)} == {DotDict}


def test_the_source_is_left_alone():
    """Making a DotDict changes nothing in the dict it is made from."""
    source = {"a": {"b": [{"c": 1}]}}
    made = DotDict(source)
    made.a.b[0].c = 2
    made.a.d = 3
    assert source == {"a": {"b": [{"c": 1}]}}
    assert type(source["a"]) is dict


@pytest.mark.parametrize(
    "write",
    [
        lambda d: d.__setitem__("x", {"y": 1}),
        lambda d: setattr(d, "x", {"y": 1}),
        lambda d: d.update({"x": {"y": 1}}),
        lambda d: d.update([("x", {"y": 1})]),
        lambda d: d.update(x={"y": 1}),
        lambda d: d.setdefault("x", {"y": 1}),
        lambda d: d.__ior__({"x": {"y": 1}}),
        lambda d: d.__ior__([("x", {"y": 1})]),
    ],
    ids=["item", "attribute", "update", "pairs", "keywords", "setdefault", "ior", "ior-pairs"],
)
@pytest.mark.parametrize("cls", [DotDict, Settings])
def test_every_way_of_writing_converts(write, cls):
    """A dict put in by whatever way can be read by attribute, and is of the same class."""
    made = cls()
    write(made)
    assert made.x.y == 1
    assert type(made.x) is cls


def test_constructors_convert():
    """Keywords, pairs, fromkeys and both sides of | give DotDicts inside as well."""
    assert DotDict(x={"y": 1}).x.y == 1
    assert DotDict([("x", {"y": 1})]).x.y == 1
    assert DotDict({"a": 0}, x={"y": 1}).x.y == 1
    assert DotDict(self={"y": 1}).self.y == 1
    assert DotDict.fromkeys(["x"], {"y": 1}).x.y == 1
    assert (DotDict() | {"x": {"y": 1}}).x.y == 1
    assert ({"x": {"y": 1}} | DotDict()).x.y == 1


def test_lists_and_tuples_are_searched():
    """Dicts inside lists and tuples are converted, and the kinds of sequence are kept."""
    made = DotDict(a=[{"b": ({"c": [[{"d": 1}]]},)}])
    assert made.a[0].b[0].c[0][0].d == 1
    assert type(made.a) is list
    assert type(made.a[0].b) is tuple


def test_a_list_without_dicts_is_kept_as_the_same_object():
    """A list, also a nested one, that holds no dict is stored as it is, as a dict would."""
    matrix = [[1, 2], [3, 4]]
    made = DotDict(matrix=matrix)
    assert made.matrix is matrix
    pair = ((1, 2), (3,))
    made.pair = pair
    assert made.pair is pair


def test_other_mappings_are_kept():
    """A defaultdict, an OrderedDict or a named tuple has a behaviour of its own and keeps it."""
    counts = collections.Counter("aab")
    point = collections.namedtuple("Point", "x y")(1, {"z": 2})  # noqa: PYI024 - the plain one is meant
    made = DotDict(counts=counts, point=point)
    assert made.counts is counts
    assert made.point is point


def test_a_dict_met_twice_or_inside_itself_is_converted_once():
    """Shared and circular references survive the conversion, in both directions."""
    shared = {"n": 1}
    source = {"first": shared, "second": [shared]}
    source["itself"] = source
    loop = [1]
    loop.append(loop)
    source["loop"] = [loop, {}]
    made = DotDict(source)
    assert made.first is made.second[0]
    assert made.itself.itself.first.n == 1
    assert made.loop[0][1] is made.loop[0]
    plain = made.to_dict()
    assert plain["itself"]["itself"]["first"] is plain["second"][0]
    assert "..." in repr(made)


def test_sharing_keeps_deep_aliases_cheap():
    """A tree whose written-out form has 2 to the 60 leaves is converted at once."""
    tree = {"n": 1}
    for _ in range(60):
        tree = {"left": tree, "right": [tree, tree]}
    made = DotDict(tree)
    assert made.left.left.right[1] is made.left.left.left
    assert made.to_dict()["left"]["right"][0] is not tree


@pytest.mark.parametrize("name", [name for name in dir(dict) if not name.startswith("__")])
def test_methods_win_on_read(name):
    """Whatever keys there are, an attribute that a dict has is the dict's."""
    made = DotDict({name: 5})
    assert callable(getattr(made, name))
    assert made[name] == 5
    assert sorted(made.keys()) == [name]


@pytest.mark.parametrize("name", ["items", "keys", "copy", "freeze", "to_dict", "__class__"])
def test_a_methods_name_set_as_an_attribute_is_refused(name):
    """Setting `d.items` is an error that says why and what to write; the key works."""
    made = DotDict()
    with pytest.raises(AttributeError, match=rf"'{name}' is .* write it as a key: \['{name}'\]"):
        setattr(made, name, 1)
    assert made == {}
    made[name] = 1
    assert made == {name: 1}


def test_names_of_python_are_not_made_keys():
    """A name that begins with two underscores cannot become a key by way of an attribute."""
    made = DotDict()
    with pytest.raises(AttributeError, match="'__orig_class__' is a name of Python"):
        made.__orig_class__ = int
    alias = DotDict[str, int]
    assert alias(a=1) == {"a": 1}


@pytest.mark.parametrize("key", ["__deepcopy__", "__getstate__", "__reduce_ex__", "__array__"])
def test_no_key_breaks_copy_or_pickle(key):
    """A key with the name of a protocol is data, and copy, deepcopy and pickle work with it."""
    made = DotDict({key: 1, "a": {"b": 2}})
    assert copy.copy(made) == made
    assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert made[key] == 1


def test_a_typo_names_the_nearest_key():
    """Reading or deleting a misspelt attribute is an AttributeError with a suggestion."""
    made = DotDict(learning_rate=0.1, epochs=3)
    with pytest.raises(AttributeError, match="no key 'lerning_rate'; did you mean 'learning_rate'"):
        made.lerning_rate  # noqa: B018 - the reading is the point
    with pytest.raises(AttributeError, match="did you mean 'epochs'"):
        del made.epoch
    with pytest.raises(AttributeError, match="did you mean 'learning_rate'"):
        made.LEARNING_RATE  # noqa: B018 - the reading is the point
    with pytest.raises(AttributeError, match=r"it has 'learning_rate', 'epochs'$"):
        made.zzz  # noqa: B018 - the reading is the point
    with pytest.raises(AttributeError, match="it has no keys"):
        DotDict().a  # noqa: B018 - the reading is the point
    with pytest.raises(AttributeError, match=r"'a7', \.\.\.$"):
        DotDict.fromkeys([f"a{n}" for n in range(20)]).zzz  # noqa: B018 - the reading is the point
    assert not hasattr(made, "epoch")
    assert getattr(made, "epoch", 7) == 7


def test_a_missing_item_is_a_key_error():
    """Reading by key stays as a dict has it."""
    with pytest.raises(KeyError, match="epoch"):
        DotDict(epochs=3)["epoch"]
    assert DotDict(epochs=3).get("epoch") is None


def test_deleting_by_attribute():
    """`del d.a` deletes the key."""
    made = DotDict(a=1, b=2)
    del made.a
    assert made == {"b": 2}


def test_keys_need_not_be_strings():
    """Any hashable is a key, as in a dict."""
    made = DotDict({1: {"a": 2}, None: 3, (1, 2): 4})
    assert made[1].a == 2
    assert made[None] == 3
    with pytest.raises(AttributeError, match="it has no keys"):
        made.b  # noqa: B018 - the reading is the point


def test_copies_keep_the_type():
    """Copy, copy.copy, deepcopy, pickle and | give the class of the original, also a user's."""
    made = Settings(a={"b": [1]})
    for again in (
        made.copy(),
        copy.copy(made),
        copy.deepcopy(made),
        pickle.loads(pickle.dumps(made)),
        made | {},
        {} | made,
    ):
        assert again == made
        assert again is not made
        assert type(again) is Settings
        assert type(again.a) is Settings


def test_copy_is_shallow_and_deepcopy_deep():
    """A copy shares its values with the original, a deep copy shares none."""
    made = DotDict(a={"b": [1]})
    assert made.copy().a is made.a
    assert copy.copy(made).a is made.a
    deep = copy.deepcopy(made)
    deep.a.b.append(2)
    assert made.a.b == [1]
    made["itself"] = made
    again = copy.deepcopy(made)
    assert again.itself is again


def test_union_follows_dict():
    """In a union the right side wins, neither operand changes, and nonsense is refused."""
    left, right = DotDict(a=1, b=2), {"b": 3, "c": {"d": 4}}
    assert (left | right) == {"a": 1, "b": 3, "c": {"d": 4}}
    assert (right | left) == {"b": 2, "c": {"d": 4}, "a": 1}
    assert left == {"a": 1, "b": 2}
    left |= right
    assert left.c.d == 4
    for wrong in (lambda: left | [1], lambda: [1] | left):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong()


def test_setdefault_returns_what_is_there():
    """Setdefault keeps an existing value and returns the converted one otherwise."""
    made = DotDict(a=1)
    assert made.setdefault("a", 2) == 1
    made.setdefault("b", {}).c = 3
    assert made.b.c == 3
    assert made.setdefault("d") is None


def test_dir_and_key_completion():
    """Tab completion offers methods and keys that are identifiers; after [" all keys."""
    made = DotDict({"alpha": 1, "two words": 2, 3: 4, "__x__": 5})
    assert {"alpha", "items", "freeze"} <= set(dir(made))
    assert not {"two words", 3, "__x__"} & set(dir(made))
    assert made._ipython_key_completions_() == ["alpha", "two words", 3, "__x__"]


def test_repr_can_be_evaluated():
    """The repr is the expression that makes an equal object."""
    made = DotDict(a={"b": [1, {"c": "x"}]})
    assert repr(made) == "DotDict({'a': DotDict({'b': [1, DotDict({'c': 'x'})]})})"
    assert eval(repr(made), {"DotDict": DotDict}) == made
    assert "DotDict" in pprint.pformat(made)


def test_a_users_class_keeps_its_methods_and_properties():
    """Methods and properties of a subclass win over keys, and a settable property is set."""
    settings = Settings(describe=1, a=2)
    assert settings.describe() == "2 settings"
    assert DotDict(describe=1).describe == 1
    made = DotDict()
    made.describe = 2
    assert made == {"describe": 2}
    scaled = Scaled(fraction=0.5)
    assert scaled.percent == 50
    scaled.percent = 20
    assert scaled == {"fraction": 0.2}


def test_it_is_a_real_dict():
    """Dict methods, ** and isinstance work, and C code sees a dict."""
    made = DotDict(a=1, b={"c": 2})
    assert isinstance(made, dict)
    assert dict(**made) == made
    assert made.pop("a") == 1
    assert list(made.items()) == [("b", {"c": 2})]
    assert "b" in made
    assert len(made) == 1
    match made:
        case {"b": {"c": value}}:
            assert value == 2


def test_import_is_light():
    """Importing the package loads nothing that a bare interpreter would not."""
    program = (
        "import sys; before = set(sys.modules); import scitex_dotdict as s;"
        "d = s.DotDict(a={'b': 1}); d.a.b = 2;"
        "print(*(set(sys.modules) - before), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    loaded = {n for n in done.stdout.split() if n.partition(".")[0] != "scitex_dotdict"}
    assert loaded <= {"gc", "__future__"}


def test_public_names():
    """`__all__` is what the package exports, and the version is that of the distribution."""
    import scitex_dotdict

    assert scitex_dotdict.__all__ == ["DotDict"]
    assert scitex_dotdict.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        scitex_dotdict.nothing  # noqa: B018 - the reading is the point
