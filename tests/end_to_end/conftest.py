"""What the end-to-end tests share."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def root():
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def pages():
    """Return tools/pages.py as a module."""
    spec = importlib.util.spec_from_file_location("pages_tool", ROOT / "tools" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """Return a copy of examples/ to run in, with a registry of its own."""
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "examples"
    ignored = shutil.ignore_patterns("*_out", "__pycache__")
    shutil.copytree(ROOT / "examples", folder, ignore=ignored)
    return folder


@pytest.fixture
def python():
    """Return a function that runs this Python with arguments in a directory."""

    def run(*argv, cwd, **changes):
        return subprocess.run(
            [sys.executable, *map(str, argv)],
            cwd=cwd,
            env=os.environ | changes,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    return run
