"""What gateways do wrong with the call that opens a payment, and with money that comes late or twice.

Each row carries its id in ``docs/gateway-misbehaviours.md``; the whole engine is played through.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Unavailable
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.models import Payment
from tests.flows.books import nothing_booked, standing_of
from tests.gateways.story import LOOKS, OPEN, PRICE, booked_once, fault, look_on, paid
from tests.gateways.troubles import SHORT
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

LATER = NOW + timedelta(minutes=1)


# ---- late, and twice ------------------------------------------------------------------------------------


@pytest.mark.spec("GW-27", "GW-37")
@pytest.mark.parametrize("first_word", ["fail", "cancel"])
def test_of_an_old_tab_and_a_new_one_both_paid_the_first_books_and_the_second_goes_back(
    practice: Practice, sandbox: Sandbox, first_word: str
) -> None:
    old = held(practice)
    sandbox.settle(old.reference, first_word)
    settle(payment_of(old).pk, now=LATER)
    new = held(practice, now=LATER)
    sandbox.settle(new.reference)
    settle(payment_of(new).pk, now=LATER)
    sandbox.arm("late_success", only=old.reference)
    sandbox.settle(old.reference)

    look_on(sandbox)

    assert booked_once(new)
    assert (payment_of(old).captured, payment_of(old).refunded) == (PRICE, PRICE)
    assert Booking.objects.count() == 1


@pytest.mark.spec("GW-37")
def test_who_cancels_in_one_tab_and_pays_in_another_is_booked(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, "cancel")
    settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == ("canceled", "expired", "released")
    sandbox.arm("late_success", only=checkout.reference)
    sandbox.settle(checkout.reference)

    look_on(sandbox)

    assert booked_once(checkout)


@pytest.mark.spec("GW-31")
@pytest.mark.parametrize("rivals", [0, 1])
def test_a_bank_that_answers_after_the_expiry_books_what_is_free_and_repays_what_is_not(
    practice: Practice, sandbox: Sandbox, rivals: int
) -> None:
    sandbox.arm("success_after_expiry", seconds=60)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.advance(601)
    settle(payment_of(checkout).pk, now=NOW + timedelta(minutes=12))
    assert standing_of(checkout.reference) == ("failed", "expired", "released")

    others = [held(practice, now=NOW + timedelta(minutes=13)) for _ in range(rivals)]
    sandbox.advance(61)
    reconcile(now=NOW + timedelta(minutes=18))
    work()

    if others:
        assert payment_of(checkout).captured == PRICE
        assert payment_of(checkout).refunding + payment_of(checkout).refunded == PRICE
        assert not Booking.objects.exists()
    else:
        assert booked_once(checkout)


# ---- the call that opens the payment --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("pay_500_after", marks=pytest.mark.spec("GW-38")),
        pytest.param("pay_reset_after", marks=pytest.mark.spec("GW-39")),
        pytest.param("pay_timeout_after", marks=pytest.mark.spec("GW-39")),
        pytest.param("pay_html", marks=pytest.mark.spec("GW-46")),
    ],
)
def test_a_start_that_was_heard_though_its_answer_was_lost_is_found_and_its_money_too(
    practice: Practice, sandbox: Sandbox, name: str
) -> None:
    sandbox.arm(name, seconds=1)
    before = sandbox.calls().get("pay", 0)
    with deadline(SHORT):
        checkout = held(practice)
    assert checkout.payment_url is None
    assert standing_of(checkout.reference) == ("created", "placed", "held")
    sandbox.settle(checkout.reference)

    look_on(sandbox)

    assert booked_once(checkout)
    assert sandbox.calls()["pay"] == before + 1


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("pay_500_before", marks=pytest.mark.spec("GW-40")),
        pytest.param("pay_reset_before", marks=pytest.mark.spec("GW-40")),
        pytest.param("pay_timeout_before", marks=pytest.mark.spec("GW-40")),
        pytest.param("pay_429", marks=pytest.mark.spec("GW-45")),
    ],
)
def test_a_start_that_was_not_heard_frees_its_time_for_the_next(
    practice: Practice, sandbox: Sandbox, name: str
) -> None:
    sandbox.arm(name, seconds=1)
    with deadline(SHORT):
        lost = held(practice)
    assert lost.payment_url is None

    look_on(sandbox)

    assert standing_of(lost.reference)[1:] == ("expired", "released")
    second = held(practice, now=LOOKS[-1])
    sandbox.settle(second.reference)
    settle(payment_of(second).pk, now=LOOKS[-1])
    assert booked_once(second)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("token_500_before", marks=pytest.mark.spec("GW-43")),
        pytest.param("token_already_expired", marks=pytest.mark.spec("GW-43")),
        pytest.param("token_429", marks=pytest.mark.spec("GW-44")),
    ],
)
def test_without_a_token_nothing_is_sent_and_nothing_held(
    practice: Practice, sandbox: Sandbox, name: str
) -> None:
    sandbox.arm(name)
    before = sandbox.calls().get("pay", 0)

    with pytest.raises(Unavailable):
        held(practice)

    assert sandbox.calls().get("pay", 0) == before
    assert standing_of(Payment.objects.get().reference) == ("failed", "expired", "released")
    assert paid(practice, sandbox).payment_url


@pytest.mark.spec("GW-49")
def test_an_answer_of_one_byte_a_second_is_none_and_the_next_is_believed(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = paid(practice, sandbox, fault("status_slow", seconds=0.2))

    with deadline(SHORT):
        reconcile(now=LOOKS[0])
    assert standing_of(checkout.reference) == OPEN
    look_on(sandbox)

    assert booked_once(checkout)


@pytest.mark.spec("GW-50")
@pytest.mark.parametrize(("name", "status"), [("page_down", 503), ("page_redirect_loop", 302)])
def test_a_page_that_is_down_leaves_the_customer_a_new_attempt_and_the_old_one_is_asked_about(
    practice: Practice, sandbox: Sandbox, name: str, status: int
) -> None:
    sandbox.arm(name)
    first = held(practice)
    assert first.payment_url is not None
    assert httpx.get(first.payment_url).status_code == status

    second = held(practice, at="11:00")
    sandbox.settle(second.reference)
    look_on(sandbox)

    assert booked_once(second)
    assert payment_of(first).next_look_at is not None
    assert standing_of(first.reference)[1] in ("placed", "expired")


@pytest.mark.spec("GW-72")
def test_the_page_that_leaves_for_a_gateway_which_wants_a_referer_says_where_it_comes_from(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("page_requires_referer", 2)
    checkout = held(practice)
    assert checkout.payment_url is not None

    leaving = Client().get(f"/pay/return/{checkout.reference}/")
    without = httpx.get(checkout.payment_url)
    with_one = httpx.get(checkout.payment_url, headers={"Referer": "https://booking.example/"})

    assert b'referrerpolicy="strict-origin-when-cross-origin"' in leaving.content
    assert (without.status_code, with_one.status_code) == (403, 200)


@pytest.mark.spec("GW-76")
@pytest.mark.parametrize(
    "mixed_up",
    [
        pytest.param({"base_urls": {"pg": "/phonepe/apis/pg"}}, id="no address for tokens"),
        pytest.param({"credentials": {"client_id": "LIVE_SHOP"}}, id="keys of the other mode"),
    ],
)
def test_an_account_with_test_and_live_mixed_up_sells_nothing_and_holds_nothing(
    practice: Practice, sandbox: Sandbox, mixed_up: dict[str, dict[str, str]]
) -> None:
    account = practice.account
    urls = {name: sandbox.url + path for name, path in mixed_up.get("base_urls", {}).items()}
    account.base_urls = urls or account.base_urls
    account.credentials = {**account.credentials, **mixed_up.get("credentials", {})}
    account.save()
    before = sandbox.calls().get("pay", 0)

    with pytest.raises(Unavailable):
        held(practice)

    assert sandbox.calls().get("pay", 0) == before
    assert standing_of(Payment.objects.get().reference) == ("failed", "expired", "released")
    assert nothing_booked()
