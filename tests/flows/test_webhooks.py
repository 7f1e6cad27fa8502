"""Webhooks: kept, counted, settled once; and never believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.flows.ending import expire_orders
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.returning import standing
from holdfast.flows.settlement import settle
from holdfast.flows.webhooks import handle
from holdfast.notifications.models import Email
from holdfast.payments.models import GatewayAccount, Transaction
from holdfast.platform.models import GatewayEvent
from holdfast.platform.outbox import DELIVER, QUEUE, post
from tests.flows.books import everything, jobs, nothing_booked, standing_of
from tests.flows.died import Died, died_after
from tests.flows.door import HASH, LATER, PATH, Door, completed, deliver, deliver_sent
from tests.support.practice import CREDENTIALS, NOW, Practice, held, new_practice, payment_of
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.without import without
from tests.support.worker import work

BOOKED = ("captured", "completed", "taken")


@pytest.mark.spec("AST-4", "BC-7")
def test_a_webhook_becomes_a_booking_by_the_worker(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    assert deliver_sent(sandbox, checkout.reference) == 200
    assert nothing_booked()
    work()

    assert standing_of(checkout.reference) == BOOKED
    event = GatewayEvent.objects.get()
    assert (event.result, event.verified, event.reference) == ("settled", True, checkout.reference)
    assert event.event == "checkout.order.completed"


@pytest.mark.spec("BC-7")
def test_a_payment_whose_webhook_never_comes_is_found_by_the_reconciler(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    assert reconcile(now=NOW + timedelta(seconds=21)) == 0
    assert reconcile(now=NOW + timedelta(seconds=22)) == 1

    assert standing_of(checkout.reference) == BOOKED
    assert jobs() == {"email": 1}


@pytest.mark.spec("BC-11")
def test_the_same_webhook_ten_times_at_once_is_one_event_one_booking_and_one_mail(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    answers = race([partial(deliver_sent, sandbox, checkout.reference) for _ in range(10)])
    work()

    assert answers == [200] * 10
    assert [event.deliveries for event in GatewayEvent.objects.all()] == [10]
    assert Booking.objects.count() == Transaction.objects.count() == Email.objects.count() == 1


@pytest.mark.spec("BC-11")
def test_without_the_unique_key_every_delivery_is_an_event_of_its_own(
    practice: Practice, sandbox: Sandbox
) -> None:
    """The negative control: the same body, stored as often as it comes."""
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sent = sandbox.webhooks(checkout.reference)[-1]
    deliver(sent["body"].encode(), sent["headers"])

    with without(GatewayEvent, "one_event_once"):
        copy = GatewayEvent.objects.values().get()
        GatewayEvent.objects.create(**{name: value for name, value in copy.items() if name != "id"})
        assert GatewayEvent.objects.count() == 2


@pytest.mark.spec("BC-11", "BC-8")
def test_eight_settlements_of_one_payment_at_once_make_one_booking(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    payment = payment_of(checkout).pk

    results = race([partial(settle, payment, now=LATER) for _ in range(8)])

    assert kinds(results) == {"Payment": 8}
    assert standing_of(checkout.reference) == BOOKED
    assert Booking.objects.count() == Transaction.objects.count() == 1
    assert jobs() == {"email": 1}


@pytest.mark.spec("BC-8")
def test_webhook_return_page_reconciler_and_expiry_at_once_agree(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    when = NOW + timedelta(minutes=12)
    deliver_sent(sandbox, checkout.reference)
    event = GatewayEvent.objects.get().pk

    stories: list[Callable[[], object]] = [
        *(partial(handle, event, now=when) for _ in range(2)),
        *(partial(standing, checkout.reference, now=when) for _ in range(2)),
        *(partial(reconcile, now=when) for _ in range(2)),
        *(partial(expire_orders, now=when) for _ in range(2)),
    ]

    results = race(stories)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert standing_of(checkout.reference) == BOOKED
    assert Booking.objects.count() == Transaction.objects.count() == 1
    assert jobs()["email"] == 1


@pytest.mark.spec("BC-8")
def test_a_webhook_that_is_quicker_than_the_answer_to_our_own_call_is_settled(
    practice: Practice, sandbox: Sandbox, door: Door
) -> None:
    door.meanwhile = lambda payment: settle(payment.pk, now=NOW)
    sandbox.arm("webhook_before_pay_answer")

    checkout = held(practice)

    assert standing_of(checkout.reference) == BOOKED
    assert Booking.objects.count() == 1


@pytest.mark.spec("BC-8")
def test_an_open_payment_that_a_webhook_found_before_our_own_answer_keeps_its_page(
    practice: Practice, sandbox: Sandbox, door: Door
) -> None:
    door.meanwhile = lambda payment: settle(payment.pk, now=NOW)
    sandbox.arm("attempt_failed_then_completed", reads=9)
    sandbox.arm("webhook_before_pay_answer")

    checkout = held(practice)

    assert payment_of(checkout).payment_url == checkout.payment_url
    assert payment_of(checkout).expires_at
    settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == ("pending", "placed", "held")


@pytest.mark.spec("BC-8")
def test_an_event_of_a_payment_that_we_do_not_know_yet_is_kept_and_tried_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sent = json.loads(sandbox.webhooks(checkout.reference)[-1]["body"])
    sent["payload"]["merchantOrderId"] = "ANOTHER-SHOPS-ORDER"

    assert deliver(json.dumps(sent).encode()) == 200
    work()

    event = GatewayEvent.objects.get()
    assert event.result == "unknown"
    assert jobs() == {"gateway_event": 1}
    assert nothing_booked()
    tries = 0
    while jobs() and tries < 20:
        tries += 1
        _forget_jobs()
        handle(event.pk, now=event.received_at + timedelta(seconds=4**tries))
    assert tries < 10
    assert jobs() == {}


def _forget_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.mark.spec("BC-8")
def test_an_event_that_came_before_its_payment_is_settled_when_it_is_tried_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    event = GatewayEvent.objects.get()
    GatewayEvent.objects.update(reference="NOT-YET")
    handle(event.pk, now=event.received_at)
    assert nothing_booked()
    GatewayEvent.objects.update(reference=checkout.reference)

    handle(event.pk, now=LATER)

    assert standing_of(checkout.reference) == BOOKED
    assert GatewayEvent.objects.get().result == "settled"


@pytest.mark.spec("BC-21")
@pytest.mark.parametrize("state", ["untouched", "failed"])
def test_a_rightly_signed_lie_that_an_order_is_completed_moves_nothing(
    practice: Practice, sandbox: Sandbox, state: str
) -> None:
    checkout = held(practice)
    if state == "failed":
        sandbox.settle(checkout.reference, "fail")

    assert deliver(completed(checkout.reference)) == 200
    work()

    assert nothing_booked()
    expected = ("pending", "placed", "held") if state == "untouched" else ("failed", "expired", "released")
    assert standing_of(checkout.reference) == expected


FORGED = {
    "another password": {"Authorization": "0" * 64},
    "in capitals": {"Authorization": HASH.upper()},
    "with a scheme": {"Authorization": f"SHA256 {HASH}"},
    "nothing": {},
    "the credentials themselves": {"Authorization": "simuser:Sim12345"},
    "no ASCII": {"Authorization": "\u0101" * 64},
}


@pytest.mark.spec("BC-29", "BC-21")
@pytest.mark.parametrize("how", FORGED)
def test_a_forged_webhook_is_refused_and_does_not_take_the_real_ones_place(
    practice: Practice, sandbox: Sandbox, how: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    real = sandbox.webhooks(checkout.reference)[-1]["body"].encode()
    before = {name: rows for name, rows in everything().items() if name != "GatewayEvent"}

    assert deliver(real, FORGED[how]) == 401
    assert jobs() == {}
    assert {name: rows for name, rows in everything().items() if name != "GatewayEvent"} == before
    forged = GatewayEvent.objects.get()
    assert (forged.verified, forged.dedupe_key, forged.result) == (False, None, "refused")

    assert deliver(real) == 200
    work()
    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-29")
def test_an_event_signed_for_one_account_settles_nothing_of_another(
    practice: Practice, sandbox: Sandbox
) -> None:
    other = new_practice(sandbox, slug="rival")
    theirs = CREDENTIALS | {"webhook_username": "rival", "webhook_password": "Rival123"}
    GatewayAccount.objects.filter(pk=other.account.pk).update(credentials=theirs)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    signed_by_rival = {"Authorization": _hash("rival:Rival123")}
    body = sandbox.webhooks(checkout.reference)[-1]["body"].encode()

    assert deliver(body, signed_by_rival) == 200
    assert deliver(body, signed_by_rival, path=f"{PATH}{practice.account.pk}/") == 401
    work()

    assert nothing_booked()
    assert GatewayEvent.objects.get(verified=True).result == "unknown"
    assert deliver(body) == 200
    work()
    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
def test_businesses_that_share_a_merchant_each_have_their_own_events(
    practice: Practice, sandbox: Sandbox
) -> None:
    second = new_practice(sandbox, slug="sister")
    checkouts = [held(practice), held(second)]
    for checkout in checkouts:
        sandbox.settle(checkout.reference)
        assert deliver_sent(sandbox, checkout.reference) == 200

    work()

    assert [standing_of(checkout.reference) for checkout in checkouts] == [BOOKED, BOOKED]
    accounts = list(GatewayEvent.objects.order_by("id").values_list("account_id", flat=True))
    assert accounts == [practice.account.pk, second.account.pk]


def _hash(pair: str) -> str:
    return hashlib.sha256(pair.encode()).hexdigest()


@pytest.mark.spec("GEN-20")
@pytest.mark.parametrize("verified", [True, False])
def test_no_secret_of_a_call_is_stored(practice: Practice, verified: bool) -> None:
    held(practice)
    body = completed("X", cardNumber="4111 1111 1111 1111", token="a secret token", clientSecret="s3cr3t")
    headers = {
        "Authorization": HASH if verified else "Bearer stolen",
        "Cookie": "sessionid=1",
        "X-Api-Key": "k3y",
    }

    deliver(body, headers)

    kept = json.dumps(GatewayEvent.objects.values("headers", "body").get())
    for secret in (HASH, "stolen", "sessionid", "k3y", "4111 1111 1111 1111", "a secret token", "s3cr3t"):
        assert secret not in kept


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff\xfe", b'{"event": "checkout.ord', b"{" * 5_000], ids=repr
)
def test_a_body_that_nobody_can_read_is_kept_and_settles_nothing(practice: Practice, body: bytes) -> None:
    checkout = held(practice)

    assert deliver(body) == 200
    work()

    assert GatewayEvent.objects.get().result == "unreadable"
    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    assert jobs() == {}


@pytest.mark.spec("BC-10", "BC-8")
def test_a_failed_attempt_that_is_told_after_the_success_changes_nothing(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("attempt_failed_then_completed", reads=0)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    before = {name: rows for name, rows in everything().items() if name != "GatewayEvent"}

    assert deliver_sent(sandbox, checkout.reference, which=0) == 200
    work_only_events()

    assert {name: rows for name, rows in everything().items() if name != "GatewayEvent"} == before


def work_only_events() -> None:
    for event in GatewayEvent.objects.all():
        handle(event.pk, now=LATER)


@pytest.mark.spec("BC-11")
def test_two_words_for_one_change_are_two_events_and_one_booking(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("webhook_in_two_words")
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    deliver_sent(sandbox, checkout.reference, which=0)
    deliver_sent(sandbox, checkout.reference, which=1)
    work()

    assert sorted(event.event for event in GatewayEvent.objects.all()) == [
        "checkout.order.completed",
        "pg.order.completed",
    ]
    assert Booking.objects.count() == Transaction.objects.count() == Email.objects.count() == 1


def test_a_webhook_for_a_gateway_or_an_account_that_does_not_exist_is_not_found(practice: Practice) -> None:
    assert deliver(completed("X"), path="/api/payments/webhook/piggybank/") == 404
    assert deliver(completed("X"), path=f"{PATH}999999/") == 404
    assert not GatewayEvent.objects.exists()


@pytest.mark.spec("BC-7", "BC-20")
def test_a_webhook_whose_message_cannot_be_written_is_not_stored_and_is_taken_when_it_comes_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    with pytest.raises(IntegrityError), no_room_for_messages():
        deliver_sent(sandbox, checkout.reference)
    assert not GatewayEvent.objects.exists()
    assert jobs() == {}
    assert deliver_sent(sandbox, checkout.reference) == 200
    work()

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7", "BC-20")
def test_a_webhook_that_was_stored_and_not_acknowledged_is_counted_and_handled_once_when_it_comes_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    with pytest.raises(Died), died_after("holdfast_keep_event"):
        deliver_sent(sandbox, checkout.reference)
    assert jobs() == {"gateway_event": 1}
    assert deliver_sent(sandbox, checkout.reference) == 200
    assert jobs() == {"gateway_event": 1}
    work()

    assert GatewayEvent.objects.get().deliveries == 2
    assert standing_of(checkout.reference) == BOOKED


def test_the_message_of_a_webhook_is_a_message_like_any_other(practice: Practice) -> None:
    deliver(completed("X"))
    event = GatewayEvent.objects.get()

    post("gateway_event", event=event.pk)

    written = [
        (job.queue_name, job.task_name, job.priority, job.lock, job.queueing_lock, job.args, job.scheduled_at)
        for job in ProcrastinateJob.objects.all()
    ]
    args = {"kind": "gateway_event", "payload": {"event": event.pk}}
    assert written == [(QUEUE, DELIVER, 0, None, None, args, None)] * 2


@contextmanager
def no_room_for_messages() -> Iterator[None]:
    """Have the database refuse every message."""
    table = "ALTER TABLE procrastinate_jobs"
    with connection.cursor() as cursor:
        cursor.execute(f"{table} ADD CONSTRAINT no_room CHECK (false) NOT VALID")
        try:
            yield
        finally:
            cursor.execute(f"{table} DROP CONSTRAINT no_room")


@pytest.mark.spec("BC-11")
def test_an_event_may_be_replayed_for_ever_and_nothing_more_happens(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    deliver_sent(sandbox, checkout.reference)
    work()
    before = {name: rows for name, rows in everything().items() if name != "GatewayEvent"}

    for _ in range(3):
        assert deliver_sent(sandbox, checkout.reference) == 200
        handle(GatewayEvent.objects.get().pk, now=LATER)

    assert {name: rows for name, rows in everything().items() if name != "GatewayEvent"} == before
    assert GatewayEvent.objects.get().deliveries == 4
    assert jobs() == {}
