"""What Stripe's adapter sends, what it makes of each word, and how it checks what claims to be Stripe's."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import stripe as package

from holdfast.kernel.money import Money
from holdfast.payments.gateways import breaker
from holdfast.payments.gateways.base import (
    About,
    BadCredentials,
    BadSignature,
    Became,
    Dispute,
    DisputeBecame,
    Notice,
    Outcome,
    RefundBecame,
    RefundRequest,
    Refused,
    Start,
    Unclear,
    Unknown,
)
from holdfast.payments.gateways.breaker import Breaker, guarded
from holdfast.payments.gateways.stripe import Stripe
from tests.gateways.accounts import NOW, named, stripe_account
from tests.gateways.raw_server import http, raw_server
from tests.support.sandbox import Sandbox
from tests.support.stripe import CREDENTIALS, at_stripe

PRICE = Money(15_000, "EUR")
START = Start(
    "HB-1", PRICE, "https://hotel.example/back", timedelta(minutes=15), "Lake View, two nights", False
)
OPENED = {
    "id": "cs_test_1",
    "url": "https://checkout.stripe.com/c/pay/cs_test_1",
    "expires_at": 2_000_000_000,
}
SECRET = CREDENTIALS["webhook_secret"]


def stripe_at(url: str, **changes: Any) -> Stripe:
    return Stripe(replace(stripe_account(url), **changes))


def asked(raw: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """The first line of a request, its headers in lower case, and its form."""
    head, _, body = raw.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    form = {name: values[0] for name, values in parse_qs(body).items()}
    return first, {name.lower(): value for name, value in headers.items()}, form


# ---- what is sent ---------------------------------------------------------------------------------------


def test_a_session_is_asked_for_in_stripes_form_with_our_reference_and_a_key_of_our_own() -> None:
    with raw_server(http(200, OPENED)) as server:
        redirect = stripe_at(server.url).start(START, now=NOW)

    first, headers, form = asked(server.requests[0])
    assert first == "POST /v1/checkout/sessions HTTP/1.1"
    assert (redirect.url, redirect.gateway_reference) == (OPENED["url"], "cs_test_1")
    assert redirect.expires_at == NOW + timedelta(minutes=15)
    assert form == {
        "mode": "payment",
        "client_reference_id": "HB-1",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "15000",
        "line_items[0][price_data][product_data][name]": "Lake View, two nights",
        "payment_intent_data[capture_method]": "manual",
        "payment_intent_data[description]": "Lake View, two nights",
        "payment_intent_data[metadata][reference]": "HB-1",
        "metadata[reference]": "HB-1",
        "allowed_payment_method_types[0]": "card",
        "adaptive_pricing[enabled]": "false",
        "success_url": "https://hotel.example/back",
        "cancel_url": "https://hotel.example/back",
        "expires_at": str(int((NOW + timedelta(minutes=40)).timestamp())),
    }
    assert headers["idempotency-key"] == "HB-1:create:15000eur"
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert headers["authorization"] == f"Bearer {CREDENTIALS['secret_key']}"


def test_no_telemetry_goes_with_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")  # the package would tell of such a variable
    with raw_server(http(200, OPENED)) as server:
        for _ in range(2):
            stripe_at(server.url).start(START, now=NOW)

    headers = [asked(request)[1] for request in server.requests]
    assert [name for told in headers for name in told if name.startswith("x-stripe")] == []
    assert {told["user-agent"] for told in headers} == {"Holdfast"}
    assert package.enable_telemetry is False


@pytest.mark.parametrize(
    ("minutes", "open_for"), [(15, 40), (39, 40), (120, 120), (24 * 60, 24 * 60 - 10), (9_999, 24 * 60 - 10)]
)
def test_a_session_stays_open_for_as_long_as_stripe_allows(minutes: int, open_for: int) -> None:
    with raw_server(http(200, OPENED)) as server:
        stripe_at(server.url).start(replace(START, pay_within=timedelta(minutes=minutes)), now=NOW)

    _, _, form = asked(server.requests[0])
    assert int(form["expires_at"]) == (NOW + timedelta(minutes=open_for)).timestamp()


def test_the_package_repeats_nothing_by_itself() -> None:
    with raw_server(http(500, {"error": {"type": "api_error"}}, Stripe_Should_Retry="true")) as server:
        with pytest.raises(Unknown):
            stripe_at(server.url).start(START, now=NOW)

        assert len(server.requests) == 1


@pytest.mark.spec("GW-76")
@pytest.mark.parametrize(
    ("key", "live"), [("sk_live_1", False), ("rk_live_1", False), ("sk_test_1", True), ("rk_test_1", True)]
)
def test_a_key_of_the_other_mode_is_sent_to_nobody(key: str, live: bool) -> None:
    credentials = CREDENTIALS | {"secret_key": key}
    with raw_server(http(200, OPENED)) as server:
        gateway = stripe_at(server.url, credentials=credentials, live=live)
        for ask in (lambda: gateway.start(START, now=NOW), lambda: gateway.look_up(named("HB-1"), now=NOW)):
            with pytest.raises(BadCredentials):
                ask()

        assert server.requests == []


# ---- refusals, and what is none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "trouble"),
    [
        (400, {"type": "invalid_request_error", "code": "amount_too_small"}, Refused),
        (402, {"type": "card_error", "code": "card_declined"}, Refused),
        (400, {"type": "idempotency_error"}, Unclear),
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, Unclear),
        (401, {"type": "invalid_request_error"}, BadCredentials),
        (403, {"type": "invalid_request_error"}, BadCredentials),
        (429, {"type": "invalid_request_error", "code": "lock_timeout"}, Unknown),
        (500, {"type": "api_error"}, Unknown),
        (400, "not an error of theirs", Unknown),
        (400, {"type": "invalid_request_error", "code": 5, "message": 7}, Refused),
    ],
)
def test_each_refusal_is_what_it_is_and_quotes_nothing(
    status: int, error: object, trouble: type[Exception]
) -> None:
    with raw_server(http(status, {"error": error})) as server, pytest.raises(trouble) as raised:
        stripe_at(server.url).start(START, now=NOW)

    assert type(raised.value) is trouble
    assert CREDENTIALS["secret_key"] not in str(raised.value)


@pytest.mark.spec("GW-45")
def test_who_is_asked_to_wait_is_told_for_how_long() -> None:
    answer = http(429, {"error": {"type": "invalid_request_error", "code": "rate_limit"}}, Retry_After="7")
    with raw_server(answer) as server, pytest.raises(Unknown) as unknown:
        stripe_at(server.url).look_up(About("HB-1", PRICE, NOW, "cs_test_1"), now=NOW)

    assert unknown.value.retry_after == timedelta(seconds=7)


# ---- each word ------------------------------------------------------------------------------------------


def session(intent: Mapping[str, Any] | None, status: str = "complete", **over: Any) -> dict[str, Any]:
    money = {"currency": "eur", "amount_capturable": 0, "amount_received": 0, "id": "pi_1"}
    told = None if intent is None else money | dict(intent)
    return {"id": "cs_test_1", "status": status, "client_reference_id": "HB-1", "payment_intent": told} | over


def look_up(*answers: object, pay_until: datetime | None = None) -> Outcome:
    with raw_server(*(http(200, answer) for answer in answers)) as server:
        asked_about = About("HB-1", PRICE, NOW, "cs_test_1", pay_until)
        return stripe_at(server.url).look_up(asked_about, now=NOW)


@pytest.mark.parametrize(
    ("told", "became"),
    [
        (session(None, "open"), Became.PENDING),
        (session(None, "expired"), Became.EXPIRED),
        (session(None, "levitating"), Became.UNRECOGNIZED),
        (session({"status": "requires_payment_method"}, "open"), Became.PENDING),
        (session({"status": "requires_payment_method"}, "expired"), Became.EXPIRED),
        (session({"status": "requires_payment_method"}, "complete"), Became.FAILED),
        (session({"status": "requires_action"}, "open"), Became.PENDING),
        (session({"status": "processing"}), Became.PENDING),
        (session({"status": "requires_capture", "amount_capturable": 15_000}), Became.AUTHORIZED),
        (session({"status": "succeeded", "amount_received": 15_000}), Became.CAPTURED),
        (session({"status": "succeeded", "amount_received": None}), Became.UNRECOGNIZED),
        (session({"status": "succeeded", "currency": "xxx"}), Became.UNRECOGNIZED),
        (session({"status": "canceled", "cancellation_reason": "expired"}), Became.EXPIRED),
        (session({"status": "canceled", "cancellation_reason": "automatic"}), Became.EXPIRED),
        (session({"status": "canceled", "cancellation_reason": "requested_by_customer"}), Became.CANCELED),
        (session({"status": "canceled"}), Became.CANCELED),
        (session({"status": "requires_incantation"}), Became.UNRECOGNIZED),
    ],
)
def test_each_state_of_a_session_and_its_payment_has_its_word(told: dict[str, Any], became: Became) -> None:
    found = look_up(told)

    assert found.became == became
    assert (found.reference, found.gateway_reference) == ("HB-1", "cs_test_1")


@pytest.mark.spec("GW-52", "GW-58")
def test_reserved_money_says_how_much_and_until_when_though_the_session_is_unpaid() -> None:
    card = {"payment_method_details": {"card": {"capture_before": 1_900_000_000}}}
    intent = {"status": "requires_capture", "amount_capturable": 15_000, "latest_charge": card}

    found = look_up(session(intent, payment_status="unpaid"))

    assert (found.became, found.amount, found.transaction_reference) == (Became.AUTHORIZED, PRICE, "pi_1")
    assert found.capture_before == datetime.fromtimestamp(1_900_000_000, tz=NOW.tzinfo)


@pytest.mark.parametrize(
    ("taken", "counted", "back"),
    [
        (15_000, 0, 0),
        (15_000, 4_000, 4_000),
        (10_000, 5_000, 0),  # a version that counts what was let go
        (10_000, 7_000, 2_000),
        (10_000, 4_000, 4_000),  # one that does not
    ],
)
def test_what_was_let_go_is_not_counted_as_given_back(taken: int, counted: int, back: int) -> None:
    charge = {"amount": 15_000, "amount_captured": taken, "amount_refunded": counted, "currency": "eur"}
    intent = {"status": "succeeded", "amount_received": taken, "latest_charge": charge}

    found = look_up(session(intent))

    assert (found.amount, found.refunded) == (Money(taken, "EUR"), Money(back, "EUR"))


@pytest.mark.parametrize(
    ("status", "became"),
    [
        ("needs_response", DisputeBecame.OPEN),
        ("under_review", DisputeBecame.OPEN),
        ("won", DisputeBecame.WON),
        ("lost", DisputeBecame.LOST),
        ("appeal_under_review", DisputeBecame.LOST),
        ("warning_needs_response", None),
        ("prevented", None),
        ("levitating", None),
    ],
)
def test_a_dispute_counts_where_it_has_money_withdrawn(status: str, became: DisputeBecame | None) -> None:
    intent = {"status": "succeeded", "amount_received": 15_000, "latest_charge": {"disputed": True}}
    told = {"id": "dp_1", "status": status, "amount": 15_000, "currency": "eur"}

    found = look_up(session(intent), {"data": [told], "has_more": False})

    assert found.disputes == (() if became is None else (Dispute("dp_1", became, status, PRICE),))


def test_a_session_that_stripe_does_not_have_is_not_found() -> None:
    missing = http(404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})
    with raw_server(missing) as server:
        found = stripe_at(server.url).look_up(About("HB-1", PRICE, NOW, "cs_test_9"), now=NOW)

    assert found.became == Became.NOT_FOUND


def test_a_session_without_a_known_id_is_looked_for_page_by_page() -> None:
    pages = [
        {"data": [{"id": "cs_test_9", "client_reference_id": "HB-9"}], "has_more": True},
        {"data": [{"id": "cs_test_1", "client_reference_id": "HB-1"}], "has_more": False},
        session(None, "open"),
    ]
    with raw_server(*(http(200, page) for page in pages)) as server:
        found = stripe_at(server.url).look_up(About("HB-1", PRICE, NOW), now=NOW)

    firsts = [asked(request)[0] for request in server.requests]
    assert found.became == Became.PENDING
    assert "starting_after=cs_test_9" in firsts[1]
    assert firsts[2].startswith("GET /v1/checkout/sessions/cs_test_1?")


# ---- keys -----------------------------------------------------------------------------------------------


@pytest.fixture
def reserved(sandbox: Sandbox, now: datetime) -> tuple[Stripe, About, Sandbox]:
    """A payment that is reserved at the sandbox, and the handle that steers it."""
    gateway, steered = stripe_at(f"{sandbox.url}/stripe"), at_stripe(sandbox)
    wanted = replace(START, reference=f"HB_{time.time_ns()}")
    redirect = gateway.start(wanted, now=now)
    steered.settle(wanted.reference)
    return gateway, About(wanted.reference, PRICE, now, redirect.gateway_reference), steered


@pytest.mark.spec("GW-42")
def test_another_amount_has_another_key_and_one_that_has_been_forgotten_takes_nothing_twice(
    reserved: tuple[Stripe, About, Sandbox], now: datetime
) -> None:
    gateway, payment, sandbox = reserved
    with pytest.raises(Refused):
        gateway.capture(payment, Money(20_000, "EUR"), key=f"{payment.reference}-C1", now=now)

    taken = gateway.capture(payment, PRICE, key=f"{payment.reference}-C1", now=now)
    sandbox.advance(25 * 3_600)
    with pytest.raises(Refused, match="charge_already_captured"):
        gateway.capture(payment, PRICE, key=f"{payment.reference}-C1", now=now)

    assert taken.amount == gateway.look_up(payment, now=now).amount == PRICE


@pytest.mark.spec("GW-64", "GW-65")
def test_a_refund_is_found_by_our_name_on_it_and_more_than_is_left_is_refused(
    reserved: tuple[Stripe, About, Sandbox], now: datetime
) -> None:
    gateway, payment, _ = reserved
    gateway.capture(payment, PRICE, key=f"{payment.reference}-C1", now=now)
    part = RefundRequest(f"{payment.reference}-R1", payment, Money(10_000, "EUR"))
    assert gateway.look_up_refund(part.refund_reference, of=payment, now=now).became == RefundBecame.NOT_FOUND

    made = gateway.refund(part, now=now)
    with pytest.raises(Refused):
        gateway.refund(replace(part, refund_reference=f"{payment.reference}-R2"), now=now)

    found = gateway.look_up_refund(part.refund_reference, of=payment, now=now)
    assert found == made
    assert (found.became, found.amount) == (RefundBecame.SUCCEEDED, part.amount)
    assert found.payment_reference == payment.reference
    assert gateway.look_up(payment, now=now).refunded == part.amount


# ---- webhooks -------------------------------------------------------------------------------------------


def event(about: Mapping[str, Any], **over: Any) -> bytes:
    told = {
        "id": "evt_1",
        "object": "event",
        "type": "some.thing",
        "livemode": False,
        "data": {"object": about},
    }
    return json.dumps(told | over).encode()


def sealed(body: bytes, *, ago: float = 0, secret: str = SECRET) -> dict[str, str]:
    """The header as Stripe's own package makes it."""
    at = int(time.time() - ago)
    sign = package.WebhookSignature.generate_signature_header
    return {"stripe-signature": sign(body.decode(), secret, at)}


