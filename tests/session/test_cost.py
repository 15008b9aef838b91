"""What a session does not need is not loaded: its cost is what it imports."""

LISTING = """\
import atexit, sys

def show():
    with open("loaded", "w", encoding="utf-8") as file:
        file.write("\\n".join(set(sys.modules) - before))

before = set(sys.modules)
atexit.register(show)

from scitex_session import INJECTED, session

@session
def main(n=1, name="x", CONFIG=INJECTED):
    print("working")

main()
"""

# Each takes one to hundred milliseconds.
HEAVY = [
    "logging", "subprocess", "threading", "inspect", "dataclasses",
    "argparse", "random", "tempfile", "shutil", "socket", "traceback",
    "importlib.metadata", "yaml", "numpy", "matplotlib", "tyro", "rich", "platformdirs",
]  # fmt: skip


def test_an_empty_session_loads_nothing_heavy(lab):
    """From start to end an empty session imports nothing that it can do without."""
    lab.write(LISTING)
    done = lab.run()
    assert done.returncode == 0, done.stderr
    loaded = (lab.path / "loaded").read_text(encoding="utf-8").split()
    assert "scitex_session" in loaded
    assert [name for name in HEAVY if name in loaded] == []
