"""The catalogue: where runs are, what the index knows of them, archives and the trash."""
