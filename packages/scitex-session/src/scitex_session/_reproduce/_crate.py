"""Export a run as a research object (RO-Crate), which other tools understand.

Plain JSON after RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and the profile Process Run Crate 0.5
(https://w3id.org/ro/wfrun/process/0.5).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import quote

from .._masking import strip_credentials
from .._provenance._digest import describe, sha256
from .._provenance._late import read_completed
from .._record._run_directory import CODE_PATCH, CONFIG_YAML, RECORD, STDERR_LOG, STDOUT_LOG
from ..errors import SessionError
from ._checkout import Checkout
from ._isolation import Isolation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .._record._record import Record

MAX_INPUT = 1024**3  # bytes; a larger input is described and not copied
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# Not CONFIG.pkl: nobody should have to load a pickle that was received from elsewhere.
_FILES_FOR_OTHERS = (RECORD, CONFIG_YAML, CODE_PATCH)
TERMS = "https://w3id.org/ro/terms/workflow-run"
_NO_LICENSE = "#no-license-stated"
_SCRIPT = ["File", "SoftwareSourceCode"]  # the types of the file that is the instrument of the run


def export(
    run_dir: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    zip: bool = False,  # noqa: A002 - the name of the option
    license: str | None = None,  # noqa: A002 - the term of the standard
    author: str | None = None,
) -> Path:
    """Write a run that has ended as an RO-Crate with the Process Run Crate profile.

    `target` is the folder to make, or the zip file (``.zip`` is added where it is missing); it
    appears whole. `license` is an SPDX identifier or an address; without it the crate says that
    none is stated. `author` is a name or an address such as an ORCID, by default the user who ran
    it.

    Raises
    ------
    SessionError
        If the run has not ended, has no record, or `target` exists.
    """
    record = read_completed(run_dir)
    record.require_end()
    path = Path(target).absolute()
    if zip and path.suffix != ".zip":
        path = path.with_name(path.name + ".zip")
    if path.exists():
        raise SessionError(f"{path}: exists already; name another target")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as staging:
        crate = os.path.join(staging, "crate")
        os.mkdir(crate)
        _fill(record, crate, license, author)
        # The names in the archive begin at the crate's root.
        os.rename(shutil.make_archive(crate, "zip", crate) if zip else crate, path)
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
    for name, path in record.directory.output_files().items():
        if os.path.isfile(path):
            yield f"outputs/{name}", path, "written by the run", True
    for output in record.entries("outputs"):
        if output.get("elsewhere") and _is_unchanged(output):
            path, digest = output["path"], output["sha256"]
            name = f"outputs-elsewhere/{digest[:8]}-{os.path.basename(path)}"
            yield name, path, f"written by the run as {path}", True
    for name in (STDOUT_LOG, STDERR_LOG):
        path = record.directory.inside(name)
        if os.path.isfile(path):
            stream = os.path.basename(name).partition(".")[0]
            yield name, path, f"what the run wrote to {stream}", True
    for name in _FILES_FOR_OTHERS:
        path = record.directory.inside(name)
        if os.path.isfile(path):
            yield name, path, "the session's own record of the run", False


def _add_code(record: Record, crate: str, graph: Graph) -> None:
    """Add the script and the user's modules, restored to what they were."""
    with tempfile.TemporaryDirectory() as scratch:
        isolation = Isolation(scratch)
        code = Checkout(record, isolation)
        try:
            code.restore()
            for entry in record.section("code")["files"]:
                path = isolation.of(entry["path"])
                if os.path.isfile(path):
                    _add_source(entry, path, crate, graph)
        except SessionError:
            return  # the graph then describes the script without its text
        finally:
            code.remove()


