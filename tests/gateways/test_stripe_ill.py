"""Stripe when it is not well: errors that it keeps, lists that it does not show. And the smallest refund."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import RefundBecame, RefundRequest, Refused, Unclear
from holdfast.payments.gateways.stripe import Stripe
from tests.gateways.accounts import NOW, named, stripe_account
from tests.gateways.raw_server import http, raw_server

PRICE = Money(15_000, "EUR")
LOST = named("HB-1", PRICE)  # whose session's id was never heard
PAID = replace(LOST, gateway_reference="cs_1")
REFUND = RefundRequest("HB-1-R1", PAID, PRICE)

INTENT = {"id": "pi_1", "status": "succeeded", "amount_received": 15_000, "currency": "eur"}
SESSION = http(200, {"id": "cs_1", "payment_intent": INTENT | {"latest_charge": {"disputed": True}}})
NONE = http(200, {"data": []})
MADE = http(200, {"id": "re_1", "status": "succeeded", "amount": 15_000, "currency": "eur"})
KEPT = http(500, {"error": {"type": "api_error"}}, **{"Idempotent-Replayed": "true"})
NO = http(400, {"error": {"type": "invalid_request_error", "code": "whatever"}})


def stripe_at(url: str) -> Stripe:
    return Stripe(stripe_account(url))


@pytest.mark.spec("GW-41")
@pytest.mark.parametrize("failed", [1, 2, 7])
def test_a_call_that_stripe_has_failed_at_again_and_again_is_made_as_soon_as_it_is_well(failed: int) -> None:
    with raw_server(SESSION, KEPT, NONE, *[KEPT] * (failed - 1), MADE) as server:
        outcome = stripe_at(server.url).refund(REFUND, now=NOW)

    lines = [line.lower() for asked in server.requests for line in asked.split("\r\n")]
    keys = [line for line in lines if line.startswith("idempotency-key:")]
    assert outcome.became is RefundBecame.SUCCEEDED
    assert len(set(keys)) == len(keys) == failed + 1


@pytest.mark.parametrize(
    ("before", "ask"),
    [
        ([SESSION], lambda gateway: gateway.look_up(PAID, now=NOW)),
        ([SESSION], lambda gateway: gateway.look_up_refund("HB-1-R1", of=PAID, now=NOW)),
        ([], lambda gateway: gateway.look_up(LOST, now=NOW)),
    ],
    ids=["disputes", "refunds", "sessions"],
)
def test_a_list_that_stripe_refuses_to_show_leaves_the_question_open(
    before: list[bytes], ask: Callable[[Stripe], object]
) -> None:
    with raw_server(*before, NO) as server, pytest.raises(Unclear):
        ask(stripe_at(server.url))


def test_a_refund_may_be_less_than_the_smallest_payment() -> None:
    with raw_server(SESSION, MADE) as server:
        gateway = stripe_at(server.url)
        made = gateway.refund(replace(REFUND, amount=Money(1, "EUR")), now=NOW)
        with pytest.raises(Refused):
            gateway.refund(replace(REFUND, amount=Money(0, "EUR")), now=NOW)

    assert made.became is RefundBecame.SUCCEEDED
    assert len(server.requests) == 2
