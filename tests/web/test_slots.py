"""Free slots, asked for alike everywhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from holdfast.availability.models import DateOverride
from tests.support.practice import DAY, Api, Practice, held

THE_DAY = date.fromisoformat(DAY)
NEXT = (THE_DAY + timedelta(days=1)).isoformat()


def ask(practice: Practice, query: str) -> Any:
    return Api().get(f"/api/astrology/services/{practice.offering.pk}/slots/?{query}")


def after(days: int) -> str:
    return (THE_DAY + timedelta(days=days)).isoformat()


@pytest.mark.spec("GEN-9b", "AST-1")
def test_a_day_answers_its_free_slots_on_the_clock_of_the_business(practice: Practice) -> None:
    said = ask(practice, f"date={DAY}").json()

    assert set(said) == {"date", "timezone", "slots"}
    assert (said["date"], said["timezone"]) == (DAY, "Asia/Kolkata")
    assert len(said["slots"]) == 20
    assert said["slots"][2] == {
        "start": f"{DAY}T10:00:00+05:30",
        "start_time": "10:00",
        "end_time": "10:30",
        "available": True,
        "reason": None,
    }


@pytest.mark.spec("GEN-9b")
def test_a_taken_slot_is_left_out_and_listed_with_its_reason_when_all_are_asked_for(
    practice: Practice,
) -> None:
    held(practice)

    free = ask(practice, f"date={DAY}").json()["slots"]
    everything = ask(practice, f"date={DAY}&all=true").json()["slots"]

    assert "10:00" not in [slot["start_time"] for slot in free]
    assert len(free) == 19
    assert [slot for slot in everything if not slot["available"]] == [
        {
            "start": f"{DAY}T10:00:00+05:30",
            "start_time": "10:00",
            "end_time": "10:30",
            "available": False,
            "reason": "taken",
        }
    ]


@pytest.mark.spec("GEN-9b")
def test_a_span_answers_under_its_own_names(practice: Practice) -> None:
    said = ask(practice, f"from={DAY}&to={NEXT}").json()

    assert set(said) == {"from", "to", "timezone", "slots"}
    assert (said["from"], said["to"]) == (DAY, NEXT)
    assert {datetime.fromisoformat(slot["start"]).date().isoformat() for slot in said["slots"]} == {DAY, NEXT}


@pytest.mark.spec("GEN-9b")
def test_thirty_one_days_may_be_asked_for_at_once_and_no_more(practice: Practice) -> None:
    assert ask(practice, f"from={DAY}&to={after(30)}").status_code == 200

    answer = ask(practice, f"from={DAY}&to={after(31)}")

    assert (answer.status_code, answer.json()) == (400, {"to": ["Ask for 31 days at most."]})


@pytest.mark.spec("GEN-9b", "GEN-5")
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", {"date": ["Give a date, or from and to."]}),
        (f"from={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"to={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"date={DAY}&from={DAY}&to={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"date={DAY}&to={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"from={NEXT}&to={DAY}", {"to": ["This is before from."]}),
        ("date=tomorrow", {"date": ["Write the date as YYYY-MM-DD."]}),
        ("date=86400", {"date": ["Write the date as YYYY-MM-DD."]}),
        ("date=", {"date": ["Write the date as YYYY-MM-DD."]}),
        ("date=2027-02-30", {"date": ["There is no such date."]}),
        ("date=0001-01-01", {"date": ["This date is out of reach."]}),
        ("date=9999-12-31", {"date": ["This date is out of reach."]}),
        (f"from=x&to={DAY}", {"from": ["Write the date as YYYY-MM-DD."]}),
        (f"from={DAY}&to=x", {"to": ["Write the date as YYYY-MM-DD."]}),
        (f"from_={DAY}&to={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"date_={DAY}", {"date": ["Give a date, or from and to."]}),
        (f"date={DAY}&all=perhaps", {"all": ["Say true or false."]}),
        (f"date={DAY}%00", {"date": ["This holds characters that are not text."]}),
    ],
)
def test_a_question_that_cannot_be_answered_is_400_by_its_own_names(
    practice: Practice, query: str, errors: dict[str, list[str]]
) -> None:
    answer = ask(practice, query)

    assert (answer.status_code, answer.json()) == (400, errors)


@pytest.mark.spec("GEN-9b")
def test_a_closed_day_has_no_slots(practice: Practice) -> None:
    DateOverride.objects.create(resource=practice.person, day=THE_DAY)

    assert ask(practice, f"date={DAY}&all=true").json()["slots"] == []


@pytest.mark.spec("GEN-9b")
def test_a_day_that_has_passed_has_no_free_slots_and_says_so_when_all_are_asked_for(
    practice: Practice,
) -> None:
    assert ask(practice, "date=2020-01-01").json()["slots"] == []

    everything = ask(practice, "date=2020-01-01&all=true").json()["slots"]

    assert {slot["reason"] for slot in everything} == {"past"}
