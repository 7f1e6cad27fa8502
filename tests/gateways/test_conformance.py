"""What every gateway has to do, whatever its protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from holdfast.kernel.ids import new_reference
from holdfast.kernel.money import EXPONENTS, Money
from holdfast.payments.gateways.base import (
    About,
    BadCredentials,
    BadSignature,
    Can,
    Gateway,
    NotSent,
    RefundRequest,
    Refused,
    Start,
    Unknown,
)
from holdfast.payments.gateways.breaker import Breaker, BreakerOpen, GatewayBusy, GatewaySlots, guarded
from tests.gateways.accounts import ACCOUNTS, CREDENTIALS, KINDS, NOW, about
from tests.gateways.raw_server import Answer, RawServer, http, raw_server
from tests.support import stripe, toy

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOBODY = "http://127.0.0.1:1"
SECRETS = [
    value
    for name, value in (*CREDENTIALS.items(), *stripe.CREDENTIALS.items(), *toy.CREDENTIALS.items())
    if re.search("secret|password|key", name)
]


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> type[Gateway]:
    return KINDS[request.param]


@pytest.fixture
def at(kind: type[Gateway]) -> Callable[[str], Gateway]:
    """The gateway with its servers at an address."""
    return lambda url: kind(ACCOUNTS[kind.name](url))


@pytest.fixture
def called(kind: type[Gateway]) -> type[Gateway]:
    """A gateway with servers; what a person records has none."""
    if not kind.credentials:
        pytest.skip("It calls nobody, so no call can go wrong.")
    return kind


@pytest.fixture
def called_at(called: type[Gateway], at: Callable[[str], Gateway]) -> Callable[[str], Gateway]:
    return at


def reference() -> str:
    return new_reference("ASTRO_ORDER_{offering}_{random}", offering=5, day=NOW.date())


def a_start(gateway: Gateway | type[Gateway], **change: Any) -> Start:
    currency = min(gateway.currencies)
    facts: dict[str, Any] = {
        "reference": reference(),
        "amount": Money(gateway.minimum, currency),
        "return_url": "https://booking.example/return",
        "pay_within": 15 * MINUTE,
    }
    return Start(**(facts | change))


def a_payment(gateway: Gateway | type[Gateway]) -> About:
    return about(a_start(gateway))


def questions(gateway: Gateway) -> Iterator[Callable[[], object]]:
    """Every question that this gateway can be asked, ready to be put."""
    price = Money(gateway.minimum, min(gateway.currencies))
    yield lambda: gateway.start(a_start(gateway), now=NOW)
    yield lambda: gateway.look_up(a_payment(gateway), now=NOW)
    if Can.CAPTURE in gateway.can:
        yield lambda: gateway.capture(a_payment(gateway), price, key=reference(), now=NOW)
    if Can.VOID in gateway.can:
        yield lambda: gateway.void(a_payment(gateway), key=reference(), now=NOW)
    if Can.REFUND in gateway.can:
        yield lambda: gateway.refund(RefundRequest(reference(), a_payment(gateway), price), now=NOW)
        yield lambda: gateway.look_up_refund(reference(), of=a_payment(gateway), now=NOW)


def test_it_is_registered_under_its_name_and_states_its_facts(kind: type[Gateway]) -> None:
    assert KINDS[kind.name] is kind
    assert kind.label
    assert kind.currencies <= EXPONENTS.keys()
    assert kind.minimum > 0
    assert len(set(kind.credentials)) == len(kind.credentials)


def test_it_takes_the_references_that_we_make(kind: type[Gateway]) -> None:
    assert kind.reference_format.fullmatch(reference())


def test_it_asks_soon_and_ever_more_rarely_for_a_day_and_then_daily(called: type[Gateway]) -> None:
    ages = [until for until, _ in called.ladder]

    assert ages == sorted(ages)
    assert called.next_look(age=timedelta(0)) <= MINUTE
    assert called.next_look(age=DAY) <= HOUR
    assert called.next_look(age=7 * DAY) == DAY
    assert called.next_look(age=2 * HOUR) <= called.next_look(age=10 * HOUR)


def test_what_it_cannot_do_it_says_as_our_own_mistake(at: Callable[[str], Gateway]) -> None:
    gateway = at(NOBODY)
    price = Money(gateway.minimum, min(gateway.currencies))
    cannot: dict[Can, Callable[[], object]] = {
        Can.CAPTURE: lambda: gateway.capture(a_payment(gateway), price, key=reference(), now=NOW),
        Can.VOID: lambda: gateway.void(a_payment(gateway), key=reference(), now=NOW),
        Can.REFUND: lambda: gateway.refund(RefundRequest(reference(), a_payment(gateway), price), now=NOW),
        Can.READ_WEBHOOK: lambda: gateway.read_webhook({}, b""),
    }

    for ability in cannot.keys() - gateway.can:
        with pytest.raises(TypeError):
            cannot[ability]()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(http(200, b"<!doctype html><title>Soon</title>"), id="a page"),
        pytest.param(http(200, b""), id="an empty body"),
        pytest.param(http(200, {}), id="an empty object"),
        pytest.param(http(200, b'{"state": "COMPL'), id="half a body"),
        pytest.param(http(302, {}, Location="https://elsewhere.example"), id="a redirect"),
        pytest.param(http(429, {}), id="too many"),
        pytest.param(http(500, {"code": "INTERNAL_SERVER_ERROR"}), id="500"),
        pytest.param(http(503, b"<h1>Unavailable</h1>"), id="503"),
    ],
)
def test_no_answer_is_unknown_to_every_question(called_at: Callable[[str], Gateway], answer: Answer) -> None:
    with raw_server(answer) as server:
        for ask in questions(called_at(server.url)):
            with pytest.raises(Unknown) as unknown:
                ask()
            assert not any(secret in str(unknown.value) for secret in SECRETS)


def test_where_nobody_is_no_question_was_sent(called_at: Callable[[str], Gateway]) -> None:
    for ask in questions(called_at(NOBODY)):
        with pytest.raises(NotSent):
            ask()


def test_too_little_and_a_foreign_currency_are_refused_before_anybody_is_asked(
    at: Callable[[str], Gateway],
) -> None:
    gateway = at(NOBODY)
    too_little = Money(gateway.minimum - 1, min(gateway.currencies))
    foreign = [Money(gateway.minimum, currency) for currency in EXPONENTS.keys() - gateway.currencies]

    for amount in (too_little, *foreign):
        with pytest.raises(Refused) as refused:
            gateway.start(a_start(gateway, amount=amount), now=NOW)
        assert refused.value.code in {"AMOUNT", "CURRENCY"}


def test_an_account_without_credentials_is_a_matter_for_a_person(called: type[Gateway]) -> None:
    account = ACCOUNTS[called.name](NOBODY, credentials={})

    with pytest.raises(BadCredentials):
        called(account).start(a_start(called), now=NOW)


def test_a_webhook_without_a_signature_is_turned_away(kind: type[Gateway]) -> None:
    if Can.READ_WEBHOOK not in kind.can:
        pytest.skip("It sends no webhooks.")

    with pytest.raises(BadSignature):
        kind(ACCOUNTS[kind.name](NOBODY)).read_webhook({}, b"{}")


def test_an_ill_gateway_is_left_alone_by_its_breaker(called: type[Gateway]) -> None:
    breaker = Breaker(opens_after=5)
    with raw_server(http(503, {})) as server:
        gateway = guarded(called(ACCOUNTS[called.name](server.url)), breaker=breaker)
        for _ in range(5):
            with pytest.raises(Unknown):
                gateway.look_up(a_payment(called), now=NOW)
        asked = _count(server)

        with pytest.raises(BreakerOpen):
            gateway.look_up(a_payment(called), now=NOW)

        assert _count(server) == asked


def test_when_every_place_is_taken_nobody_is_asked_and_the_breaker_stays_shut(kind: type[Gateway]) -> None:
    breaker, slots = Breaker(opens_after=1), GatewaySlots(1)
    with raw_server(http(503, {})) as server:
        gateway = guarded(kind(ACCOUNTS[kind.name](server.url)), breaker=breaker, slots=slots)

        with slots, pytest.raises(GatewayBusy):
            gateway.start(a_start(kind), now=NOW)

        assert _count(server) == 0
    assert not breaker.is_open


def _count(server: RawServer) -> int:
    return len(server.requests)
