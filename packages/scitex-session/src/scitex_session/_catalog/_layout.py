"""How runs lie in an output directory, as far as the tools need to know."""

from __future__ import annotations

from .._record._directory import STAGING
from .._record._status import DIRECTORY_OF, ENDED_DIRECTORIES

RUNNING, FINISHED = DIRECTORY_OF["running"], DIRECTORY_OF["finished"]
SUCCESS, ERROR = DIRECTORY_OF["success"], DIRECTORY_OF["error"]
ENDED = ENDED_DIRECTORIES
UNBORN = STAGING

__all__ = ["ENDED", "ERROR", "FINISHED", "IN_PLACE", "RUNNING", "STATES", "SUCCESS", "UNBORN"]

# RUNNING comes first: a run that moves while it is looked for is then seen at least once.
STATES = (RUNNING, *ENDED)
IN_PLACE = ""  # the "state" of a run directory that is used in place and never moved
ARCHIVING = ".archive-"  # in front of a run's name while it is packed into a tar file
UNPACKING = ".restore-"  # in front of it while it is unpacked
TAR = ".tar"
TRASH = ".trash"  # <output directory>/.trash/<time>/<state>/<name>
CONFIGS = "CONFIGS"
RECORD = "CONFIGS/PROVENANCE.json"
