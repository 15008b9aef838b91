"""`scitex_repro` under the name ``scitex.repro``: the module itself, not a copy of its names."""

import sys

import scitex_repro

sys.modules[__name__] = scitex_repro
