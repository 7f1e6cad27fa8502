"""Stripe's idempotency keys: what is answered again, for how long, and what is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.sandbox.stripe_shop import StripeShop, code_of
from tests.support.sandbox import Sandbox

DAY = 86_400  # seconds


@pytest.fixture
def stripe(sandbox: Sandbox) -> Iterator[StripeShop]:
    shop = StripeShop(replace(sandbox, gateway="stripe"))
    yield shop
    shop.http.close()


def test_a_key_answers_what_it_has_answered_and_says_so(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)
    first = stripe.capture(intent, 30_000, key=f"{reference}-C")

    again = stripe.capture(intent, 30_000, key=f"{reference}-C")

    assert (again.status_code, again.text) == (200, first.text)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert stripe.events(reference).count("charge.captured") == 1


def test_a_key_is_for_one_call_only(stripe: StripeShop, reference: str) -> None:
    intent = stripe.reserved(reference)
    key = f"{reference}-C"
    stripe.capture(intent, 30_000, key=key)

    answers = [stripe.capture(intent, 20_000, key=key), stripe.cancel(intent, key=key)]

    assert [one.status_code for one in answers] == [400, 400]
    assert [one.json()["error"]["type"] for one in answers] == ["idempotency_error"] * 2
    assert stripe.intent(intent)["amount_received"] == 30_000


def test_a_key_is_forgotten_after_a_day(stripe: StripeShop, reference: str) -> None:
    intent = stripe.captured(reference)
    first = stripe.refund(intent, 1_000, key=f"{reference}-R").json()

    stripe.sandbox.advance(DAY - 10)
    within = stripe.refund(intent, 1_000, key=f"{reference}-R").json()
    stripe.sandbox.advance(10)
    after = stripe.refund(intent, 1_000, key=f"{reference}-R").json()

    assert within["id"] == first["id"] != after["id"]
    assert stripe.ledger(reference)["refunded"] == 2_000


def test_a_refusal_by_state_is_kept_and_one_of_the_parameters_is_not(
    stripe: StripeShop, reference: str
) -> None:
    session = stripe.opened(reference)
    stripe.sandbox.settle(reference, "fail")
    intent = stripe.session(session["id"])["payment_intent"]
    early = stripe.capture(intent, key=f"{reference}-C")
    wrong = stripe.create(f"{reference}-2", key=f"{reference}-S", mode="barter")
    stripe.sandbox.settle(reference)

    again, anew = stripe.capture(intent, key=f"{reference}-C"), stripe.capture(intent)
    right = stripe.create(f"{reference}-2", key=f"{reference}-S")

    assert code_of(early) == code_of(again) == (400, "payment_intent_unexpected_state")
    assert (anew.status_code, wrong.status_code, right.status_code) == (200, 400, 200)


@pytest.mark.parametrize(("trouble", "refunded"), [("500_stored", 1_000), ("500_stored_undone", 0)])
def test_a_500_is_stored_whether_or_not_the_work_was_done(
    stripe: StripeShop, reference: str, trouble: str, refunded: int
) -> None:
    intent = stripe.captured(reference)
    stripe.sandbox.arm(f"refund_{trouble}", only=reference)

    answers = [stripe.refund(intent, 1_000, key=f"{reference}-R") for _ in range(2)]

    assert [one.status_code for one in answers] == [500, 500]
    assert [one.headers["Stripe-Should-Retry"] for one in answers] == ["false", "false"]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert stripe.ledger(reference)["refunded"] == refunded


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        ("key_in_use", (409, "idempotency_key_in_use")),
        ("lock_timeout", (429, "lock_timeout")),
        ("429", (429, "rate_limit")),
        ("401", (401, None)),
    ],
)
def test_what_comes_before_the_work_is_not_stored(
    stripe: StripeShop, reference: str, trouble: str, refusal: tuple[int, str | None]
) -> None:
    intent = stripe.reserved(reference)
    stripe.sandbox.arm(f"capture_{trouble}", only=reference)

    refused, done = (stripe.capture(intent, key=f"{reference}-C") for _ in range(2))

    assert code_of(refused) == refusal
    assert (done.status_code, done.json()["status"]) == (200, "succeeded")


@pytest.mark.parametrize("trouble", ["500_after", "reset_after", "timeout_after"])
def test_what_was_done_before_the_answer_was_lost_is_answered_again(
    stripe: StripeShop, reference: str, trouble: str
) -> None:
    stripe.sandbox.arm(f"create_session_{trouble}", only=reference, seconds=0.1)
    try:
        lost = stripe.create(reference, key=f"{reference}-S").status_code
    except Exception:
        lost = 0

    again = stripe.create(reference, key=f"{reference}-S")

    assert lost in ((0, 200) if trouble != "500_after" else (500,))
    assert again.headers["Idempotent-Replayed"] == "true"
    sessions = stripe.get("/checkout/sessions", {"limit": 100})["data"]
    assert [one["id"] for one in sessions if one["client_reference_id"] == reference] == [again.json()["id"]]


def test_two_calls_with_one_key_at_once_are_one_and_a_conflict(stripe: StripeShop, reference: str) -> None:
    """The first waits for its webhook to be delivered, and whoever gets that calls once more."""
    met: list[int] = []

    class Again(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if not met:
                met.append(stripe.create(reference, key=f"{reference}-S").status_code)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each call."""

    server = HTTPServer(("127.0.0.1", 0), Again)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    keys = {"secret_key": f"sk_test_{reference}", "webhook_secret": "kept"}
    stripe.sandbox.add_merchant(reference, webhook_url=f"http://127.0.0.1:{server.server_port}", **keys)
    stripe.key = keys["secret_key"]
    stripe.sandbox.arm("webhook_before_start_answer", only=reference)

    made = stripe.create(reference, key=f"{reference}-S")

    server.shutdown()
    thread.join()
    server.server_close()
    assert met == [409]
    assert made.status_code == 200
