"""What the tests of the workspace share: its tool, and a copy of the tree to break."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def root():
    """Return the root of the checkout."""
    return ROOT


def tool(name):
    """Return a file of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(f"{name}_tool", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def workspace():
    """Return tools/workspace.py as a module."""
    return tool("workspace")


@pytest.fixture(scope="session")
def architecture():
    """Return tools/architecture.py as a module."""
    return tool("architecture")


@pytest.fixture
def copy(tmp_path):
    """Return the root of a copy of the packages that a test may break."""
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "dist", "build")
    shutil.copytree(ROOT / "packages", tmp_path / "packages", ignore=ignore)
    shutil.copy(ROOT / "LICENSE", tmp_path)
    return tmp_path
