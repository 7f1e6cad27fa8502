"""Free slots on the customer's clock: the dates asked for are his, and so are the times in the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.practice import DAY, NOW, Api, Practice, held

# Ten in the morning in Kolkata, where the practice is open from nine to nineteen.
TEN = NOW + timedelta(days=1)

pytestmark = pytest.mark.spec("GEN-9b")


def ask(practice: Practice, query: str) -> Any:
    return Api().get(f"/api/astrology/services/{practice.offering.pk}/slots/?{query}")


def starts(said: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(slot["start"]) for slot in said["slots"]]


def test_a_date_is_the_customers_and_its_times_are_on_his_clock(practice: Practice) -> None:
    new_york = ZoneInfo("America/New_York")
    ten_there = TEN.astimezone(new_york)

    said = ask(practice, f"date={ten_there.date()}&tz=America/New_York").json()

    assert (said["date"], said["timezone"]) == (str(ten_there.date()), "America/New_York")
    assert {start.date() for start in starts(said)} == {ten_there.date()}
    assert {start.utcoffset() for start in starts(said)} == {ten_there.utcoffset()}
    assert {
        "start": ten_there.isoformat(),
        "start_time": f"{ten_there:%H:%M}",
        "end_time": f"{ten_there + timedelta(minutes=30):%H:%M}",
        "available": True,
        "reason": None,
    } in said["slots"]


def test_a_customers_date_may_have_hours_of_two_dates_of_the_business(practice: Practice) -> None:
    said = ask(practice, f"date={DAY}&tz=Pacific/Pago_Pago").json()

    dates = {start.astimezone(practice.business.zone).date().isoformat() for start in starts(said)}
    assert len(dates) == 2
    assert len(said["slots"]) == 20


def test_a_span_and_what_is_taken_are_shown_on_the_customers_clock_as_well(practice: Practice) -> None:
    held(practice)
    day = TEN.astimezone(ZoneInfo("Asia/Tokyo")).date()

    said = ask(practice, f"from={day}&to={day + timedelta(days=1)}&tz=Asia/Tokyo&all=true").json()

    assert (said["from"], said["timezone"]) == (str(day), "Asia/Tokyo")
    assert [slot["start_time"] for slot in said["slots"] if slot["reason"] == "taken"] == ["13:30"]
    assert len(said["slots"]) == 40


def test_the_zone_of_the_business_answers_as_without_one(practice: Practice) -> None:
    assert ask(practice, f"date={DAY}&tz=Asia/Kolkata").json() == ask(practice, f"date={DAY}").json()


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize(
    "zone",
    ["", "Kolkata", "asia/kolkata", "%2B05:30", "../../etc/passwd", "/etc/localtime", "localtime", "Factory"],
)
def test_what_is_no_time_zone_is_refused_by_its_name(practice: Practice, zone: str) -> None:
    answer = ask(practice, f"date={DAY}&tz={zone}")

    assert (answer.status_code, answer.json()) == (400, {"tz": ["Name a time zone such as Asia/Kolkata."]})


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("day", ["1900-01-01", "2200-01-01"])
def test_dates_at_the_edge_of_reach_are_answered_in_any_zone(practice: Practice, day: str) -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT%2B12"):
        answer = ask(practice, f"date={day}&tz={zone}")

        assert (answer.status_code, answer.json().get("slots")) == (200, []), answer.content
