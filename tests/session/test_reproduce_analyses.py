"""Real analyses repeated, traced and exported, by the command line."""

import doctest
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "eeg_bands.py"


@pytest.fixture
def eeg(lab):
    """Put the EEG example into the lab, reading a copy of the recording that can be changed."""
    pytest.importorskip("scitex")
    cbook = pytest.importorskip("matplotlib.cbook")
    source = EXAMPLE.read_text(encoding="utf-8")
    there = 'path = matplotlib.cbook.get_sample_data("eeg.dat", asfileobj=False)'
    assert there in source
    lab.write(source.replace(there, 'path = "eeg.dat"'), "eeg_bands.py")
    shutil.copytree(EXAMPLE.parent / "config", lab.path / "config")
    shutil.copy(cbook.get_sample_data("eeg.dat", asfileobj=False), lab.path / "eeg.dat")
    return lab


def tool(lab, *args):
    """Return the finished process of a `scitex-session` command."""
    command = [sys.executable, "-m", "scitex_session", *map(str, args)]
    return subprocess.run(
        command, cwd=lab.path, env=lab.env, capture_output=True, encoding="utf-8", check=False
    )


def ask(lab, *args):
    """Return what a command answers as JSON, objects as namespaces."""
    done = tool(lab, *args, "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout, object_hook=lambda d: SimpleNamespace(**d))


def rerun(lab, run, *options):
    """Repeat a run and return the comparison."""
    return ask(lab, "rerun", run, *options)


def first_cause(result):
    """Return the likeliest cause as it is printed."""
    return f"{result.causes[0].kind}: {result.causes[0].text}"


def once(lab, *args, script="eeg_bands.py"):
    """Run a script and return its directory."""
    done = lab.run(*args, script=script)
    assert done.returncode == 0, done.stderr
    (run,) = lab.runs("FINISHED_SUCCESS", base=script.removesuffix(".py") + "_out")
    return run


@pytest.mark.slow
def test_the_eeg_example_is_identical_in_every_file(eeg):
    """The example on an untouched checkout is identical in every file that it writes."""
    result = rerun(eeg, once(eeg, "--threshold", "0.3"))
    assert result.reproduced, result
    outputs = {f.path: f.status for f in result.files if not f.path.startswith("logs/")}
    assert {"bands.csv", "spectra.png", "shares.png"} <= set(outputs)
    assert set(outputs.values()) == {"identical"}


@pytest.mark.slow
def test_the_eeg_example_as_it_is_shipped(lab):
    """The recording inside a library is an input, and the unchanged example is reproduced."""
    pytest.importorskip("scitex")
    pytest.importorskip("matplotlib")
    shutil.copy(EXAMPLE, lab.path)
    run = once(lab)
    assert rerun(lab, run).reproduced
    assert [found.stale for found in ask(lab, "stale", "--all", run)] == [False]


@pytest.mark.slow
def test_one_byte_of_the_recording(eeg):
    """One byte of the recording changed: the input is named first, and the numbers that differ."""
    run = once(eeg)
    data = bytearray((eeg.path / "eeg.dat").read_bytes())
    data[1007] ^= 0x80  # the sign of a sample
    (eeg.path / "eeg.dat").write_bytes(data)
    result = rerun(eeg, run)
    assert not result.reproduced
    assert first_cause(result) == f"input: {eeg.path}/eeg.dat: its content has changed"
    table = next(file for file in result.files if file.path == "bands.csv")
    assert "numbers differ" in table.detail
    picture = next(file for file in result.files if file.path == "spectra.png")
    assert "pixels differ" in picture.detail


@pytest.mark.slow
def test_one_line_of_the_analysis(eeg):
    """One line of code changed: in place the code is named first."""
    run = once(eeg)
    script = (eeg.path / "eeg_bands.py").read_text(encoding="utf-8")
    eeg.write(script.replace("np.arange(size) / size) ** 2", "np.arange(size) / size)"),
              "eeg_bands.py")  # fmt: skip
    result = rerun(eeg, run, "--in-place")
    assert result.causes[0].kind == "code"
    assert rerun(eeg, run).reproduced


@pytest.mark.slow
def test_another_seed_of_the_analysis(eeg):
    """With noise drawn, another seed in the code: it is named before the line that holds it."""
    script = (eeg.path / "eeg_bands.py").read_text(encoding="utf-8")
    script = script.replace(
        "    logger=stx.INJECTED,\n", "    logger=stx.INJECTED,\n    rngg=stx.INJECTED,\n"
    )
    drawn = "read_recording() + rngg('noise').normal(0, 1e-3, (4, 800))\n"
    eeg.write(
        script.replace("recording = read_recording()\n", f"recording = {drawn}"), "eeg_bands.py"
    )
    run = once(eeg)
    script = (eeg.path / "eeg_bands.py").read_text(encoding="utf-8")
    eeg.write(script.replace("@stx.session\n", "@stx.session(seed=7)\n"), "eeg_bands.py")
    assert rerun(eeg, run).reproduced
    result = rerun(eeg, run, "--in-place")
    assert first_cause(result) == "seed: 42 became 7"


@pytest.mark.slow
def test_another_version_of_a_library_of_the_analysis(eeg, tmp_path_factory):
    """A library that scales the recording differently in its next version is named first."""
    site = tmp_path_factory.mktemp("lib") / "site-packages"

    def install(version, factor):
        for old in site.glob("*.dist-info"):
            old.rename(site / f"amplifier-{version}.dist-info")
        (site / f"amplifier-{version}.dist-info").mkdir(parents=True, exist_ok=True)
        (site / "amplifier.py").write_text(f"GAIN = {factor}\n", encoding="utf-8")

    install("1.0", 1.0)
    script = (eeg.path / "eeg_bands.py").read_text(encoding="utf-8")
    script = script.replace("import numpy as np\n", "import amplifier\nimport numpy as np\n", 1)
    old = "welch(recording, RATE, window)"
    eeg.write(script.replace(old, f"{old[:6]}amplifier.GAIN * {old[6:]}"), "eeg_bands.py")
    eeg.env = {**eeg.env, "PYTHONPATH": ":".join([str(site), *filter(None, sys.path)])}
    run = once(eeg)
    install("1.1", 2.25)
    result = rerun(eeg, run)
    assert not result.reproduced
    assert first_cause(result) == "library: amplifier 1.0 became 1.1"


@pytest.mark.slow
def test_a_picture_finds_its_way_home(eeg, tmp_path_factory):
    """A figure and a table of the example, renamed, are traced to the run; the crate is made."""
    run = once(eeg)
    elsewhere = tmp_path_factory.mktemp("else")
    for name, by in (("spectra.png", "metadata"), ("bands.csv", "digest")):
        shutil.copy(run / name, elsewhere / f"renamed-{name}")
        (origin,) = ask(eeg, "whence", elsewhere / f"renamed-{name}")
        assert (origin.run_id, origin.by) == (run.name, by)
    assert tool(eeg, "export", run, elsewhere / "crate").returncode == 0
    assert (elsewhere / "crate" / "outputs" / "spectra.png").is_file()


# Analyses that nobody here wrote: the examples in the documentation of these objects.
DOCUMENTED = (
    "sklearn.metrics.ConfusionMatrixDisplay.from_estimator",
    "sklearn.inspection.DecisionBoundaryDisplay.from_estimator",
    "sklearn.inspection.PartialDependenceDisplay.from_estimator",
    "sklearn.inspection.permutation_importance",
    "sklearn.cluster.KMeans",
    "pandas.plotting.bootstrap_plot",
    "pandas.DataFrame.plot.hexbin",
    "pandas.plotting.scatter_matrix",
)


def documented(name):
    """Return the source of the examples in the documentation of an object, as they stand."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return "".join(e.source for e in doctest.DocTestParser().get_examples(found.__doc__))
    raise AssertionError(name)


@pytest.mark.slow
def test_analyses_that_no_one_here_wrote(lab):
    """Examples from the documentation of pandas and scikit-learn are reproduced identically."""
    pytest.importorskip("sklearn")
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    body = "import numpy as np\nimport pandas as pd\n" + "\n".join(map(documented, DOCUMENTED))
    ending = (
        "import matplotlib.pyplot as figures\nfrom scitex_io import save\n"
        "for number in figures.get_fignums():\n"
        "    save(figures.figure(number), f'figure{number}.png')"
    )
    lab.decorated(f"{body}\n{ending}")
    run = once(lab, script="script.py")
    assert len(list(run.glob("*.png"))) >= 5
    result = rerun(lab, run)
    assert result.reproduced, result
    outputs = [file for file in result.files if not file.path.startswith("logs/")]
    assert {file.status for file in outputs} == {"identical"}, result
