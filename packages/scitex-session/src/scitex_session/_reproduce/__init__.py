"""What is done with the records of runs: rerun, compare, find what made a file, export."""
