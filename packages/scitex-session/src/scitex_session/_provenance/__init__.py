"""What is known of a run: what it read and wrote, which code, libraries and machine made it."""
