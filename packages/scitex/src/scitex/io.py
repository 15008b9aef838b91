"""`scitex_io` under the name ``scitex.io``: the module itself, not a copy of its names."""

import sys

import scitex_io

sys.modules[__name__] = scitex_io
