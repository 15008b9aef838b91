"""Named random streams, seeds fixed on import, and proof that a result is the same."""
