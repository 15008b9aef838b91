"""Every example runs as its reader would run it, and leaves what it says."""

import csv
import importlib.util
import json
import sys

import numpy as np
import pytest

FILES = ["CONFIGS/CONFIG.pkl", "CONFIGS/CONFIG.yaml", "CONFIGS/PROVENANCE.json"]
LOGS = ["logs/stderr.log", "logs/stdout.log"]


def only_run(base, state="FINISHED_SUCCESS"):
    """Return the one run directory, which is in that state."""
    found = list(base.glob("*/*/"))
    assert [run.parent.name for run in found] == [state], found
    return found[0]


def saved(run):
    """Return the names of the files that the script itself saved."""
    names = [p.relative_to(run) for p in run.rglob("*") if p.is_file()]
    return sorted(str(n) for n in names if n.parts[0] not in {"CONFIGS", "logs"})


def table(file):
    """Return the rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def succeed(examples, python):
    """Return a function that runs an example, which must succeed, and gives what it printed."""

    def run(*argv, cwd=None):
        done = python(*argv, cwd=cwd or examples)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_minimal_saves_figure_data_and_summary(examples, succeed):
    """The smallest example leaves a figure, the data drawn in it, a summary and its records."""
    printed = succeed("minimal.py", "--n", "50")
    run = only_run(examples / "minimal_out")
    assert printed == f"Session {run.name} drew 50 points\n"
    assert saved(run) == ["sine.csv", "sine.png", "summary.json"]
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["n"] == 50
    assert (run / "logs/stdout.log").read_text(encoding="utf-8") == printed
    assert [name for name in FILES + LOGS if not (run / name).is_file()] == []
    drawn = table(run / "sine.csv")
    assert len(drawn) == 50
    assert float(drawn[0]["y"]) == 0
    assert (run / "sine.png").read_bytes().startswith(b"\x89PNG")


def test_start_close_saves_the_walks(examples, succeed):
    """The function interface captures, seeds and files the run as the decorator does."""
    printed = succeed("start_close.py")
    run = only_run(examples / "start_close_out")
    assert saved(run) == ["walks.csv", "walks.npy", "walks.png"]
    walks = np.load(run / "walks.npy")
    assert walks.shape == (3, 200)
    assert printed.split()[-1] == f"{walks[-1, -1]:.2f}"
    assert (run / "logs/stdout.log").read_text(encoding="utf-8") == printed


def test_start_close_gives_the_same_bits_again(examples, succeed):
    """Two runs of one script with one seed draw the same numbers."""
    assert succeed("start_close.py") == succeed("start_close.py")
    first, second = (examples / "start_close_out" / "FINISHED_SUCCESS").iterdir()
    assert (first / "walks.npy").read_bytes() == (second / "walks.npy").read_bytes()


def test_named_streams_do_not_disturb_each_other(examples, succeed):
    """A stream more in between changes neither the split nor the weights."""
    plain = succeed("named_streams.py")
    assert succeed("named_streams.py", "--augment") == plain
    runs = (examples / "named_streams_out" / "FINISHED_SUCCESS").iterdir()
    drawn = [json.loads((run / "drawn.json").read_text(encoding="utf-8")) for run in runs]
    assert sorted(len(each) for each in drawn) == [3, 4]
    assert drawn[0]["weights"] == drawn[1]["weights"]
    assert sorted(drawn[0]["train"] + drawn[0]["test"]) == list(range(12))


def test_eeg_bands_measures_four_channels(examples, succeed):
    """From another directory the classical bands are measured; table and figures are saved."""
    printed = succeed("examples/eeg_bands.py", "--threshold", "0.3", cwd=examples.parent)
    run = only_run(examples / "eeg_bands_out")
    assert saved(run) == ["bands.csv", "shares.csv", "shares.png", "spectra.csv", "spectra.png"]
    rows = table(run / "bands.csv")
    assert [row["band"] for row in rows[:4]] == ["delta", "theta", "alpha", "beta"]
    assert {row["channel"] for row in rows} == {"PG3", "PG5", "PG7", "PG9"}
    for channel in ("PG3", "PG9"):
        shares = [float(row["share"]) for row in rows if row["channel"] == channel]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)
    assert {row["channel"] for row in rows if row["dominant"] == "True"} == {
        "PG3",
        "PG5",
        "PG7",
        "PG9",
    }
    assert printed.splitlines()[0].split() == ["channel", "delta", "theta", "alpha", "beta"]
    assert "4 channels, 0.50 Hz resolution" in (run / "logs/stderr.log").read_text(encoding="utf-8")


def test_eeg_bands_takes_its_bands_from_its_config(examples, succeed):
    """From its own folder the bands of config/EEG.yaml are measured, and `--set` changes one."""
    assert "high_alpha" in succeed("eeg_bands.py").splitlines()[0]
    succeed("eeg_bands.py", "--bands", "theta", "beta", "--set", "EEG.bands.beta=[13, 25]")
    runs = sorted((examples / "eeg_bands_out" / "FINISHED_SUCCESS").iterdir(), key=lambda p: p.name)
    tables = sorted((table(run / "bands.csv") for run in runs), key=len)
    assert [len(rows) for rows in tables] == [8, 20]
    assert {row["high_hz"] for row in tables[0] if row["band"] == "beta"} == {"25.0"}
    assert {row["high_hz"] for row in tables[1] if row["band"] == "beta"} == {"30.0"}


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--bands", "gamma"], "unknown band gamma; there are delta, theta"),
        (["--window", "99"], "a window lasts from 0.025 to 10 s"),
    ],
)
def test_eeg_bands_refuses_what_it_cannot_measure(examples, python, argv, told):
    """What the script itself refuses is one line and a run that failed."""
    done = python("eeg_bands.py", *argv, cwd=examples)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(told)
    run = only_run(examples / "eeg_bands_out", "FINISHED_ERROR")
    assert told in (run / "logs/stderr.log").read_text(encoding="utf-8")
    assert saved(run) == []


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.1, 2.0, 10.0])
def test_welch_agrees_with_scipy(examples, monkeypatch, seconds):
    """The few lines of the example give what scipy's Welch gives."""
    signal = pytest.importorskip("scipy.signal")
    monkeypatch.chdir(examples)
    spec = importlib.util.spec_from_file_location("eeg_bands", examples / "eeg_bands.py")
    eeg = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, eeg)
    spec.loader.exec_module(eeg)
    recording = eeg.read_recording()
    frequencies, density = eeg.welch(recording, eeg.RATE, seconds)
    wanted = signal.welch(recording, eeg.RATE, nperseg=round(seconds * eeg.RATE))
    np.testing.assert_allclose(frequencies, wanted[0])
    np.testing.assert_allclose(density, wanted[1])


def test_an_example_called_with_arguments_is_a_plain_function(examples, python):
    """A decorated example is imported and called without a directory appearing."""
    code = "import named_streams as n; print(n.main(samples=8))"
    done = python("-c", code, cwd=examples, PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "0"
    assert list(examples.glob("*_out")) == []
