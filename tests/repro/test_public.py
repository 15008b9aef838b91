import pytest

import scitex_repro


def test_all_is_what_is_exported_and_sorted():
    """Every name in __all__ can be had, and dir() shows it."""
    assert scitex_repro.__all__ == sorted(scitex_repro.__all__)
    for name in scitex_repro.__all__:
        assert getattr(scitex_repro, name) is not None
        assert name in dir(scitex_repro)


def test_version_comes_from_the_metadata():
    """The version is the distribution's."""
    from importlib.metadata import version

    assert scitex_repro.__version__ == version("scitex-repro")


def test_a_wrong_name_says_which():
    """A name that does not exist is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="'nothing'"):
        scitex_repro.nothing  # noqa: B018 - the access is the test


def test_importing_and_seeding_imports_nothing_heavy(python):
    """Neither the import nor a manager brings numpy or anything that costs milliseconds."""
    code = """
        import sys
        before = set(sys.modules)
        import scitex_repro
        rngg = scitex_repro.RandomStateManager(42)
        scitex_repro.gen_ID(), scitex_repro.gen_timestamp()
        new = set(sys.modules) - before
        heavy = {"numpy", "random", "secrets", "json", "inspect", "typing", "dataclasses",
                 "hashlib", "multiprocessing", "threading", "importlib.util", "logging"}
        print(sorted(new & heavy))
        rngg("a").random()
        print("numpy" in sys.modules)
    """
    assert python(code, options=["-I"]).split("\n")[:2] == ["[]", "True"]
