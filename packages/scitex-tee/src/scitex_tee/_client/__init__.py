"""The captured process's side: what replaces its output, and how that ends."""
