"""``make prove``, short: a hundred bookings under fire, and ten kills."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.conftest import stop_and_forget
from tests.support.demo import OURS

ROOT = Path(__file__).resolve().parents[2]


def prove(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One part, run to its end. However that comes, nothing that it has started is left."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    child = subprocess.Popen(
        [sys.executable, "-m", "prove", *words],
        cwd=ROOT,
        env={**inherited, "HOLDFAST_PROVE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said, complained = child.communicate()
    finally:
        child.terminate()  # it stops its programs, then itself
        child.wait()
        stop_and_forget(home)
    return subprocess.CompletedProcess(child.args, child.returncode, said, complained)


@pytest.mark.spec("BC-1", "BC-7", "BC-8", "BC-9", "BC-11", "BC-26", "HOT-4", "HOT-5", "HOT-9")
@pytest.mark.timeout(900)
def test_a_hundred_bookings_and_ten_kills_leave_books_that_agree(open_folder: Path) -> None:
    done = prove(open_folder / "home", "fire", "--bookings", "100", "--seed", "check")

    said = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    assert re.findall(r"^(bookings|kills|disagreeing): (\d+)$", done.stdout, re.MULTILINE) == [
        ("bookings", "100"),
        ("kills", "10"),
        ("disagreeing", "0"),
    ], said


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.spec("BC-23")
@pytest.mark.parametrize("part", ["bearing", "disk"])
def test_the_site_bears_troubles_and_loses_nothing(part: str, open_folder: Path) -> None:
    done = prove(open_folder / "home", part)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
def test_memory_is_steady_over_ten_thousand_bookings(open_folder: Path) -> None:
    done = prove(open_folder / "home", "memory", "--bookings", "10000")

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
