"""Money that a person records: facts, and answers that need nobody."""

from __future__ import annotations

import pytest

from holdfast.kernel.money import EXPONENTS, Money
from holdfast.payments.gateways.base import Became, Refused, Start
from holdfast.payments.gateways.offline import Offline
from tests.gateways.accounts import NOW, named, offline_account


@pytest.fixture
def offline() -> Offline:
    return Offline(offline_account("http://127.0.0.1:1"))


def test_a_payment_by_hand_is_pending_until_a_person_says_otherwise(offline: Offline) -> None:
    outcome = offline.look_up(named("OFFLINE-1"), now=NOW)

    assert (outcome.became, outcome.word) == (Became.PENDING, "waits for a person")
    assert outcome.reference == "OFFLINE-1"
    assert outcome.amount is None


@pytest.mark.parametrize("currency", EXPONENTS)
def test_there_is_no_page_to_pay_cash_on(offline: Offline, wanted: Start, currency: str) -> None:
    cash = Start(wanted.reference, Money(1, currency), wanted.return_url, wanted.pay_within)

    with pytest.raises(Refused) as refused:
        offline.start(cash, now=NOW)

    assert refused.value.code == "BY_HAND"


def test_money_by_hand_cannot_be_reserved_and_is_asked_about_once_a_day() -> None:
    waits = {Offline.next_look(age=age) for age in (NOW - NOW, *(until for until, _ in Offline.ladder))}

    assert not Offline.can_authorize()
    assert waits == {every for _, every in Offline.ladder}
