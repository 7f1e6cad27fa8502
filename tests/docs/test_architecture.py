"""ARCHITECTURE.md leads from a request to the audit in hops, and each hop is named in the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "holdfast"
TEXT = ROOT.joinpath("ARCHITECTURE.md").read_text(encoding="utf-8")
STEP = re.compile(r"^\| (?P<what>[^|]+) \| (?P<hops>`[^|]+→[^|]+) \|$", re.MULTILINE)
PLACE = re.compile(r"`([\w/]+\.py):(\w+)`")
HOPS_AT_MOST = 4

STEPS = {step["what"]: step["hops"] for step in STEP.finditer(TEXT)}


def ways(hops: str) -> Iterator[list[list[tuple[str, str]]]]:
    """The chains of a row: of each hop the places, where ``,`` parts several that one leads to."""
    for chain in hops.split(";"):
        yield [PLACE.findall(hop) for hop in chain.split("→")]


def names(path: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", SOURCE.joinpath(path).read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("what", STEPS)
def test_every_hop_is_there_and_named_in_the_one_before(what: str) -> None:
    for chain in ways(STEPS[what]):
        missing = [place for hop in chain for place in hop if not names(*place)]
        unnamed = [
            (before, place)
            for earlier, later in pairwise(chain)
            for place in later
            if not any(names(before, place[1]) for before, _ in earlier)
            for before, _ in earlier
        ]

        assert all(chain), "every hop is a file and a name"
        assert missing == []
        assert unnamed == []
        assert len(chain) - 1 <= HOPS_AT_MOST


def test_the_path_goes_from_the_request_to_the_audit() -> None:
    assert len(STEPS) >= 15
    assert "book_with_payment" in next(iter(STEPS.values()))
    assert "audit" in list(STEPS.values())[-1]


def test_every_story_of_the_flows_is_on_the_path() -> None:
    on_it = {path for hops in STEPS.values() for path, _ in PLACE.findall(hops)}
    stories = ("approval", "cancellation", "checkout", "paying", "recording", "refunds", "rescheduling")

    assert [story for story in stories if f"flows/{story}.py" not in on_it] == []
