"""What holds for all tests: a user's signals and terminal, and how long a test may take."""

import os
import signal

import pytest

LONG_MARKS = ("slow", "torch", "jax")
LONG_LIMIT = 900.0  # seconds; the limit of the others is in pyproject.toml

# A test run that was started in the background inherits ignored signals, and so would the scripts
# that tests start and interrupt; at a prompt nothing is ignored.
for _name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)

# Where these are set they win over the size of the terminals that tests open.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# Tests change a module and run it again within the second in which byte code is taken for fresh.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def pytest_collection_modifyitems(items):
    """Give tests that are known to take long more time than the others."""
    for item in items:
        marked = any(item.get_closest_marker(name) for name in LONG_MARKS)
        if marked and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONG_LIMIT))
