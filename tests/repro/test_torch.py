"""With the real torch, on the CPU."""

import hashlib
import json
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scitex_repro import (  # noqa: E402 - after the skip
    RandomStateManager,
    compare,
    fingerprint,
    fix_seeds,
    hash_array,
    verify,
)

pytestmark = pytest.mark.torch


def test_torch_is_seeded_at_once_or_on_import(python):
    """Loaded before or after the manager, torch draws what its own manual_seed gives."""
    code = """
        {first}
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42)
        from torch import nn
        import torch
        drawn = torch.rand(3).tolist(), nn.Linear(2, 2).weight.tolist()
        torch.manual_seed(42)
        print(drawn == (torch.rand(3).tolist(), nn.Linear(2, 2).weight.tolist()),
              torch.initial_seed(), rngg.record()["libraries"]["torch"])
    """
    for first, when in (("", "on import"), ("import torch", "at the start")):
        expected = {"when": when, "how": "torch.manual_seed(42)"}
        assert python(code.format(first=first)) == f"True 42 {expected}\n"


def test_a_named_generator_depends_on_seed_and_name_only():
    """The same name gives the same generator, going on; its numbers never change."""
    rngg = RandomStateManager(42)
    stream = rngg.get_torch_generator("init")
    assert rngg.get_torch_generator("init") is stream
    first = torch.rand(2, generator=stream)
    assert first.tolist() == GOLDEN
    assert torch.rand(2, generator=rngg.get_torch_generator("init", fresh=True)).tolist() == GOLDEN
    other = torch.rand(2, generator=RandomStateManager(42).get_torch_generator("other"))
    assert other.tolist() != GOLDEN
    torch.rand(5)
    assert torch.rand(1, generator=stream).item() != first[0].item()


GOLDEN = [0.5301570892333984, 0.3432076573371887]


def test_all_bits_of_the_key_reach_the_generator():
    """A stream draws what Python's twister draws from the 256 bits derived for its name.

    ``manual_seed`` alone would keep 32 of them, and two of many workers could meet.
    """
    stream = RandomStateManager(42).get_torch_generator("init")
    key = hashlib.sha256(b"10:torch:init,").digest()
    same = random.Random(int.from_bytes(hashlib.sha256(b"2:42," + key).digest(), "big"))
    drawn = torch.randint(0, 1_000_003, (700,), generator=stream, dtype=torch.int32)
    assert drawn.tolist() == [same.getrandbits(32) % 1_000_003 for _ in range(700)]


def test_large_seeds_reach_the_global_generator_whole():
    """Seeds above 32 bits that agree in the bits torch would keep still differ."""
    first = [fix_seeds(seed) and torch.rand(1).item() for seed in (2**32, 2**64, 2**100)]
    assert len(set(first)) == 3


@pytest.mark.parametrize("count", [0, 1, 623, 624, 625, 5000])
def test_draws_are_counted(count):
    """The record counts the 32-bit words drawn from named and global generators."""
    rngg = RandomStateManager(1)
    stream = rngg.get_torch_generator("a")
    for generator in (stream, None):
        torch.randint(0, 100, (count,), generator=generator, dtype=torch.int32)
    record = rngg.record()
    assert record["streams"]["torch@cpu:a"]["drawn"] == count
    assert record["globals"]["torch"]["drawn"] == count


def test_a_state_goes_on_bit_by_bit_through_json():
    """Named and global generators are restored, normal numbers put by included."""
    rngg = RandomStateManager(42)

    def draw():
        stream = rngg.get_torch_generator("a")
        return [
            torch.randn(3, generator=stream).tolist(),
            torch.rand(1, generator=stream).tolist(),
            torch.randn(3).tolist(),
            torch.randperm(5).tolist(),
        ]

    draw()
    state = json.loads(json.dumps(rngg.state()))
    expected = [draw(), draw()]
    rngg.restore(state)
    assert [draw(), draw()] == expected


def test_a_temporary_seed_leaves_torch_alone():
    """Inside the block torch has the other seed, afterwards it goes on."""
    fix_seeds(42)
    torch.rand(3)
    expected = torch.rand(1)
    rngg = fix_seeds(42)
    torch.rand(3)
    with rngg.temporary_seed(7):
        inside = torch.rand(2)
    assert torch.equal(torch.rand(1), expected)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(2), inside)


def test_deterministic_turns_the_real_switches(python):
    """Torch says itself that it is deterministic."""
    code = """
        from scitex_repro import fix_seeds
        fix_seeds(42, deterministic=True)
        import torch
        print(torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic,
              torch.backends.cudnn.benchmark)
    """
    assert python(code) == "True True False\n"


