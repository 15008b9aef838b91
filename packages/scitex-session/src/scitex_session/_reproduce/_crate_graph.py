"""The metadata of an RO-Crate: who, with what, from what, made what.

Plain JSON after RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and the profile Process Run Crate 0.5
(https://w3id.org/ro/wfrun/process/0.5).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scitex_session._provenance._masking import strip_credentials

if TYPE_CHECKING:
    from typing import Any

    from scitex_session._reproduce._records import Record

CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run"
_NO_LICENSE = "#no-license-stated"


class Graph:
    """
    The entities of one crate.

    Parameters
    ----------
    record : Record
        The run.
    """

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
        """Add a file that lies in the crate as `name`."""
        from mimetypes import guess_type
        from urllib.parse import quote

        from scitex_session._provenance._digest import sha256

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
            f"{_status(run)}.",
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
        failed = run["status"] == "error"
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
                "value": value if isinstance(value, (str, int, float)) else _json(value),
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


_SCRIPT = ["File", "SoftwareSourceCode"]


def script_type() -> list[str]:
    """Return the types of the file that is the instrument of the run."""
    return _SCRIPT


def _profile() -> dict[str, Any]:
    return {
        "@id": PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }


def _to(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _status(run: dict[str, Any]) -> str:
    return {"success": "which succeeded", "error": "which failed"}.get(run["status"], "which ended")


def _script_name(run: dict[str, Any]) -> str:
    return os.path.basename(run.get("script") or "") or "a session"


def _slug(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in text)


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
