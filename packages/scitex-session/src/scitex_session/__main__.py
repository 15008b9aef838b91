"""``python -m scitex_session``: the same as the ``scitex-session`` command."""

import sys

from ._commands import main

if __name__ == "__main__":
    sys.exit(main())