def _add_source(entry: dict[str, str], path: str, crate: str, graph: Graph) -> None:
    is_script = entry["module"] == "__main__"
    folder = "" if is_script else f"{(entry.get('sha256') or 'x')[:8]}/"
    name = f"code/{folder}{os.path.basename(path)}"
    _copy(path, os.path.join(crate, name))
    if is_script:
        more = {"@type": _SCRIPT, "encodingFormat": "text/x-python"}
        graph.file(name, os.path.join(crate, name), "the script", **more)
    else:
        graph.file(name, os.path.join(crate, name), f"the module {entry['module']}")


def _add_inputs(record: Record, crate: str, graph: Graph) -> None:
    """Add what was read: the file where it is still the same, else what is known of it."""
    for number, entry in enumerate(record.entries("inputs")):
        path = entry.get("path")
        digest = entry.get("sha256") or ""
        if path and (entry.get("size") or 0) <= MAX_INPUT and _is_unchanged(entry):
            name = f"inputs/{digest[:8]}-{os.path.basename(path)}"
            _copy(path, os.path.join(crate, name))
            description = f"read by the run as {path}"
            graph.objects.append(graph.file(name, os.path.join(crate, name), description))
            continue
        url = entry.get("url")
        graph.objects.append(graph.add({
            "@id": url or f"#input-{number}",
            "@type": "CreativeWork",
            "name": os.path.basename(path or "") or url,
            "description": f"read by the run as {path or url}; not in this crate",
            "sha256": digest or None,
        }))  # fmt: skip


def _is_unchanged(entry: dict[str, Any]) -> bool:
    """Whether a file still has the content that was recorded."""
    path, digest = entry["path"], entry.get("sha256")
    return bool(digest) and os.path.isfile(path) and describe(path)["sha256"] == digest


def _copy(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target)


