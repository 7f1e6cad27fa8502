"""What is done to a booking on its page: by whom, what is said then, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.cancellation import cancel_booking
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.practice import Practice, new_member, new_practice, new_user
from tests.support.racing import race, statuses
from tests.support.sandbox import Sandbox
from tests.support.shop import CART, Story, at, bought, ordered, three_of
from tests.support.ways import FAR, HOLD, PRICE, TRADE, asked_for, waiting
from tests.support.worker import work

pytestmark = pytest.mark.spec("DESK-3")

ACTS: dict[str, dict[str, str]] = {
    "record": {"amount": "1999.00", "method": "cash"},
    "refund": {"share": "amount", "amount": "100", "left": "1999.00", "reason": "late"},
    "cancel": {"whose": "ours"},
    "reschedule": {"start": f"{FAR}T15:00"},
    "begin": {},
    "complete": {},
    "miss": {},
}
RUNS_IT = ("owner", "manager", "staff")


def post(browser: Client, booking: object, what: str, **said: str) -> Any:
    return browser.post(f"/desk/bookings/{booking}/{what}/", ACTS.get(what, {}) | said)


def page_of(browser: Client, booking: object, **asked: str) -> str:
    return str(browser.get(f"/desk/bookings/{booking}/", asked).content.decode())


def done(browser: Client, booking: object, what: str, **said: str) -> str:
    """Do it; what the page of the booking says then."""
    answer = post(browser, booking, what, **said)
    assert (answer.status_code, answer["Location"]) == (303, f"/desk/bookings/{booking}/"), answer.content
    return page_of(browser, booking)


def has_begun(story: Story) -> None:
    """Its time is now, by the real clock."""
    Booking.objects.filter(line__order_id=story.order_id).update(starts_at=utc_now() - timedelta(minutes=5))


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """A booking that is paid, days ahead."""
    return bought(sandbox, at(practice.offering, "10:00"))


@pytest.fixture
def unpaid(practice: Practice, sandbox: Sandbox) -> Story:
    return ordered(at(practice.offering, "12:00"), terms=CART)


# ---- each of them, by who runs the business ---------------------------------------------------------------


@pytest.mark.parametrize("role", RUNS_IT)
def test_a_part_is_refunded_and_said(practice: Practice, story: Story, role: str) -> None:
    member = new_member(practice, role)

    page = done(browser_of(member), story.booking, "refund")

    assert "₹100.00 goes back to the customer." in page
    assert "₹1,899.00</strong> can go back" in page
    assert story.refunds() == [(10_000, "pending")]
    assert asked_for("transaction", "create") == [f"staff:{member.pk}"]


@pytest.mark.parametrize("role", RUNS_IT)
def test_it_is_canceled_by_the_business_and_all_goes_back(
    practice: Practice, story: Story, role: str
) -> None:
    member = new_member(practice, role)

    page = done(browser_of(member), story.booking, "cancel", why="the room is flooded")

    assert "₹1,999.00 goes back." in page
    assert "Why: the room is flooded" in page
    assert story.states == ["canceled", "canceled"]
    assert asked_for("booking", "cancel") == [f"staff:{member.pk}"]


@pytest.mark.parametrize("role", RUNS_IT)
def test_it_is_moved_to_a_free_time(practice: Practice, story: Story, role: str) -> None:
    member = new_member(practice, role)

    page = done(browser_of(member), story.booking, "reschedule")

    assert "It is moved to" in page
    assert story.when.start.astimezone(practice.business.zone).isoformat().startswith(f"{FAR}T15:00")
    assert asked_for("booking", "reschedule") == [f"staff:{member.pk}"]
    assert story.refunds() == []


@pytest.mark.parametrize("role", RUNS_IT)
def test_money_taken_by_hand_is_recorded(practice: Practice, unpaid: Story, role: str) -> None:
    member = new_member(practice, role)

    page = done(browser_of(member), unpaid.booking, "record", note="R 7")

    assert "₹1,999.00 is recorded as" in page
    assert unpaid.states == ["completed", "confirmed"]
    assert unpaid.payment.recorded_by == f"staff:{member.pk}"


@pytest.mark.parametrize("role", [*RUNS_IT, "provider"])
@pytest.mark.parametrize(
    ("what", "state", "said"),
    [
        ("begin", "in_progress", "It has begun."),
        ("complete", "completed", "It is done."),
        ("miss", "no_show", "Nobody came."),
    ],
)
def test_what_came_of_it_is_said_by_who_runs_it_and_who_gives_it(
    practice: Practice, story: Story, astrologer: User, role: str, what: str, state: str, said: str
) -> None:
    member = astrologer if role == "provider" else new_member(practice, role)
    has_begun(story)

    page = done(browser_of(member), story.booking, what)

    assert said in page
    assert story.booking.state == state
    assert asked_for("booking", what) == [f"staff:{member.pk}"]


def test_a_service_of_three_is_refunded_and_the_others_keep_their_money(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, *three_of(practice))
    browser = browser_of(staff)

    said = done(browser, story.bookings[1], "refund", share="1999.00", left="1999.00")
    other = page_of(browser, story.bookings[0])

    assert "₹1,999.00 goes back to the customer." in said
    assert "₹999.00</strong> can go back" in other
    assert story.refunds() == [(PRICE, "pending")]


def test_at_a_customers_wish_the_terms_say_what_goes_back(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    day = (utc_now() + timedelta(days=3)).date().isoformat()
    story = bought(sandbox, at(practice.offering, "10:00", day=day), now=utc_now())
    browser = browser_of(staff)
    shown = page_of(browser, story.booking)

    page = done(browser, story.booking, "cancel", whose="theirs")

    assert 'By the terms <strong class="amount">₹999.50</strong> goes back (50 %)' in shown
    assert "₹999.50 goes back." in page
    assert story.refunds() == [(99_950, "pending")]


def test_staff_move_it_at_short_notice_and_its_customer_may_not(
    practice: Practice, story: Story, staff: User
) -> None:
    practice.offering.minimum_notice = timedelta(days=60)
    practice.offering.save()
    browser = browser_of(staff)

    offered = page_of(browser, story.booking, move=FAR)
    done(browser, story.booking, "reschedule")

    assert f'value="{FAR}T15:00"' in offered
    assert story.when.start.astimezone(practice.business.zone).hour == 15


# ---- what the page shows before anything is done ----------------------------------------------------------


def test_what_can_go_back_is_shown_first_and_looking_changes_nothing(
    practice: Practice, story: Story, staff: User
) -> None:
    before = everything()

    page = page_of(browser_of(staff), story.booking, move=FAR)

    for shown in (
        'All of it: <strong class="amount">₹1,999.00</strong>',
        'We do. <strong class="amount">₹1,999.00</strong> goes back.',
        f'value="{FAR}T09:00"',
        'name="left" value="1999.00"',
    ):
        assert shown in page
    assert f'value="{FAR}T10:00"' not in page
    assert everything() == before


def test_only_what_is_possible_is_offered(
    practice: Practice, story: Story, unpaid: Story, staff: User
) -> None:
    browser = browser_of(staff)
    cancel_booking(story.booking.reference, by=staff, trade=TRADE, now=utc_now())

    ended, waits = page_of(browser, story.booking), page_of(browser, unpaid.booking)

    assert not any(f"/{what}/" in ended for what in ACTS)
    assert f"/desk/bookings/{unpaid.booking}/record/" in waits
    assert f"/desk/bookings/{unpaid.booking}/refund/" not in waits


def test_a_provider_is_offered_what_is_theirs_to_say_and_nothing_about_money(
    practice: Practice, story: Story, astrologer: User
) -> None:
    has_begun(story)

    page = page_of(browser_of(astrologer), story.booking)

    offered = {what for what in ACTS if f"/desk/bookings/{story.booking}/{what}/" in page}
    assert offered == {"begin", "complete", "miss"}
    for hidden in ("/desk/payments/", "/replay/", "/again/"):
        assert hidden not in page


def test_nothing_is_offered_to_be_said_of_an_appointment_days_ahead(
    practice: Practice, story: Story, astrologer: User
) -> None:
    for browser in (browser_of(astrologer), browser_of(new_member(practice, "staff"))):
        page = page_of(browser, story.booking)

        assert not any(f"/{what}/" in page for what in ("begin", "complete", "miss"))


def test_who_took_money_by_hand_is_named_and_what_goes_back_by_hand_is_said(
    practice: Practice, unpaid: Story
) -> None:
    staff = new_member(practice, "staff")
    done(browser_of(staff), unpaid.booking, "record")

    page = done(browser_of(staff), unpaid.booking, "refund")
    payment = browser_of(staff).get(f"/desk/payments/{unpaid.payment.reference}/").content.decode()

    assert "<dt>Gateway</dt><dd>none: taken by hand</dd>" in payment
    assert f"Taken by {staff.email} (staff)." in page
    assert "Purchase of INR 1999.00." in page
    assert "What was taken by hand is given back by hand, and written down under Money." in page


def test_what_goes_back_by_itself_is_nobodys_task(practice: Practice, story: Story) -> None:
    page = done(browser_of(new_member(practice, "staff")), story.booking, "refund")

    assert "by hand" not in page


# ---- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "said", "why"),
    [
        ("refund", {"share": ""}, "Choose how much goes back."),
        ("refund", {"reason": " "}, "Say why: the customer is told."),
        ("refund", {"amount": "1999.01"}, "INR 1999.00 can go back."),
        ("refund", {"amount": "-1"}, "This is not an amount in INR."),
        ("refund", {"amount": "1.001"}, "This is not an amount in INR."),
        ("refund", {"amount": "NaN"}, "This is not an amount in INR."),
        ("refund", {"amount": "1e99"}, "This is not an amount in INR."),
        ("refund", {"left": "1998.00"}, "Something has gone back meanwhile."),
        ("cancel", {"whose": ""}, "Say who cancels"),
        ("reschedule", {"start": "tomorrow"}, "Choose one of the free times."),
        ("reschedule", {"start": f"{FAR}T15:00+05:30"}, "Choose one of the free times."),
        ("reschedule", {"start": f"{FAR}T03:00"}, "not one of the open times"),
        ("reschedule", {"start": f"{FAR}T10:00"}, "It is at this time already."),
        ("record", {}, "This has been paid."),
        ("record", {"method": "barter"}, "Say how it was paid"),
        ("begin", {}, "This has not begun yet."),
        ("complete", {}, "This has not begun yet."),
        ("miss", {}, "This has not begun yet."),
        ("accept", {}, None),
        ("decline", {}, "it can no longer be declined"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_and_nothing_moves(
    story: Story, staff: User, what: str, said: dict[str, str], why: str | None
) -> None:
    before = everything()

    answer = post(browser_of(staff), story.booking, what, **said)

    if why is None:  # to accept what is accepted already changes nothing
        assert answer.status_code == 303
    else:
        assert answer.status_code in (400, 409)
        assert why in answer.content.decode()
        assert 'role="alert"' in answer.content.decode()
    assert everything() == before


def test_a_time_that_somebody_has_is_refused_and_it_stays_where_it_was(
    story: Story, unpaid: Story, staff: User
) -> None:
    before = everything()

    answer = post(browser_of(staff), story.booking, "reschedule", start=f"{FAR}T12:00")

    assert answer.status_code == 409
    assert "has just been taken" in answer.content.decode()
    assert everything() == before


@pytest.mark.spec("GEN-2", "BC-19")
@pytest.mark.parametrize("what", ACTS)
def test_nobody_else_does_any_of_it(practice: Practice, story: Story, sandbox: Sandbox, what: str) -> None:
    elsewhere = new_practice(sandbox, slug="other")
    others = {
        403: (story.user, new_user()),
        404: (new_member(practice, "provider"), new_member(elsewhere, "owner")),
    }
    before = everything()

    answers = {
        (status, number): post(browser_of(user), story.booking, what)
        for status, users in others.items()
        for number, user in enumerate(users)
    }
    nobodys = post(Client(), story.booking, what)

    assert {one: answer.status_code for one, answer in answers.items()} == {one: one[0] for one in answers}
    assert (nobodys.status_code, nobodys["Location"][:9]) == (302, "/sign-in/")
    assert everything() == before


@pytest.mark.spec("GEN-2", "BC-19")
@pytest.mark.parametrize("what", ["refund", "cancel", "reschedule"])
def test_who_gives_it_does_nothing_with_its_money_or_its_time(
    story: Story, astrologer: User, what: str
) -> None:
    before = everything()

    answer = post(browser_of(astrologer), story.booking, what)

    assert answer.status_code == 404
    assert everything() == before


def test_nobody_refunds_or_records_their_own(practice: Practice, sandbox: Sandbox) -> None:
    member = new_member(practice, "owner")
    story = bought(sandbox, at(practice.offering, "10:00"), user=member)
    before = everything()

    answers = [post(browser_of(member), story.booking, what) for what in ("refund", "record", "complete")]
    page = page_of(browser_of(member), story.booking)

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert "/refund/" not in page
    assert everything() == before


@pytest.mark.parametrize("what", ACTS)
def test_it_takes_a_post_from_our_own_page(story: Story, staff: User, what: str) -> None:
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(staff)
    before = everything()

    opened = browser_of(staff).get(f"/desk/bookings/{story.booking}/{what}/")
    forged = post(forging, story.booking, what)

    assert (opened.status_code, forged.status_code) == (405, 403)
    assert everything() == before


# ---- two of the staff at once -----------------------------------------------------------------------------


@pytest.mark.spec("BC-12")
@pytest.mark.parametrize(
    ("what", "moves"),
    [
        ("refund", lambda: asked_for("transaction", "create")),
        ("cancel", lambda: asked_for("booking", "cancel")),
    ],
)
def test_of_two_who_press_the_same_button_at_once_one_does_it(
    practice: Practice, story: Story, what: str, moves: Callable[[], list[str]]
) -> None:
    browsers = [browser_of(new_member(practice, "staff")) for _ in range(4)]

    answers = race([partial(post, browser, story.booking, what) for browser in browsers])

    assert statuses(answers) == [303, 409, 409, 409]
    assert len(moves()) == 1
    assert len(story.refunds()) == 1


def test_of_two_who_record_the_same_cash_one_does(practice: Practice, unpaid: Story) -> None:
    browsers = [browser_of(new_member(practice, "staff")) for _ in range(4)]

    answers = race([partial(post, browser, unpaid.booking, "record") for browser in browsers])

    assert statuses(answers) == [303, 409, 409, 409]
    assert [payment.captured for payment in unpaid.payments if payment.wins] == [PRICE]


def test_a_decline_says_that_the_money_goes_back(practice: Practice, sandbox: Sandbox, staff: User) -> None:
    story = waiting(practice, sandbox, HOLD)

    page = done(browser_of(staff), story.booking, "decline", why="ill")

    assert "It is declined. Its customer is told" in page
    work()
    assert story.movements[-1][0] == "refund"
