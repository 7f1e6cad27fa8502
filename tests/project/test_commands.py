"""The commands that the house promises: each does its own set-up, and CI runs what a developer runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("ruff format --check", "ruff check", "mypy", "lint-imports", "makemigrations --check", "-m pytest")


def dry_run(target: str, tmp_path: Path) -> str:
    """What make would do for a target in a fresh clone."""
    command = ["make", "--dry-run", "--always-make", f"VENV={tmp_path / 'venv'}", target]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.spec("OPS-2")
def test_make_check_runs_every_step_in_order_after_its_own_set_up(tmp_path: Path) -> None:
    plan = dry_run("check", tmp_path)

    places = [plan.index(step) for step in ("scripts/make-venv", "requirements/dev.txt", *STEPS)]
    assert places == sorted(places)


@pytest.mark.spec("OPS-2")
def test_ci_runs_make_check_and_nothing_else() -> None:
    script = ROOT / ".ci/run"

    assert "make check" in script.read_text()
    assert os.access(script, os.X_OK)


@pytest.mark.spec("OPS-2")
@pytest.mark.parametrize("target", ["demo", "test", "check-all", "bench", "spec"])
def test_every_command_makes_its_environment_first(target: str, tmp_path: Path) -> None:
    assert "scripts/make-venv" in dry_run(target, tmp_path)
