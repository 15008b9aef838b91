"""What the readers of configuration share: the session's own names, and where they speak."""

__all__ = ["RESERVED", "say"]

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


def say(text: str) -> None:
    """Write one line to standard error."""
    import sys

    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
