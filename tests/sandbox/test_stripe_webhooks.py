"""Stripe's events: what is told and when, how it is signed, and what can be wrong with it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.conftest import Inbox, Received
from tests.sandbox.stripe_shop import PRICE, SECRET, StripeShop
from tests.support.sandbox import Sandbox, SandboxError


@pytest.fixture
def stripe(sandbox: Sandbox, inbox: Inbox) -> Iterator[StripeShop]:
    shop = StripeShop(replace(sandbox, gateway="stripe"))
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url=inbox.url)
    yield shop
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url="", enabled_events="*")
    shop.http.close()


def test_every_change_is_told_signed_and_can_be_listed(
    stripe: StripeShop, reference: str, inbox: Inbox
) -> None:
    intent = stripe.reserved(reference)
    stripe.capture(intent, 30_000, key=f"{reference}-C")
    stripe.refund(intent, 10_000)
    told = [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
        "charge.captured",
        "payment_intent.succeeded",
        "charge.updated",
        "refund.created",
        "charge.refunded",
    ]

    received = {one.json["type"]: one for one in inbox.about(intent, at_least=len(told))}

    assert stripe.events(reference) == told
    assert all(signature_of(one) == right_signature(one) for one in received.values())
    captured = received["charge.captured"].json
    assert captured["data"]["object"]["amount_captured"] == 30_000
    assert captured["data"]["previous_attributes"] == {"captured": False, "amount_captured": 0}
    assert captured["request"]["idempotency_key"] == f"{reference}-C"
    assert received["charge.succeeded"].json["request"] == {"id": None, "idempotency_key": None}
    assert received["charge.succeeded"].json["data"]["object"]["captured"] is False  # as it was then
    assert stripe.get(f"/events/{captured['id']}") == captured
    listed = stripe.get("/events", {"limit": 100, "types[]": "charge.captured"})["data"]
    assert captured["id"] in [one["id"] for one in listed]
    assert {one["type"] for one in listed} == {"charge.captured"}
    then = {"type": "charge.cap*", "created[gte]": captured["created"], "created[lte]": captured["created"]}
    assert captured["id"] in [one["id"] for one in stripe.get("/events", then)["data"]]
    assert stripe.get("/events", then | {"created[lt]": captured["created"]})["data"] == []


def test_a_merchant_hears_only_what_he_has_ticked(stripe: StripeShop, reference: str) -> None:
    ticked = "checkout.session.completed, payment_intent.canceled"
    stripe.sandbox.add_merchant("HOLDFAST_DEMO", enabled_events=ticked)
    intent = stripe.reserved(reference)
    stripe.cancel(intent)

    assert stripe.events(reference) == ["checkout.session.completed", "payment_intent.canceled"]
    assert "charge.succeeded" in [one["type"] for one in stripe.get("/events", {"limit": 10})["data"]]


def test_of_a_session_that_nobody_has_touched_there_is_nothing_to_send_again(
    stripe: StripeShop, reference: str, inbox: Inbox
) -> None:
    stripe.opened(reference)
    with pytest.raises(SandboxError, match="404"):
        stripe.sandbox.resend(reference)
    stripe.sandbox.settle(reference)
    stripe.sandbox.resend(reference, times=3)

    completed = [one for one in inbox.about(reference, at_least=4) if b"session.completed" in one.body]
    assert len(completed) == 4
    assert len({one.json["id"] for one in completed}) == 1


@pytest.mark.parametrize(
    ("fault", "schemes", "right"),
    [
        ("webhook_wrong_signature", ["v1"], [False]),
        ("webhook_two_signatures", ["v1", "v1", "v0"], [False, True, True]),
        ("webhook_old_scheme", ["v0"], [True]),
        ("webhook_old", ["v1"], [True]),
        ("webhook_from_the_future", ["v1"], [True]),
    ],
)
def test_a_signature_can_be_of_another_secret_scheme_or_time(
    stripe: StripeShop, reference: str, inbox: Inbox, fault: str, schemes: list[str], right: list[bool]
) -> None:
    stripe.sandbox.arm(fault, only=reference)

    received = first_of(stripe, reference, inbox)

    postmark, *signatures = signature_of(received).split(",")
    wanted = right_signature(received).split("v1=")[1]
    assert [one[:2] for one in signatures] == schemes
    assert [one[3:] == wanted for one in signatures] == right
    ages = {"webhook_old": 600, "webhook_from_the_future": -600}
    assert abs(time.time() - int(postmark[2:]) - ages.get(fault, 0)) < 60


@pytest.mark.parametrize(
    ("fault", "header"), [("webhook_garbled_header", "t=yesterday,v1="), ("webhook_without_signature", None)]
)
def test_a_signature_can_be_garbled_or_missing(
    stripe: StripeShop, reference: str, inbox: Inbox, fault: str, header: str | None
) -> None:
    stripe.sandbox.arm(fault, only=reference)

    assert first_of(stripe, reference, inbox).headers.get("Stripe-Signature") == header


@pytest.mark.parametrize(
    ("fault", "extra", "said"),
    [
        ("webhook_unknown_event", {}, {"type": "payment_intent.levitated"}),
        ("webhook_old_version", {}, {"api_version": "2022-11-15"}),
        ("webhook_old_version", {"word": "2030-01-01.fig"}, {"api_version": "2030-01-01.fig"}),
        ("webhook_other_mode", {}, {"livemode": True}),
    ],
)
def test_a_webhook_can_say_what_is_not_so_and_be_signed_rightly(
    stripe: StripeShop,
    reference: str,
    inbox: Inbox,
    fault: str,
    extra: dict[str, Any],
    said: dict[str, Any],
) -> None:
    stripe.sandbox.arm(fault, only=reference, **extra)

    received = first_of(stripe, reference, inbox)

    assert {name: received.json[name] for name in said} == said
    assert signature_of(received) == right_signature(received)


def test_a_webhook_can_lie_about_the_amount_or_come_under_another_id(
    stripe: StripeShop, reference: str, inbox: Inbox
) -> None:
    stripe.sandbox.arm("webhook_wrong_amount", only=reference)
    inflated = first_of(stripe, reference, inbox).json
    stripe.sandbox.arm("webhook_twin", only=f"{reference}-T")
    twin = first_of(stripe, f"{reference}-T", inbox).json

    assert inflated["data"]["object"]["amount"] == PRICE * 100
    assert stripe.get(f"/events/{inflated['id']}")["data"]["object"]["amount"] == PRICE
    assert stripe.call("GET", f"/events/{twin['id']}").status_code == 404


@pytest.mark.parametrize("fault", ["webhook_malformed_json", "webhook_truncated"])
def test_a_body_can_be_broken_and_signed_as_it_is(
    stripe: StripeShop, reference: str, inbox: Inbox, fault: str
) -> None:
    stripe.sandbox.arm(fault, only=reference)

    received = first_of(stripe, reference, inbox)

    with pytest.raises(json.JSONDecodeError):
        json.loads(received.body)
    assert signature_of(received) == right_signature(received)


def first_of(stripe: StripeShop, reference: str, inbox: Inbox) -> Received:
    """The first webhook about a payment: that its intent was created."""
    before = len(inbox.received)
    stripe.opened(reference)
    stripe.sandbox.settle(reference)
    sent = stripe.sandbox.webhooks(reference)[0]["body"].encode()
    with inbox.changed:
        assert inbox.changed.wait_for(lambda: any(one.body == sent for one in inbox.received[before:]), 15)
        return next(one for one in inbox.received[before:] if one.body == sent)


def signature_of(received: Received) -> str:
    return received.headers["Stripe-Signature"]


def right_signature(received: Received) -> str:
    """As it should be, for the time that the header says."""
    at = signature_of(received).partition(",")[0].removeprefix("t=")
    digest = hmac.digest(SECRET.encode(), f"{at}.".encode() + received.body, hashlib.sha256)
    return f"t={at},v1={digest.hex()}"
