"""Stripe as the sandbox speaks it: sessions, captures, cancellations, refunds, and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.sandbox.stripe_shop import (
    CANCEL_URL,
    EXPANDED,
    PRICE,
    StripeShop,
    code_of,
    session_form,
)
from tests.support.sandbox import Sandbox, SandboxError

WEEK = 604_800  # seconds


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[StripeShop]:
    shop = StripeShop(replace(sandbox, gateway="stripe"))
    yield shop
    shop.http.close()


def test_money_is_reserved_taken_in_part_and_given_back(stripe: StripeShop, reference: str) -> None:
    opened = stripe.opened(reference)
    stripe.sandbox.settle(reference)
    reserved = stripe.session(opened["id"], EXPANDED)
    intent = reserved["payment_intent"]

    taken = stripe.capture(intent["id"], 30_000).json()
    back = stripe.refund(intent["id"], 10_000).json()

    assert opened["id"].startswith("cs_test_")
    assert (opened["status"], opened["payment_status"], opened["payment_intent"]) == ("open", "unpaid", None)
    assert (reserved["status"], reserved["payment_status"], reserved["url"]) == ("complete", "unpaid", None)
    assert (intent["status"], intent["amount_capturable"], intent["amount_received"]) == (
        "requires_capture",
        PRICE,
        0,
    )
    charge = intent["latest_charge"]
    assert charge["payment_method_details"]["card"]["capture_before"] - charge["created"] == WEEK
    assert (taken["status"], taken["amount_received"], taken["amount_capturable"]) == ("succeeded", 30_000, 0)
    assert (back["status"], back["amount"], back["payment_intent"]) == ("succeeded", 10_000, intent["id"])
    assert stripe.session(opened["id"])["payment_status"] == "paid"
    charge = stripe.intent(intent["id"])["latest_charge"]
    assert (charge["amount_captured"], charge["amount_refunded"], charge["refunded"]) == (
        30_000,
        10_000,
        False,
    )
    assert stripe.ledger(reference) == {
        "reference": reference,
        "amount": 30_000,
        "currency": "USD",
        "state": "succeeded",
        "refunded": 10_000,
        "disputed": 0,
    }


def test_money_that_is_to_be_taken_at_once_is(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference, **{"payment_intent_data[capture_method]": "automatic"})

    assert stripe.sandbox.settle(reference) == "succeeded"

    found = stripe.session(session["id"], EXPANDED)
    intent = found["payment_intent"]
    assert (found["payment_status"], intent["amount_received"]) == ("paid", PRICE)
    assert "capture_before" not in intent["latest_charge"]["payment_method_details"]["card"]
    assert stripe.events(reference) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_metadata_of_a_session_and_of_its_intent_are_two_bags(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference, **{"metadata[only_here]": "yes"})
    stripe.sandbox.settle(reference)

    intent = stripe.session(session["id"], EXPANDED)["payment_intent"]

    assert session["metadata"] == {"booking": "HB-7K2M", "only_here": "yes"}
    assert intent["metadata"] == intent["latest_charge"]["metadata"] == {"booking": "HB-7K2M"}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"expires_at": 1_000}, "expires_at"),
        ({"line_items[0][price_data][currency]": "zzz"}, "line_items[0][price_data][currency]"),
        ({"line_items[0][price_data][unit_amount]": 49}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": 10**8}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": "12.50"}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": -1}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data]": "5 dollars"}, "line_items[0][price_data]"),
        ({"metadata[note]": "x" * 501}, "metadata"),
        ({"payment_method_types[0]": "card"}, "payment_method_types"),
        ({"allowed_payment_method_types[0]": "barter"}, "allowed_payment_method_types"),
        ({"payment_intent_data[capture_method]": "later"}, "payment_intent_data[capture_method]"),
        ({"payment_intent_data[levitate]": "yes"}, "payment_intent_data[levitate]"),
        ({"ui_mode": "hosted"}, "ui_mode"),
        ({"surprise": "yes"}, "surprise"),
        ({"expand[]": "payment_intent.horoscope"}, "expand"),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(
    stripe: StripeShop, reference: str, changes: dict[str, Any], param: str
) -> None:
    answer = stripe.create(reference, **changes)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize("missing", ["mode", "success_url", "line_items[0][price_data][unit_amount]"])
def test_what_a_session_needs_is_asked_for(stripe: StripeShop, reference: str, missing: str) -> None:
    form = {name: value for name, value in session_form(reference).items() if name != missing}

    answer = stripe.post("/checkout/sessions", form)

    assert code_of(answer) == (400, "parameter_missing")
    assert answer.json()["error"]["param"] == missing


@pytest.mark.parametrize("key", ["sk_test_guessed", "sk_live_holdfast_demo", "pk_test_holdfast_demo"])
def test_nobody_gets_in_without_the_key(stripe: StripeShop, reference: str, key: str) -> None:
    intent = stripe.reserved(reference)
    stripe.key = key

    answers = [stripe.capture(intent), stripe.refund(intent), stripe.call("GET", "/balance")]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert stripe.ledger(reference)["state"] == "requires_capture"


def test_a_merchant_does_not_see_anothers_payments(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)
    intent = stripe.captured(f"{reference}-C")
    stripe.sandbox.add_merchant("NEXT_DOOR", secret_key="sk_live_next_door", webhook_secret="whsec_next")
    stripe.key = "sk_live_next_door"

    answers = [
        stripe.call("GET", f"/checkout/sessions/{session['id']}"),
        stripe.expire(session["id"]),
        stripe.capture(intent),
        stripe.cancel(intent),
    ]

    assert [code_of(answer) for answer in answers] == [(404, "resource_missing")] * 4
    assert code_of(stripe.refund(intent)) == (400, "resource_missing")
    assert stripe.get("/checkout/sessions")["data"] == []
    assert stripe.get("/balance")["livemode"] is True
    assert stripe.opened(f"{reference}-L")["id"].startswith("cs_live_")


def test_what_is_no_call_is_said_to_be_none(stripe: StripeShop) -> None:
    answers = [stripe.call("GET", "/subscriptions"), stripe.call("POST", "/checkout")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Unrecognized request URL" in answers[0].json()["error"]["message"]


@pytest.mark.parametrize(
    ("form", "param"),
    [
        (b"a[[b]]=1", "a[[b]]"),
        (b"metadata=x&metadata[a]=1", "metadata[a]"),
        (b"metadata[a]=1&metadata=x", "metadata"),
        (b"line_items=everything", "line_items"),
        (b"\xff=1", None),
    ],
)
def test_a_form_that_is_none_is_refused(stripe: StripeShop, form: bytes, param: str | None) -> None:
    headers = {"Authorization": f"Bearer {stripe.key}"}
    url = f"{stripe.sandbox.url}/stripe/v1/checkout/sessions"

    answer = stripe.http.post(url, content=b"mode=payment&" + form, headers=headers)

    assert (answer.status_code, answer.json()["error"].get("param")) == (400, param)


# ---- captures and cancellations -------------------------------------------------------------------------


def captured(stripe: StripeShop, reference: str) -> str:
    return stripe.captured(reference)


def canceled(stripe: StripeShop, reference: str) -> str:
    intent = stripe.reserved(reference)
    stripe.cancel(intent)
    return intent


def lapsed(stripe: StripeShop, reference: str) -> str:
    intent = stripe.reserved(reference)
    stripe.sandbox.advance(WEEK)
    return intent


def declined(stripe: StripeShop, reference: str) -> str:
    session = stripe.opened(reference)
    stripe.sandbox.settle(reference, "fail")
    return str(stripe.session(session["id"])["payment_intent"])


@pytest.mark.parametrize(
    ("prepare", "capture"),
    [
        (captured, "charge_already_captured"),
        (canceled, "payment_intent_unexpected_state"),
        (lapsed, "capture_charge_authorization_expired"),
        (declined, "payment_intent_unexpected_state"),
    ],
)
def test_what_is_not_reserved_can_be_neither_captured_nor_canceled(
    stripe: StripeShop, reference: str, prepare: Callable[[StripeShop, str], str], capture: str
) -> None:
    intent = prepare(stripe, reference)
    before = stripe.intent(intent)

    answers = [stripe.capture(intent), stripe.cancel(intent)]

    assert [code_of(one) for one in answers] == [(400, capture), (400, "payment_intent_unexpected_state")]
    assert [one.json()["error"]["payment_intent"]["id"] for one in answers] == [intent, intent]
    assert stripe.intent(intent) == before


def test_more_than_was_reserved_cannot_be_captured(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)

    answers = [stripe.capture(intent, PRICE + 1), stripe.capture(intent, 0)]

    assert [code_of(one) for one in answers] == [
        (400, "amount_too_large"),
        (400, "parameter_invalid_integer"),
    ]
    assert stripe.intent(intent)["status"] == "requires_capture"


def test_what_is_canceled_says_why_and_when(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)

    body = stripe.cancel(intent, cancellation_reason="requested_by_customer").json()

    assert (body["status"], body["cancellation_reason"]) == ("canceled", "requested_by_customer")
    assert body["canceled_at"] >= body["created"]
    assert body["amount_capturable"] == 0
    assert stripe.events(reference)[-1] == "payment_intent.canceled"


def test_an_authorization_lapses_when_its_window_is_over_and_not_before(
    stripe: StripeShop, reference: str
) -> None:
    keys = {"secret_key": f"sk_test_{reference}", "webhook_secret": "kept"}
    stripe.sandbox.add_merchant(reference, capture_window=3_600, **keys)
    stripe.key = keys["secret_key"]
    intent = stripe.reserved(reference)

    stripe.sandbox.advance(3_590)
    just_before = stripe.intent(intent)["status"]
    stripe.sandbox.advance(10)

    found = stripe.intent(intent)
    assert just_before == "requires_capture"
    assert (found["status"], found["cancellation_reason"]) == ("canceled", "expired")
    assert stripe.events(reference)[-2:] == ["charge.expired", "payment_intent.canceled"]
    assert found["latest_charge"]["amount_refunded"] == 0


@pytest.mark.parametrize(("version", "refunds"), [("2024-06-20", True), ("2025-03-31.basil", False)])
def test_before_basil_what_is_let_go_reads_as_a_refund(
    stripe: StripeShop, reference: str, version: str, refunds: bool
) -> None:
    keys = {"secret_key": f"sk_test_{reference}", "webhook_secret": "kept"}
    stripe.sandbox.add_merchant(reference, api_version=version, **keys)
    stripe.key = keys["secret_key"]
    hosted = {"ui_mode": "hosted", "payment_method_types[0]": "card"}
    parts = {name: stripe.reserved(f"{reference}-{name}", **hosted) for name in ("part", "void", "lapse")}
    stripe.capture(parts["part"], 30_000)
    stripe.cancel(parts["void"])
    stripe.sandbox.advance(WEEK)

    found = {name: stripe.intent(intent) for name, intent in parts.items()}

    shown = {name: one["latest_charge"]["amount_refunded"] for name, one in found.items()}
    assert shown == ({"part": 20_000, "void": PRICE, "lapse": PRICE} if refunds else dict.fromkeys(shown, 0))
    assert found["lapse"]["cancellation_reason"] == ("automatic" if refunds else "expired")
    told = [
        f"{reference}-{name}" for name in parts if "charge.refunded" in stripe.events(f"{reference}-{name}")
    ]
    assert len(told) == (3 if refunds else 0)
    assert [stripe.ledger(f"{reference}-{name}")["refunded"] for name in parts] == [0, 0, 0]


# ---- refunds --------------------------------------------------------------------------------------------


def test_no_more_is_given_back_than_was_taken(stripe: StripeShop, reference: str) -> None:
    intent = stripe.captured(reference, 30_000)
    first = stripe.refund(intent, 20_000)

    too_much, rest, nothing_left = stripe.refund(intent, 10_001), stripe.refund(intent), stripe.refund(intent)

    assert (first.status_code, too_much.status_code, rest.json()["amount"]) == (200, 400, 10_000)
    assert too_much.json()["error"]["param"] == "amount"
    assert code_of(nothing_left) == (400, "charge_already_refunded")
    assert stripe.intent(intent)["latest_charge"]["refunded"] is False  # of all that was authorized
    listed = stripe.get("/refunds", {"payment_intent": intent})["data"]
    assert [one["amount"] for one in listed] == [10_000, 20_000]
    assert stripe.get(f"/refunds/{listed[1]['id']}") == first.json()
    assert stripe.ledger(reference)["refunded"] == 30_000


def test_what_was_not_captured_is_not_refunded(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)

    assert stripe.refund(intent).status_code == 400
    assert stripe.intent(intent)["status"] == "requires_capture"


# ---- sessions and their page ----------------------------------------------------------------------------


def test_a_customer_pays_on_the_page_and_comes_back(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)
    shown = httpx.get(session["url"])

    chosen = httpx.post(session["url"], data={"outcome": "pay"})

    assert "Pay USD 500.00" in shown.text
    assert "only authorized" in shown.text
    assert chosen.status_code == 303
    assert chosen.headers["Location"] == f"http://shop.test/return?session={session['id']}"
    assert "You have paid" in httpx.get(session["url"]).text
    assert httpx.post(session["url"], data={"outcome": "pay"}).status_code == 303
    assert len(stripe.events(reference)) == 4


def test_a_declined_card_leaves_the_session_open_for_another(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)

    chosen = httpx.post(session["url"], data={"outcome": "fail"}, follow_redirects=True)

    found = stripe.session(session["id"], EXPANDED)
    failed = found["payment_intent"]
    assert "Your card was declined" in chosen.text
    assert (found["status"], failed["status"]) == ("open", "requires_payment_method")
    assert failed["last_payment_error"]["code"] == failed["latest_charge"]["failure_code"] == "card_declined"
    assert stripe.sandbox.settle(reference) == "requires_capture"
    paid = stripe.session(session["id"], EXPANDED)["payment_intent"]
    assert (paid["id"], paid["last_payment_error"]) == (failed["id"], None)
    assert paid["latest_charge"]["id"] != failed["latest_charge"]["id"]
    assert stripe.events(reference)[:3] == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_going_back_changes_nothing(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)

    chosen = httpx.post(session["url"], data={"outcome": "cancel"})

    assert (chosen.status_code, chosen.headers["Location"]) == (303, CANCEL_URL)
    assert stripe.session(session["id"])["status"] == "open"
    assert stripe.events(reference) == []


def test_a_page_of_no_session_and_a_choice_of_nothing_lead_nowhere(
    stripe: StripeShop, reference: str
) -> None:
    session = stripe.opened(reference)

    assert httpx.get(f"{stripe.sandbox.url}/stripe/pay/cs_test_guessed").status_code == 404
    assert httpx.post(session["url"], data={"outcome": "haggle"}).status_code == 400
    assert stripe.session(session["id"])["status"] == "open"


def test_a_session_expires_by_the_clock_with_what_was_begun(stripe: StripeShop, reference: str) -> None:
    intent = declined(stripe, reference)
    session = stripe.get("/checkout/sessions", {"payment_intent": intent})["data"][0]

    stripe.sandbox.advance(86_400)

    assert stripe.session(session["id"])["status"] == "expired"
    assert stripe.intent(intent)["status"] == "canceled"
    assert stripe.events(reference)[-1] == "checkout.session.expired"
    assert httpx.post(session["url"], data={"outcome": "pay"}).status_code == 409
    with pytest.raises(SandboxError, match="409"):
        stripe.sandbox.settle(reference)


def test_only_an_open_session_can_be_expired(stripe: StripeShop, reference: str) -> None:
    session = stripe.opened(reference)

    ended, again = stripe.expire(session["id"]), stripe.expire(session["id"])

    assert (ended.json()["status"], ended.json()["url"]) == ("expired", None)
    assert again.status_code == 400
    paid = stripe.opened(f"{reference}-P")
    stripe.sandbox.settle(f"{reference}-P")
    assert stripe.expire(paid["id"]).status_code == 400
    assert stripe.ledger(f"{reference}-P")["state"] == "requires_capture"
