"""DotDicts that refuse to change."""

import copy
import json
import pickle

import pytest

from scitex_dotdict import DotDict


class Settings(DotDict):
    """A class of a user."""


WRITES = {
    "item": lambda d: d.__setitem__("a", 1),
    "attribute": lambda d: setattr(d, "a", 1),
    "method name": lambda d: setattr(d, "items", 1),
    "del item": lambda d: d.__delitem__("a"),
    "del attribute": lambda d: delattr(d, "a"),
    "update": lambda d: d.update(a=1),
    "ior": lambda d: d.__ior__({"a": 1}),
    "setdefault": lambda d: d.setdefault("new", 1),
    "pop": lambda d: d.pop("a"),
    "pop default": lambda d: d.pop("new", None),
    "popitem": lambda d: d.popitem(),
    "clear": lambda d: d.clear(),
    "init": lambda d: d.__init__(a=2),
}


@pytest.mark.parametrize("cls", [DotDict, Settings])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_is_refused(write, cls):
    """No way of writing changes a frozen DotDict; each says that it is frozen and what to do."""
    made = cls(a={"b": 1}, c=[1])
    assert made.freeze() is made
    before = repr(made)
    with pytest.raises(TypeError, match=r"this DotDict is frozen; change a copy, DotDict\(d.to"):
        write(made)
    assert repr(made) == before


def test_freezing_is_deep():
    """Nested DotDicts are frozen too; lists become tuples and sets frozensets."""
    made = DotDict(a={"b": [{"c": [1]}]}, s={1, 2})
    made.a.b.append({"late": {}})
    inner = made.a
    made.freeze()
    assert made.a is inner
    with pytest.raises(TypeError, match="cannot set 'x'"):
        inner.x = 1
    with pytest.raises(TypeError, match="cannot set 'c'"):
        made.a.b[0].c = 1
    with pytest.raises(TypeError, match="cannot set 'late'"):
        made.a.b[1].late = 1
    assert made.a.b[0].c == (1,)
    assert made.s == frozenset({1, 2})
    assert type(made.s) is frozenset


def test_reading_goes_on():
    """A frozen DotDict reads, prints and is written by json as before."""
    made = DotDict(a={"b": 1})
    shown = repr(made)
    made.freeze()
    assert made.a.b == 1
    assert made == {"a": {"b": 1}}
    assert repr(made) == shown
    assert made.setdefault("a") == {"b": 1}
    assert json.dumps(made) == '{"a": {"b": 1}}'
    assert isinstance(made, DotDict)
    with pytest.raises(AttributeError, match="did you mean 'alpha'"):
        DotDict(alpha=1).freeze().alhpa  # noqa: B018 - the reading is the point


@pytest.mark.parametrize("cls", [DotDict, Settings])
def test_copies_stay_frozen(cls):
    """Pickles, copies and unions of a frozen DotDict are frozen, at every level."""
    made = cls(a={"b": [1]}).freeze()
    for again in (
        copy.copy(made),
        made.copy(),
        copy.deepcopy(made),
        pickle.loads(pickle.dumps(made)),
        made | {},
        {} | made,
        made | {"n": {}},
    ):
        assert type(again) is type(made)
        assert again.a == {"b": (1,)}
        for part in (again, again.a):
            with pytest.raises(TypeError, match="is frozen"):
                part.x = 1


def test_a_copy_that_can_be_changed():
    """DotDict(d.to_dict()) is an equal copy that takes every write."""
    made = DotDict(a={"b": 1}).freeze()
    free = DotDict(made.to_dict())
    assert free == made
    free.a.b = 2
    assert made.a.b == 1
    assert type(free) is DotDict


def test_frozen_ones_are_hashable():
    """Equal frozen DotDicts have one hash whatever the order; others have none."""
    one = DotDict(a={"b": [1, 2]}, c=3).freeze()
    two = DotDict(c=3, a={"b": [1, 2]}).freeze()
    assert hash(one) == hash(two)
    assert {one: "found"}[two] == "found"
    with pytest.raises(TypeError, match="unhashable"):
        hash(DotDict(a=1))
    with pytest.raises(TypeError, match="unhashable"):
        hash(DotDict(a=bytearray()).freeze())


def test_freezing_twice_and_going_in_circles():
    """Freezing again is harmless, and so is a DotDict inside itself."""
    made = DotDict(a=1)
    made["itself"] = made
    loop = [1]
    loop.append(loop)
    made.loop = loop
    made.freeze()
    made.freeze()
    assert made.itself is made
    assert type(made).fromkeys("xy", {"z": []}).x == {"z": ()}


def test_unions_with_nonsense_are_refused():
    """The operands that a dict refuses are refused."""
    made = DotDict(a=1).freeze()
    for wrong in (lambda: made | [1], lambda: [1] | made):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong()
