"""What ``make prove`` checks of rooms and of money that is reserved first: it speaks when that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.flows.approval import approve_booking
from holdfast.flows.settlement import settle
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.surfaces.hotels.terms import TRADE
from prove.books import Account, gateways_books, named_by_us, our_books
from prove.checks import CHECKS
from prove.mailbox import Mailbox
from tests.prove.known import after, found
from tests.support.hotel import Hotel, authorized, new_hotel
from tests.support.sandbox import Sandbox, start_sandbox
from tests.support.stripe import CREDENTIALS, at_stripe, happens, put_to_our_time
from tests.support.ways import SOON

PRICE = 20_000  # of two nights


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, which steers Stripe by the clock of the tests."""
    steered = put_to_our_time(at_stripe(sandbox))
    yield steered
    steered.reset_clock()


@pytest.fixture
def hotel(db: None, cheap_passwords: None, stripe: Sandbox) -> Hotel:
    """It has two rooms."""
    made = new_hotel(rooms=2)
    sells_at(stripe, made.business)
    return made


def sells_at(stripe: Sandbox, business: Business) -> None:
    GatewayAccount.objects.create(
        business=business,
        gateway="stripe",
        credentials=CREDENTIALS,
        base_urls={"api": f"{stripe.url}/stripe"},
    )


def approve(hotel: Hotel, reference: str) -> None:
    approve_booking(reference, by=hotel.staff, trade=TRADE, now=SOON)


def wrongs(mailbox: Mailbox) -> list[str]:
    """What is said by any check but that nobody was told, for nobody was."""
    with after(mailbox) as known:
        return [name for name in found(known) if name != "every booking has its email"]


@pytest.mark.spec("HOT-5", "HOT-9")
def test_rooms_that_are_reserved_or_taken_make_no_check_speak(
    hotel: Hotel, stripe: Sandbox, mailbox: Mailbox
) -> None:
    approve(hotel, authorized(hotel, stripe).booking_id)
    authorized(hotel, stripe)

    assert wrongs(mailbox) == []


@pytest.mark.spec("HOT-9")
def test_a_night_that_more_have_than_there_are_rooms_is_found(
    hotel: Hotel, stripe: Sandbox, mailbox: Mailbox
) -> None:
    authorized(hotel, stripe, 10, 12)
    authorized(hotel, stripe, 11, 13)
    hotel.pool.capacity = 1
    hotel.pool.save()

    with after(mailbox) as known:
        said = CHECKS["no room type is sold beyond its rooms any night"](known)

    assert len(said) == 1
    assert said[0].startswith("Double room: 2 of 1 rooms are sold on ")


@pytest.mark.spec("HOT-4")
def test_money_that_is_taken_though_nobody_has_accepted_is_found(
    hotel: Hotel, stripe: Sandbox, mailbox: Mailbox
) -> None:
    authorized(hotel, stripe)
    payment = Payment.objects.get()
    happens(stripe, "captured_outside", payment.reference)
    settle(payment.pk, now=SOON)

    assert wrongs(mailbox) == ["nothing reserved is taken that nobody has accepted"]


@pytest.mark.spec("HOT-5")
def test_a_stay_that_is_confirmed_while_its_money_is_only_reserved_is_found(
    hotel: Hotel, stripe: Sandbox, mailbox: Mailbox
) -> None:
    authorized(hotel, stripe)
    Booking.objects.update(state="confirmed", answer_by=None)

    assert "nothing is confirmed before its money is taken" in wrongs(mailbox)


def test_stripes_own_books_are_read_past_all_that_it_serves(
    db: None, cheap_passwords: None, mailbox: Mailbox, tmp_path: Path
) -> None:
    file = tmp_path / "sandbox.sqlite3"
    sandbox = start_sandbox(data=file)
    stripe = put_to_our_time(at_stripe(sandbox))
    hotel = new_hotel()
    sells_at(stripe, hotel.business)
    stay = authorized(hotel, stripe)
    payment = Payment.objects.get()
    reserved = gateways_books(file)
    approve(hotel, stay.booking_id)
    taken = gateways_books(file)
    named = named_by_us(file, payment.gateway_reference)
    sandbox.stop()

    assert reserved == {payment.reference: Account(reserved=PRICE)}
    assert taken == {payment.reference: Account(paid=PRICE)}
    assert named == payment.reference
    with after(mailbox) as known:
        assert our_books(known.connection) == taken
