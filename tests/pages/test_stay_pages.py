"""The pages of hotels: finding a room, booking it without an account, and one's own stay."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.catalog.models import Season
from holdfast.payments.models import Payment
from tests.support.hotel import day
from tests.support.lobby import Lobby, new_lobby
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("HOT-1", "HOT-8")


@pytest.fixture
def lobby(db: None, cheap_passwords: None, sandbox: Sandbox) -> Lobby:
    return new_lobby(sandbox)


@pytest.fixture
def browser() -> Client:
    return Client()


def page_of(lobby: Lobby, first: int = 10, last: int = 12, guests: int = 2) -> str:
    query = f"?check_in={day(first)}&check_out={day(last)}&guests={guests}"
    return f"/rooms/{lobby.hotel.offering.pk}/{query}"


def form_of(first: int = 10, last: int = 12, **over: Any) -> dict[str, Any]:
    return {
        "check_in": str(day(first)),
        "check_out": str(day(last)),
        "guests": "2",
        "guest_name": "A guest",
        "guest_email": "guest@example.com",
        "guest_phone": "+49 30 1234567",
    } | over


def booked_on_the_page(lobby: Lobby, browser: Client, **over: Any) -> Any:
    return browser.post(f"/rooms/{lobby.hotel.offering.pk}/", form_of(**over))


def text_of(answer: Any) -> str:
    """What is read on a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_hotel_shows_its_rooms_with_the_price_of_the_nights(lobby: Lobby, browser: Client) -> None:
    answer = browser.get(f"/hotels/lake-view/?check_in={day(10)}&check_out={day(12)}&guests=2")

    assert answer.status_code == 200
    said = text_of(answer)
    assert "2 nights" in said
    assert "€200.00 in all, with taxes and fees" in said
    assert "3 rooms left" in said


def test_nights_that_are_none_are_said_to_be(lobby: Lobby, browser: Client) -> None:
    answer = browser.get(f"/hotels/lake-view/?check_in={day(12)}&check_out={day(10)}&guests=2")

    assert answer.status_code == 400
    assert "This must be after the day of arrival." in text_of(answer)


@pytest.mark.parametrize(
    "query", ["?check_in=x&check_out=2&guests=-1", "?guests=9999999", "?check_in=0001-01-01"]
)
def test_whatever_is_asked_for_the_page_answers(lobby: Lobby, browser: Client, query: str) -> None:
    assert browser.get(f"/hotels/lake-view/{query}").status_code in (200, 400)
    assert browser.get(f"/rooms/{lobby.hotel.offering.pk}/{query}").status_code in (200, 400)


def test_a_room_shows_its_price_line_by_line_and_why_it_is_not_sold(lobby: Lobby, browser: Client) -> None:
    Season.objects.create(
        offering=lobby.hotel.offering, first_night=day(30), last_night=day(40), price=18_000, minimum_stay=3
    )

    room, short = browser.get(page_of(lobby)), browser.get(page_of(lobby, 30, 31))

    assert "Double room, 2 nights €200.00" in text_of(room)
    assert "Keep a room and go on to pay" in text_of(room)
    assert "One must stay longer than this." in text_of(short)
    assert "Keep a room" not in text_of(short)


@pytest.mark.spec("HOT-2")
def test_a_guest_books_pays_and_awaits_the_hotels_confirmation(lobby: Lobby, browser: Client) -> None:
    booked = booked_on_the_page(lobby, browser)
    booking = Booking.objects.get().reference
    stay = browser.get(booked["Location"])
    assert booked.status_code == 303
    assert booked["Location"] == f"/stays/{booking}/"
    assert "Your card is only authorized now" in text_of(stay)
    assert "guest@example.com" not in text_of(stay)

    paying = browser.post(f"/stays/{booking}/pay/")
    assert paying["Location"] == f"/pay/{lobby.payment(booking).reference}/"
    assert lobby.session(booking)["payment_url"] in browser.get(paying["Location"]).content.decode()

    lobby.pays(booking)
    Payment.objects.update(looked_at=None)  # some time has passed on Stripe's page
    back = browser.get(f"/pay/return/{lobby.payment(booking).reference}/")
    done = browser.get(back["Location"].removeprefix("http://testserver"))
    waiting = browser.get(done["Location"])
    assert done["Location"] == f"/stays/{booking}/"
    assert "Awaiting the hotel’s confirmation" in text_of(waiting)
    assert "has not been charged" in text_of(waiting)
    assert waiting["Cache-Control"] == "no-store"


@pytest.mark.spec("HOT-2")
def test_a_card_that_is_declined_can_be_tried_again(lobby: Lobby, browser: Client) -> None:
    booking = lobby.held()
    lobby.session(booking)
    lobby.pays(booking, "cancel")

    stay = browser.get(f"/stays/{booking}/?tried")

    assert "Your room is still kept, so you can try again." in text_of(stay)
    assert "Go on to pay €200.00" in text_of(stay)


@pytest.mark.spec("GEN-7", "BC-19")
def test_the_key_opens_the_rest_and_cancels(lobby: Lobby, browser: Client) -> None:
    booking = lobby.authorized()
    key = lobby.key(booking)
    wrong = browser.get(f"/stays/{booking}/?key={'a' * 32}")
    without = browser.get(f"/stays/{booking}/")
    own = browser.get(f"/stays/{booking}/?key={key}")
    preview = browser.get(f"/stays/{booking}/cancel/?key={key}")
    assert wrong.status_code == 404
    assert "guest@example.com" not in text_of(without)
    assert "Cancel this booking" not in text_of(without)
    assert "A guest, guest@example.com" in text_of(own)
    assert "€200.00: nothing has been charged" in text_of(preview)
    assert lobby.status(booking) == "PENDING_APPROVAL"

    refused = browser.post(f"/stays/{booking}/cancel/?key={'a' * 32}")
    still = lobby.status(booking)
    canceled = browser.post(f"/stays/{booking}/cancel/?key={key}")

    assert (refused.status_code, still) == (404, "PENDING_APPROVAL")
    assert canceled["Location"] == f"/stays/{booking}/?key={key}"
    assert lobby.status(booking) == "CANCELLED"
    assert "Your booking is canceled" in text_of(browser.get(canceled["Location"]))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"guest_email": "nobody"}, "This is not an email address"),
        ({"guest_name": ""}, "This field is required."),
        ({"guest_phone": "12"}, "This is not a phone number."),
        ({"guests": "3"}, "These are more guests than a room takes."),
        ({"promo_code": "NOPE"}, "promo"),
        ({"first": 12, "last": 10}, "This must be after the day of arrival."),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_booked(
    lobby: Lobby, browser: Client, over: dict[str, Any], said: str
) -> None:
    answer = booked_on_the_page(lobby, browser, **over)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert Booking.objects.count() == 0


@pytest.mark.spec("HOT-9")
def test_where_no_room_is_left_other_nights_are_offered(lobby: Lobby, browser: Client) -> None:
    for _ in range(3):
        booked_on_the_page(lobby, Client())

    answer = booked_on_the_page(lobby, browser)

    assert answer.status_code == 409
    assert "These nights are free:" in text_of(answer)
    assert f"check_in={day(12)}&amp;check_out={day(14)}" in answer.content.decode()
    assert Booking.objects.count() == 3
