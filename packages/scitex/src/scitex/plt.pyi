# What type checkers see of ``import scitex.plt``.

from matplotlib.pyplot import *  # noqa: F403 - all its public names, and no list to keep in step
