"""PhonePe's access tokens and credentials, against the sandbox."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from holdfast.payments.gateways.base import (
    Account,
    BadCredentials,
    Became,
    NotSent,
    Start,
    Token,
    Unknown,
)
from holdfast.payments.gateways.breaker import Breaker, BreakerOpen, guarded
from holdfast.payments.gateways.phonepe import HOSTS, PhonePe
from tests.gateways.accounts import CREDENTIALS, MemoryTokens, about, phonepe_account
from tests.support.sandbox import Sandbox

HOUR = timedelta(hours=1)


def token_calls(sandbox: Sandbox) -> int:
    return sandbox.calls().get("token", 0)


def held(value: str, *, now: datetime, refresh: timedelta, expires: timedelta) -> Token:
    return Token(value, refresh_at=now + refresh, expires_at=now + expires)


def test_one_token_serves_every_call(phonepe: PhonePe, sandbox: Sandbox, paid: Start, now: datetime) -> None:
    before = token_calls(sandbox)

    for _ in range(3):
        phonepe.look_up(about(paid), now=now)

    assert token_calls(sandbox) == before


@dataclass
class SharedTokens(MemoryTokens):
    """A store whose claim is held by one caller until a token is written, or the caller gives up."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def may_refresh(self, *, now: datetime) -> bool:
        with self.lock:
            claimed, self.claimable = self.claimable, False
            return claimed


