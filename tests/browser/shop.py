"""A practice before a running Holdfast, and a customer who books there over the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import httpx
from django.utils.crypto import get_random_string

from holdfast.kernel.clock import utc_now
from tests.support.practice import PASSWORD, new_practice, new_user, request_body
from tests.support.processes import Stack


@dataclass
class Opened:
    """A payment that has been opened: the time is held."""

    reference: str
    payment_url: str


class Shop:
    def __init__(self, stack: Stack, **offering: object) -> None:
        self.stack = stack
        self.practice = new_practice(stack.sandbox, slug=get_random_string(8).lower(), **offering)
        self.customer = new_user(name="A customer")
        self.day = (utc_now() + timedelta(days=2)).date().isoformat()
        self.http = httpx.Client(base_url=stack.url, timeout=30)
        who = {"email": self.customer.email, "password": PASSWORD}
        token = self.http.post("/api/auth/token/", json=who).raise_for_status().json()["access"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def address(self, path: str) -> str:
        return f"{self.stack.url}{path}"

    def waiting(self, opened: Opened) -> str:
        """Where the gateway sends the browser back to."""
        return self.address(f"/pay/return/{opened.reference}/")

    def book(self, *, at: str = "10:00", redirect_url: str = "") -> Opened:
        """The documented request, for a time of the day after tomorrow."""
        wanted = {"preferred_date": self.day, "preferred_time": at, "redirect_url": redirect_url}
        response = self.http.post(
            "/api/astrology/bookings/book-with-payment/", json=request_body(self.practice, **wanted)
        )
        assert response.status_code == 200, response.text
        payment = response.json()["data"]["payment"]
        return Opened(payment["merchant_order_id"], payment["payment_url"])
