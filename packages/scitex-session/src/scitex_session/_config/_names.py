"""The names of CONFIG that belong to the session."""

__all__ = ["RESERVED"]

RESERVED = frozenset(
    {
        "ARGS",
        "END_DATETIME",
        "END_TIME",
        "EXIT_REASON",
        "EXIT_STATUS",
        "FILE",
        "ID",
        "LOG_INCOMPLETE",
        "MESSAGE",
        "PARENT",
        "PID",
        "RUN_TIME",
        "SDIR",
        "SDIR_OUT",
        "SDIR_PATH",
        "SDIR_RUN",
        "SEED",
        "START_DATETIME",
        "START_TIME",
    }
)
