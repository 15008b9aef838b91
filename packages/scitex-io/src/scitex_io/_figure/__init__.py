"""Read the data drawn in a matplotlib figure back, as one tidy table."""
