"""With the real jax, on the CPU."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from scitex_repro import RandomStateManager, fingerprint, fix_seeds, hash_array, verify  # noqa: E402 - after the skip

pytestmark = pytest.mark.jax


def _bits(key):
    return np.asarray(jax.random.key_data(key)).tolist()


def test_a_key_depends_on_seed_and_name_only():
    """The same name gives the same key each time; other names, seeds and children differ."""
    rngg = RandomStateManager(42)
    keys = [
        rngg.get_jax_key("init"),
        rngg.get_jax_key("other"),
        rngg.get_jax_key(),
        rngg.get_jax_key("init", shared=True),
        rngg.child("x").get_jax_key("init"),
        RandomStateManager(43).get_jax_key("init"),
    ]
    assert len({tuple(_bits(key)) for key in keys}) == 6
    assert _bits(rngg.get_jax_key("init")) == _bits(keys[0]) == GOLDEN
    assert jax.random.normal(keys[0], (3,)).shape == (3,)


GOLDEN = [2247991634, 1807107700]


@pytest.mark.parametrize(("impl", "words"), [("threefry2x32", 2), ("rbg", 4)])
def test_keys_of_every_algorithm_have_all_their_bits(impl, words):
    """Keys are filled to their size and can be split."""
    key = RandomStateManager(42).get_jax_key("a", impl=impl)
    assert len(_bits(key)) == words
    assert len(set(_bits(key))) == words
    first, second = jax.random.split(key)
    assert _bits(first) != _bits(second)


def test_jax_is_noted_when_it_is_imported(python):
    """Jax has no global generator; the record says what stands for it."""
    code = """
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42, deterministic=True)
        import jax
        print(rngg.record()["libraries"]["jax"]["how"])
        print(float(jax.numpy.ones(3).sum()))
    """
    assert python(code) == (
        "no global generator; the manager's get_jax_key() is the default key\n3.0\n"
    )


def test_arrays_count_as_numpys_do(tmp_path):
    """A jax array has the digest of its values, bfloat16 and keys included."""
    fix_seeds(42)
    array = jax.numpy.arange(6, dtype="float32").reshape(2, 3)
    assert hash_array(array) == hash_array(np.asarray(array))
    assert fingerprint({"a": array}) == fingerprint({"a": np.asarray(array)})
    short = array.astype("bfloat16")
    assert hash_array(short) != hash_array(np.asarray(short).view("u2"))
    assert fingerprint(jax.random.key(1)) != fingerprint(jax.random.key(2))
    verify(array, "a", directory=tmp_path)
    assert "1 of 6 elements differ" in str(verify(array.at[0, 0].set(9), "a", directory=tmp_path))
