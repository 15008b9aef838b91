"""The captured process's side: what it puts in the place of its output, and how it ends that."""
