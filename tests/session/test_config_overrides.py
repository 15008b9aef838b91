"""`--set NAMESPACE.key=value` on the command line of a script changes one value of CONFIG."""

import pytest

BODY = """\
whole = CONFIG.to_dict()
print({key: whole.get(key) for key in ('EXPERIMENT', 'MODEL', 'IS_DEBUG')})
"""
EXPERIMENT = """\
learning_rate: 1
bands: [1, 2]
optimizer: {name: sgd, lr: 1}
"""
MODEL = """\
hidden_size: 64
a.b: 1
3: three
"""


@pytest.fixture
def script(lab):
    """Write a script that prints what ./config gives to CONFIG, and two configuration files."""
    lab.config_file("EXPERIMENT.yaml", EXPERIMENT)
    lab.config_file("MODEL.yaml", MODEL)
    lab.decorated(BODY, "CONFIG=INJECTED")
    return lab


@pytest.fixture
def applied(script):
    """Return a function that runs the script with overrides and gives what it shows, and said."""

    def run(*overrides):
        done = script.run(*(part for override in overrides for part in ("--set", override)))
        assert done.returncode == 0, done.stderr
        return eval(done.stdout), done.stderr.splitlines()

    return run


@pytest.fixture
def refusal(script):
    """Return a function that gives the message of one refused override, which leaves nothing."""

    def run(override):
        done = script.run("--set", override)
        assert (done.returncode, done.stdout) == (2, "")
        (message,) = done.stderr.splitlines()
        name = override.partition("=")[0]
        assert message.startswith(f"script.py: error: --set {name}")
        assert not (script.path / "script_out").exists()
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
def test_the_value_is_read_as_yaml(applied, text, value):
    """The same rules as in a file: 1e-3 is a number, [..] a list, an empty value null."""
    found, said = applied(f"EXPERIMENT.learning_rate={text}")
    assert found["EXPERIMENT"]["learning_rate"] == value
    assert type(found["EXPERIMENT"]["learning_rate"]) is type(value)
    assert said == []


def test_one_value_changes_and_no_other(applied):
    """Nested keys are joined by dots; a key may hold a dot or be a number itself; the last wins."""
    found, _ = applied(
        "EXPERIMENT.optimizer.lr=2",
        "MODEL.a.b=2",
        "MODEL.3=drei",
        "IS_DEBUG=true",
        "MODEL.hidden_size=1",
        "MODEL.hidden_size=2",
        "EXPERIMENT.bands=[]",
    )
    assert found == {
        "EXPERIMENT": {"learning_rate": 1, "bands": [], "optimizer": {"name": "sgd", "lr": 2}},
        "MODEL": {"hidden_size": 2, "a.b": 2, 3: "drei"},
        "IS_DEBUG": True,
    }


def test_a_mapping_may_be_replaced_by_a_mapping(applied):
    """What holds keys can be set as a whole to other keys."""
    found, _ = applied("EXPERIMENT.optimizer={name: adam}")
    assert found["EXPERIMENT"]["optimizer"] == {"name": "adam"}


def test_without_an_override_nothing_changes(applied):
    """CONFIG is what the files say."""
    assert applied()[0] == {
        "EXPERIMENT": {
            "learning_rate": 1,
            "bands": [1, 2],
            "optimizer": {"name": "sgd", "lr": 1},
        },
        "MODEL": {"hidden_size": 64, "a.b": 1, 3: "three"},
        "IS_DEBUG": False,
    }


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


def test_an_unknown_key_without_likeness_is_told_what_there_is(refusal, script):
    """Where nothing is alike the keys that exist are listed, or that there is none."""
    assert "EXPERIMENT.learning_rate" in refusal("QQ.zz=1")
    for file in (script.path / "config").iterdir():
        file.unlink()
    assert "no file in ./config" in refusal("QQ.zz=1")


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


def test_a_bare_yes_is_said(applied):
    """As in a file, a word that YAML 1.1 read as a boolean is told."""
    found, said = applied("EXPERIMENT.learning_rate=yes")
    assert found["EXPERIMENT"]["learning_rate"] == "yes"
    assert len(said) == 1
    assert said[0].startswith("--set EXPERIMENT.learning_rate: yes is read as the word")
