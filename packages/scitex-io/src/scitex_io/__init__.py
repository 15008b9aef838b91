"""save and load by file ending, atomically, with the data of every figure beside it."""
