# ruff: noqa: NPY002 - numpy's global generator is what is tested
"""The global generators: the real ones of random and numpy, recorders for the heavy libraries."""

import random
import textwrap

import numpy as np
import pytest

from scitex_repro import RandomStateManager, fix_seeds

TORCH = """
    calls = []
    def manual_seed(seed): calls.append(("manual_seed", seed))
    def use_deterministic_algorithms(on): calls.append(("deterministic", on))
    class backends:
        class cudnn:
            deterministic, benchmark = False, True
        class mps:
            is_available = staticmethod(lambda: False)
    class cuda:
        is_available = is_initialized = staticmethod(lambda: False)
    def get_rng_state(): raise RuntimeError("a recorder has no state")
"""
RECORDERS = {
    "torch/__init__.py": TORCH,
    "torch/nn.py": "",
    "tensorflow.py": """
        calls = []
        class random:
            set_seed = staticmethod(lambda seed: calls.append(("set_seed", seed)))
        class config:
            class experimental:
                enable_op_determinism = staticmethod(lambda: calls.append("deterministic"))
    """,
    "jax.py": "",
    "cupy.py": """
        calls = []
        class random:
            seed = staticmethod(lambda seed: calls.append(("seed", seed)))
    """,
}


@pytest.fixture
def recorders(tmp_path):
    """Put modules that only note what is done to them where the script finds them first."""
    for name, source in RECORDERS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")


def test_what_is_loaded_is_seeded_at_once_with_the_seed_itself():
    """After fix_seeds(42) random and numpy draw what their own seed(42) gives."""
    fix_seeds(42)
    drawn = random.random(), np.random.rand()
    random.seed(42)
    np.random.seed(42)
    assert drawn == (random.random(), np.random.rand())


def test_fix_seeds_returns_a_manager_of_that_seed():
    """fix_seeds is the manager's constructor by another name."""
    rngg = fix_seeds(7)
    assert isinstance(rngg, RandomStateManager)
    assert rngg("a").random() == RandomStateManager(7)("a").random()


def test_what_is_imported_later_is_seeded_then(python):
    """Random and numpy imported after the manager draw what their own seed gives."""
    code = """
        import sys
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager(42)
        assert "random" not in sys.modules and "numpy" not in sys.modules
        import random, numpy
        first = random.random(), numpy.random.rand()
        random.seed(42), numpy.random.seed(42)
        print(first == (random.random(), numpy.random.rand()))
        print(rngg.record()["libraries"])
    """
    same, libraries, _ = python(code, options=["-I"]).split("\n")
    assert same == "True"
    assert eval(libraries) == {
        "numpy": {"when": "on import", "how": "numpy.random.seed(42)"},
        "random": {"when": "on import", "how": "random.seed(42)"},
    }


def test_children_do_not_touch_the_global_generators():
    """child() and drawing from streams leave random and numpy where they are."""
    rngg = RandomStateManager(42)
    expected = random.random(), np.random.rand()
    rngg = RandomStateManager(42)
    rngg.child("a")("b").random()
    rngg.python("c").random()
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.usefixtures("recorders")
@pytest.mark.parametrize("statement", ["import torch", "from torch import nn", "import torch.nn"])
def test_torch_is_seeded_however_it_is_imported(python, statement):
    """torch.manual_seed is called once, when torch itself has been imported."""
    code = f"""
        import sys
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42)
        assert "torch" not in sys.modules
        {statement}
        print(sys.modules["torch"].calls, rngg.record()["libraries"]["torch"])
    """
    expected = "[('manual_seed', 42)] {'when': 'on import', 'how': 'torch.manual_seed(42)'}\n"
    assert python(code) == expected


@pytest.mark.usefixtures("recorders")
def test_every_library_is_seeded_and_recorded(python):
    """tensorflow, cupy and jax are seeded when they come, and the record says how."""
    code = """
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42)
        import tensorflow, cupy, jax
        print(tensorflow.calls, cupy.calls)
        for name, entry in rngg.record()["libraries"].items():
            print(name, entry["when"], entry["how"])
    """
    lines = (
        python(code, options=["-S"], env=None).split("\n") if False else python(code).split("\n")
    )
    assert lines[0] == "[('set_seed', 42)] [('seed', 42)]"
    assert "cupy on import cupy.random.seed(42)" in lines
    assert "tensorflow on import tensorflow.random.set_seed(42)" in lines
    assert (
        "jax on import no global generator; the manager's get_jax_key() is the default key" in lines
    )


