"""The live process as it runs: what it tells, and that nothing is lost with it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from holdfast.platform.models import Transition, User
from tests.live.moves import a_booking, move
from tests.support.academy import Academy
from tests.support.live import Live
from tests.support.practice import Practice, new_member


def at_the_desk(user: User) -> dict[str, str]:
    """The cookies of a browser in which this user has signed in."""
    browser = Client()
    browser.force_login(user)
    return {name: morsel.value for name, morsel in browser.cookies.items()}


@pytest.mark.spec("HOT-7", "WEB-4")
def test_every_move_of_a_booking_is_told_in_its_trades_words(
    live: Live, academy: Academy, practice: Practice, customer: User
) -> None:
    staff = at_the_desk(new_member(practice, "staff"))
    with live.listening("business-jyoti", cookies=staff) as desk:
        ready = desk.next()
        booking = a_booking(academy, customer)
        move(booking, "await_approval", "approve", "complete")
        told = [desk.next() for _ in range(4)]

    moved_at = Transition.objects.filter(subject="booking").order_by("seq").values_list("at", flat=True)
    assert ready.name == "ready"
    assert {event.name for event in told} == {"booking-updated"}
    assert [event.data for event in told] == [
        {"booking_id": booking.reference, "status": status, "updated_at": at.isoformat()}
        for status, at in zip(("pending", "paid", "confirmed", "done"), moved_at, strict=True)
    ]


@pytest.mark.spec("HOT-7", "BC-27")
def test_whoever_comes_back_after_a_kill_is_told_what_happened_meanwhile(
    live: Live, academy: Academy, customer: User
) -> None:
    booking = a_booking(academy, customer)
    channel = f"booking-{booking.reference}"
    with live.listening(channel) as guest:
        guest.next()
        move(booking, "await_approval")
        before = guest.until("paid")

    live.kill()
    move(booking, "approve")
    live.start()
    with live.listening(channel, last_id=before.id) as guest:
        again = [guest.next(), guest.next()]
        move(booking, "complete")
        after = guest.next()

    assert [(event.name, event.data.get("status")) for event in again] == [
        ("ready", None),
        ("booking-updated", "confirmed"),
    ]
    assert after.data["status"] == "done"


@pytest.mark.spec("GEN-21")
def test_streams_are_counted_while_they_are_open(live: Live, academy: Academy, customer: User) -> None:
    channel = f"booking-{a_booking(academy, customer).reference}"
    live.wait_until_nobody_listens()

    with live.listening(channel) as one, live.listening(channel) as other:
        one.next()
        other.next()
        open_now = live.connections()
    live.wait_until_nobody_listens()

    assert open_now == 2


def test_a_connection_to_the_database_that_breaks_loses_nothing(
    live: Live, academy: Academy, customer: User
) -> None:
    booking = a_booking(academy, customer)
    with live.listening(f"booking-{booking.reference}") as guest:
        guest.next()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'holdfast %'"
            )
            broken = cursor.rowcount
        move(booking, "await_approval", "approve")
        told = [guest.until("paid"), guest.until("confirmed")]

    assert broken == 2, "of live, and of the notifier"
    assert len(told) == 2


def test_whoever_is_asked_to_stop_ends_every_stream_and_exits(
    live: Live, academy: Academy, customer: User
) -> None:
    booking = a_booking(academy, customer)
    with live.listening(f"booking-{booking.reference}") as guest:
        guest.next()
        code = live.end()
        rest = list(guest.events())
    live.start()

    assert rest == []
    assert code == 0


@pytest.mark.spec("HOT-7", "GEN-2")
def test_a_channel_is_for_those_who_may_see_what_it_tells(
    live: Live, academy: Academy, practice: Practice, customer: User
) -> None:
    booking = a_booking(academy, customer)
    stranger = at_the_desk(customer)

    refused = [
        live.get("business-jyoti"),
        live.get("business-jyoti", cookies=stranger),
        live.get("shop-jyoti", cookies=stranger),
        live.get("booking-COACH-NONE"),
        live.get(),
    ]
    with live.listening(f"booking-{booking.reference}") as guest:
        guest.next()
        move(a_booking(academy, customer, at="12:00"), "cancel")
        move(booking, "cancel")
        told = guest.until("canceled")

    assert [answer.status_code for answer in refused] == [401, 404, 404, 404, 400]
    assert refused[0].json() == {"error": "Please sign in."}
    assert refused[0].headers["WWW-Authenticate"] == "Bearer"
    assert told.data["booking_id"] == booking.reference


def test_only_our_own_pages_may_read_it_from_another_port(
    live: Live, academy: Academy, customer: User
) -> None:
    channel = f"booking-{a_booking(academy, customer).reference}"

    ours = live.get(channel, headers={"Origin": "http://testserver"})
    theirs = live.get(channel, headers={"Origin": "https://elsewhere.example"})

    assert ours.headers["Access-Control-Allow-Origin"] == "http://testserver"
    assert ours.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert ours.headers["Cache-Control"] == "no-store"
