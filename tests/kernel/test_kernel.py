"""Plain Python that every layer stands on: money, periods, references, lifecycles, origins."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from holdfast.kernel.errors import Invalid, MoveRefused
from holdfast.kernel.ids import new_reference
from holdfast.kernel.lifecycle import Lifecycle
from holdfast.kernel.money import Money
from holdfast.kernel.origins import return_base
from holdfast.kernel.period import Period

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOOR = Lifecycle(
    subject="door",
    initial=("closed",),
    rows=(("closed", "open", "ajar"), ("ajar", "close", "closed"), ("ajar", "break", "broken")),
)


def test_money_adds_up_in_whole_minor_units() -> None:
    assert Money(199_900, "INR") + Money(100, "INR") == Money(200_000, "INR")
    assert Money(100, "INR") - Money(100, "INR") == Money(0, "INR")
    assert not Money(0, "INR")
    assert str(Money(199_905, "INR")) == "INR 1999.05"
    assert str(Money(1999, "JPY")) == "JPY 1999"


def test_currencies_do_not_mix_and_must_be_known() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "INR") + Money(1, "NPR")
    with pytest.raises(ValueError, match="not a currency"):
        Money(1, "XXX")
    assert Money(1, "INR") != Money(1, "NPR")


def test_a_period_has_its_start_and_not_its_end() -> None:
    period = Period(NOON, NOON + HOUR)

    assert NOON in period
    assert NOON + HOUR not in period
    assert not period.overlaps(Period(NOON + HOUR, NOON + 2 * HOUR))
    assert period.overlaps(Period(NOON + HOUR / 2, NOON + 2 * HOUR))
    assert period.widened(before=HOUR, after=2 * HOUR) == Period(NOON - HOUR, NOON + 3 * HOUR)


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOON, NOON), (NOON, NOON - HOUR), (NOON.replace(tzinfo=None), NOON)],
    ids=["empty", "backwards", "naive"],
)
def test_a_period_that_is_none_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="A period"):
        Period(start, end)


def test_periods_of_different_zones_are_compared_in_utc() -> None:
    in_kolkata = NOON.astimezone(ZoneInfo("Asia/Kolkata"))

    assert Period(in_kolkata, in_kolkata + HOUR) == Period(NOON, NOON + HOUR)


@pytest.mark.spec("GEN-7")
def test_a_reference_has_its_trades_form_and_sixteen_random_characters() -> None:
    made = {
        new_reference("ASTRO_BOOK_{date}_{random}", offering=5, day=date(2025, 8, 5)) for _ in range(1000)
    }

    assert len(made) == 1000
    assert all(re.fullmatch(r"ASTRO_BOOK_20250805_[0-9A-Z]{16}", one) for one in made)
    assert len({one[-16:][0] for one in made}) > 30


def test_a_lifecycle_goes_where_its_table_says_and_nowhere_else() -> None:
    assert DOOR.states == ("closed", "ajar", "broken")
    assert DOOR.after("closed", "open") == "ajar"
    assert DOOR.allows("ajar", "break")

    with pytest.raises(MoveRefused, match="A door that is broken cannot close") as refused:
        DOOR.after("broken", "close")

    assert (refused.value.state, refused.value.event) == ("broken", "close")


def test_an_event_that_leads_to_two_states_is_our_own_mistake() -> None:
    unsure = Lifecycle(subject="door", initial=("a",), rows=(("a", "go", "b"), ("a", "go", "c")))

    with pytest.raises(AssertionError, match="one state only"):
        unsure.after("a", "go")


ALLOWED = ("https://yourapp.com", "http://127.0.0.1:8000")


@pytest.mark.spec("GEN-8", "BC-24")
@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://yourapp.com", "https://yourapp.com"),
        ("https://yourapp.com/", "https://yourapp.com"),
        ("https://YourApp.com/Shop", "https://yourapp.com/Shop"),
        ("https://yourapp.com:443/shop/", "https://yourapp.com/shop"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_an_address_on_an_allowed_origin_is_taken_and_its_origin_written_plainly(url: str, base: str) -> None:
    assert return_base(url, allowed=ALLOWED, field="redirect_url") == base


@pytest.mark.spec("GEN-8", "BC-24")
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://yourapp.com.evil.example",
        "https://yourapp.com@evil.example",
        "https://evil.example/https://yourapp.com",
        "https://yourapp.com\\@evil.example",
        "https://yourapp.com:8443",
        "http://yourapp.com",
        "//yourapp.com",
        "javascript:alert(1)",
        "https://yourapp.com?next=https://evil.example",
        "https://yourapp.com#x",
        "https://yourapp.com/\nLocation: x",
        "https://yourapp.c\u043em",
        "https://[yourapp.com",
        "yourapp.com",
        " https://yourapp.com",
    ],
)
def test_an_address_that_only_looks_allowed_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        return_base(url, allowed=ALLOWED, field="redirect_url")

    assert list(refused.value.fields) == ["redirect_url"]
