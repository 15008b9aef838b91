"""The one owner of a run's record: its directory, its statuses, its files and how they end."""
