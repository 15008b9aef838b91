"""A log on disk, and how terminal output becomes readable text."""
