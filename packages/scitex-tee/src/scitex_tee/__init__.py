"""Everything a process and its children print, on the terminal and in a readable log."""
