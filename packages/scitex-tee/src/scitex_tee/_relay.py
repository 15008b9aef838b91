"""The program that the relay process runs, as ``python -I -S _relay.py``: see `_pump`."""

import os
import sys

if __name__ == "__main__":
    # Appended, not put in front: the standard library must stay the standard library.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scitex_tee._pump import main

    main(sys.argv[1:])
