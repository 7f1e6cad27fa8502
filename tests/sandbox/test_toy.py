"""Toy as it should be: reserve, capture, void, refund, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.sandbox.toy_shop import RETURN_URL, ToyShop, start_body
from tests.support.sandbox import Sandbox, SandboxError

WEEK = 604_800  # seconds


@pytest.fixture
def toy(sandbox: Sandbox) -> Iterator[ToyShop]:
    shop = ToyShop(replace(sandbox, gateway="toy"))
    yield shop
    shop.http.close()


def test_money_is_reserved_taken_in_part_and_given_back(toy: ToyShop, reference: str) -> None:
    made = toy.start(reference)
    before = toy.look_up(reference).json()
    toy.sandbox.settle(reference)
    reserved = toy.look_up(reference).json()

    taken = toy.capture(reference, 300_000)
    back = toy.refund(reference, 100_000)

    assert made.status_code == 201
    assert (before["state"], before["reserved"], before["captured"]) == ("open", 0, 0)
    assert (reserved["state"], reserved["reserved"], reserved["captured"]) == ("authorized", 500_000, 0)
    assert (taken.json()["state"], taken.json()["captured"]) == ("captured", 300_000)
    assert (back.status_code, back.json()["state"]) == (201, "succeeded")
    found = toy.look_up(reference).json()
    assert (found["reserved"], found["captured"], found["refunded"]) == (0, 300_000, 100_000)
    told = ledger(toy, reference)
    assert (told["state"], told["amount"], told["refunded"]) == ("captured", 300_000, 100_000)


def test_money_that_is_to_be_taken_at_once_is(toy: ToyShop, reference: str) -> None:
    toy.charged(reference)

    found = toy.look_up(reference).json()

    assert (found["state"], found["captured"], found["capture_before"]) == ("captured", 500_000, None)


def test_a_start_that_comes_again_answers_the_same_and_another_under_its_reference_is_refused(
    toy: ToyShop, reference: str
) -> None:
    first = toy.start(reference)

    again, another = toy.start(reference), toy.start(reference, amount=600_000)

    assert (again.status_code, again.json()) == (200, first.json())
    assert (another.status_code, another.json()["error"]) == (409, "reference_used")


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": ""},
        {"reference": "x" * 64},
        {"amount": 99},
        {"amount": "500000"},
        {"amount": True},
        {"currency": "XXX"},
        {"capture": "later"},
        {"return_url": "javascript:alert(1)"},
        {"expires_in": 59},
        {"expires_in": 86_401},
    ],
)
def test_a_start_that_makes_no_sense_is_refused(
    toy: ToyShop, reference: str, changes: dict[str, Any]
) -> None:
    answer = toy.call("POST", "/payments", start_body(reference) | changes)

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert toy.look_up(reference).status_code == 404


def test_nobody_gets_in_without_a_key(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    toy.key = "guessed"

    answers = [toy.look_up(reference), toy.capture(reference), toy.void(reference), toy.refund(reference)]

    assert [answer.status_code for answer in answers] == [401] * 4


def test_a_merchant_does_not_see_anothers_payments(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    toy.sandbox.add_merchant("NEXT_DOOR", api_key="next-door", webhook_secret="next-door")
    toy.key = "next-door"

    answers = [toy.look_up(reference), toy.capture(reference), toy.void(reference), toy.refund(reference)]

    assert [answer.json()["error"] for answer in answers] == ["no_such_payment"] * 4


# ---- captures and voids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 499_999, 500_000])
def test_as_much_can_be_captured_as_was_reserved(toy: ToyShop, reference: str, amount: int) -> None:
    toy.reserved(reference)

    assert toy.capture(reference, amount).json()["captured"] == amount


def test_more_than_was_reserved_cannot_be_captured(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)

    answer = toy.capture(reference, 500_001)

    assert (answer.status_code, answer.json()["error"]) == (422, "amount_too_large")
    assert toy.state(reference) == "authorized"


def test_a_key_answers_what_it_has_answered_and_nothing_else(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    first = toy.capture(reference, 300_000, key=f"{reference}-K")

    again = toy.capture(reference, 300_000, key=f"{reference}-K")
    for_another = toy.capture(reference, 200_000, key=f"{reference}-K")
    keyless = toy.call("POST", f"/payments/{reference}/capture", {"amount": 300_000})

    assert (again.status_code, again.json()) == (200, first.json())
    assert (for_another.status_code, for_another.json()["error"]) == (422, "key_reused")
    assert (keyless.status_code, keyless.json()["error"]) == (400, "idempotency_key_required")
    assert toy.look_up(reference).json()["captured"] == 300_000


def test_a_refusal_is_kept_under_its_key_too(toy: ToyShop, reference: str) -> None:
    toy.start(reference)
    early = toy.capture(reference)
    toy.sandbox.settle(reference)

    again, anew = toy.capture(reference), toy.capture(reference, key=f"{reference}-C2")

    assert (early.status_code, early.json()["error"]) == (409, "not_authorized")
    assert again.json() == early.json()
    assert anew.json()["state"] == "captured"


def captured(toy: ToyShop, reference: str) -> None:
    toy.capture(toy.reserved(reference))


def voided(toy: ToyShop, reference: str) -> None:
    toy.void(toy.reserved(reference))


def lapsed(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)
    toy.sandbox.advance(WEEK)


def opened(toy: ToyShop, reference: str) -> None:
    toy.start(reference)


@pytest.mark.parametrize(
    ("prepare", "capture", "void"),
    [
        (captured, (409, "already_captured"), (409, "already_captured")),
        (voided, (409, "already_voided"), (200, None)),
        (lapsed, (409, "authorization_expired"), (200, None)),
        (opened, (409, "not_authorized"), (409, "not_authorized")),
    ],
)
def test_what_is_not_reserved_any_more_answers_why(
    toy: ToyShop,
    reference: str,
    prepare: Callable[[ToyShop, str], None],
    capture: tuple[int, str | None],
    void: tuple[int, str | None],
) -> None:
    prepare(toy, reference)
    before = toy.look_up(reference).json()

    answers = [
        toy.capture(reference, key=f"{reference}-C2"),
        toy.void(reference, key=f"{reference}-V2"),
    ]

    assert [(one.status_code, one.json().get("error")) for one in answers] == [capture, void]
    assert toy.look_up(reference).json() == before


def test_an_authorization_lapses_when_its_window_is_over_and_not_before(toy: ToyShop, reference: str) -> None:
    keys = {"api_key": reference, "webhook_secret": "kept"}
    toy.sandbox.add_merchant(reference, capture_window=3_600, **keys)
    toy.key = reference
    toy.reserved(reference)

    toy.sandbox.advance(3_590)
    just_before = toy.state(reference)
    toy.sandbox.advance(10)

    assert just_before == "authorized"
    assert toy.state(reference) == "lapsed"


def test_a_payment_that_nobody_makes_expires(toy: ToyShop, reference: str) -> None:
    toy.start(reference)

    toy.sandbox.advance(900)

    assert toy.state(reference) == "expired"
    with pytest.raises(SandboxError, match="409"):
        toy.sandbox.settle(reference)


# ---- refunds --------------------------------------------------------------------------------------------


def test_a_refund_has_a_reference_of_its_own_and_is_made_once(toy: ToyShop, reference: str) -> None:
    toy.charged(reference)
    first = toy.refund(reference, 200_000)

    again, another = toy.refund(reference, 200_000), toy.refund(reference, 100_000)
    too_much = toy.refund(reference, 300_001, own=f"{reference}-R2")

    assert (again.status_code, again.json()) == (200, first.json())
    assert (another.status_code, another.json()["error"]) == (409, "reference_used")
    assert (too_much.status_code, too_much.json()["error"]) == (422, "amount_too_large")
    assert toy.look_up_refund(f"{reference}-R1").json() == first.json()
    assert toy.look_up_refund(f"{reference}-R2").json()["error"] == "no_such_refund"
    assert ledger(toy, reference)["refunded"] == 200_000


def test_what_was_not_captured_is_not_refunded(toy: ToyShop, reference: str) -> None:
    toy.reserved(reference)

    answer = toy.refund(reference)

    assert (answer.status_code, answer.json()["error"]) == (409, "not_captured")


# ---- the hosted page ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state"), [("pay", "authorized"), ("fail", "declined"), ("cancel", "canceled")]
)
def test_a_customer_chooses_on_the_page_and_comes_back(
    toy: ToyShop, reference: str, outcome: str, state: str
) -> None:
    page = toy.start(reference).json()["url"]
    shown = httpx.get(page)

    chosen = httpx.post(page, data={"outcome": outcome})

    assert "Reserve EUR 5,000.00" in shown.text
    assert (chosen.status_code, chosen.headers["Location"]) == (303, RETURN_URL)
    assert toy.state(reference) == state
    assert f"It is {state}." in httpx.get(page).text


def test_a_page_of_no_payment_and_a_choice_of_nothing_lead_nowhere(toy: ToyShop, reference: str) -> None:
    page = toy.start(reference).json()["url"]

    assert httpx.get(f"{toy.sandbox.url}/toy/pay/guessed").status_code == 404
    assert httpx.post(page, data={"outcome": "haggle"}).status_code == 400
    assert toy.state(reference) == "open"


def test_an_expired_page_takes_no_money(toy: ToyShop, reference: str) -> None:
    page = toy.start(reference).json()["url"]
    toy.sandbox.advance(900)

    answer = httpx.post(page, data={"outcome": "pay"})

    assert answer.status_code == 409
    assert toy.state(reference) == "expired"


def ledger(toy: ToyShop, reference: str) -> dict[str, Any]:
    return next(entry for entry in toy.sandbox.ledger() if entry["reference"] == reference)
