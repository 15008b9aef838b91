import hashlib
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scitex_repro import hash_array

ARRAYS = hnp.arrays(
    dtype=st.sampled_from(
        ["<f8", ">f8", "<f4", "<i8", ">i2", "u1", "?", "<c16", "<U3", "S2", "<M8[s]"]
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


def test_digests_never_change():
    """These digests are the same on every machine, in every version to come."""
    assert {name: hash_array(array)[:16] for name, array in SAMPLES.items()} == GOLDEN


SAMPLES = {
    "float": np.array([[1.0, -0.0], [np.inf, 0.5]]),
    "int": np.arange(5, dtype=np.int32),
    "bool": np.array([True, False]),
    "text": np.array(["a", "éx"]),
    "time": np.array(["2026-02-13"], "M8[D]"),
    "fields": np.array([(1, 2.0)], [("a", "i2"), ("b", "f8")]),
    "objects": np.array([1, "x", None], dtype=object),
    "empty": np.zeros((0, 3)),
    "scalar": np.array(3.5),
}
GOLDEN = {
    "float": "b07775b80e2fd5e2",
    "int": "678f18377a56ca8c",
    "bool": "20e7e99ace1f6973",
    "text": "071186cb9aa181fc",
    "time": "56a12945db0d0bae",
    "fields": "ae556769eb3d8dba",
    "objects": "b8872e6044e25605",
    "empty": "52240307e7aa2cf9",
    "scalar": "a3366ab0f30f549c",
}


def test_the_digest_can_be_computed_by_hand():
    """It is the hash of the documented header and the little-endian elements."""
    data = np.arange(6.0).reshape(2, 3)
    by_hand = hashlib.sha256(b"scitex-array-1\n<f8\n2,3\n" + data.astype("<f8").tobytes())
    assert hash_array(data) == by_hand.hexdigest()
    blake = hashlib.blake2b(b"scitex-array-1\n<f8\n2,3\n" + data.tobytes())
    assert hash_array(data, "blake2b") == blake.hexdigest()


@settings(max_examples=100, deadline=None)
@given(ARRAYS)
def test_layout_and_byte_order_do_not_count(array):
    """Fortran order, strides, offsets and the other byte order give the same digest."""
    expected = hash_array(array)
    assert hash_array(array.astype(array.dtype.newbyteorder("S"))) == expected
    if array.ndim:
        assert hash_array(np.asfortranarray(array)) == expected
        doubled = np.repeat(array, 2, axis=0)[::2]
        assert hash_array(doubled) == expected
        assert hash_array(np.flip(np.flip(array).copy())) == expected


@settings(max_examples=100, deadline=None)
@given(ARRAYS, ARRAYS)
def test_digests_are_equal_only_for_equal_arrays(a, b):
    """Same dtype, shape and bits, and nothing else, is the same digest."""
    same = (
        a.dtype.newbyteorder("<") == b.dtype.newbyteorder("<")
        and a.shape == b.shape
        and a.astype(a.dtype.newbyteorder("<")).tobytes()
        == b.astype(b.dtype.newbyteorder("<")).tobytes()
    )
    assert (hash_array(a) == hash_array(b)) == same


def test_shape_and_dtype_count():
    """The same bytes in another shape or type are another array."""
    data = np.zeros(8)
    others = [data.reshape(2, 4), data.reshape(4, 2), data.view("i8"), data.view("f4")]
    assert len({hash_array(one) for one in [data, *others]}) == 5


def test_padding_does_not_count():
    """Bytes between fields, and those beside 80-bit numbers, are nobody's values."""
    padded = np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 8]})
    one, two = (np.frombuffer(bytes([fill]) * 32, "u1").copy().view(padded) for fill in (0, 255))
    for array in (one, two):
        array["a"], array["b"] = 3, 4.5
    assert hash_array(one) == hash_array(two)
    packed = np.array([(3, 4.5)] * 2, [("a", "u1"), ("b", "f8")])
    assert hash_array(packed) == hash_array(one)


def test_long_doubles_are_hashed_by_their_80_bits():
    """np.longdouble where it is an extended double: its padding does not count."""
    if np.finfo(np.longdouble).nmant != 63:
        pytest.skip("longdouble is no 80-bit number on this platform")
    raw = np.array([1.5, -2.25], np.longdouble).view("u1").reshape(2, 16)
    dirty = raw.copy()
    dirty[:, 10:] = 255
    assert hash_array(raw.view(np.longdouble)) == hash_array(dirty.view(np.longdouble))


@pytest.mark.parametrize("shape", [(3_000_000,), (1500, 2000), (3, 1_000_000), (2, 2, 750_000)])
def test_arrays_of_many_blocks_have_the_digest_of_the_whole(shape):
    """Blockwise reading changes nothing, in any layout."""
    data = np.random.default_rng(0).random(shape)
    head = f"scitex-array-1\n<f8\n{','.join(map(str, shape))}\n".encode()
    expected = hashlib.sha256(head + data.tobytes()).hexdigest()
    assert hash_array(data) == expected
    assert hash_array(np.asfortranarray(data)) == expected
    assert hash_array(data.astype(">f8")) == expected


def test_a_file_larger_than_the_memory_allowed_is_hashed(python):
    """A memmap of 400 MB is hashed by a process that may use 100 MB more than it has."""
    code = """
        import hashlib, resource
        import numpy as np
        from scitex_repro import hash_array
        data = np.memmap("big", "f4", "w+", shape=(100_000, 1000))
        data[::1000] = 1.5
        data.flush()
        del data
        hash_array(np.zeros(10))
        big = np.memmap("big", "f4", "r", shape=(100_000, 1000))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        straight = hash_array(big[:2000])
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[5])
        limit = pages * resource.getpagesize() + 100 * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        whole = hash_array(big)
        print(hash_array(big.T.T[::-1][::-1]) == whole, hash_array(big[:2000].T.T) == straight)
    """
    assert python(code, options=["-W", "ignore"]) == "True True\n"


def test_lists_and_scalars_are_taken_as_arrays():
    """Anything numpy makes an array of will do."""
    assert hash_array([[1, 2]]) == hash_array(np.array([[1, 2]]))
    assert hash_array(1.5) == hash_array(np.float64(1.5)) == hash_array(np.array(1.5))


def test_numpys_texts_of_any_length_are_hashed():
    """StringDType, where numpy has it: by content, whatever is in memory."""
    dtypes = pytest.importorskip("numpy.dtypes")
    if not hasattr(dtypes, "StringDType"):
        pytest.skip("this numpy has no StringDType")
    one = np.array(["a", "b" * 100], dtypes.StringDType())
    assert hash_array(one) == hash_array(one[::-1][::-1])
    assert hash_array(one) != hash_array(one[::-1])


def test_no_copy_and_no_warning_for_masked_or_subclassed_arrays():
    """A subclass of ndarray is hashed as the array it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matrix = np.array([[1, 2]]).view(type("Sub", (np.ndarray,), {}))
        assert hash_array(matrix) == hash_array([[1, 2]])
