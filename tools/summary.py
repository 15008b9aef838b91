"""Count the tests of many test reports, and end with one line that says it.

Usage::

    python tools/summary.py FOLDER [--seconds N]

FOLDER holds one JUnit file for each session of tests. The exit status is 1 if a test failed, or if
there is no report at all.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence


def count(report: Path) -> Counter[str]:
    """Return how many tests of one JUnit file passed, failed, were skipped or had an error."""
    found: Counter[str] = Counter()
    # The file was written a moment ago by our own pytest.
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - not from outside
        total, failed, errors, skipped = (
            int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        )
        found.update(
            failed=failed,
            passed=total - failed - errors - skipped,
            skipped=skipped,
            errors=errors,
        )
    return found


def line(found: Counter[str], seconds: float | None = None) -> str:
    """Return the counts in the words pytest uses."""
    words = ("failed", "passed", "skipped", "errors")
    counted = ", ".join(f"{found[word]} {word}" for word in words if found[word])
    took = "" if seconds is None else f" in {seconds:.2f}s"
    return f" {counted or 'no tests ran'}{took} ".center(80, "=")


def main(argv: Sequence[str]) -> int:
    """Print a line for each report and one for all, and return the exit status."""
    parser = argparse.ArgumentParser(description="Count the tests of many test reports.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args(argv)
    total: Counter[str] = Counter()
    for report in sorted(options.folder.glob("*.xml")):
        found = count(report)
        total.update(found)
        print(f"{report.stem:24}", *(f"{found[word]} {word}" for word in sorted(found)), sep="  ")
    print(line(total, options.seconds))
    return 1 if total["failed"] or total["errors"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