def test_a_stampede_without_a_token_asks_for_one(sandbox: Sandbox, wanted: Start, now: datetime) -> None:
    before = token_calls(sandbox)
    store = SharedTokens()
    found: list[Became] = []

    def look_up() -> None:
        account = phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", tokens=store)
        found.append(PhonePe(account).look_up(about(wanted), now=now).became)

    threads = [threading.Thread(target=look_up) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [Became.NOT_FOUND] * 12
    assert token_calls(sandbox) == before + 1


def test_a_token_that_dies_in_mid_flow_is_renewed_and_the_call_repeated_once(
    phonepe: PhonePe, sandbox: Sandbox, tokens: MemoryTokens, paid: Start, now: datetime
) -> None:
    sandbox.arm("token_expired_midflow", only=paid.reference)

    assert phonepe.look_up(about(paid), now=now).became == Became.CAPTURED
    assert len(tokens.written) == 2


def test_a_401_to_a_new_token_is_bad_credentials_after_one_repeat(
    phonepe: PhonePe, sandbox: Sandbox, paid: Start, now: datetime
) -> None:
    before = sandbox.calls()
    sandbox.arm("status_401", 2, only=paid.reference)

    with pytest.raises(BadCredentials):
        phonepe.look_up(about(paid), now=now)

    after = sandbox.calls()
    assert after["status"] == before.get("status", 0) + 2
    assert after["token"] == before["token"] + 1


def test_a_401_while_no_new_token_can_be_had_is_unknown(
    phonepe: PhonePe, sandbox: Sandbox, tokens: MemoryTokens, paid: Start, now: datetime
) -> None:
    sandbox.arm("status_401", only=paid.reference)
    sandbox.arm("token_500_before")

    with pytest.raises(Unknown) as unknown:
        phonepe.look_up(about(paid), now=now)

    assert not isinstance(unknown.value, BadCredentials)
    assert tokens.token == tokens.written[-1]


TOKEN_TROUBLES = ["token_500_before", "token_html", "token_429", "token_truncated", "token_empty"]


@pytest.mark.parametrize("fault", TOKEN_TROUBLES)
def test_with_the_token_server_down_the_old_token_is_used_until_it_expires(
    phonepe: PhonePe, sandbox: Sandbox, tokens: MemoryTokens, paid: Start, now: datetime, fault: str
) -> None:
    [issued] = tokens.written
    tokens.token = held(issued.value, now=now, refresh=-HOUR, expires=HOUR)
    sandbox.arm(fault, 2)

    assert phonepe.look_up(about(paid), now=now).became == Became.CAPTURED

    with pytest.raises(Unknown):
        phonepe.look_up(about(paid), now=now + HOUR)
    assert tokens.written == [issued]


@pytest.mark.parametrize("fault", TOKEN_TROUBLES)
def test_without_a_token_nothing_is_sent_to_pay(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime, fault: str
) -> None:
    sandbox.arm(fault)
    before = sandbox.calls().get("pay", 0)

    with pytest.raises(NotSent) as not_sent:
        phonepe.start(wanted, now=now)

    assert not isinstance(not_sent.value, BadCredentials)
    assert sandbox.calls().get("pay", 0) == before
    assert phonepe.look_up(about(wanted), now=now).became == Became.NOT_FOUND


@pytest.mark.spec("GW-44")
def test_five_tokens_that_could_not_be_had_open_the_breaker_though_others_wait_for_theirs(
    sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    sandbox.arm("token_500_before", 100)
    before, breaker = token_calls(sandbox), Breaker()
    account = phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", tokens=SharedTokens())
    asleep = phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", tokens=MemoryTokens(claimable=False))

    for asked in (account, account, account, account, asleep, account):
        assert not breaker.is_open
        with pytest.raises(NotSent):
            guarded(PhonePe(asked), breaker=breaker).start(wanted, now=now)

    with pytest.raises(BreakerOpen):
        guarded(PhonePe(account), breaker=breaker).start(wanted, now=now)
    assert token_calls(sandbox) == before + 5


def test_a_token_that_comes_expired_is_not_used(
    phonepe: PhonePe, sandbox: Sandbox, tokens: MemoryTokens, wanted: Start, now: datetime
) -> None:
    sandbox.arm("token_already_expired")
    before = sandbox.calls()

    with pytest.raises(Unknown):
        phonepe.start(wanted, now=now)

    assert tokens.written == []
    assert sandbox.calls().get("pay") == before.get("pay")


def test_a_token_whose_times_are_in_milliseconds_lives_its_seven_days(
    phonepe: PhonePe, sandbox: Sandbox, tokens: MemoryTokens, wanted: Start, now: datetime
) -> None:
    sandbox.arm("token_in_milliseconds")

    phonepe.start(wanted, now=now)

    [token] = tokens.written
    assert abs(token.expires_at - now - timedelta(seconds=624_600)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "wrong",
    [{"client_secret": "guess"}, {"client_id": "NOBODY"}, {"client_version": "2"}, {"client_secret": ""}],
)
def test_wrong_credentials_are_named_so(
    sandbox: Sandbox, wanted: Start, now: datetime, wrong: dict[str, str]
) -> None:
    account = phonepe_account(f"{sandbox.url}/phonepe/apis/pg-sandbox", credentials=CREDENTIALS | wrong)

    with pytest.raises(BadCredentials) as refused:
        PhonePe(account).start(wanted, now=now)

    assert "guess" not in str(refused.value)


def test_keys_that_were_withdrawn_while_their_token_lives_are_named_so_too(
    sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    tokens = MemoryTokens(held("O-Bearer withdrawn", now=now, refresh=HOUR, expires=HOUR))
    wrong = CREDENTIALS | {"client_secret": "guess"}
    url = f"{sandbox.url}/phonepe/apis/pg-sandbox"

    with pytest.raises(BadCredentials):
        PhonePe(phonepe_account(url, tokens=tokens, credentials=wrong)).start(wanted, now=now)

    assert PhonePe(phonepe_account(url)).look_up(about(wanted), now=now).became == Became.NOT_FOUND


def test_a_start_that_was_turned_away_with_401_has_opened_nothing(
    phonepe: PhonePe, sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    sandbox.arm("pay_401", 2, only=wanted.reference)

    with pytest.raises(NotSent):
        phonepe.start(wanted, now=now)

    assert phonepe.look_up(about(wanted), now=now).became == Became.NOT_FOUND


def test_tokens_come_from_the_address_that_production_has_for_them(
    sandbox: Sandbox, wanted: Start, now: datetime
) -> None:
    base = f"{sandbox.url}/phonepe/apis"
    urls = {"pg": f"{base}/pg/", "oauth": f"{base}/identity-manager"}
    account = Account(credentials=CREDENTIALS, live=True, tokens=MemoryTokens(), base_urls=urls)

    PhonePe(account).start(wanted, now=now)

    assert PhonePe(account).look_up(about(wanted), now=now).became == Became.PENDING


@pytest.mark.parametrize("live", [True, False])
def test_without_addresses_of_its_own_an_account_has_the_published_ones(live: bool) -> None:
    phonepe = PhonePe(Account(credentials=CREDENTIALS, live=live, tokens=MemoryTokens()))

    assert {which: phonepe.address(which) for which in HOSTS} == {
        True: {
            "pg": "https://api.phonepe.com/apis/pg",
            "oauth": "https://api.phonepe.com/apis/identity-manager",
        },
        False: {
            "pg": "https://api-preprod.phonepe.com/apis/pg-sandbox",
            "oauth": "https://api-preprod.phonepe.com/apis/pg-sandbox",
        },
    }[live]


def test_secrets_do_not_show_in_an_account() -> None:
    account = phonepe_account("http://127.0.0.1:1")

    assert "holdfast-demo-secret" not in repr(account)