def read(body: bytes, headers: Mapping[str, str], **changes: Any) -> Notice:
    return stripe_at("http://127.0.0.1:1", **changes).read_webhook(headers, body)


@pytest.mark.parametrize(
    ("about", "names"),
    [
        ({"id": "cs_test_1", "client_reference_id": "HB-1"}, ("HB-1", None, "cs_test_1")),
        ({"id": "pi_1", "metadata": {"reference": "HB-1"}}, ("HB-1", None, "pi_1")),
        ({"id": "ch_1", "payment_intent": "pi_1", "metadata": {}}, (None, None, "pi_1")),
        ({"id": "dp_1", "payment_intent": "pi_1"}, (None, None, "pi_1")),
        (
            {"id": "re_1", "payment_intent": "pi_1", "metadata": {"refund": "HB-1-R1", "reference": "HB-1"}},
            ("HB-1", "HB-1-R1", "pi_1"),
        ),
        ({"id": ["not", "an", "id"]}, (None, None, None)),
    ],
)
def test_an_event_says_what_to_look_up(
    about: dict[str, Any], names: tuple[str | None, str | None, str | None]
) -> None:
    body = event(about)

    notice = read(body, sealed(body))

    assert (notice.event, notice.dedupe_key) == ("some.thing", "evt_1")
    assert (notice.reference, notice.refund_reference, notice.gateway_reference) == names


