"""The refusals of this package; each is also the builtin error a caller would expect."""


class UnknownEndingError(ValueError):
    """A file ending for which there is no format, or none in this direction."""


class UnfitObjectError(TypeError, ValueError):
    """An object that the format of the chosen ending cannot hold without loss."""


class MissingLibraryError(ImportError):
    """An optional library that the chosen ending needs is not installed."""


class UnreadableFileError(ValueError):
    """A file whose content is not what its ending says."""
