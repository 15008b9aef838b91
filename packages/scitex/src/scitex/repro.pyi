# What type checkers see of ``import scitex.repro``.

from scitex_repro import *  # noqa: F403 - all its public names, and no list to keep in step
