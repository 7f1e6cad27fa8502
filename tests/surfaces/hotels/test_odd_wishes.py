"""What nobody should ask a hotel for, and what a guest is told of how it ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.orders.models import PromoCode
from tests.support.hotel import day
from tests.support.lobby import Lobby
from tests.support.practice import new_user


@pytest.mark.spec("GEN-5")
def test_the_last_day_that_there_is_cannot_be_booked_and_has_no_day_after_it(lobby: Lobby) -> None:
    for page in ("/hotels/lake-view/", f"/rooms/{lobby.hotel.offering.pk}/"):
        shown = Client().get(f"{page}?check_in=9999-12-31")

        assert "This is no day that can be booked." in shown.content.decode()


@pytest.mark.spec("GEN-5", "GEN-8")
@pytest.mark.parametrize("submit", [True, False])
def test_a_foreign_address_to_go_back_to_is_refused_by_the_name_it_was_sent_under(
    lobby: Lobby, submit: bool
) -> None:
    refused = lobby.book(redirect_url="https://evil.example/", submit=submit)

    assert refused.status_code == 400
    assert list(refused.json()) == ["redirect_url"]


@pytest.mark.spec("HOT-8")
def test_the_page_says_what_the_hotel_says_and_nothing_in_its_place(lobby: Lobby) -> None:
    canceled, declined, silent = (lobby.authorized(first=first, last=first + 1) for first in (10, 20, 30))
    lobby.guest.send(f"{lobby.at(canceled, 'cancel')}?key={lobby.key(canceled)}")
    lobby.decide(declined, "decline", {"reason": "The roof leaks"})
    lobby.decide(silent, "decline")

    pages = [
        Client().get(f"/stays/{booking}/?key={lobby.key(booking)}").content.decode()
        for booking in (canceled, declined, silent)
    ]

    assert ["says:" in page for page in pages] == [False, True, False]
    assert "Lake-View says: The roof leaks" in pages[1]


@pytest.mark.spec("GEN-6")
def test_promo_codes_are_not_found_out_by_guests_who_try(lobby: Lobby, settings: Any) -> None:
    PromoCode.objects.create(business=lobby.hotel.business, code="LAKE10", percent=10)
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"promo_by_address": 2}
    page = f"/rooms/{lobby.hotel.offering.pk}/"

    tried = lobby.book(promo_code="GUESS", submit=False)
    tried_on_the_page = Client().post(page, lobby.asked(promo_code="GUESS"))
    right = lobby.book(promo_code="LAKE10")
    right_on_the_page = Client().post(page, lobby.asked(promo_code="LAKE10"))
    without = lobby.book()

    assert [one.status_code for one in (tried, tried_on_the_page)] == [400, 400]
    assert [one.status_code for one in (right, right_on_the_page, without)] == [429, 429, 201]
    assert Booking.objects.count() == 1


@pytest.mark.spec("GEN-5", "GEN-6")
def test_whoever_is_signed_in_and_books_twice_is_led_to_the_room_that_they_hold(lobby: Lobby) -> None:
    browser = Client()
    browser.force_login(new_user("signed-in@example.com"))
    page = f"/rooms/{lobby.hotel.offering.pk}/"

    first, second = (browser.post(page, lobby.asked()) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"] == f"/stays/{Booking.objects.get().reference}/"


@pytest.mark.spec("GEN-5")
def test_a_business_without_rooms_is_no_hotel(lobby: Lobby) -> None:
    Business.objects.create(slug="temple", name="A temple", timezone="UTC", country="DE", currency="EUR")
    nights = f"?check_in={day(10)}&check_out={day(12)}"

    for at in ("", f"availability/{nights}"):
        assert lobby.guest.get(f"/api/public/hotel/temple/{at}").status_code == 404
        assert lobby.guest.get(f"/api/public/hotel/lake-view/{at}").status_code == 200
