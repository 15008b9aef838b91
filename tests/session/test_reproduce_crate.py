"""Runs exported as research objects, by the command line."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def tool(lab, *args):
    """Return the finished process of a `scitex-session` command."""
    command = [sys.executable, "-m", "scitex_session", *map(str, args)]
    return subprocess.run(
        command, cwd=lab.path, env=lab.env, capture_output=True, encoding="utf-8", check=False
    )


def export(lab, run, target, *options):
    """Export a run and return the path that is printed."""
    done = tool(lab, "export", run, target, *options)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture
def run(lab):
    """Run a script with an input, a module, outputs and logs, and return its directory."""
    lab.write("def double(x):\n    return 2 * x\n", "helper.py")
    lab.write("hello\n", "my data.txt")
    lab.config_file("E.yaml", "k: 3\n")
    lab.decorated(
        "import helper\ntext = open('my data.txt').read()\n"
        "open(f'{CONFIG.SDIR}/out.csv', 'w').write(f'{helper.double(n)},{len(text)}')\n"
        "open('beside.txt', 'w').write('x')\nprint('done')",
        parameters="n=1, CONFIG=INJECTED",
    )
    done = lab.run("--n", "2")
    assert done.returncode == 0, done.stderr
    return lab.only("FINISHED_SUCCESS")


def graph_of(crate):
    """Return the entities of a crate by their id."""
    document = json.loads((crate / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_a_crate_tells_the_run(run, lab, tmp_path):
    """The crate names script, inputs, settings, outputs, times, agent and libraries of the run."""
    crate = export(
        lab, run, tmp_path / "crate", "--license", "CC-BY-4.0", "--author", "Ada Lovelace"
    )
    graph = graph_of(crate)
    (action,) = [e for e in graph.values() if e["@type"] == "CreateAction"]
    assert graph[action["instrument"]["@id"]]["@type"] == ["File", "SoftwareSourceCode"]
    objects = [graph[item["@id"]] for item in action["object"]]
    assert next(e["name"] for e in objects if e["@type"] == "File").endswith("my data.txt")
    assert {"argument n": 2, "seed": 42}.items() <= {
        e["name"]: e["value"] for e in objects if e["@type"] == "PropertyValue"
    }.items()
    results = [item["@id"] for item in action["result"]]
    assert "outputs/out.csv" in results
    assert "logs/stdout.log" in results
    assert graph[action["agent"]["@id"]]["name"] == "Ada Lovelace"
    assert graph["./"]["license"]["@id"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert action["startTime"] <= action["endTime"]


def test_every_part_is_there_with_its_digest(run, lab, tmp_path):
    """Each file of the crate is there with the size and digest that the crate says."""
    from urllib.parse import unquote

    crate = export(lab, run, tmp_path / "crate")
    graph = graph_of(crate)
    parts = {item["@id"] for item in graph["./"]["hasPart"]}
    for part in parts:
        data = (crate / unquote(part)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == graph[part]["sha256"]
    present = {str(p.relative_to(crate)) for p in crate.rglob("*") if p.is_file()}
    assert {unquote(part) for part in parts} == present - {"ro-crate-metadata.json"}
    assert not [name for name in present if name.endswith(".pkl")]


def test_a_zip_file(run, lab, tmp_path):
    """With zip the crate is one file with the metadata at its root."""
    path = export(lab, run, tmp_path / "crate", "--zip")
    assert path == tmp_path / "crate.zip"
    with zipfile.ZipFile(path) as archive:
        assert "ro-crate-metadata.json" in archive.namelist()
        assert "outputs/out.csv" in archive.namelist()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".", "crate"))] in (
        ["crate.zip"], [".state", "crate.zip"], ["crate.zip", ".state"],
    )  # fmt: skip


def test_an_existing_target_is_refused(run, lab, tmp_path):
    """Nothing is overwritten."""
    (tmp_path / "crate").mkdir()
    done = tool(lab, "export", run, tmp_path / "crate")
    assert (done.returncode, done.stdout) == (4, "")
    assert "exists already; name another target" in done.stderr


def test_a_failed_run(lab, tmp_path):
    """A run that failed is exported as one, with the reason."""
    lab.decorated("raise ValueError('bad luck')")
    lab.run()
    crate = export(lab, lab.only("FINISHED_ERROR"), tmp_path / "crate")
    (action,) = [e for e in graph_of(crate).values() if e["@type"] == "CreateAction"]
    assert action["actionStatus"]["@id"].endswith("FailedActionStatus")
    assert "bad luck" in action["error"]


def test_what_changed_since_is_not_passed_off(run, lab, tmp_path):
    """An input that has changed is described and not copied; the code is that of the run."""
    lab.write("other\n", "my data.txt")
    lab.write("broken", "helper.py")
    crate = export(lab, run, tmp_path / "crate")
    assert not (crate / "inputs").exists()
    (helper,) = (crate / "code").glob("*/helper.py")
    assert "2 * x" in helper.read_text(encoding="utf-8")


# The validator's own libraries warn of each other.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("status", ["success", "error"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_validator_accepts_it(run, lab, tmp_path, context_cache, status, packed):
    """The public validator finds no required issue, in a folder and in a zip file."""
    validator = pytest.importorskip("rocrate_validator")
    from rocrate_validator import models, services

    assert validator
    if status == "error":
        lab.decorated("open('my data.txt').read()\nraise ValueError('bad luck')", name="bad.py")
        lab.run(script="bad.py")
        (run,) = lab.runs("FINISHED_ERROR", base="bad_out")
    crate = export(lab, run, tmp_path / "crate", *["--zip"] * packed)
    settings = services.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="process-run-crate-0.5",
        requirement_severity=models.Severity.REQUIRED,
        offline=True,
        cache_path=str(context_cache),
    )
    result = services.validate(settings)
    assert [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()] == []


@pytest.fixture
def context_cache(tmp_path):
    """Put the JSON-LD context where the validator looks for it, so that it needs no network.

    The `rocrate` package ships the context of RO-Crate 1.3, whose terms contain those of 1.1.
    """
    pytest.importorskip("rocrate_validator")
    rocrate = pytest.importorskip("rocrate")
    import requests_cache
    from requests.adapters import BaseAdapter, HTTPAdapter
    from urllib3 import HTTPResponse

    data = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()

    class Local(BaseAdapter):
        def send(self, request, **_):
            import io

            response = HTTPResponse(
                body=io.BytesIO(data),
                headers={"Content-Type": "application/ld+json"},
                status=200,
                preload_content=False,
            )
            return HTTPAdapter().build_response(request, response)

        def close(self):
            pass

    path = tmp_path / "contexts"
    session = requests_cache.CachedSession(cache_name=str(path), backend="sqlite", expire_after=-1)
    session.mount("https://w3id.org/", Local())
    for version in ("1.1", "1.2", "1.3"):
        session.get(f"https://w3id.org/ro/crate/{version}/context").close()
    session.close()
    return path


def test_a_run_that_is_not_over_is_refused(run, lab, tmp_path):
    """A run without an end is refused with the reason."""
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    path = copy / "CONFIGS" / "PROVENANCE.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["run"]["status"] = "running"
    path.write_text(json.dumps(record), encoding="utf-8")
    done = tool(lab, "export", copy, tmp_path / "crate")
    assert (done.returncode, done.stdout) == (4, "")
    assert "still running" in done.stderr
