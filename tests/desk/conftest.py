"""A practice whose books have something in every table, made by the real flows, and people to look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from holdfast.availability.models import DateOverride
from holdfast.booking.models import Booking, Rescheduling, Stay
from holdfast.catalog.models import Offering, Package, Provider, Resource, Room, Season, StayFee, StayRules
from holdfast.flows import second_factor
from holdfast.flows.actors import Shopper
from holdfast.flows.blocks import block
from holdfast.flows.checkout import check_out
from holdfast.flows.ending import expire_orders
from holdfast.flows.feeds import make_feed
from holdfast.flows.paying import Checkout
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.flows.settlement import settle
from holdfast.flows.webhooks import Call, receive
from holdfast.kernel.clock import utc_now
from holdfast.kernel.period import Period
from holdfast.notifications.models import PusherAccount
from holdfast.orders.guest_keys import new_guest_key
from holdfast.orders.models import PromoCode
from holdfast.orders.promos import redeem
from holdfast.payments.links import new_key
from holdfast.platform.db import transaction
from holdfast.platform.files import store
from holdfast.platform.idempotency import Answer, Asked, Claim, claim, keep
from holdfast.platform.models import Finding, StoredFile, User
from holdfast.web.tokens import issue
from tests.support.carts import filled, wanted
from tests.support.pictures import PDF, upload
from tests.support.practice import (
    CREDENTIALS,
    NOW,
    TODAY,
    Practice,
    choice,
    held,
    new_member,
    new_user,
    payment_of,
    wish,
)
from tests.support.sandbox import Sandbox
from tests.support.stripe import stripe_gateway  # noqa: F401 - a fixture, for pytest to find here
from tests.support.toy import toy_gateway  # noqa: F401 - as above
from tests.support.ways import FAR, reserving  # noqa: F401 - the second is a fixture, for pytest to find
from tests.support.worker import work

TONIGHT = NOW + timedelta(hours=12)
LATER = NOW + timedelta(minutes=1)
HASH = "8a1cc584b706a62684729b3f2603bb0f24344acf68a529d33e0f45b26b9728da"  # of simuser:Sim12345


@dataclass
class Books:
    """One paid booking, and one customer who paid too late for the same time and is given it back.

    Somebody else has a booking that is to move days later, when the difference has been paid.
    """

    practice: Practice
    paid: Checkout
    too_late: Checkout
    booking: Booking


def call_from_the_gateway(checkout: Checkout) -> None:
    """PhonePe tells us of an order, as it would over HTTP."""
    body = {
        "event": "checkout.order.completed",
        "payload": {"merchantOrderId": checkout.reference, "state": "COMPLETED", "orderId": "OMO1"},
    }
    call = Call("phonepe", None, {"authorization": HASH}, json.dumps(body).encode())
    assert receive(call, now=utc_now())


def lose_messages() -> None:
    """The queue forgets all that it was to deliver."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def booked(practice: Practice, sandbox: Sandbox, **when: Any) -> Booking:
    """A confirmed booking of somebody new."""
    checkout = held(practice, **when)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    return Booking.objects.get(line__order__payments__reference=checkout.reference)


def quarantined(practice: Practice, sandbox: Sandbox, **when: Any) -> Checkout:
    """A payment of which the gateway names another amount."""
    checkout = held(practice, **when)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_amount_in_rupees", only=checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    return checkout


def an_open_finding() -> Finding:
    """What a nightly audit would write, had it found something."""
    return Finding.objects.create(
        check_name="money",
        subject="payment",
        subject_id=1,
        what="₹1 is missing",
        found_at=NOW,
        last_seen_at=NOW,
    )


def an_answered_key() -> None:
    """What a request with an Idempotency-Key leaves behind."""
    asked = Asked(actor="user:1", route="POST /api/x/", key="a-key-of-16-chars", fingerprint="0" * 64)
    claimed = claim(asked, now=NOW)
    assert isinstance(claimed, Claim)
    keep(claimed, Answer(200, {}, CREDENTIALS["client_secret"].encode()))


