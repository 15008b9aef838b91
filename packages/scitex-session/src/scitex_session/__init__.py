"""One decorator that turns a Python script into an experiment that documents, protects and repeats itself."""
