"""The configuration of a run: the files in ``./config``, and overrides of single values."""