TRAIN = """
    import random, sys
    import numpy as np, torch
    from torch import nn
    from torch.utils.data import DataLoader, Dataset
    from scitex_repro import RandomStateManager, fingerprint

    class Noisy(Dataset):
        def __init__(self, rngg):
            self.rngg, self.stream = rngg, rngg("held")
            self.x = rngg("data", shared=True, fresh=True).normal(size=(16, 3)).astype("f4")

        def __len__(self):
            return len(self.x)

        def __getitem__(self, index):
            noise = [self.rngg("noise").normal(), self.stream.normal(), np.random.randn(),
                     random.gauss(0, 1), torch.randn(()).item()]
            return self.x[index], np.float32(noise)

    def train(rngg, model, optimizer, epochs, method):
        data = Noisy(rngg)
        loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=2,
                            multiprocessing_context=method)
        seen = []
        for _ in range(epochs):
            for x, noise in loader:
                seen.append(noise)
                loss = ((model(x + 0.1 * noise[:, :3]) + torch.randn(()) - x.sum(1)) ** 2).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return torch.cat(seen)

    def begin():
        model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        return model, torch.optim.Adam(model.parameters())
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_training_resumed_from_a_checkpoint_gives_the_same_bits(python, method):
    """Two epochs and two more, in another process, equal four: DataLoader workers included."""
    whole = f"""
    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        model, optimizer = begin()
        train(rngg, model, optimizer, 4, {method!r})
        print(fingerprint(model))
    """
    half = f"""
    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        model, optimizer = begin()
        train(rngg, model, optimizer, 2, {method!r})
        rngg.checkpoint("state.json")
        torch.save([model.state_dict(), optimizer.state_dict()], "model.pt")
    """
    rest = f"""
    if __name__ == "__main__":
        model, optimizer = begin()
        for part, state in zip((model, optimizer), torch.load("model.pt")):
            part.load_state_dict(state)
        rngg = RandomStateManager.from_checkpoint("state.json")
        train(rngg, model, optimizer, 2, {method!r})
        print(fingerprint(model))
    """
    expected = python(TRAIN + whole)
    python(TRAIN + half)
    assert python(TRAIN + rest) == expected == python(TRAIN + whole)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_a_data_loader_share_no_stream(python, method):
    """numpy, random, torch and named streams differ in each worker and each epoch."""
    code = f"""
    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        model, optimizer = begin()
        noise = train(rngg, model, optimizer, 2, {method!r})
        print(noise.shape, [len(set(column.tolist())) for column in noise.T])
        print(fingerprint(noise))
    """
    first = python(TRAIN + code)
    assert first.startswith("torch.Size([32, 5]) [32, 32, 32, 32, 32]\n")
    assert python(TRAIN + code) == first


def test_worker_init_fn_places_a_worker_that_is_placed_already(python):
    """Given to the loader it changes nothing in what multiprocessing starts."""
    code = """
        import torch
        from torch.utils.data import DataLoader
        from scitex_repro import RandomStateManager

        class Draw(torch.utils.data.Dataset):
            def __init__(self, rngg): self.rngg = rngg
            def __len__(self): return 4
            def __getitem__(self, index): return self.rngg("a").random()

        def epoch(**options):
            rngg = RandomStateManager(42)
            options = {key: getattr(rngg, value) for key, value in options.items()}
            return torch.cat(list(DataLoader(Draw(rngg), num_workers=2, **options))).tolist()

        if __name__ == "__main__":
            print(epoch() == epoch(worker_init_fn="worker_init_fn"), len(set(epoch())))
    """
    assert python(code) == "True 4\n"


def test_tensors_count_as_the_arrays_they_hold():
    """A tensor has the digest of its array; layout, views and gradients do not count."""
    array = np.arange(12.0).reshape(3, 4)
    tensor = torch.from_numpy(array)
    assert hash_array(tensor) == hash_array(array)
    assert hash_array(tensor.t().t()) == hash_array(tensor.clone().requires_grad_())
    assert hash_array(tensor.t()) == hash_array(array.T)
    assert hash_array(torch.view_as_complex(torch.ones(2, 2)).conj()) == hash_array(
        np.array([1 - 1j, 1 - 1j], "c8")
    )
    assert hash_array(tensor.to_sparse()) == hash_array(array)


def test_types_that_numpy_lacks_are_told_apart():
    """bfloat16 and the 8-bit floats are hashed by their bits, under their names."""
    values = torch.tensor([0.5, -2.0, 3.0])
    kinds = [torch.bfloat16, torch.float16, torch.float8_e4m3fn, torch.float8_e5m2]
    assert len({hash_array(values.to(kind)) for kind in kinds}) == 4
    assert hash_array(values.bfloat16()) == hash_array(values.bfloat16().clone())
    assert fingerprint(values.bfloat16()) != fingerprint(values.bfloat16().view(torch.int16))


def test_models_are_verified_parameter_by_parameter(tmp_path):
    """A module is its state_dict; the parameter that differs is named."""
    fix_seeds(42)
    model = torch.nn.Linear(2, 2)
    verify(model, "model", directory=tmp_path)
    assert verify(dict(model.state_dict()), "model", directory=tmp_path)
    with torch.no_grad():
        model.bias[0] += 1
    (line,) = verify(model, "model", directory=tmp_path).differences
    assert line.startswith("result['bias']: 1 of 2 elements differ, largest difference 1 ")


def test_a_draw_from_torch_is_found_by_compare():
    """One random number too many in torch's global generator is named."""
    records = []
    for extra in (0, 1):
        rngg = fix_seeds(42)
        torch.rand(4 + extra)
        records.append(rngg.record())
    assert compare(*records).first.stream == "global torch"
