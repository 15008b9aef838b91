import copy
import hashlib
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_repro import RandomStateManager

NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True)


def test_the_numbers_of_a_name_never_change():
    """The streams of seed 42 are these, in every version to come."""
    rngg = RandomStateManager(42)
    assert rngg("init").random(3).tolist() == GOLDEN["init"]
    assert rngg.random(2).tolist() == GOLDEN["root"]
    assert rngg.child("fold3")("init").random() == GOLDEN["child"]
    assert rngg("init", shared=True).random() == GOLDEN["shared stream"]
    assert rngg.child("fold3", shared=True)("init").random() == GOLDEN["shared child"]
    assert rngg.python("init").random() == GOLDEN["python"]
    assert rngg.get_sklearn_random_state("init").rand() == GOLDEN["sklearn"]
    assert rngg.get_sklearn_random_state("init", as_int=True) == GOLDEN["sklearn int"]


GOLDEN = {
    "init": [0.48488230594975446, 0.9185603907701095, 0.5154739457013494],
    "root": [0.8530662889411226, 0.2814569661056786],
    "child": 0.29096356024629366,
    "shared stream": 0.3646503119168889,
    "shared child": 0.7092046419151157,
    "python": 0.24159369865971692,
    "sklearn": 0.5894730234805765,
    "sklearn int": 3051094755,
}


def test_a_stream_can_be_made_by_hand_from_the_documented_rule():
    """SHA-256 of the netstring of kind and name is the spawn key, for seeds of any size."""
    digest = hashlib.sha256(b"10:numpy:init,").digest()
    words = np.frombuffer(digest, "<u4").tolist()
    for seed in (0, 42, 2**31, 2**32, 2**64 + 5, 2**128 - 1):
        sequence = np.random.SeedSequence(seed, spawn_key=words)
        by_hand = np.random.Generator(np.random.PCG64DXSM(sequence))
        assert (RandomStateManager(seed)("init").random(5) == by_hand.random(5)).all()


def test_a_name_gives_the_same_object_going_on():
    """The stream is one object, of numpy's own type, and goes on where it stood."""
    rngg = RandomStateManager(7)
    stream = rngg("a")
    assert type(stream) is np.random.Generator
    assert rngg("a") is stream
    first = stream.random(4)
    assert (rngg("a").random(4) != first).all()


def test_fresh_starts_a_stream_anew_in_place():
    """fresh=True goes back to the beginning, for everyone who holds the stream."""
    rngg = RandomStateManager(7)
    for get in (rngg, rngg.get_np_generator, rngg.python, rngg.get_sklearn_random_state):
        stream = get("a", fresh=True)
        first = [stream.random() for _ in range(3)]
        assert get("a", fresh=True) is stream
        assert [stream.random() for _ in range(3)] == first


@settings(max_examples=40, deadline=None)
@given(names=NAMES, data=st.data())
def test_the_order_of_creation_never_matters(names, data):
    """Streams made in another order, or without some of the others, draw the same."""
    first = RandomStateManager(3)
    expected = {name: first(name).random(3).tolist() for name in names}
    order = data.draw(st.permutations(names))
    kept = data.draw(st.lists(st.sampled_from(order), unique=True))
    other = RandomStateManager(3)
    assert {name: other(name).random(3).tolist() for name in kept} == {
        name: expected[name] for name in kept
    }


@settings(max_examples=40, deadline=None)
@given(names=NAMES, data=st.data())
def test_interleaving_never_matters(names, data):
    """Draws from one stream do not move another, whatever the order."""
    turns = data.draw(st.lists(st.sampled_from(names), max_size=40))
    alone, mixed = RandomStateManager(3), RandomStateManager(3)
    drawn = {name: [] for name in names}
    for name in turns:
        drawn[name].append(mixed(name).random())
        mixed.random()
    for name, numbers in drawn.items():
        assert alone(name).random(len(numbers)).tolist() == numbers


def test_every_kind_of_stream_is_independent_of_the_others():
    """One name in numpy, random, scikit-learn, a child and shared gives unrelated numbers."""
    rngg = RandomStateManager(0)
    drawn = {
        rngg("a").random(),
        rngg.python("a").random(),
        rngg.get_sklearn_random_state("a").random_sample(),
        rngg("a", shared=True).random(),
        rngg.child("a")("a").random(),
        rngg.child("a", shared=True)("a").random(),
        rngg.child("a")("a", shared=True).random(),
        rngg.child("a").random(),
        rngg.random(),
    }
    assert len(drawn) == 9


def test_names_are_not_confused_with_their_parts():
    """A child's stream and a name that looks like its path are two streams."""
    rngg = RandomStateManager(0)
    drawn = {
        rngg.child("a").child("b")("c").random(),
        rngg.child("a/b")("c").random(),
        rngg.child("a")("b/c").random(),
        rngg("a/b/c").random(),
        rngg("1:a,").random(),
        rngg("a,").random(),
    }
    assert len(drawn) == 6


