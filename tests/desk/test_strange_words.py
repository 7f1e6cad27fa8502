"""What nobody can have meant, sent to the desk: it is refused as any other mistake, and nothing is done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.booked import booked
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("GEN-5")
DAY = (utc_now() + timedelta(days=2)).date().isoformat()  # pages live by the real clock
ENDLESS = "9" * 5000


@pytest.mark.parametrize(
    "said",
    [
        {"amount": "1e999999"},
        {"amount": "1e25"},
        {"caller": ENDLESS, "name": ""},
        {"date": "9999-12-31"},
        {"date": "0001-01-01"},
    ],
)
def test_nobody_is_booked_in_by_strange_words(practice: Practice, staff: User, said: dict[str, str]) -> None:
    wanted = {"date": DAY, "time": "10:00", "name": "A caller", "phone": "98765 43210", "amount": "1999.00"}
    form = {"do": "book", "offering": str(practice.offering.pk)} | wanted | said
    before = everything()

    answer = browser_of(staff).post("/desk/book/", form)

    assert answer.status_code == 400
    assert everything() == before


def test_a_time_is_kept_for_a_day_where_how_long_cannot_be_read(practice: Practice, staff: User) -> None:
    page = browser_of(staff).post("/desk/book/", {"pays": "link", "keep": ENDLESS})

    assert page.status_code == 200
    assert page.context["said"].keep_for == timedelta(days=1)


@pytest.mark.parametrize("said", [{"first": "0001-01-01"}, {"last": "9999-12-31"}, {"first": "9999-12-31"}])
@pytest.mark.parametrize("do", ["look", "block"])
def test_no_time_is_blocked_beyond_the_calendar(
    practice: Practice, staff: User, said: dict[str, str], do: str
) -> None:
    form = {"do": do, "resource": str(practice.person.pk), "first": DAY} | said
    before = everything()

    page = browser_of(staff).post("/desk/block/", form)

    assert 'class="error"' in page.content.decode()
    assert everything() == before


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("refund", {"share": "amount", "amount": "1e999999", "reason": "late", "left": "1999.00"}),
        ("refund", {"share": "1999.00", "reason": "late", "left": "1e999999"}),
        ("reschedule", {"start": "9999-12-31T23:59"}),
        ("reschedule", {"start": "0001-01-01T00:00"}),
    ],
)
def test_nothing_is_done_to_a_booking_by_strange_words(
    practice: Practice, sandbox: Sandbox, staff: User, what: str, said: dict[str, str]
) -> None:
    reference = booked(practice, sandbox)
    before = everything()

    answer = browser_of(staff).post(f"/desk/bookings/{reference}/{what}/", said)

    assert answer.status_code == 400
    assert everything() == before


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "someday"])
def test_a_day_that_is_none_shows_the_bookings_own(
    practice: Practice, sandbox: Sandbox, staff: User, day: str
) -> None:
    reference = booked(practice, sandbox)

    page = browser_of(staff).get(f"/desk/bookings/{reference}/", {"move": day})

    assert page.status_code == 200
    starts_at = Booking.objects.get().starts_at
    assert page.context["move_day"] == starts_at.astimezone(practice.business.zone).date()


@pytest.mark.parametrize("address", ["/desk/book/", "/desk/block/"])
def test_what_no_database_can_keep_is_a_bad_request(practice: Practice, staff: User, address: str) -> None:
    browser, said = browser_of(staff), {"business": "jyo\x00ti"}
    before = everything()

    answers = {browser.get(address, said).status_code, browser.post(address, said).status_code}

    assert answers == {400}
    assert everything() == before
