"""From a function's signature to its command line."""
