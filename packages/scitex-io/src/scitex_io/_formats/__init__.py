"""One module for each format: `prepare` checks an object and returns its writer, `read` reads."""
