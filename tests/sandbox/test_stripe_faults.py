"""Stripe as it should not be: each of its own misbehaviors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.stripe.faults import FAULTS, READS
from sandbox.stripe.keys import POSTS
from sandbox.troubles import TROUBLES
from tests.sandbox.stripe_shop import EXPANDED, PRICE, StripeShop, code_of
from tests.support.sandbox import Sandbox, SandboxError

DAYS = 86_400  # seconds


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[StripeShop]:
    shop = StripeShop(replace(sandbox, gateway="stripe"))
    yield shop
    shop.http.close()


# ---- paying and reserving -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "extra", "paid"),
    [
        ("amount_higher", {}, (PRICE + 100, "usd")),
        ("amount_lower", {"amount": 20_000}, (30_000, "usd")),
        ("paid_in_another_currency", {}, (PRICE, "eur")),
        ("paid_in_another_currency", {"word": "npr"}, (PRICE, "npr")),
    ],
)
def test_what_is_paid_can_be_other_than_what_was_asked(
    stripe: StripeShop, reference: str, fault: str, extra: dict[str, Any], paid: tuple[int, str]
) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.arm(fault, only=reference, **extra)
    stripe.sandbox.settle(reference)

    found = stripe.session(session["id"], EXPANDED)

    intent = found["payment_intent"]
    assert (found["amount_total"], found["currency"]) == paid
    assert (intent["amount_capturable"], intent["currency"]) == paid
    assert (intent["latest_charge"]["amount"], intent["latest_charge"]["currency"]) == paid


def test_a_customer_can_have_seen_another_currency(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.arm("presented_in_another_currency", only=reference, amount=46_000)
    stripe.sandbox.settle(reference)

    found = stripe.session(session["id"], EXPANDED)

    seen = {"presentment_amount": 46_000, "presentment_currency": "eur"}
    assert found["presentment_details"] == found["payment_intent"]["presentment_details"] == seen
    assert (found["payment_intent"]["amount"], found["currency"]) == (PRICE, "usd")


def test_a_payment_is_processing_for_some_reads_or_some_time(stripe: StripeShop, reference: str) -> None:
    timed, bad = f"{reference}-T", f"{reference}-B"
    sessions = [stripe.opened(one)["id"] for one in (reference, timed, bad)]
    stripe.sandbox.arm("pay_pending", only=reference, reads=1)
    stripe.sandbox.arm("pay_pending", only=timed, seconds=60)
    stripe.sandbox.arm("pay_pending", only=bad, seconds=60, ends="requires_payment_method")
    settled = [stripe.sandbox.settle(one) for one in (reference, timed, bad)]

    reads = [stripe.session(sessions[0], EXPANDED)["payment_intent"]["status"] for _ in range(2)]
    early = stripe.session(sessions[1])
    stripe.sandbox.advance(60)

    assert settled == ["processing"] * 3
    assert reads == ["processing", "requires_capture"]
    assert (early["status"], early["payment_status"]) == ("complete", "unpaid")
    late = [stripe.ledger(one)["state"] for one in (timed, bad)]
    assert late == ["requires_capture", "requires_payment_method"]
    assert stripe.events(timed)[-1] == "checkout.session.async_payment_succeeded"
    assert stripe.events(bad)[-1] == "checkout.session.async_payment_failed"


def test_a_session_that_has_expired_can_be_paid_late(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)
    stripe.expire(session["id"])
    with pytest.raises(SandboxError, match="409"):
        stripe.sandbox.settle(reference)

    stripe.sandbox.arm("late_success", only=reference)

    assert "Pay USD 500.00" in httpx.get(session["url"]).text
    assert stripe.sandbox.settle(reference) == "requires_capture"
    assert stripe.session(session["id"])["status"] == "complete"


def test_an_expiry_can_lose_the_race_to_the_customer(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.arm("expire_races_payment", only=reference)

    answer = stripe.expire(session["id"])

    assert answer.status_code == 400
    assert stripe.session(session["id"], EXPANDED)["payment_intent"]["status"] == "requires_capture"


def test_an_authorization_is_shorter_than_usual_and_says_so(stripe: StripeShop, reference: str) -> None:
    stripe.sandbox.arm("authorization_short", only=reference, seconds=300)
    intent = stripe.reserved(reference)
    found = stripe.intent(intent)
    stripe.sandbox.advance(300)

    assert time_to_capture(found) == 300
    assert stripe.intent(intent)["cancellation_reason"] == "expired"


def test_an_authorization_lapses_early_whatever_it_says(stripe: StripeShop, reference: str) -> None:
    stripe.sandbox.arm("authorization_lapses_early", only=reference, seconds=60)
    intent = stripe.reserved(reference)
    stripe.sandbox.advance(60)

    found = stripe.intent(intent)

    assert time_to_capture(found) == 7 * DAYS
    assert (found["status"], found["amount_capturable"]) == ("canceled", 0)
    assert code_of(stripe.capture(intent)) == (400, "capture_charge_authorization_expired")


# ---- captures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "extra", "refusal", "status"),
    [
        ("capture_declined", {}, (402, "card_declined"), "requires_capture"),
        ("capture_declined", {"then": "lapsed"}, (402, "card_declined"), "canceled"),
        ("capture_unauthorized", {}, (400, "capture_unauthorized_payment"), "requires_capture"),
    ],
)
def test_a_capture_is_refused(
    stripe: StripeShop,
    reference: str,
    fault: str,
    extra: dict[str, Any],
    refusal: tuple[int, str],
    status: str,
) -> None:
    intent = stripe.reserved(reference)
    stripe.sandbox.arm(fault, only=reference, **extra)

    assert code_of(stripe.capture(intent)) == refusal
    assert stripe.intent(intent)["status"] == status


def test_a_capture_that_comes_too_late_can_be_refused_in_other_words(
    stripe: StripeShop, reference: str
) -> None:
    intent = stripe.captured(reference)
    stripe.sandbox.arm("capture_in_other_words", only=reference)

    assert code_of(stripe.capture(intent)) == (400, "payment_intent_unexpected_state")
    assert code_of(stripe.capture(intent)) == (400, "charge_already_captured")


# ---- refunds, disputes, and the dashboard ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "seconds", "statuses"),
    [
        ("refund_pending", 3 * DAYS, ("pending", "succeeded")),
        ("refund_fails", 3, ("pending", "failed")),
        ("refund_fails_after_success", 3, ("succeeded", "failed")),
    ],
)
def test_a_refund_comes_to_its_end_later(
    stripe: StripeShop, reference: str, fault: str, seconds: int, statuses: tuple[str, str]
) -> None:
    intent = stripe.captured(reference)
    stripe.sandbox.arm(fault, only=reference)
    refund = stripe.refund(intent, 20_000).json()
    counted = stripe.intent(intent)["latest_charge"]["amount_refunded"]

    stripe.sandbox.advance(seconds)

    found = stripe.get(f"/refunds/{refund['id']}")
    has_failed = found["status"] == "failed"
    assert (refund["status"], found["status"], counted) == (*statuses, 20_000)
    assert found.get("failure_reason") == ("expired_or_canceled_card" if has_failed else None)
    assert stripe.intent(intent)["latest_charge"]["amount_refunded"] == (0 if has_failed else 20_000)
    assert stripe.ledger(reference)["refunded"] == (0 if has_failed else 20_000)
    assert ("refund.failed" in stripe.events(reference)) is has_failed
    told = stripe.sandbox.webhooks(reference)
    updated = next(one["body"] for one in told if one["event"] == "refund.updated")
    assert f'"status":"{statuses[0]}"' in updated.partition("previous_attributes")[2]


def test_a_refund_can_be_refused(stripe: StripeShop, reference: str) -> None:
    intent = stripe.captured(reference)
    stripe.sandbox.arm("refund_refused", only=reference)

    assert code_of(stripe.refund(intent)) == (400, "charge_disputed")
    assert stripe.ledger(reference)["refunded"] == 0


@pytest.mark.parametrize(
    ("fault", "status", "received"),
    [("captured_outside", "succeeded", PRICE), ("voided_outside", "canceled", 0)],
)
def test_somebody_captures_or_cancels_in_the_dashboard(
    stripe: StripeShop, reference: str, fault: str, status: str, received: int
) -> None:
    intent = stripe.reserved(reference)
    stripe.sandbox.arm(fault, only=reference)
    stripe.sandbox.advance(0)

    found = stripe.intent(intent)

    assert (found["status"], found["amount_received"]) == (status, received)
    assert stripe.ledger(reference)["state"] == status


def test_somebody_captures_and_refunds_in_the_dashboard_while_the_customer_is_on_his_way(
    stripe: StripeShop, reference: str
) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.arm("captured_outside")
    httpx.post(session["url"], data={"outcome": "pay"})
    stripe.sandbox.arm("refunded_outside", amount=20_000)

    found = stripe.session(session["id"], EXPANDED)["payment_intent"]

    assert (found["status"], found["latest_charge"]["amount_refunded"]) == ("succeeded", 20_000)
    refund = stripe.get("/refunds", {"payment_intent": found["id"]})["data"][0]
    assert (refund["amount"], refund["metadata"]) == (20_000, {})


@pytest.mark.parametrize(
    ("ending", "status", "disputed", "told"),
    [
        ("dispute_won", "won", 0, ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
        ("dispute_lost", "lost", 30_000, ["charge.dispute.closed"]),
    ],
)
def test_a_customer_disputes_a_charge_and_the_money_is_withdrawn_until_it_is_won(
    stripe: StripeShop, reference: str, ending: str, status: str, disputed: int, told: list[str]
) -> None:
    intent = stripe.captured(reference)
    stripe.refund(intent, 20_000)
    stripe.sandbox.arm("dispute_opened", only=reference)
    dispute = stripe.get("/disputes", {"payment_intent": intent})["data"][0]
    withdrawn = stripe.ledger(reference)["disputed"]
    meanwhile = code_of(stripe.refund(intent))
    begun = len(stripe.events(reference))

    stripe.sandbox.arm(ending, only=reference)
    stripe.sandbox.advance(0)

    assert (dispute["status"], dispute["amount"], withdrawn) == ("needs_response", 30_000, 30_000)
    assert meanwhile == (400, "charge_disputed")
    assert stripe.intent(intent)["latest_charge"]["disputed"] is True
    assert stripe.events(reference)[begun - 2 : begun] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    assert stripe.events(reference)[begun:] == told
    assert stripe.get(f"/disputes/{dispute['id']}")["status"] == status
    assert stripe.ledger(reference)["disputed"] == disputed


def test_a_dispute_can_be_lost_before_anybody_has_heard_of_it(stripe: StripeShop, reference: str) -> None:
    intent = stripe.captured(reference)
    stripe.sandbox.arm("dispute_lost", only=reference, amount=10_000)

    found = stripe.get("/disputes", {"payment_intent": intent})["data"]

    assert [(one["status"], one["amount"]) for one in found] == [("lost", 10_000)]


# ---- what is read, and how calls fail -------------------------------------------------------------------


def test_reads_can_lag_behind_and_flap(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)["id"]
    stripe.sandbox.arm("look_up_lag", only=reference)
    stripe.session(session)  # nobody has paid yet: this is no occasion
    stripe.sandbox.settle(reference)

    lagging, right = stripe.session(session), stripe.session(session)
    stripe.sandbox.arm("look_up_flap", 4, only=reference)
    statuses = [stripe.intent(right["payment_intent"])["status"] for _ in range(4)]

    assert (lagging["status"], lagging["payment_intent"], right["status"]) == ("open", None, "complete")
    assert statuses == ["requires_capture", "requires_payment_method"] * 2


@pytest.mark.parametrize(
    ("fault", "extra", "shown"),
    [
        ("look_up_unknown_state", {}, {"status": "requires_incantation"}),
        ("look_up_another_currency", {"word": "npr"}, {"currency": "npr"}),
        ("look_up_another_payment", {}, {"id": "pi_another", "metadata": {"booking": "ANOTHER-PAYMENT-1"}}),
    ],
)
def test_a_read_can_say_what_is_not_so(
    stripe: StripeShop, reference: str, fault: str, extra: dict[str, Any], shown: dict[str, Any]
) -> None:
    intent = stripe.reserved(reference)
    before = stripe.intent(intent)
    stripe.sandbox.arm(fault, only=reference, **extra)

    body = stripe.intent(intent)

    assert {name: body[name] for name in shown} == shown
    assert stripe.intent(intent) == before


def test_a_read_of_a_session_twists_the_intent_in_it(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)["id"]
    stripe.sandbox.settle(reference)
    stripe.sandbox.arm("look_up_unknown_state", only=reference)

    found = stripe.session(session, EXPANDED)

    assert (found["status"], found["payment_intent"]["status"]) == ("complete", "requires_incantation")


@pytest.mark.parametrize("call", ["create", "expire", "capture", "cancel", "refund", "session", "intent"])
def test_each_call_can_be_hit_by_the_usual_troubles_for_one_payment(
    stripe: StripeShop, reference: str, call: str
) -> None:
    session = stripe.opened(reference)["id"]
    stripe.sandbox.settle(reference)
    intent = stripe.session(session)["payment_intent"]
    names = {"create": "create_session", "expire": "expire_session"}
    names |= {"session": "retrieve_session", "intent": "retrieve_intent"}
    stripe.sandbox.arm(f"{names.get(call, call)}_500_before", only=reference)
    paths = {
        "create": ("POST", "/checkout/sessions", {"client_reference_id": reference}),
        "expire": ("POST", f"/checkout/sessions/{session}/expire", {}),
        "capture": ("POST", f"/payment_intents/{intent}/capture", {}),
        "cancel": ("POST", f"/payment_intents/{intent}/cancel", {}),
        "refund": ("POST", "/refunds", {"payment_intent": intent}),
        "session": ("GET", f"/checkout/sessions/{session}", {}),
        "intent": ("GET", f"/payment_intents/{intent}", {}),
    }

    answer = stripe.call(*paths[call])

    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "api_error"
    assert stripe.intent(intent)["status"] == "requires_capture"


def test_bodies_can_be_html_empty_cut_or_marked(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)
    for trouble in ("html", "empty", "truncated", "bom"):
        stripe.sandbox.arm(f"retrieve_intent_{trouble}", only=reference)

    bodies = [stripe.call("GET", f"/payment_intents/{intent}").content for _ in range(4)]

    assert b"<html" in bodies[0] or bodies[0].startswith(b"<!doctype")
    assert bodies[1] == b""
    assert bodies[2].startswith(b"{")
    assert not bodies[2].endswith(b"}")
    assert bodies[3].startswith(b"\xef\xbb\xbf{")


def test_the_page_can_be_down_and_the_webhooks_come_before_the_browser(
    stripe: StripeShop, reference: str
) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.arm("page_down", only=reference)
    stripe.sandbox.arm("webhook_before_redirect", only=reference)

    down, shown = httpx.get(session["url"]), httpx.get(session["url"])
    chosen = httpx.post(session["url"], data={"outcome": "pay"})

    assert (down.status_code, shown.status_code, chosen.status_code) == (503, 200, 303)
    assert all(one["note"] or one["answers"] for one in stripe.sandbox.webhooks(reference))


def test_every_fault_has_a_sentence_and_every_call_the_usual_troubles() -> None:
    assert all(sentence.endswith(".") for sentence in FAULTS.values())
    assert {f"{call}_{trouble}" for call in (*POSTS, *READS) for trouble in TROUBLES} <= set(FAULTS)


def time_to_capture(intent: dict[str, Any]) -> int:
    """For how many seconds money is reserved, as the charge says."""
    charge = intent["latest_charge"]
    return int(charge["payment_method_details"]["card"]["capture_before"] - charge["created"])
