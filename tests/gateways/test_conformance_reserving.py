"""What every gateway that reserves money has to do, whatever its protocol: against the sandbox."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import About, Became, Gateway, NotSent, Outcome, Refused, Start, Unknown
from holdfast.payments.gateways.deadline import deadline
from tests.gateways.accounts import ACCOUNTS, IN_THEIR_WORDS, KINDS, SERVED_AT, about
from tests.gateways.troubles import SHORT, UNANSWERED
from tests.support.sandbox import Sandbox

RESERVING = sorted(name for name, kind in KINDS.items() if kind.can_authorize())


@dataclass
class Reserved:
    """A payment whose money is reserved, the gateway that reserves it, and the handle that steers it."""

    gateway: Gateway
    sandbox: Sandbox
    wanted: Start
    now: datetime

    @property
    def about(self) -> About:
        return about(self.wanted, now=self.now)

    @property
    def key(self) -> str:
        return f"{self.wanted.reference}-C1"

    def capture(self, amount: int | None = None, *, key: str = "") -> Outcome:
        price = self.wanted.amount
        money = price if amount is None else Money(amount, price.currency)
        return self.gateway.capture(self.about, money, key=key or self.key, now=self.now)

    def void(self, *, key: str = "") -> Outcome:
        return self.gateway.void(self.about, key=key or f"{self.key}-V", now=self.now)

    def called(self, question: str) -> str:
        """What the sandbox calls that question to this gateway."""
        return IN_THEIR_WORDS.get(self.gateway.name, {}).get(question, question)

    def look_up(self) -> Outcome:
        return self.gateway.look_up(self.about, now=self.now)


@pytest.fixture(params=RESERVING)
def reserved(request: pytest.FixtureRequest, sandbox: Sandbox, now: datetime) -> Reserved:
    kind = KINDS[request.param]
    gateway = kind(ACCOUNTS[kind.name](sandbox.url + SERVED_AT[kind.name]))
    wanted = Start(
        reference=f"HOTEL_{secrets.token_hex(8).upper()}",
        amount=Money(500_000, min(kind.currencies)),
        return_url="https://booking.example/return",
        pay_within=timedelta(minutes=15),
        capture=False,
    )
    gateway.start(wanted, now=now)
    steered = replace(sandbox, gateway=kind.name)
    steered.settle(wanted.reference, "pay")
    return Reserved(gateway, steered, wanted, now)


def test_a_start_without_capture_only_reserves_and_says_until_when(reserved: Reserved) -> None:
    outcome = reserved.look_up()

    assert (outcome.became, outcome.amount) == (Became.AUTHORIZED, reserved.wanted.amount)
    assert outcome.capture_before is not None
    assert outcome.capture_before > datetime.now(UTC)


def test_what_is_captured_is_captured_ever_after(reserved: Reserved) -> None:
    taken = reserved.capture()

    found = reserved.look_up()
    assert (taken.became, taken.amount) == (Became.CAPTURED, reserved.wanted.amount)
    assert (found.became, found.amount) == (Became.CAPTURED, reserved.wanted.amount)


@pytest.mark.spec("GW-54")
@pytest.mark.parametrize("percent", [1, 50, 100])
def test_a_part_can_be_captured_and_the_rest_is_set_free(reserved: Reserved, percent: int) -> None:
    part = reserved.wanted.amount.amount * percent // 100

    taken = reserved.capture(part)

    found = reserved.look_up()
    assert taken.amount == found.amount == Money(part, reserved.wanted.amount.currency)
    assert found.refunded in (None, Money(0, reserved.wanted.amount.currency))
    with pytest.raises(Refused):
        reserved.capture(1, key=f"{reserved.key}-REST")


@pytest.mark.spec("GW-55")
def test_more_than_was_reserved_is_not_captured(reserved: Reserved) -> None:
    with pytest.raises(Refused):
        reserved.capture(reserved.wanted.amount.amount + 1)

    assert reserved.look_up().became == Became.AUTHORIZED


def test_the_same_capture_asked_again_answers_the_same_and_takes_nothing_more(reserved: Reserved) -> None:
    first = reserved.capture(100_000)

    again = reserved.capture(100_000)

    assert again == first
    assert reserved.look_up().amount == Money(100_000, reserved.wanted.amount.currency)


@pytest.mark.spec("GW-53")
def test_another_capture_of_the_same_money_is_refused_and_a_look_up_says_why(reserved: Reserved) -> None:
    reserved.capture()

    with pytest.raises(Refused):
        reserved.capture(key=f"{reserved.key}-AGAIN")

    assert reserved.look_up().became == Became.CAPTURED


@pytest.mark.spec("GW-56")
def test_what_is_voided_is_canceled_ever_after_and_voiding_it_again_is_no_error(reserved: Reserved) -> None:
    answers = [reserved.void(), reserved.void(), reserved.void(key=f"{reserved.key}-AGAIN")]

    assert [answer.became for answer in answers] == [Became.CANCELED] * 3
    assert reserved.look_up().became == Became.CANCELED


@pytest.mark.spec("GW-56")
def test_what_is_captured_is_not_voided(reserved: Reserved) -> None:
    reserved.capture()

    with pytest.raises(Refused):
        reserved.void()

    assert reserved.look_up().became == Became.CAPTURED


def test_what_is_voided_is_not_captured(reserved: Reserved) -> None:
    reserved.void()

    with pytest.raises(Refused):
        reserved.capture()

    assert reserved.look_up().became == Became.CANCELED


@pytest.mark.parametrize("trouble", UNANSWERED)
@pytest.mark.parametrize(("call", "became"), [("capture", Became.CAPTURED), ("void", Became.CANCELED)])
def test_a_call_whose_answer_is_lost_is_unknown_and_the_same_call_again_ends_it(
    reserved: Reserved, call: str, became: Became, trouble: str
) -> None:
    ask: Callable[[], Outcome] = getattr(reserved, call)
    reserved.sandbox.arm(f"{reserved.called(call)}_{trouble}", only=reserved.wanted.reference, seconds=1)

    with pytest.raises(Unknown) as unknown, deadline(SHORT):
        ask()

    assert not isinstance(unknown.value, NotSent)
    assert reserved.look_up().became == (became if UNANSWERED[trouble] else Became.AUTHORIZED)
    assert ask().became == became
    assert reserved.look_up().became == became


@pytest.mark.parametrize("call", ["capture", "void"])
def test_a_call_that_is_turned_away_at_the_door_was_not_sent(reserved: Reserved, call: str) -> None:
    reserved.sandbox.arm(f"{reserved.called(call)}_401", times=2, only=reserved.wanted.reference)

    with pytest.raises(NotSent):
        getattr(reserved, call)()

    assert reserved.look_up().became == Became.AUTHORIZED


@pytest.mark.parametrize("call", ["capture", "void"])
def test_money_that_was_never_reserved_is_neither_captured_nor_voided(reserved: Reserved, call: str) -> None:
    reserved.wanted = replace(reserved.wanted, reference="NEVER-HEARD-OF")

    with pytest.raises(Refused):
        getattr(reserved, call)()

    assert reserved.look_up().became == Became.NOT_FOUND
