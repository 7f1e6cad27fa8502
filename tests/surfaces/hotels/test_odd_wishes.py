"""What nobody should ask a hotel for, and what a guest is told of how it ended."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.lobby import Lobby


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