@pytest.mark.spec("GW-15", "GW-16")
@pytest.mark.parametrize(
    ("ago", "is_taken"), [(0, True), (290, True), (-290, True), (310, False), (-310, False)]
)
def test_a_signature_is_good_for_five_minutes_both_ways(ago: float, is_taken: bool) -> None:
    body = event({})

    if is_taken:
        assert read(body, sealed(body, ago=ago)).dedupe_key == "evt_1"
    else:
        with pytest.raises(BadSignature):
            read(body, sealed(body, ago=ago))


@pytest.mark.spec("GW-15")
@pytest.mark.parametrize("before", ["+", " "])
def test_an_old_signature_is_no_younger_for_a_second_time_beside_it(before: str) -> None:
    body = event({})
    seconds, signature = sealed(body, ago=310)["stripe-signature"].removeprefix("t=").split(",")

    with pytest.raises(BadSignature):
        read(body, {"stripe-signature": f"t={before}{seconds},t={int(time.time())},{signature}"})


@pytest.mark.spec("GW-13")
@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "t=1",
        "v1=ab",
        "t=yesterday,v1=ab",
        "t=٣,v1=ab",
        "t=1,v1=é",
        "t=1,t=2,v1",
        "t=1=2,v1=a",
        ",,,",
    ],
)
def test_a_garbled_header_is_refused_and_nothing_else_comes_of_it(header: str) -> None:
    with pytest.raises(BadSignature):
        read(event({}), {"stripe-signature": header})


