"""Every example in a docstring gives what it shows."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = """
import doctest, importlib, sys
module = importlib.import_module(sys.argv[1])
done = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
sys.exit(done.failed or not done.attempted)
"""


def modules():
    """Return the names of our modules that show an example."""
    for source in sorted((ROOT / "packages").glob("*/src")):
        for file in sorted(source.rglob("*.py")):
            if ">>> " in file.read_text(encoding="utf-8"):
                parts = file.relative_to(source).with_suffix("").parts
                yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("name", list(modules()))
def test_the_examples_of_a_module_hold(name, python, tmp_path):
    """What follows each prompt in a docstring is what is printed there."""
    done = python("-c", CODE, name, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
