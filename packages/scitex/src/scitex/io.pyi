# What type checkers see of ``import scitex.io``.

from scitex_io import *  # noqa: F403 - all its public names, and no list to keep in step