def a_file() -> StoredFile:
    return store(upload(PDF), owner=None, purpose="document", now=NOW)


def a_used_code(checkout: Checkout) -> None:
    """A promo code that this order has used."""
    order = payment_of(checkout).order
    promo = PromoCode.objects.create(business=order.business, code="DIWALI", percent=10)
    with transaction():
        redeem(promo, order=order, customer=order.customer, now=NOW)


def what_a_hotel_has(practice: Practice, booking: Booking) -> None:
    """Rules, a season, a fee, a room and an app at Pusher; and of this booking a guest's stay and key."""
    pool = Resource.objects.create(business=practice.business, kind=Resource.Kind.PLACE, name="Rooms")
    Room.objects.create(pool=pool, name="204")
    StayRules.objects.create(offering=practice.offering)
    Season.objects.create(offering=practice.offering, first_night=TODAY, last_night=TODAY, price=1)
    StayFee.objects.create(business=practice.business, title="City tax", price=200, per="guest_night")
    PusherAccount.objects.create(
        business=practice.business, app_id="7", key="key", secret=CREDENTIALS["client_secret"], active=False
    )
    Stay.objects.create(booking=booking, guests=2)
    new_guest_key(booking.line.order, now=NOW)


def a_move_that_waits(practice: Practice, sandbox: Sandbox) -> Rescheduling:
    """Somebody else's booking, days later, is to move to a time that has become dearer."""
    user, wanted = new_user(), wish(practice, day=FAR)
    reprices = replace(wanted, terms=replace(wanted.terms, reschedule_reprices=True))
    checkout = check_out(reprices, by=Shopper(user, None), now=NOW)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    booking = Booking.objects.get(line__order__payments__reference=checkout.reference)
    Offering.objects.filter(pk=practice.offering.pk).update(price=practice.offering.price + 50_000)
    to = choice(practice.offering, day=FAR, at="12:00").starts_at
    reschedule_booking(booking.reference, to, by=user, trade=booking.trade, now=LATER)
    Offering.objects.filter(pk=practice.offering.pk).update(price=practice.offering.price)
    return Rescheduling.objects.get(booking=booking)


@pytest.fixture
def books(practice: Practice, sandbox: Sandbox) -> Books:
    too_late = held(practice)
    expire_orders(now=NOW + timedelta(hours=1))
    an_hour_later = NOW + timedelta(hours=1)
    paid = held(practice, now=an_hour_later)
    for checkout in (paid, too_late):
        sandbox.settle(checkout.reference)
        settle(payment_of(checkout).pk, now=an_hour_later)
    call_from_the_gateway(paid)
    DateOverride.objects.create(resource=practice.person, day=TODAY)
    Package.objects.create(offering=practice.offering, name="At home", price=299_900)
    filled(wanted(practice.offering))
    block(practice.person, Period(TONIGHT, TONIGHT + timedelta(hours=1)), by="user:1", now=NOW)
    issue(new_member(practice, "owner"), now=utc_now())
    second_factor.set_up(new_user(), now=NOW)
    make_feed(new_user(), "customer", now=NOW)
    an_open_finding()
    an_answered_key()
    a_file()
    a_used_code(paid)
    new_key(payment_of(paid).due, by="staff:1", now=NOW)
    booking = Booking.objects.get()
    moves = a_move_that_waits(practice, sandbox)
    what_a_hotel_has(practice, moves.booking)
    work()
    return Books(practice, paid, too_late, booking)


@pytest.fixture
def admin(cheap_passwords: None, db: None) -> User:
    return User.objects.create_superuser("admin@example.com", "a long enough password")


@pytest.fixture
def admins_browser(admin: User) -> Client:
    return browser_of(admin)


@pytest.fixture
def astrologer(practice: Practice) -> User:
    """A provider, who gives what this practice sells."""
    user = new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=user)
    return user


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def stranger(db: None, cheap_passwords: None) -> User:
    """A customer, and nothing else."""
    return new_user()


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser
