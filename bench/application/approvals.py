"""Approving stays whose money is reserved: how many a second, and in how many statements."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle

from django.db import connection

from bench.figures import Found, Measure, Promise, Run
from bench.server import settle_down
from bench.sizes import Place, Size
from holdfast.catalog.models import Member, Offering
from holdfast.flows.approval import approve_booking
from holdfast.flows.settlement import settle
from holdfast.flows.stays import Guest, StayWish, book_stay, open_session
from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import About, Became, Can, Outcome
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.platform.models import User
from holdfast.surfaces.hotels.terms import TERMS, TRADE
from tests.support.statements import count_statements

from .database import in_database
from .gateway import Instant
from .hotels import new_hotel

STATEMENTS = 30
A_RUN = 80  # stays that are approved in one of them
CAPTURE_BEFORE = timedelta(days=7)
GUEST = Guest("A guest", "guest@example.com")


class InstantlyReserving(Instant):
    """Every payment is reserved when it is looked up, and taken when it is asked for."""

    name = "instantly-reserving"
    label = "Instantly reserving"
    can = frozenset({Can.CAPTURE, Can.VOID})

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        return _said(payment, Became.AUTHORIZED, now=now)

    def capture(self, payment: About, amount: Money, *, key: str, now: datetime) -> Outcome:
        return _said(payment, Became.CAPTURED, now=now)

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        return _said(payment, Became.CANCELED, now=now)


def _said(payment: About, became: Became, *, now: datetime) -> Outcome:
    return Outcome(
        became,
        became.value,
        amount=payment.amount,
        reference=payment.reference,
        gateway_reference=f"G-{payment.reference}",
        transaction_reference=f"T-{payment.reference}",
        capture_before=now + CAPTURE_BEFORE,
    )


def approvals(place: Place, size: Size) -> Found:
    """Stays are made to wait first; then each client approves one after the other of its own."""
    GATEWAYS[InstantlyReserving.name] = InstantlyReserving
    logging.disable(logging.INFO)  # in this process, which is what is measured
    url = place.server.new_database("approvals", like="migrated")
    measure = Measure("approvals")
    with in_database("approvals"):
        staff, waiting = _waiting(size.runs * A_RUN + 2)
        settle_down(url)
        measure.statements = _statements(waiting[:2], by=staff)
        for run in range(size.runs):
            first = 2 + run * A_RUN
            measure.runs.append(_approve(waiting[first : first + A_RUN], by=staff, clients=size.clients))
    found = f"{measure.a_second:.0f} a second, {measure.statements} statements"
    kept = measure.statements <= STATEMENTS
    return Found([measure], [Promise("approvals of stays", found, f"{STATEMENTS} statements", kept)])


def _waiting(how_many: int) -> tuple[User, Sequence[str]]:
    """So many stays whose money is reserved, and who may approve them."""
    hotel = new_hotel("approvals", rooms=how_many)
    staff = User.objects.create(email="staff@example.com", password="!")
    Member.objects.create(business=hotel, user=staff, role=Member.Role.STAFF)
    GatewayAccount.objects.create(business=hotel, gateway=InstantlyReserving.name)
    room_types = cycle(Offering.objects.filter(business=hotel).select_related("business"))
    return staff, [_reserved(next(room_types), hotel.slug) for _ in range(how_many)]


def _reserved(room_type: Offering, hotel: str) -> str:
    """One of them: held, paid for, and settled."""
    now = utc_now()
    first = now.date() + timedelta(days=30)
    wish = StayWish(room_type, first, first + timedelta(days=2), 2, GUEST, TERMS)
    held = book_stay(wish, address=None, user=None, now=now)
    session = open_session(held.booking_id, business=hotel, now=now)
    settle(Payment.objects.get(reference=session.reference).pk, now=now)
    return held.booking_id


def _statements(references: Sequence[str], *, by: User) -> int:
    for reference in references:  # whatever is only done once has been done at the second
        with count_statements() as statements:
            approve_booking(reference, by=by, trade=TRADE, now=utc_now())
    return len(statements)


def _approve(references: Sequence[str], *, by: User, clients: int) -> Run:
    """All clients at once, each in a thread of its own."""
    began_at = time.monotonic()
    with ThreadPoolExecutor(clients) as threads:
        each = [references[n::clients] for n in range(clients)]
        took = [one for of_one in threads.map(partial(_one_after_the_other, by=by), each) for one in of_one]
    return Run(took, elapsed=time.monotonic() - began_at)


def _one_after_the_other(references: Sequence[str], *, by: User) -> list[float]:
    took = []
    try:
        for reference in references:
            began_at = time.monotonic()
            approve_booking(reference, by=by, trade=TRADE, now=utc_now())
            took.append(time.monotonic() - began_at)
    finally:
        connection.close()
    return took
