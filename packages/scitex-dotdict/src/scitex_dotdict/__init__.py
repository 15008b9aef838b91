"""A dict whose keys can also be read and set as attributes."""
