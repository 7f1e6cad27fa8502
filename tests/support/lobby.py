"""A hotel over HTTP: its guests, who have no account, and its staff, while Stripe is the sandbox's.

Everything happens now: the routes read the clock, and so does the sandbox.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from holdfast.kernel.clock import utc_now
from holdfast.orders.guest_keys import new_guest_key
from holdfast.orders.models import Order
from holdfast.payments.models import GatewayAccount, Payment
from tests.support.booked import api_of
from tests.support.hotel import Hotel, day, new_hotel
from tests.support.practice import Api
from tests.support.sandbox import Sandbox
from tests.support.stripe import CREDENTIALS, at_stripe

PUBLIC, STAFF = "/api/public/hotel", "/api/staff/hotel"
WEBHOOK = f"{PUBLIC}/room-bookings/stripe-webhook/"


@dataclass
class Lobby:
    """One hotel that sells through Stripe, and everybody who comes to it."""

    hotel: Hotel
    stripe: Sandbox
    guest: Api
    staff: Api
    stranger: Api  # who is signed in and runs another hotel

    @property
    def slug(self) -> str:
        return self.hotel.business.slug

    def asked(self, first: int = 10, last: int = 12, **over: Any) -> dict[str, Any]:
        """The documented request."""
        return {
            "room_type": self.hotel.offering.pk,
            "check_in": day(first).isoformat(),
            "check_out": day(last).isoformat(),
            "guests": 2,
            "guest_name": "A guest",
            "guest_email": "guest@example.com",
            "guest_phone": "+49 30 1234567",
        } | over

    def book(self, first: int = 10, last: int = 12, **over: Any) -> Any:
        return self.guest.send(self.at(), self.asked(first, last, **over))

    def at(self, booking: str = "", what: str = "", *, root: str = PUBLIC, slug: str = "") -> str:
        """The address of what can be done with a booking, or of all of them."""
        parts = [part for part in (booking, what) if part]
        return "/".join([root, slug or self.slug, "room-bookings", *parts, ""])

    def held(self, **over: Any) -> str:
        """A booking that waits for its payment."""
        return str(self.book(**over).json()["booking_id"])

    def session(self, booking: str) -> dict[str, Any]:
        """Where its guest pays."""
        opened: dict[str, Any] = self.guest.send(self.at(booking, "payment/session")).json()
        return opened

    def authorized(self, **over: Any) -> str:
        """A booking that waits for the hotel's answer: its guest has paid at Stripe's page."""
        booking = self.held(**over)
        self.session(booking)
        self.pays(booking)
        self.guest.get(self.at(booking, "payment/verify"))
        return booking

    def pays(self, booking: str, outcome: str = "pay") -> None:
        """Its guest does this on Stripe's page."""
        self.stripe.settle(self.payment(booking).reference, outcome)

    def payment(self, booking: str) -> Payment:
        """The latest one."""
        return Payment.objects.filter(order__lines__booking__reference=booking).latest("pk")

    def key(self, booking: str) -> str:
        """As a mail to its guest would have it."""
        order = Order.objects.get(lines__booking__reference=booking)
        return new_guest_key(order, now=utc_now())

    def status(self, booking: str) -> str:
        return str(self.guest.get(self.at(booking)).json()["status"])

    def decide(self, booking: str, what: str, body: Any = None, *, by: Api | None = None) -> Any:
        """Its staff do this with a booking."""
        return (by or self.staff).send(self.at(booking, what, root=STAFF), body)


def new_lobby(sandbox: Sandbox) -> Lobby:
    hotel = new_hotel()
    GatewayAccount.objects.create(
        business=hotel.business,
        gateway="stripe",
        credentials=CREDENTIALS,
        base_urls={"api": f"{sandbox.url}/stripe"},
    )
    other = new_hotel("old-mill")
    return Lobby(hotel, at_stripe(sandbox), Api(), api_of(hotel.staff), api_of(other.staff))


def signed(event: dict[str, Any], *, at: int | None = None, secret: str = "") -> dict[str, Any]:
    """What Stripe would post of an event: the body, and the header that proves it."""
    body = json.dumps(event).encode()
    moment = at if at is not None else int(utc_now().timestamp())
    key = (secret or CREDENTIALS["webhook_secret"]).encode()
    digest = hmac.digest(key, f"{moment}.".encode() + body, hashlib.sha256).hex()
    return {"data": body, "headers": {"Stripe-Signature": f"t={moment},v1={digest}"}}


def completed(lobby: Lobby, booking: str, *, number: str = "evt_1") -> dict[str, Any]:
    """``checkout.session.completed`` of a booking's payment."""
    payment = lobby.payment(booking)
    return {
        "id": number,
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": False,
        "created": int(utc_now().timestamp()),
        "data": {
            "object": {
                "id": payment.gateway_reference,
                "object": "checkout.session",
                "client_reference_id": payment.reference,
                "status": "complete",
                "payment_status": "unpaid",
            }
        },
    }


def post(call: dict[str, Any]) -> int:
    """A call at the hotels' own address; the status of the answer."""
    answer = Client().post(
        WEBHOOK, data=call["data"], content_type="application/json", headers=call["headers"]
    )
    return int(answer.status_code)
