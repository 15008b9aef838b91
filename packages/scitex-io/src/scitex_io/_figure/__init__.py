"""The data drawn in a matplotlib figure, as one tidy table."""
