"""No access token, wrong keys, nobody there: nothing reached the gateway, so nothing is held for it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.flows.gateways import about, breaker_of, gateway_for
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Unavailable
from holdfast.payments.gateways.base import Became, NotSent
from holdfast.payments.models import GatewayAccount, GatewayToken, Payment
from tests.flows.books import everything, nothing_booked, standing_of
from tests.flows.door import LATER
from tests.gateways.raw_server import http, raw_server
from tests.support.practice import CREDENTIALS, NOW, Practice, held, new_user, payment_of
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox, free_port

TIMES = ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30")
NOTHING_HELD = ("failed", "expired", "released")
TOKEN_TROUBLES = ["token_500_before", "token_html", "token_429", "token_truncated", "token_already_expired"]


def token_calls(sandbox: Sandbox) -> int:
    return sandbox.calls().get("token", 0)


def pay_calls(sandbox: Sandbox) -> int:
    return sandbox.calls().get("pay", 0)


def change_account(practice: Practice, **fields: Any) -> None:
    GatewayAccount.objects.filter(pk=practice.account.pk).update(**fields)


def standings() -> set[tuple[str, str, str]]:
    return {standing_of(payment.reference) for payment in Payment.objects.all()}


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("fault", TOKEN_TROUBLES)
def test_without_a_token_a_checkout_is_turned_away_and_holds_nothing(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    sandbox.arm(fault)
    before = pay_calls(sandbox)

    with pytest.raises(Unavailable):
        held(practice)

    assert pay_calls(sandbox) == before
    assert standings() == {NOTHING_HELD}
    assert Payment.objects.get().reason == "error"
    assert nothing_booked()


def test_the_next_checkout_fetches_the_token_that_the_last_one_could_not(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("token_500_before")
    with pytest.raises(Unavailable):
        held(practice)

    checkout = held(practice)

    assert checkout.payment_url
    assert standing_of(checkout.reference) == ("pending", "placed", "held")


@pytest.mark.spec("BC-23")
def test_a_token_endpoint_that_is_down_opens_the_breaker_and_then_nobody_is_asked(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("token_500_before", 100)
    asked = token_calls(sandbox)

    for at in TIMES[:5]:
        assert not breaker_of(practice.account.pk).is_open
        with pytest.raises(Unavailable):
            held(practice, at=at)
    before = everything()
    with pytest.raises(Unavailable):
        held(practice, at=TIMES[5])

    assert breaker_of(practice.account.pk).is_open
    assert token_calls(sandbox) == asked + 5
    assert everything() == before
    assert standings() == {NOTHING_HELD}


@pytest.mark.spec("BC-23")
def test_of_checkouts_that_come_at_once_without_a_token_none_is_held_and_the_breaker_opens(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("token_500_before", 100)
    asked, users = token_calls(sandbox), [new_user() for _ in TIMES]

    results = race([partial(held, practice, at=at, user=user) for at, user in zip(TIMES, users, strict=True)])

    assert kinds(results) == {"Unavailable": len(TIMES)}
    assert breaker_of(practice.account.pk).is_open
    assert 5 <= token_calls(sandbox) - asked <= len(TIMES)
    assert standings() <= {NOTHING_HELD}


def test_checkouts_that_come_at_once_without_a_token_share_the_one_that_is_fetched(
    practice: Practice, sandbox: Sandbox
) -> None:
    asked, users = token_calls(sandbox), [new_user() for _ in TIMES]

    results = race([partial(held, practice, at=at, user=user) for at, user in zip(TIMES, users, strict=True)])

    assert kinds(results) == {"Checkout": len(TIMES)}
    assert token_calls(sandbox) == asked + 1


@pytest.mark.spec("BC-23")
def test_wrong_keys_turn_every_checkout_away_and_hold_nothing_until_they_are_mended(
    practice: Practice, sandbox: Sandbox
) -> None:
    change_account(practice, credentials=CREDENTIALS | {"client_secret": "wrong"})
    for at in TIMES:
        with pytest.raises(Unavailable):
            held(practice, at=at)
    assert standings() == {NOTHING_HELD}

    change_account(practice, credentials=CREDENTIALS)

    assert not breaker_of(practice.account.pk).is_open
    assert held(practice).payment_url


def test_keys_that_were_withdrawn_while_their_token_lives_hold_nothing_either(
    practice: Practice, sandbox: Sandbox
) -> None:
    change_account(practice, credentials=CREDENTIALS | {"client_secret": "wrong"})
    GatewayToken.objects.create(
        account=practice.account,
        value="O-Bearer withdrawn",
        refresh_at=NOW + timedelta(hours=1),
        expires_at=NOW + timedelta(hours=2),
    )

    with pytest.raises(Unavailable):
        held(practice)

    assert standings() == {NOTHING_HELD}


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "client_version"])
def test_keys_that_were_never_filled_in_hold_nothing(practice: Practice, missing: str) -> None:
    change_account(practice, credentials=CREDENTIALS | {missing: ""})

    with pytest.raises(Unavailable):
        held(practice)

    assert standings() == {NOTHING_HELD}


def test_nobody_there_turns_a_checkout_away_and_holds_nothing(practice: Practice, sandbox: Sandbox) -> None:
    oauth = practice.account.base_urls["oauth"]
    change_account(practice, base_urls={"oauth": oauth, "pg": f"http://127.0.0.1:{free_port()}"})

    with pytest.raises(Unavailable):
        held(practice)

    assert standings() == {NOTHING_HELD}


@pytest.mark.spec("BC-7")
def test_a_connection_that_is_lost_after_the_question_was_sent_leaves_it_open(
    practice: Practice, sandbox: Sandbox
) -> None:
    with raw_server(b"", http(200, {})) as server:
        change_account(practice, base_urls=practice.account.base_urls | {"pg": server.url})

        checkout = held(practice)

    assert checkout.payment_url is None
    assert standing_of(checkout.reference) == ("created", "placed", "held")


@pytest.mark.spec("BC-7")
def test_a_look_up_without_a_token_leaves_everything_as_it_is(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    GatewayToken.objects.all().delete()
    sandbox.arm("token_500_before")

    with pytest.raises(NotSent):
        settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == ("pending", "placed", "held")

    settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


def test_while_a_renewal_fails_the_old_token_is_used_and_not_every_question_tries_it(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    GatewayToken.objects.update(refresh_at=NOW - timedelta(hours=1), expires_at=NOW + timedelta(hours=1))
    sandbox.arm("token_500_before", 100)
    asked, gateway = token_calls(sandbox), gateway_for(practice.account)

    seen = [gateway.look_up(about(payment_of(checkout)), now=LATER).became for _ in range(3)]

    assert seen == [Became.PENDING] * 3
    assert token_calls(sandbox) == asked + 1


def test_a_claim_that_has_lapsed_is_not_given_up_for_the_one_who_has_it_now(practice: Practice) -> None:
    slow = quick = gateway_for(practice.account).gateway.account.tokens
    assert slow.may_refresh(now=NOW)
    later = NOW + timedelta(seconds=21)
    assert quick.may_refresh(now=later)

    slow.give_up(now=NOW)

    assert not slow.may_refresh(now=later)
    quick.give_up(now=later)
    assert slow.may_refresh(now=later)
