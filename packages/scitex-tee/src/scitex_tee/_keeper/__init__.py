"""The process that keeps the logs, and its standby. It imports `_log` and `_protocol` alone."""
