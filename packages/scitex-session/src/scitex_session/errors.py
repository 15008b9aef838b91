"""What a session refuses, and how it says so."""

__all__ = ["ConfigError", "SessionError", "UsageError"]


class SessionError(RuntimeError):
    """A session cannot do what was asked; the message says what, where and the way out."""


class ConfigError(SessionError):
    """A file under ``./config`` cannot be used as it stands."""


class UsageError(SessionError):
    """The command line asks for something that does not exist."""
