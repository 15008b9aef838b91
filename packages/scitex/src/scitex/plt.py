"""Matplotlib's pyplot in the project's style, imported when it is first used."""

import sys

from scitex_plt_style import lazy_pyplot

sys.modules[__name__] = lazy_pyplot()
