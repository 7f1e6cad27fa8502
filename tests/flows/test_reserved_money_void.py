"""A gateway that will not set reserved money free is asked a few times, and then left to let it lapse."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.reserved import TRY_ANEW_AFTER
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import About, Outcome, Refused
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.toy import Toy
from tests.support.ways import (
    AUTHORIZE,
    SOON,
    Sold,
    assert_all_is_well,
    at_the_gateway,
    lapse,
    waiting,
)

pytestmark = pytest.mark.spec("BC-14")
RESERVED, REFUSED = ("authorize", "succeeded"), ("void", "failed")
A_MINUTE = timedelta(minutes=1)


class NeverVoids(Toy):
    """An account that may not void."""

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        raise Refused("not_permitted", "This account may not void.")


@pytest.fixture
def declined(practice: Practice, reserving: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sold:
    """A booking that was declined, whose money the gateway will not set free."""
    monkeypatch.setitem(GATEWAYS, Toy.name, NeverVoids)
    story = waiting(practice, reserving, AUTHORIZE)
    story.decline()
    return story


def given_up(story: Sold) -> datetime:
    """The gateway refuses as often as it is asked; when it is asked no more."""
    now = SOON
    for after in (*TRY_ANEW_AFTER, timedelta(0)):
        story.resolve(now=now)
        now += after
    return now


def test_a_void_that_is_refused_is_tried_again_later(declined: Sold) -> None:
    declined.resolve()

    assert declined.movements == [RESERVED, REFUSED, ("void", "pending")]
    assert declined.payment.next_look_at == SOON + TRY_ANEW_AFTER[0] + A_MINUTE
    assert declined.stands == ("authorized", "canceled", "declined", "released")
    assert_all_is_well()


def test_one_that_is_refused_and_then_made_has_set_it_free_once(
    reserving: Sandbox, declined: Sold, monkeypatch: pytest.MonkeyPatch
) -> None:
    declined.resolve()
    monkeypatch.setitem(GATEWAYS, Toy.name, Toy)

    reconcile(now=SOON + TRY_ANEW_AFTER[0] + A_MINUTE)

    assert declined.movements == [RESERVED, REFUSED, ("void", "succeeded")]
    assert at_the_gateway(reserving, declined.checkout.reference) == ("voided", 0)
    assert_all_is_well()


def test_what_is_refused_for_good_waits_for_a_person_and_the_audit_says_so(declined: Sold) -> None:
    now = given_up(declined)

    assert declined.movements == [RESERVED, *[REFUSED] * 3]
    assert list(money_waiting_on_a_person()) == [declined.payment]
    assert [wrong.check for wrong in look_for_wrongs(now=now)] == ["reserved money that nobody sets free"]
    assert declined.payment.next_look_at is not None


def test_what_is_left_to_lapse_lapses_and_nothing_waits_any_more(reserving: Sandbox, declined: Sold) -> None:
    now = given_up(declined)
    lapse(reserving)

    settle(declined.payment.pk, now=now)

    assert declined.stands == ("expired", "canceled", "declined", "released")
    assert not money_waiting_on_a_person().exists()
    assert_all_is_well(now=now)
