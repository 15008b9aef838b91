"""import scitex as stx: reproducible experiments from plain scripts."""
