# What type checkers see of ``import scitex.session`` and ``from scitex.session import ...``.

from scitex_session import *  # noqa: F403 - all its public names, and no list to keep in step
