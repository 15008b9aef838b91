"""Each row of the README's table, tried on DotDict and on whichever peers are installed."""

import copy
import importlib
import json
import pickle
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from scitex_dotdict import DotDict

MODULES = {"python-box": "box", "munch": "munch", "addict": "addict", "OmegaConf": "omegaconf"}
MAKERS = {
    "DotDict": lambda: DotDict,
    "python-box": lambda: importlib.import_module("box").Box,
    "munch": lambda: importlib.import_module("munch").munchify,
    "addict": lambda: importlib.import_module("addict").Dict,
    "OmegaConf": lambda: importlib.import_module("omegaconf").OmegaConf.create,
}
INSTALLED = ["DotDict", *(name for name in MODULES if find_spec(MODULES[name]))]
README = Path(__file__).parents[2] / "packages/scitex-dotdict/README.md"


def _typo_is_an_error(make):
    with pytest.raises(AttributeError):
        make({"learning_rate": 1}).learning_rat  # noqa: B018 - the reading is the point
    return True


def _typo_names_the_key(make):
    with pytest.raises(AttributeError, match=r"(?i)did you mean.*learning_rate"):
        make({"learning_rate": 1}).learning_rat  # noqa: B018 - the reading is the point
    return True


def _typo_in_a_branch(make):
    made = make({"model": {"lr": 1}})
    with pytest.raises(AttributeError):
        made.modl.lr = 2
    return True


def _method_name_refused(make):
    made = make({"a": 1})
    with pytest.raises(AttributeError):
        made.items = 5
    return list(made.items()) == [("a", 1)]


def _method_name_refused_with_the_way_out(make):
    with pytest.raises(AttributeError, match=r"\['items'\]"):
        make({"a": 1}).items = 5
    return True


def _converts_items(make):
    made = make({})
    made["x"] = {"y": 1}
    return made.x.y == 1


def _converts_update(make):
    made = make({})
    made.update({"x": {"y": 1}})
    made.setdefault("z", {"y": 1})
    made |= {"w": {"y": 1}}
    return made.x.y == made.z.y == made.w.y == 1


def _converts_union(make):
    return (make({"a": 1}) | {"b": {"c": 1}}).b.c == 1


def _converts_fromkeys(make):
    return type(make({})).fromkeys(["x"], {"y": 1}).x.y == 1


def _converts_in_lists(make):
    made = make({})
    made["x"] = [{"y": [{"z": 1}]}]
    return made.x[0].y[0].z == 1


def _converts_in_tuples(make):
    made = make({})
    made["x"] = ({"y": 1},)
    return made.x[0].y == 1


def _lists_stay_lists(make):
    made = make({"x": [{"y": 1}], "t": (1, 2)})
    return type(made["x"]) is list and type(made["t"]) is tuple


def _plain_lists_keep_their_identity(make):
    given = [1, 2]
    made = make({})
    made["x"] = given
    return made["x"] is given


def _is_a_dict(make):
    return isinstance(make({}), dict)


def _json_works(make):
    return json.dumps(make({"a": {"b": [1]}})) == '{"a": {"b": [1]}}'


def _yaml_works(make):
    yaml = pytest.importorskip("yaml")
    return yaml.safe_dump(make({"a": {"b": [1]}})) == "a:\n  b:\n  - 1\n"


def _pickle_keeps_the_type(make):
    made = make({"a": {"b": 1}})
    again = pickle.loads(pickle.dumps(made))
    return type(again) is type(made) and type(again.a) is type(made.a)


def _union_keeps_the_type(make):
    made = make({"a": 1})
    return type(made | {"b": 1}) is type({"b": 1} | made) is type(made)


def _protocol_names_are_data(make):
    return copy.deepcopy(make({"__deepcopy__": 1, "a": 2}))["a"] == 2


def _any_object_is_a_value(make):
    given = object()
    return make({"x": given}).x is given


def _cycles_survive(make):
    source = {"a": 1}
    source["loop"] = source
    return make(source)["loop"]["loop"]["a"] == 1


def _sharing_is_cheap(make):
    leaf = Counted()
    tree = {"n": leaf}
    for _ in range(9):
        tree = {"left": tree, "right": tree}
    made = make(tree)
    return made["left"] is made["right"]


def _freezes(make):
    made = make({"a": {"b": [1]}})
    made.freeze()
    for write in (lambda: setattr(made.a, "b", 2), lambda: made.a.b.append(2)):
        with pytest.raises((TypeError, AttributeError)):
            write()
    return hash(made) == hash(make({"a": {"b": [1]}}).freeze())


class Counted(int):
    """A value that is no container."""


ROWS = {
    "reading a key that is not there is an AttributeError": _typo_is_an_error,
    "and the message names the nearest key": _typo_names_the_key,
    "writing into a misspelt branch is an error": _typo_in_a_branch,
    "`d.items = 5` is refused, `d.items()` goes on working": _method_name_refused,
    "and the message says what to write instead": _method_name_refused_with_the_way_out,
    '`d["x"] = {...}` converts': _converts_items,
    "`update`, `setdefault` and `\\|=` convert": _converts_update,
    "`d \\| {...}` converts": _converts_union,
    "`fromkeys` converts": _converts_fromkeys,
    "dicts in lists in lists are converted": _converts_in_lists,
    "dicts in tuples are converted": _converts_in_tuples,
    "lists stay `list`, tuples stay `tuple`": _lists_stay_lists,
    "a list without dicts stays the same object": _plain_lists_keep_their_identity,
    "is a `dict`": _is_a_dict,
    "`json.dumps(d)`": _json_works,
    "`yaml.safe_dump(d)`": _yaml_works,
    "pickle keeps the type, nested too": _pickle_keeps_the_type,
    "`d \\| other` and `other \\| d` keep the type": _union_keeps_the_type,
    "a key such as `__deepcopy__` is only data": _protocol_names_are_data,
    "takes any object as a value": _any_object_is_a_value,
    "a dict that contains itself": _cycles_survive,
    "a dict shared by two keys stays shared": _sharing_is_cheap,
    "`d.freeze()`: deep, lists included, then hashable": _freezes,
}


def table():
    """Read the README's table: row -> {library: "yes" or "no"}."""
    lines = README.read_text(encoding="utf-8").splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in row] for row in cells]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def test_the_table_has_these_rows_and_columns():
    """The README claims what is tested here, no more and no less, and DotDict always does it."""
    claims = table()
    assert list(claims) == list(ROWS)
    assert all(list(claim) == list(MAKERS) for claim in claims.values())
    assert all(claim["DotDict"] == "yes" for claim in claims.values())


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize("row", ROWS)
def test_row(row, library):
    """What the README's table says of a library is what the library does."""
    try:
        answer = ROWS[row](MAKERS[library]())
    except pytest.skip.Exception:
        raise
    except (Exception, pytest.fail.Exception):
        if library == "DotDict":
            raise
        answer = False
    assert table()[row][library] == ("yes" if answer else "no")
