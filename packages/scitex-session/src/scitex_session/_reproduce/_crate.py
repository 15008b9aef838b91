"""A run as a research object: a folder or a zip file that other tools understand."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scitex_session._provenance._digest import describe
from scitex_session._provenance._record_files import walk_outputs
from scitex_session._reproduce._crate_graph import Graph, script_type
from scitex_session._reproduce._mirror import Mirror
from scitex_session._reproduce._records import Record
from scitex_session._reproduce._restore import Code
from scitex_session.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_INPUT = 1024**3  # bytes; a larger input is described and not copied


def export(
    run_dir: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    zip: bool = False,  # noqa: A002 - the name of the option
    license: str | None = None,  # noqa: A002 - the term of the standard
    author: str | None = None,
) -> Path:
    """
    Write a run as an RO-Crate with the Process Run Crate profile.

    Parameters
    ----------
    run_dir : str or os.PathLike
        The directory of a run that has ended.
    target : str or os.PathLike
        The folder to make, or the zip file (``.zip`` is added where it is missing).
    zip : bool
        Write one zip file.
    license : str, optional
        An SPDX identifier such as ``CC-BY-4.0``, or an address. By default the crate says that no
        license is stated.
    author : str, optional
        A name, or an address such as an ORCID. By default the user who ran it.

    Returns
    -------
    pathlib.Path
        The folder or file; it appears whole.

    Raises
    ------
    SessionError
        If the run has not ended, has no record, or `target` exists.
    """
    record = Record(run_dir)
    if record.run["status"] == "running":
        raise SessionError(f"{record.run_dir}: is still running, or died unseen (recover it first)")
    path = Path(target).absolute()
    if zip and path.suffix != ".zip":
        path = path.with_name(path.name + ".zip")
    if path.exists():
        raise SessionError(f"{path}: exists already; name another target")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as aside:
        crate = os.path.join(aside, "crate")
        os.mkdir(crate)
        _fill(record, crate, license, author)
        made = _zipped(crate) if zip else crate
        os.rename(made, path)
    return path


def _fill(record: Record, crate: str, license: str | None, author: str | None) -> None:  # noqa: A002 - see export
    graph = Graph(record)
    _add_code(record, crate, graph)
    _add_inputs(record, crate, graph)
    for name, path, description, is_result in _results(record):
        _copy(path, os.path.join(crate, name))
        identifier = graph.file(name, os.path.join(crate, name), description)
        if is_result:
            graph.results.append(identifier)
    document = json.dumps(graph.document(license, author), indent=2, ensure_ascii=False)
    with open(os.path.join(crate, "ro-crate-metadata.json"), "w", encoding="utf-8") as file:
        file.write(document + "\n")


def _results(record: Record) -> Iterator[tuple[str, str, str, bool]]:
    """Yield (name in the crate, file, description, whether the run made it) of what is copied."""
    for name, entry in walk_outputs(record.run_dir):
        if entry.is_file():
            yield f"outputs/{name}", entry.path, "written by the run", True
    for output in record.entries("outputs"):
        if output.get("elsewhere") and _still(output):
            path, digest = output["path"], output["sha256"]
            name = f"outputs-elsewhere/{digest[:8]}-{os.path.basename(path)}"
            yield name, path, f"written by the run as {path}", True
    for name in ("stdout.log", "stderr.log"):
        path = record.inside("logs", name)
        if os.path.isfile(path):
            yield f"logs/{name}", path, f"what the run wrote to {name.partition('.')[0]}", True
    # Not CONFIG.pkl: nobody should have to load a pickle that came by mail.
    for name in ("PROVENANCE.json", "CONFIG.yaml", "CODE.patch"):
        path = record.inside("CONFIGS", name)
        if os.path.isfile(path):
            yield f"CONFIGS/{name}", path, "the session's own record of the run", False


def _add_code(record: Record, crate: str, graph: Graph) -> None:
    """Add the script and the user's modules, restored to what they were."""
    with tempfile.TemporaryDirectory() as scratch:
        mirror = Mirror(os.path.realpath(scratch))
        code = Code(record, mirror)
        try:
            code.restore()
        except SessionError:
            return  # the graph then describes the script without its text
        try:
            for entry in record.section("code")["files"]:
                _add_source(entry, mirror, crate, graph)
        finally:
            code.remove()


def _add_source(entry: dict[str, str], mirror: Mirror, crate: str, graph: Graph) -> None:
    path = mirror.of(entry["path"])
    if not os.path.isfile(path):
        return
    folder = "" if entry["module"] == "__main__" else f"{(entry.get('sha256') or 'x')[:8]}/"
    name = f"code/{folder}{os.path.basename(path)}"
    _copy(path, os.path.join(crate, name))
    if entry["module"] == "__main__":
        more = {"@type": script_type(), "encodingFormat": "text/x-python"}
        graph.file(name, os.path.join(crate, name), "the script", **more)
    else:
        graph.file(name, os.path.join(crate, name), f"the module {entry['module']}")


def _add_inputs(record: Record, crate: str, graph: Graph) -> None:
    """Add what was read: the file where it is still the same, else what is known of it."""
    for number, entry in enumerate(record.entries("inputs")):
        path = entry.get("path")
        digest = entry.get("sha256") or ""
        if path and (entry.get("size") or 0) <= MAX_INPUT and _still(entry):
            name = f"inputs/{digest[:8]}-{os.path.basename(path)}"
            _copy(path, os.path.join(crate, name))
            said = f"read by the run as {path}"
            graph.objects.append(graph.file(name, os.path.join(crate, name), said))
            continue
        url = entry.get("url")
        graph.objects.append(graph.add({
            "@id": url or f"#input-{number}",
            "@type": "CreativeWork",
            "name": os.path.basename(path or "") or url,
            "description": f"read by the run as {path or url}; not in this crate",
            "sha256": digest or None,
        }))  # fmt: skip


def _still(entry: dict[str, Any]) -> bool:
    """Whether a file is there with the content that was recorded."""
    path, digest = entry["path"], entry.get("sha256")
    return bool(digest) and os.path.isfile(path) and describe(path)["sha256"] == digest


def _copy(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target)


def _zipped(folder: str) -> str:
    """Pack a folder; the names in the archive begin at the crate's root."""
    return shutil.make_archive(folder, "zip", folder)