def test_a_library_that_cannot_be_seeded_is_told_and_imported_all_the_same(python, tmp_path):
    """The failure is one line on stderr and in the record; the import stands."""
    (tmp_path / "cupy.py").write_text("x = 1", encoding="utf-8")
    code = """
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42)
        import cupy
        print(cupy.x, rngg.record()["libraries"]["cupy"])
    """
    printed = python(code)
    assert printed.startswith("1 {'when': 'on import', 'failed': \"AttributeError: ")
    assert "has no attribute 'random'" in printed
    assert python.stderr.startswith("scitex_repro: cupy could not be seeded: AttributeError")
    assert python.stderr.count("\n") == 1


@pytest.mark.usefixtures("recorders")
def test_deterministic_sets_the_flags_of_each_library(python):
    """deterministic=True asks torch, cuDNN, cuBLAS, TensorFlow and XLA, and the record says so."""
    code = """
        import os
        from scitex_repro import fix_seeds
        rngg = fix_seeds(42, deterministic=True)
        import torch, tensorflow
        print(torch.calls, torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark)
        print(tensorflow.calls)
        print(os.environ["CUBLAS_WORKSPACE_CONFIG"], os.environ["XLA_FLAGS"])
        record = rngg.record()
        print(record["deterministic"], len(record["settings"]),
              len(record["libraries"]["torch"]["deterministic"]))
    """
    assert python(code, env={"XLA_FLAGS": "--xla_other=1"}).split("\n")[:4] == [
        "[('manual_seed', 42), ('deterministic', True)] True False",
        "[('set_seed', 42), 'deterministic']",
        ":4096:8 --xla_other=1 --xla_gpu_deterministic_ops=true",
        "True 3 3",
    ]


@pytest.mark.usefixtures("recorders")
def test_without_deterministic_no_flag_is_touched(python):
    """The default asks for nothing but seeds."""
    code = """
        import os
        from scitex_repro import fix_seeds
        fix_seeds(42)
        import torch
        print(torch.calls, torch.backends.cudnn.benchmark, "XLA_FLAGS" in os.environ,
              "CUBLAS_WORKSPACE_CONFIG" in os.environ)
    """
    assert python(code) == "[('manual_seed', 42)] True False False\n"


def test_objects_handed_over_are_seeded_though_not_in_sys_modules():
    """modules= seeds what it is given, without looking for it among the imports."""

    class Fake:
        def __init__(self):
            self.seeds = []
            self.random = self

        def seed(self, number):
            self.seeds.append(number)

        manual_seed = seed

    given = {"numpy": Fake(), "random": Fake(), "torch": Fake(), "os": object()}
    fix_seeds(5, modules=given)
    assert [given[name].seeds for name in ("numpy", "random", "torch")] == [[5], [5], [5]]


def test_an_unknown_module_is_refused():
    """modules= takes the names it knows, and lists them."""
    with pytest.raises(ValueError, match="no rule to seed 'scipy'; known are cupy, jax, numpy"):
        fix_seeds(5, modules={"scipy": object()})


def test_verbose_says_on_stderr_what_is_seeded_and_when(python):
    """verbose=True names what was seeded at once, and each library that follows."""
    code = """
        from scitex_repro import fix_seeds
        fix_seeds(42, verbose=True)
        import random
    """
    assert python(code, options=["-I"]) == ""
    first, second, _ = python.stderr.split("\n")
    assert first.startswith("scitex_repro: seed 42: nothing seeded; random, numpy, torch")
    assert second == "scitex_repro: random seeded on import"


def test_a_reloaded_random_is_seeded_again(python):
    """importlib.reload(random) makes a new generator, which starts from the seed."""
    code = """
        import importlib, random
        from scitex_repro import fix_seeds
        fix_seeds(42)
        first = random.random()
        print(importlib.reload(random).random() == first)
    """
    assert python(code) == "True\n"


def test_large_seeds_reach_every_library():
    """A seed above 32 bits is spread by derivation: distinct, and the same each time."""
    drawn = []
    for seed in (2**32, 2**32 + 1, 2**127, 2**32):
        fix_seeds(seed)
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[3]
    assert len({number for pair in drawn[:3] for number in pair}) == 6


def test_the_last_manager_governs():
    """A second manager seeds everything anew with its own seed."""
    fix_seeds(1)
    fix_seeds(2)
    second = np.random.rand()
    np.random.seed(2)
    assert second == np.random.rand()


def test_the_record_says_what_was_loaded_at_the_start():
    """A library that is there when the manager is made is recorded as seeded at the start."""
    libraries = fix_seeds(42).record()["libraries"]
    assert libraries["random"] == {"when": "at the start", "how": "random.seed(42)"}
