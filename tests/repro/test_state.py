# ruff: noqa: NPY002 - numpy's global generator is among what is kept
import asyncio
import contextlib
import json
import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_repro import RandomStateManager

DRAWS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=15)


def _draw(rngg):
    """Draw from streams of every kind and from the global generators."""
    return (
        rngg("a").random(3).tolist(),
        rngg("a").integers(0, 10, dtype=np.uint8),
        rngg.python("a").gauss(0, 1),
        rngg.get_sklearn_random_state("a").randn(),
        rngg.child("c").child("d", shared=True)("a").normal(),
        rngg.random(),
        rngg("a").spawn(1)[0].random(),
        random.gauss(0, 1),
        np.random.randn(),
    )


def test_a_restored_state_goes_on_bit_by_bit():
    """Every kind of stream and the global generators go on, in mid-block and mid-pair."""
    rngg = RandomStateManager(42)
    _draw(rngg)
    state = rngg.state()
    expected = [_draw(rngg), _draw(rngg)]
    for _ in range(3):
        rngg.restore(state)
        assert [_draw(rngg), _draw(rngg)] == expected


def test_a_state_is_plain_data():
    """A state survives JSON, without loss."""
    rngg = RandomStateManager(42)
    _draw(rngg)
    state = rngg.state()
    through_json = json.loads(json.dumps(state))
    expected = _draw(rngg)
    rngg.restore(through_json)
    assert _draw(rngg) == expected


def test_streams_that_did_not_exist_then_go_back_to_their_beginning():
    """A stream made after the state was taken starts anew after restore."""
    rngg = RandomStateManager(42)
    state = rngg.state()
    first = rngg("new").random(), rngg.child("x")("new").random()
    rngg.restore(state)
    assert (rngg("new").random(), rngg.child("x")("new").random()) == first


def test_streams_are_put_back_in_place():
    """Who holds a stream sees it restored; streams of another manager are made."""
    rngg = RandomStateManager(42)
    held = rngg("a")
    held.random(3)
    state = rngg.state()
    expected = held.random()
    rngg.restore(state)
    assert held.random() == expected
    other = RandomStateManager(42)
    other.restore(state)
    assert other("a").random() == expected


def test_a_child_keeps_and_restores_its_own_part():
    """A child's state has the streams below it, and no others."""
    rngg = RandomStateManager(42)
    child = rngg.child("x")
    child.child("y")("a").random()
    state = child.state()
    assert "globals" not in state
    expected = child.child("y")("a").random()
    outside = rngg("a")
    first = outside.random()
    child.restore(state)
    assert child.child("y")("a").random() == expected
    assert outside.random() != first


@settings(max_examples=25, deadline=None)
@given(before=DRAWS, after=DRAWS)
def test_restore_undoes_any_draws(before, after):
    """Whatever is drawn after the state was taken, restore goes back to it."""
    rngg = RandomStateManager(1)
    for name in before:
        rngg(name).integers(3, dtype=np.uint32)
    state = rngg.state()
    expected = [rngg(name).random() for name in "abc"]
    for name in after:
        rngg(name).normal()
    rngg.restore(state)
    assert [rngg(name).random() for name in "abc"] == expected


def test_a_checkpoint_goes_on_in_another_process(python, tmp_path):
    """from_checkpoint goes on where checkpoint stood, libraries not yet imported included."""
    rngg = RandomStateManager(42)
    _draw(rngg)
    rngg.checkpoint(tmp_path / "state.json")
    expected = rngg("a").random(), rngg.python("a").random(), random.random(), np.random.rand()
    code = """
        import sys
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager.from_checkpoint("state.json")
        a, b = rngg("a").random(), rngg.python("a").random()
        import random, numpy
        print((a, b, random.random(), float(numpy.random.rand())))
        print(rngg.seed, rngg.record()["libraries"]["random"]["restored"])
    """
    drawn, told, _ = python(code, options=["-I"]).split("\n")
    assert eval(drawn) == expected
    assert told == "42 True"


def test_a_checkpoint_replaces_the_one_before_whole(tmp_path):
    """The file is JSON, is replaced at once, and nothing is left beside it."""
    path = tmp_path / "state.json"
    rngg = RandomStateManager(42)
    rngg.checkpoint(path)
    rngg("a").random()
    rngg.checkpoint(str(path))
    assert len(json.loads(path.read_text(encoding="utf-8"))["streams"]) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(tmp_path):
    """A directory that is not there is the operating system's error."""
    with pytest.raises(FileNotFoundError):
        RandomStateManager(42).checkpoint(tmp_path / "nowhere" / "state.json")
    assert list(tmp_path.iterdir()) == []


def test_a_training_resumed_from_a_checkpoint_gives_the_same_bits(tmp_path):
    """A regression trained in one go and one stopped half-way have equal weights."""

    def train(rngg, weights, epochs):
        x = rngg("data", fresh=True, shared=True).normal(size=(50, 3))
        y = x @ [1.0, -2.0, 0.5]
        for _ in range(epochs):
            for i in rngg("order").permutation(50):
                noise = rngg("noise").normal(scale=0.01) + random.gauss(0, 0.01)
                weights = weights - 0.01 * (x[i] @ weights - y[i] + noise) * x[i]
        return weights

    whole = train(RandomStateManager(42), np.zeros(3), 6)
    rngg = RandomStateManager(42)
    half = train(rngg, np.zeros(3), 3)
    rngg.checkpoint(tmp_path / "state.json")
    random.random(), rngg("order").random()
    resumed = train(RandomStateManager.from_checkpoint(tmp_path / "state.json"), half, 3)
    assert resumed.tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, "no state of a RandomStateManager"),
        ({"schema_version": 9}, "version 9"),
        ({"algorithm": "scitex-streams-9"}, "use the version of scitex-repro that wrote it"),
        ({"seed": 7}, "of seed 7, the manager has 42"),
        ({"path": [["x", False]]}, "of the manager root/x, not of root"),
        ({"lineage": ["rank=1"]}, "of process 'rank=1', this one is 'first'"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change, message):
    """The refusal says what does not fit, before anything is changed."""
    rngg = RandomStateManager(42)
    state = {**rngg.state(), **change}
    expected = RandomStateManager(42)("a").random()
    with pytest.raises(ValueError, match=message):
        rngg.restore(state)
    assert rngg("a").random() == expected


