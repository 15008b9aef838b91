"""The life of a run: opening, closing, signals, liveness and recovery."""
