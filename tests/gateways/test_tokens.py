"""An access token shared by all processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from holdfast.payments.gateways.base import BadCredentials, NoToken, NotSent, Token, Unclear, Unknown
from holdfast.payments.gateways.tokens import read_token, usable_token
from tests.gateways.accounts import NOW, MemoryTokens

HOUR = timedelta(hours=1)


def token(name: str, *, refresh: timedelta = HOUR, expires: timedelta = 2 * HOUR) -> Token:
    return Token(name, refresh_at=NOW + refresh, expires_at=NOW + expires)


@dataclass
class OneClaim(MemoryTokens):
    """A store whose claim one caller can have, until it gives up."""

    def may_refresh(self, *, now: datetime) -> bool:
        claimed, self.claimable = self.claimable, False
        return claimed


DUE = token("due", refresh=-HOUR)
EXPIRED = token("expired", refresh=-2 * HOUR, expires=-HOUR)


def giving(fresh: Token | Exception) -> Callable[[], Token]:
    def fetch() -> Token:
        if isinstance(fresh, Exception):
            raise fresh
        return fresh

    return fetch


def must_not_fetch() -> Token:
    raise AssertionError("There was no need to fetch a token.")


def test_a_token_in_the_first_half_of_its_life_is_used_as_it_is() -> None:
    store = MemoryTokens(token("young"))

    assert usable_token(store, fetch=must_not_fetch, now=NOW) == "young"


@pytest.mark.parametrize("held", [None, DUE, EXPIRED])
def test_whoever_gets_the_claim_fetches_a_new_one_for_all(held: Token | None) -> None:
    store = MemoryTokens(held)

    assert usable_token(store, fetch=giving(token("fresh")), now=NOW) == "fresh"
    assert store.token == token("fresh")


def test_while_another_renews_it_the_old_one_is_used() -> None:
    store = MemoryTokens(DUE, claimable=False)

    assert usable_token(store, fetch=must_not_fetch, now=NOW) == "due"


@pytest.mark.parametrize("trouble", [Unknown("down"), BadCredentials("INVALID_CLIENT")])
def test_if_the_renewal_fails_the_old_one_is_used_on_and_not_every_call_tries_to_renew_it(
    trouble: Exception,
) -> None:
    store = OneClaim(DUE)

    assert usable_token(store, fetch=giving(trouble), now=NOW) == "due"
    assert usable_token(store, fetch=must_not_fetch, now=NOW) == "due"
    assert store.written == []


TROUBLES = [
    (Unknown("down", retry_after=HOUR), NotSent),
    (Unclear("HTTP 404"), NotSent),
    (NotSent("nobody there"), NotSent),
    (BadCredentials("INVALID_CLIENT"), BadCredentials),
]


@pytest.mark.parametrize("held", [None, EXPIRED])
@pytest.mark.parametrize(("trouble", "raised"), TROUBLES)
def test_without_a_valid_token_a_failed_fetch_means_that_nothing_was_sent(
    held: Token | None, trouble: Unknown, raised: type[NotSent]
) -> None:
    with pytest.raises(NotSent) as not_sent:
        usable_token(MemoryTokens(held), fetch=giving(trouble), now=NOW)

    assert type(not_sent.value) is raised
    assert (str(not_sent.value), not_sent.value.retry_after) == (str(trouble), trouble.retry_after)


@pytest.mark.parametrize("held", [None, EXPIRED])
def test_after_a_failed_fetch_the_next_caller_tries_at_once(held: Token | None) -> None:
    store = OneClaim(held)

    with pytest.raises(NotSent):
        usable_token(store, fetch=giving(Unknown("down")), now=NOW)

    assert usable_token(store, fetch=giving(token("fresh")), now=NOW) == "fresh"


@pytest.mark.parametrize("held", [None, EXPIRED])
def test_without_a_valid_token_and_without_the_claim_nothing_is_sent(held: Token | None) -> None:
    with pytest.raises(NoToken):
        usable_token(MemoryTokens(held, claimable=False), fetch=must_not_fetch, now=NOW)


def test_a_token_that_was_refused_is_not_used_however_young() -> None:
    store = MemoryTokens(token("refused"))

    assert usable_token(store, fetch=giving(token("fresh")), now=NOW, refused="refused") == "fresh"


def test_a_token_that_another_process_has_renewed_meanwhile_needs_no_second_fetch() -> None:
    store = MemoryTokens(token("renewed"))

    assert usable_token(store, fetch=must_not_fetch, now=NOW, refused="refused") == "renewed"


@pytest.mark.spec("GW-44")
def test_those_who_come_while_the_first_token_is_fetched_get_that_one() -> None:
    store = OneClaim()
    fetching, found_waiting = threading.Event(), threading.Event()
    used: list[str] = []

    def fetch() -> Token:
        fetching.set()
        assert found_waiting.wait(timeout=30)
        return token("first")

    first = threading.Thread(target=lambda: used.append(usable_token(store, fetch=fetch, now=NOW)))
    first.start()
    assert fetching.wait(timeout=30)
    second = threading.Thread(target=lambda: used.append(usable_token(store, fetch=must_not_fetch, now=NOW)))
    second.start()
    found_waiting.set()
    first.join()
    second.join()

    assert used == ["first", "first"]
    assert store.written == [token("first")]


def test_one_who_waits_for_anothers_token_takes_over_when_the_other_fails() -> None:
    store = OneClaim()
    fetching, found_waiting = threading.Event(), threading.Event()
    troubles: list[str] = []

    def fail() -> Token:
        fetching.set()
        assert found_waiting.wait(timeout=30)
        raise Unknown("down")

    def ask_first() -> None:
        with pytest.raises(NotSent) as not_sent:
            usable_token(store, fetch=fail, now=NOW)
        troubles.append(str(not_sent.value))

    first = threading.Thread(target=ask_first)
    first.start()
    assert fetching.wait(timeout=30)
    found_waiting.set()
    used = usable_token(store, fetch=giving(token("second")), now=NOW)
    first.join()

    assert (troubles, used) == (["down"], "second")


@dataclass
class WrittenMeanwhile(OneClaim):
    """A store to which another process writes between our look and our claim."""

    def may_refresh(self, *, now: datetime) -> bool:
        self.token = token("meanwhile")
        return super().may_refresh(now=now)


def test_a_token_that_was_written_just_before_the_claim_is_not_fetched_again() -> None:
    store = WrittenMeanwhile()

    assert usable_token(store, fetch=must_not_fetch, now=NOW) == "meanwhile"
    assert store.claimable


EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("times", "life"),
    [
        pytest.param({"issued_at": EPOCH, "expires_at": EPOCH + 3600}, HOUR, id="seconds"),
        pytest.param(
            {"issued_at": EPOCH * 1000, "expires_at": (EPOCH + 3600) * 1000}, HOUR, id="milliseconds"
        ),
        pytest.param({"issued_at": EPOCH, "expires_at": (EPOCH + 3600) * 1000}, HOUR, id="a mix"),
        pytest.param({"expires_at": str(EPOCH + 3600)}, HOUR, id="text"),
        pytest.param({"expires_in": None, "expires_at": EPOCH + 3600}, HOUR, id="expires_in null"),
        pytest.param({"expires_in": 3600}, HOUR, id="expires_in only"),
        pytest.param({"expires_in": None}, timedelta(minutes=10), id="no time at all"),
        pytest.param(
            {"issued_at": EPOCH + 600, "expires_at": EPOCH + 4200}, HOUR, id="our clock ten minutes slow"
        ),
        pytest.param(
            {"issued_at": EPOCH - 600, "expires_at": EPOCH + 3000},
            timedelta(minutes=50),
            id="our clock ten minutes fast",
        ),
    ],
)
def test_a_token_lives_as_long_as_its_answer_says_in_whatever_unit(
    times: dict[str, Any], life: timedelta
) -> None:
    read = read_token({"access_token": "eyJ", "token_type": "O-Bearer", **times}, now=NOW, kind="O-Bearer")

    assert read == Token("O-Bearer eyJ", refresh_at=NOW + life / 2, expires_at=NOW + life)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": ""},
        {"access_token": None, "expires_at": EPOCH + 3600},
        {"access_token": "two\r\nlines"},
        {"access_token": "टोकन"},
        {"access_token": "eyJ", "issued_at": EPOCH - 120, "expires_at": EPOCH - 60},
        {"access_token": "eyJ", "issued_at": EPOCH, "expires_at": EPOCH},
        {"access_token": "eyJ", "expires_in": 0},
    ],
)
def test_an_answer_without_a_token_that_still_lives_is_unknown(answer: dict[str, Any]) -> None:
    with pytest.raises(Unknown):
        read_token(answer, now=NOW, kind="O-Bearer")


def test_a_token_does_not_show_in_its_representation() -> None:
    assert "eyJ" not in repr(read_token({"access_token": "eyJ"}, now=NOW, kind="O-Bearer"))
