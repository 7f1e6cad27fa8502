"""Limits as they are when nobody sets them, and that each of them can be set."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.spec("GEN-6")

READ = (
    "import json; from holdfast.project import settings as s; "
    "print(json.dumps({**s.HOLDFAST_LIMITS, 'holds': s.HOLDFAST_HOLDS_A_CUSTOMER, "
    "'holds_an_address': s.HOLDFAST_HOLDS_AN_ADDRESS, 'bytes': s.HOLDFAST_FILE_BYTES_A_DAY}))"
)


def limits(**environment: str) -> dict[str, int]:
    """What the settings come to in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    answer = subprocess.run(
        [sys.executable, "-c", READ], env=inherited | environment, capture_output=True, text=True, check=True
    )
    found: dict[str, int] = json.loads(answer.stdout)
    return found


def test_limits_are_what_was_promised_unless_they_are_set() -> None:
    found = limits()

    assert found["sign_in"] == 60
    assert (found["start_by_address"], found["start_by_user"]) == (300, 60)
    assert found["holds"] == 3
    assert found["holds_an_address"] > found["holds"]


def test_every_limit_can_be_lifted_for_a_load_test() -> None:
    names = {
        "holds": "HOLDFAST_HOLDS_A_CUSTOMER",
        "holds_an_address": "HOLDFAST_HOLDS_AN_ADDRESS",
        "bytes": "HOLDFAST_FILE_BYTES_A_DAY",
    }
    limited = limits()

    lifted = limits(**{names.get(name, f"HOLDFAST_LIMIT_{name.upper()}"): "0" for name in limited})

    assert lifted == dict.fromkeys(limited, 0)