@pytest.mark.parametrize("content", ["", "[1]", '{"schema": "x"}', "not json"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    """The refusal names the file."""
    path = tmp_path / "thing.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"thing\.json is no checkpoint"):
        RandomStateManager.from_checkpoint(path)


def test_a_global_generator_exchanged_by_the_user_is_told():
    """A generator of another kind in numpy's place cannot be kept, and that is said."""
    rngg = RandomStateManager(42)
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        with pytest.raises(TypeError, match="is a PCG64, put there by set_bit_generator"):
            rngg.state()
    finally:
        np.random.set_bit_generator(before)


def test_a_temporary_seed_leaves_no_trace():
    """After the block every stream and every global generator goes on as if it had not been."""

    def run(block):
        rngg = RandomStateManager(42)
        drawn = [_draw(rngg)]
        block(rngg)
        return [*drawn, _draw(rngg), len(rngg.record()["streams"])]

    def block(rngg):
        with rngg.temporary_seed(7):
            _draw(rngg)
            rngg("only here").random()
            with rngg.temporary_seed(8):
                _draw(rngg)

    def failing(rngg):
        with contextlib.suppress(ZeroDivisionError), rngg.temporary_seed(7):
            _draw(rngg)
            raise ZeroDivisionError

    assert run(block) == run(failing) == run(lambda _: None)


def test_inside_a_temporary_seed_everything_is_of_that_seed():
    """In the block the manager, its children and the global generators are those of the seed."""
    rngg = RandomStateManager(42)
    fold = rngg.child("fold", shared=True)
    outside = rngg("a")
    seven = RandomStateManager(7)
    expected = _draw(seven), seven.child("fold", shared=True)("x").random()
    expected += (seven.get_sklearn_random_state("cv", as_int=True),)
    rngg = RandomStateManager(42)
    fold = rngg.child("fold", shared=True)
    with rngg.temporary_seed(7) as temporary:
        assert temporary.seed == 7
        drawn = _draw(rngg), fold("x").random()
        assert (*drawn, rngg.get_sklearn_random_state("cv", as_int=True)) == expected
        assert rngg("a") is temporary("a")
        assert rngg("a") is not outside


def test_a_temporary_seed_is_for_its_own_thread():
    """Another thread goes on drawing from the manager's own streams meanwhile."""
    rngg = RandomStateManager(42)
    expected = RandomStateManager(42)("a").random(2).tolist()
    found = []

    def elsewhere():
        found.append(rngg("a").random())

    with rngg.temporary_seed(7):
        rngg("a").random()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    found.append(rngg("a").random())
    assert found == expected


def test_temporary_seeds_in_many_threads_take_turns():
    """Blocks in eight threads see their own seed, and the global generators are put back."""
    rngg = RandomStateManager(42)
    expected = RandomStateManager(42) and np.random.rand()
    RandomStateManager(42)
    results = {}

    def work(seed):
        for _ in range(5):
            with rngg.temporary_seed(seed):
                results.setdefault(seed, set()).add((rngg("a").random(), np.random.rand()))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(found) == 1 for found in results.values())
    assert len({next(iter(found)) for found in results.values()}) == 8
    assert np.random.rand() == expected


def test_a_temporary_seed_is_for_its_own_task():
    """Tasks of asyncio that take turns in one thread see each its own manager."""
    rngg = RandomStateManager(42)

    async def with_seed():
        with rngg.temporary_seed(7):
            await asyncio.sleep(0.01)
            return rngg.seed, rngg("a") is rngg.get_np_generator("a"), rngg("a").random()

    async def without():
        await asyncio.sleep(0.005)
        return rngg("a").random()

    async def both():
        return await asyncio.gather(with_seed(), without())

    inside, outside = asyncio.run(both())
    assert inside[2] == RandomStateManager(7)("a").random()
    assert outside == RandomStateManager(42)("a").random()


def test_after_a_temporary_seed_the_old_one_governs_again(python):
    """A library imported after the block gets the manager's seed, and the record is as before."""
    code = """
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager(42)
        import numpy.random
        before = rngg.record()["libraries"]
        with rngg.temporary_seed(7):
            pass
        print(rngg.record()["libraries"] == before)
        import importlib, random
        drawn = importlib.reload(random).random()
        print(drawn == random.Random(42).random())
    """
    assert python(code) == "True\nTrue\n"


def test_a_library_imported_inside_a_temporary_seed_goes_on_from_the_checkpoint(python, tmp_path):
    """The state that waits for a library is set after the block in which it was imported."""
    rngg = RandomStateManager(42)
    random.random()
    rngg.checkpoint(tmp_path / "state.json")
    expected = random.random()
    code = """
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager.from_checkpoint("state.json")
        with rngg.temporary_seed(7):
            import random
            random.random()
        print(random.random())
    """
    assert float(python(code, options=["-I"])) == expected