class Graph:
    """The entities of the crate of one run."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.entities: dict[str, dict[str, Any]] = {}
        self.parts: list[str] = []
        self.results: list[str] = []
        self.objects: list[str] = []

    def add(self, entity: dict[str, Any]) -> str:
        """Add an entity, once, and return its id."""
        self.entities.setdefault(entity["@id"], {k: v for k, v in entity.items() if v is not None})
        return str(entity["@id"])

    def file(self, name: str, path: str, description: str, **more: Any) -> str:
        """Add a file that the crate holds as `name`."""
        kind = guess_type(name)[0] or "application/octet-stream"
        identifier = self.add({
            "@id": quote(name),
            "@type": "File",
            "name": os.path.basename(name),
            "description": description,
            "encodingFormat": kind,
            "contentSize": str(os.path.getsize(path)),
            "sha256": sha256(path),
            **more,
        })  # fmt: skip
        self.parts.append(identifier)
        return identifier

    def document(self, license: str | None, author: str | None) -> dict[str, Any]:  # noqa: A002 - the term of the standard
        """Return the whole document for ``ro-crate-metadata.json``."""
        agent = self._agent(author)
        action = self._action(agent)
        run = self.record.run
        root = {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Run {self.record.id} of {_script_name(run)}",
            "description": f"One run of {_script_name(run)} with its code, inputs and outputs, "
            f"which {self.record.ended_as}.",
            "datePublished": run.get("end_time") or run.get("start_time"),
            "license": _to(self._license(license)),
            "author": _to(agent),
            "conformsTo": _to(self.add(_profile())),
            "hasPart": [_to(part) for part in dict.fromkeys(self.parts)],
            "mentions": _to(action),
        }
        descriptor = {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": _to(CRATE),
            "about": _to("./"),
        }
        context = [f"{CRATE}/context", {"sha256": f"{TERMS}#sha256"}]
        return {"@context": context, "@graph": [descriptor, root, *self.entities.values()]}

    def _license(self, given: str | None) -> str:
        if given is None:
            return self.add({
                "@id": _NO_LICENSE,
                "@type": "CreativeWork",
                "name": "No license stated",
                "description": "The authors have stated no license; ask them before reuse.",
            })  # fmt: skip
        url = given if "://" in given else f"https://spdx.org/licenses/{given}"
        name = url.rstrip("/").rpartition("/")[2]
        description = f"The license {name}; its text is at {url}"
        return self.add(
            {"@id": url, "@type": "CreativeWork", "name": name, "description": description}
        )

    def _agent(self, author: str | None) -> str:
        user = (self.record.section("environment").get("user") or {}).get("name") or "unknown"
        if author and "://" in author:
            return self.add({"@id": author, "@type": "Person", "name": user})
        name = author or user
        return self.add({"@id": f"#person-{_slug(name)}", "@type": "Person", "name": name})

    def _action(self, agent: str) -> str:
        run = self.record.run
        failed = self.record.ended_as == "failed"
        command = self.record.section("environment").get("command") or self.record.data.get("argv")
        return self.add({
            "@id": f"#run-{_slug(self.record.id)}",
            "@type": "CreateAction",
            "name": f"Run {self.record.id}",
            "description": " ".join(map(str, command or [])) or "a run",
            "startTime": run.get("start_time"),
            "endTime": run.get("end_time") or run.get("start_time"),
            "agent": _to(agent),
            "instrument": _to(self._instrument()),
            "object": [_to(i) for i in dict.fromkeys([*self.objects, *self._settings()])],
            "result": [_to(i) for i in dict.fromkeys(self.results)],
            "actionStatus": _to(
                f"http://schema.org/{'Failed' if failed else 'Completed'}ActionStatus"
            ),
            "error": str(run.get("exit_reason")) if failed else None,
        })  # fmt: skip

    def _settings(self) -> list[str]:
        """Add arguments, configuration and seed as values that the run was given."""
        values = {
            **{f"argument {k}": v for k, v in self.record.section("args").items()},
            **{f"configuration {k}": v for k, v in self.record.section("config").items()},
            "seed": self.record.data.get("seed"),
        }
        return [
            self.add({
                "@id": f"#{_slug(name)}",
                "@type": "PropertyValue",
                "name": name,
                "value": value
                if isinstance(value, (str, int, float))
                else json.dumps(value, ensure_ascii=False),
            })
            for name, value in values.items()
            if value is not None
        ]  # fmt: skip

    def _instrument(self) -> str:
        """Return the script: the file that was added as such, or a description of it."""
        code, run = self.record.section("code"), self.record.run
        remotes = [strip_credentials(url) for url in (code.get("remotes") or {}).values()]
        script = next((e for e in self.entities.values() if e.get("@type") == _SCRIPT), None)
        if script is None:
            script = {"@id": f"#script-{_slug(_script_name(run))}", "@type": "SoftwareSourceCode"}
            script |= {"name": _script_name(run), "description": "The script; its text is not here"}
            self.add(script)
            script = self.entities[str(script["@id"])]
        url = next((u for u in remotes if "://" in u), None)
        if url:
            script["codeRepository"] = url
            script["url"] = url
        if code.get("commit"):
            script["version"] = code["commit"]
        script["programmingLanguage"] = _to(self._python())
        script["softwareRequirements"] = [_to(name) for name in self._libraries()]
        return str(script["@id"])

    def _python(self) -> str:
        version = self.record.section("environment").get("python", {}).get("version", "3")
        return self.add({
            "@id": f"https://www.python.org/downloads/release/python-{version.replace('.', '')}/",
            "@type": ["ComputerLanguage", "SoftwareApplication"],
            "name": "Python",
            "version": version,
            "url": "https://www.python.org/",
        })  # fmt: skip

    def _libraries(self) -> list[str]:
        versions = self.record.section("environment").get("distributions") or {}
        return [
            self.add({
                "@id": f"pkg:pypi/{name}@{version}",  # a package URL, as ECMA-427 has it
                "@type": "SoftwareApplication",
                "name": name,
                "softwareVersion": version,
            })
            for name, version in versions.items()
        ]  # fmt: skip


def _profile() -> dict[str, Any]:
    return {
        "@id": PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }


def _to(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _script_name(run: dict[str, Any]) -> str:
    return os.path.basename(run.get("script") or "") or "a session"


def _slug(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in text)
