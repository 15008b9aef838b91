"""What holds for all tests: the signals and the terminal that a user's shell would give them."""

import os
import signal

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
