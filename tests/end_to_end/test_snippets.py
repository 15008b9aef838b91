"""The snippets by which the interface is known, run as they are written."""

import os
import subprocess
import sys

import pytest

DECORATED = '''\
import scitex as stx

def process(data, threshold):
    return [row for row in data if float(row["x"]) > threshold]

@stx.session
def main(
    data_path="data.csv",        # --data-path data.csv
    threshold=0.5,               # --threshold 0.7
    CONFIG=stx.INJECTED,
    plt=stx.INJECTED,
    COLORS=stx.INJECTED,
    logger=stx.INJECTED,
    rngg=stx.INJECTED,
):
    """Analyze experimental data."""
    data = stx.io.load(data_path, kind="rows")
    result = process(data, threshold)
    stx.io.save(result, "output.csv")
    return 0

if __name__ == "__main__":
    main()
'''

CONTRACT = '''\
import scitex as stx

@stx.session
def main(
    data_path="data.csv",        # --data-path data.csv
    threshold=0.5,               # --threshold 0.7
    CONFIG=stx.INJECTED,
    plt=stx.INJECTED,
    COLORS=stx.INJECTED,
    logger=stx.INJECTED,
    rngg=stx.INJECTED,
):
    """Analyze experimental data."""
    data = stx.io.load(data_path)
    stx.io.save(data, "output.csv")
    return 0

if __name__ == "__main__":
    main()
'''

MINIMAL = '''\
import scitex as stx

@stx.session
def main(n=100, CONFIG=stx.INJECTED):
    """Minimal example -- only CONFIG injected."""
    print(f"Session ID: {CONFIG.ID}")
    print(f"Output dir: {CONFIG.SDIR_RUN}")
    return 0

main()
'''

GLOBALS = '''\
import scitex as stx

@stx.session(verbose=True, agg=False, notify=True, sdir_suffix="v2")
def train_model(model_name: str, epochs: int = 10):
    """Train ML model."""
    # These are automatically available as globals.
    logger.info(f"Session ID: {CONFIG['ID']}")
    logger.info(f"Output directory: {CONFIG['SDIR_RUN']}")
    return 0

if __name__ == '__main__':
    train_model()
'''

QUICK_START = """\
import sys
import matplotlib.pyplot as plt
from scitex import session

CONFIG, sys.stdout, sys.stderr, plt, CC, rng_manager = session.start(sys, plt)

random_array = rng_manager.random((10, 10))
print(random_array.shape, CC["blue"] == CC.blue)

session.close(CONFIG)
"""

PLOTTING = """\
import sys
import matplotlib.pyplot as plt
from scitex import session

CONFIG, sys.stdout, sys.stderr, plt, CC, rng_manager = session.start(
    sys, plt,
    fig_size_mm=(160, 100),
    dpi_save=300,
    hide_top_right_spines=True,
    alpha=0.9
)
plt.figure().savefig("figure.png")
session.close(CONFIG, exit_status=0)
"""

CUSTOM = """\
import sys
import matplotlib.pyplot as plt
from scitex import session

CONFIG, *_ = session.start(sys, plt, sdir="custom/path/")
CONFIG2 = CONFIG
session.close(CONFIG)
CONFIG, *_, rng_manager = session.start(sys, plt, seed=42)
session.close(CONFIG)
"""

MANAGER = """\
from scitex.session import SessionManager

manager = SessionManager()
manager.create_session("mine", {"a": 1}, script_path="script.py")
active = manager.get_active_sessions()
info = manager.get_session("mine")
manager.close_session("mine", status="success", exit_code=0)
print(list(active), bool(info), manager.get_session("unknown"), "mine" in manager.list_sessions())
print(manager.get_active_sessions())
"""

RUN = """\
import scitex as stx

def main(args):
    # Your code
    return 0

stx.session.run(main)
"""


@pytest.fixture
def run(tmp_path):
    """Write a script and run it."""
    (tmp_path / "data.csv").write_text("t,x\n0,0.4\n1,0.6\n", encoding="utf-8")

    def run(text, *args):
        (tmp_path / "my_script.py").write_text(text, encoding="utf-8")
        env = {**os.environ, "SCITEX_STATE_DIR": str(tmp_path / ".state"), "MPLBACKEND": "agg"}
        env.pop("SCITEX_NOTIFY_URLS", None)
        return subprocess.run(
            [sys.executable, "my_script.py", *args],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    run.out = tmp_path / "my_script_out"
    return run


def test_the_decorated_script(run):
    """Options from the command line, the result in the run directory."""
    done = run(DECORATED, "--data-path", "data.csv", "--threshold", "0.3")
    assert (done.returncode, done.stderr) == (0, "")
    (output,) = run.out.glob("FINISHED_SUCCESS/*/output.csv")
    assert output.read_text(encoding="utf-8").splitlines() == ["t,x", "0,0.4", "1,0.6"]


def test_the_script_of_the_contract(run):
    """What was loaded is saved again."""
    assert run(CONTRACT).returncode == 0
    (output,) = run.out.glob("FINISHED_SUCCESS/*/output.csv")
    assert output.read_text(encoding="utf-8").splitlines()[0] == "t,x"


def test_only_config_injected(run):
    """Identity and place of the run."""
    lines = run(MINIMAL).stdout.splitlines()
    assert lines[0].startswith("Session ID: 2")
    assert "/RUNNING/" in lines[1]


def test_the_globals_of_a_session(run):
    """A required option, globals, and a notification with nobody to send it to."""
    assert run(GLOBALS).returncode == 2
    done = run(GLOBALS, "--model-name", "resnet")
    assert done.returncode == 0, done.stderr
    assert "INFO Session ID: 2" in done.stderr
    assert [p.name[-3:] for p in run.out.glob("FINISHED_SUCCESS/*")] == ["-v2"]


def test_the_function_interface(run):
    """The streams go on as they were afterwards."""
    assert run(QUICK_START).stdout == "(10, 10) True\n"
    (log,) = run.out.glob("FINISHED/*/logs/stdout.log")
    assert log.read_text(encoding="utf-8") == "(10, 10) True\n"


def test_the_plotting_arguments(run, tmp_path):
    """A figure of 160 x 100 mm at 300 dots per inch."""
    assert run(PLOTTING).returncode == 0
    header = (tmp_path / "figure.png").read_bytes()[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (1890, 1181)


def test_a_directory_of_ones_own(run, tmp_path):
    """It is used in place."""
    assert run(CUSTOM).returncode == 0
    assert (tmp_path / "custom" / "path" / "CONFIGS" / "CONFIG.yaml").exists()


def test_the_session_manager(run):
    """Sessions of one's own, beside those of the machine."""
    assert run(MANAGER).stdout == "['mine'] True {} True\n{}\n"


def test_run_with_a_function_of_args(run):
    """As it was written before there was a decorator."""
    assert run(RUN).returncode == 0
    assert len(list(run.out.glob("FINISHED_SUCCESS/*"))) == 1
