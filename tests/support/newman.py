"""Newman, which runs Postman's collections, as an independent witness of what an API answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.npm import node


@dataclass(frozen=True)
class Answer:
    """What a request of the collection was answered, and how it was sent."""

    status: int
    body: Any
    path: str
    content_type: str


@dataclass(frozen=True)
class Newman:
    """An installed newman, and a place for what it reads and writes."""

    home: Path
    folder: Path

    def run(self, collection: Path, names: Sequence[str], variables: Mapping[str, Any]) -> dict[str, Answer]:
        """Send the requests of a collection that are so named, or in folders so named; what each was
        answered, by name.
        """
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        said = [f"--env-var={name}={value}" for name, value in variables.items()]
        done = subprocess.run(
            [
                *node(),
                self.home / "node_modules" / "newman" / "bin" / "newman.js",
                "run",
                collection,
                *(f"--folder={name}" for name in names),
                "--reporters=json",
                f"--reporter-json-export={report}",
                *said,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert report.exists(), f"newman ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        executions = json.loads(report.read_text())["run"]["executions"]
        return {one["item"]["name"]: _answer(one) for one in executions}


def _answer(execution: dict[str, Any]) -> Answer:
    assert "response" in execution, f"{execution['item']['name']}: {execution.get('requestError')}"
    request, response = execution["request"], execution["response"]
    sent = {header["key"].lower(): header["value"] for header in request["header"]}
    return Answer(
        status=response["code"],
        body=json.loads(bytes(response["stream"]["data"])),
        path="/" + "/".join(request["url"]["path"]),
        content_type=sent.get("content-type", ""),
    )
