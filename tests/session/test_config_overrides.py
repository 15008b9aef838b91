import pytest

from scitex_session import UsageError
from scitex_session._config._overrides import apply_overrides


@pytest.fixture
def namespaces():
    """Return what two files and IS_DEBUG give."""
    return {
        "EXPERIMENT": {
            "learning_rate": 1,
            "bands": [1, 2],
            "optimizer": {"name": "sgd", "lr": 1},
        },
        "MODEL": {"hidden_size": 64, "a.b": 1, 3: "three"},
        "IS_DEBUG": False,
    }


@pytest.fixture
def refusal(namespaces):
    """Return a function that gives the message of one refused override."""

    def run(override, into=None):
        before = repr(namespaces)
        with pytest.raises(UsageError) as caught:
            apply_overrides(namespaces if into is None else into, [override])
        assert repr(namespaces) == before
        message = str(caught.value)
        assert "\n" not in message
        assert message.startswith(f"--set {override.partition('=')[0]}")
        return message

    return run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("3", 3), ("true", True), ("word", "word"), ("'3'", "3"), ("", None),
        ("[1, 2.5, x]", [1, 2.5, "x"]), ("{a: 1}", {"a": 1}), ("a=b", "a=b"), ("-1", -1),
        ("two words", "two words"), ("~", None),
    ],
)  # fmt: skip
def test_the_value_is_read_as_yaml(namespaces, text, value):
    """The same rules as in a file: 1e-3 is a number, [..] a list, an empty value null."""
    apply_overrides(namespaces, [f"EXPERIMENT.learning_rate={text}"])
    assert namespaces["EXPERIMENT"]["learning_rate"] == value
    assert type(namespaces["EXPERIMENT"]["learning_rate"]) is type(value)


def test_one_value_changes_and_no_other(namespaces):
    """Nested keys are joined by dots; a key may hold a dot or be a number itself; the last wins."""
    apply_overrides(
        namespaces,
        [
            "EXPERIMENT.optimizer.lr=2",
            "MODEL.a.b=2",
            "MODEL.3=drei",
            "IS_DEBUG=true",
            "MODEL.hidden_size=1",
            "MODEL.hidden_size=2",
            "EXPERIMENT.bands=[]",
        ],
    )
    assert namespaces == {
        "EXPERIMENT": {"learning_rate": 1, "bands": [], "optimizer": {"name": "sgd", "lr": 2}},
        "MODEL": {"hidden_size": 2, "a.b": 2, 3: "drei"},
        "IS_DEBUG": True,
    }


def test_a_mapping_may_be_replaced_by_a_mapping(namespaces):
    """What holds keys can be set as a whole to other keys."""
    apply_overrides(namespaces, ["EXPERIMENT.optimizer={name: adam}"])
    assert namespaces["EXPERIMENT"]["optimizer"] == {"name": "adam"}


def test_no_override_needs_no_library(namespaces):
    """Without any, nothing happens."""
    apply_overrides(namespaces, [])


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("EXPERIMENT.learning_rat=1", "EXPERIMENT.learning_rate"),
        ("EXPERIMENT.lerning_rate=1", "EXPERIMENT.learning_rate"),
        ("experiment.learning_rate=1", "EXPERIMENT.learning_rate"),
        ("MODEL.learning_rate=1", "EXPERIMENT.learning_rate"),
        ("hidden_size=1", "MODEL.hidden_size"),
        ("EXPERIMENT.optimizer.nam=1", "EXPERIMENT.optimizer.name"),
    ],
)
def test_an_unknown_key_is_refused_with_what_was_meant(refusal, override, meant):
    """A misspelt key, another case, the wrong namespace or none: the right name is suggested."""
    assert f"did you mean {meant}?" in refusal(override)


def test_an_unknown_key_without_likeness_is_told_what_there_is(refusal):
    """Where nothing is alike the keys that exist are listed, or that there is none."""
    assert "EXPERIMENT.learning_rate" in refusal("QQ.zz=1")
    assert "no file in ./config" in refusal("QQ.zz=1", {"IS_DEBUG": False})


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("ID=x", "belongs to the session"),
        ("ARGS.threshold=1", "belongs to the session"),
        ("SEED=1", "belongs to the session"),
        ("EXPERIMENT.learning_rate", "NAMESPACE.key=value"),
        ("=1", "NAMESPACE.key=value"),
        ("EXPERIMENT={}", "set one of its keys, such as EXPERIMENT.learning_rate"),
        ("EXPERIMENT.optimizer=3", "such as EXPERIMENT.optimizer.name"),
        ("EXPERIMENT.learning_rate.x=3", "there is no such key"),
        ("IS_DEBUG=3", "IS_DEBUG=true"),
        ("EXPERIMENT.learning_rate=[1", "is no YAML"),
        ("EXPERIMENT.learning_rate=*x", "undefined alias"),
        ("EXPERIMENT.learning_rate={a: 1, a: 2}", "twice"),
        ("EXPERIMENT.learning_rate=!!python/name:os.x", "!!python/name"),
        ("EXPERIMENT.learning_rate=\udcff", "not UTF-8"),
        ("EXPERIMENT.learning_rate=!!int x", "no int"),
    ],
)
def test_what_cannot_be_set(refusal, override, part):
    """The session's own names, whole namespaces, and values that are no YAML are refused."""
    assert part in refusal(override)


def test_a_bare_yes_is_said(namespaces):
    """As in a file, a word that YAML 1.1 read as a boolean is told."""
    said = []
    apply_overrides(namespaces, ["EXPERIMENT.learning_rate=yes"], warn=said.append)
    assert namespaces["EXPERIMENT"]["learning_rate"] == "yes"
    assert len(said) == 1
    assert said[0].startswith("--set EXPERIMENT.learning_rate: yes is read as the word")
