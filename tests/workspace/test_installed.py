"""What is tested is what was built."""

import importlib
import os
import sysconfig
from pathlib import Path

import pytest

MODULES = [
    "scitex",
    "scitex_dotdict",
    "scitex_io",
    "scitex_plt_style",
    "scitex_repro",
    "scitex_session",
    "scitex_tee",
]


@pytest.mark.skipif("SCITEX_TEST_INSTALLED" not in os.environ, reason="only nox installs wheels")
@pytest.mark.parametrize("name", MODULES)
def test_the_tests_see_the_wheels_and_not_the_tree(name):
    """Under nox every package comes from the environment's site-packages."""
    module = importlib.import_module(name)
    assert Path(module.__file__).is_relative_to(sysconfig.get_path("purelib"))


@pytest.mark.parametrize("name", MODULES)
def test_the_version_is_the_one_of_the_workspace(name, workspace):
    """`__version__` of every package is read from what is installed, and is the one version."""
    assert importlib.import_module(name).__version__ == workspace.version()


@pytest.mark.parametrize("name", MODULES)
def test_the_face_is_flat_and_sorted(name):
    """`__all__` is sorted, constants and classes first, and each of its names can be had."""
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(
        module.__all__, key=lambda public: (not public.isupper(), not public[0].isupper(), public)
    )
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", MODULES)
def test_unknown_names_are_attribute_errors(name):
    """A typo gives an AttributeError that names the module and the attribute."""
    with pytest.raises(AttributeError, match=rf"{name}.*no_such_thing"):
        importlib.import_module(name).no_such_thing  # noqa: B018 - reading it is the test