def test_a_child_is_one_object_below_its_parent():
    """The same name gives the same child; its path and seed are known."""
    rngg = RandomStateManager(5)
    child = rngg.child("fold3").child("inner")
    assert rngg.child("fold3").child("inner") is child
    assert child.path == ("fold3", "inner")
    assert child.seed == 5
    assert repr(child) == "RandomStateManager(5).child('fold3').child('inner')"


def test_the_manager_has_every_method_of_a_generator():
    """Every public method of numpy's Generator works on the manager, from one stream."""
    rngg, other = RandomStateManager(1), RandomStateManager(1)
    for name in dir(np.random.Generator):
        if not name.startswith("_"):
            assert getattr(rngg, name) is not None
            assert name in dir(rngg)
    assert rngg.random((10, 10)).shape == (10, 10)
    other.random(100)
    assert (rngg.normal(size=3) == other.get_np_generator().normal(size=3)).all()


def test_an_attribute_that_neither_has_is_an_error():
    """A typo says that neither the manager nor a Generator knows it."""
    with pytest.raises(AttributeError, match=r"nor numpy\.random\.Generator has 'randn'"):
        RandomStateManager(1).randn  # noqa: B018 - the access is the test


@pytest.mark.parametrize(("name", "error"), [("", ValueError), (3, TypeError), (None, TypeError)])
def test_a_bad_name_is_refused(name, error):
    """Names are texts that are not empty; the message shows what was given."""
    rngg = RandomStateManager(1)
    with pytest.raises(error, match="name"):
        rngg(name) if name is not None else rngg.child(name)
    with pytest.raises(error, match="child"):
        rngg.child(name)


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        (-1, ValueError),
        (2**128, ValueError),
        (1.5, TypeError),
        (True, TypeError),
        (None, TypeError),
    ],
)
def test_a_bad_seed_is_refused(seed, error):
    """Seeds are integers from 0 to 2**128 - 1; the message shows what was given."""
    with pytest.raises(error, match="seed is"):
        RandomStateManager(seed)


def test_numpy_integers_are_seeds():
    """A seed read from an array is as good as one typed."""
    seed = np.int64(42)
    assert RandomStateManager(seed)("a").random() == RandomStateManager(42)("a").random()


def test_spawned_generators_do_not_collide():
    """Numpy's own spawn works on a stream, and two streams spawn different children."""
    rngg = RandomStateManager(1)
    children = [*rngg("a").spawn(3), *rngg("b").spawn(3)]
    assert len({child.random() for child in children}) == 6


def test_a_pickled_stream_is_a_copy_in_its_own_process():
    """Pickle and deepcopy of a Generator do what numpy's do: a copy at the same place."""
    stream = RandomStateManager(1)("a")
    stream.random(3)
    stream.spawn(1)
    copies = [pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)]
    expected = stream.random(3)
    for other in copies:
        assert type(other.bit_generator) is np.random.PCG64DXSM
        assert (other.random(3) == expected).all()


def test_a_pickled_manager_refers_to_the_one_in_the_process():
    """In one process pickle gives back the same manager, or the same child."""
    rngg = RandomStateManager(1)
    assert pickle.loads(pickle.dumps(rngg)) is rngg
    child = rngg.child("x", shared=True)
    assert pickle.loads(pickle.dumps(child)) is child
    assert copy.copy(rngg) is rngg


def test_a_deep_copy_of_a_manager_goes_its_own_way():
    """copy.deepcopy gives a manager at the same place, which then moves alone."""
    rngg = RandomStateManager(1)
    rngg("a").random(5)
    other = copy.deepcopy(rngg)
    ahead = other("a").random(3)
    assert (rngg("a").random(3) == ahead).all()
    below = copy.deepcopy(rngg.child("x"))
    assert below.path == ("x",)
    assert below("b").random() == rngg.child("x")("b").random()


def test_many_threads_asking_for_one_name_get_one_stream():
    """A name asked for in eight threads at once is one object, and no draw is lost."""
    rngg = RandomStateManager(1)
    found, barrier = [], threading.Barrier(8)

    def ask():
        barrier.wait()
        for number in range(200):
            stream = rngg(f"s{number}")
            stream.random()
            found.append((number, id(stream)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 200
    assert {at["drawn"] for at in rngg.record()["streams"].values()} == {8}


def test_scikit_learn_gets_a_random_state_or_an_int():
    """The RandomState is numpy's; the int is below 2**32 and always the same."""
    rngg = RandomStateManager(1)
    state = rngg.get_sklearn_random_state("cv")
    assert isinstance(state, np.random.RandomState)
    number = rngg.get_sklearn_random_state("cv", as_int=True)
    assert 0 <= number < 2**32
    assert rngg.get_sklearn_random_state("cv", as_int=True) == number
    assert rngg.get_sklearn_random_state("other", as_int=True) != number