@pytest.mark.spec("GW-12")
def test_a_signature_of_another_secret_or_another_body_is_refused() -> None:
    body = event({})

    for headers, told in (
        (sealed(body, secret="whsec_another"), body),
        (sealed(body), body + b" "),
        (sealed(body), b"\xff\xfe"),
    ):
        with pytest.raises(BadSignature):
            read(told, headers)


def test_with_no_secret_to_check_by_nothing_is_stripes() -> None:
    body = event({})

    with pytest.raises(BadSignature):
        read(body, sealed(body, secret=" "), credentials={"secret_key": "sk_test_1", "webhook_secret": " "})


@pytest.mark.spec("GW-17")
def test_an_event_of_the_other_mode_is_refused() -> None:
    live, test = event({}, livemode=True), event({})

    assert read(live, sealed(live), live=True).dedupe_key == "evt_1"
    for body, is_live in ((live, False), (test, True)):
        with pytest.raises(BadSignature):
            read(body, sealed(body), live=is_live)


@pytest.mark.spec("GW-47", "GW-74")
def test_what_a_signed_body_does_not_say_is_unknown_and_what_is_new_in_it_is_no_matter() -> None:
    new = event({"id": "xx_1", "object": "levitation"}, api_version="2049-01-01", type="levitation.begun")

    assert read(new, sealed(new)).event == "levitation.begun"
    for body in (event({}, id=None), event({}, type=7)):
        with pytest.raises(Unknown):
            read(body, sealed(body))


@pytest.mark.spec("GW-49")
def test_however_many_calls_a_question_takes_it_has_no_more_time_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = {"data": [{"id": "cs_test_9"}], "has_more": True}
    with raw_server(http(200, page)) as server:
        asked_at = guarded(stripe_at(server.url), breaker=Breaker())
        with pytest.raises(Unknown, match="A list of more than 2000"):
            asked_at.look_up(named("HB-1"), now=NOW)
        calls = len(server.requests)

        monkeypatch.setattr(breaker, "PATIENCE", timedelta(0))
        with pytest.raises(Unknown):
            asked_at.look_up(named("HB-1"), now=NOW)

        assert (calls, len(server.requests)) == (20, 20)
