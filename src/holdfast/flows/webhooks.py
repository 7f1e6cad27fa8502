"""Webhooks: stored and acknowledged at once, settled by the worker. No body of one moves money by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection

from holdfast.kernel.errors import Conflict, NotFound
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import BadSignature, Can, Notice, Unknown
from holdfast.payments.gateways.reading import read_object
from holdfast.payments.gateways.transport import scrub, scrub_text
from holdfast.payments.models import GatewayAccount, Payment, Transaction
from holdfast.payments.queries import payment_at_its_gateway, payment_by_reference
from holdfast.platform import metrics
from holdfast.platform.db import transaction, transaction_required
from holdfast.platform.models import GatewayEvent
from holdfast.platform.outbox import post

from .decisions import UNDECIDED
from .gateways import read_webhook
from .outside import look_at_disputes, look_at_foreign_refund
from .reconciliation import look_at
from .senders import Sender, senders_at

log = structlog.get_logger(__name__)

KEPT_OF_A_BODY = 64 * 1024
LONG_NUMBER = re.compile(r"\d{9,}")  # cards, accounts and telephones are such
KEPT_HEADERS = ("content-type", "user-agent", "x-request-id")
# How long after its arrival an event whose payment we do not know is tried again, in seconds.
TRY_AGAIN = (2, 10, 60, 600, 3600)
KEEP_EVENT = f"SELECT holdfast_keep_event({', '.join(['%s'] * 11)})"  # payments/migrations/0004_keep_event.py
# A gateway's own tables may lag behind its webhooks, so what it does not bear out yet is asked about soon.
AFTER_NEWS = timedelta(seconds=5)


@dataclass(frozen=True)
class Call:
    """A call that claims to be a gateway's. Header names are in lower case."""

    gateway: str
    account: int | None
    headers: Mapping[str, str]
    body: bytes


def receive(call: Call, *, now: datetime) -> bool:
    """Store a gateway's call and have the worker settle what it is about. False: it is not the gateway's.

    A second delivery of one event is counted on the first, and handled once. Raises NotFound for a gateway
    or an account that does not exist.
    """
    if call.gateway not in GATEWAYS or Can.READ_WEBHOOK not in GATEWAYS[call.gateway].can:
        raise NotFound
    return _take(call, now=now, afresh=False) or _take(call, now=now, afresh=True)


def _take(call: Call, *, now: datetime, afresh: bool) -> bool:
    """Store it if it is of one of the accounts, as we remember them or read afresh, and that still stands."""
    senders = senders_at(call.gateway, account=call.account, now=now, afresh=afresh)
    if call.account is not None and afresh and not senders:
        raise NotFound
    signed_for = []
    for sender in senders:
        with suppress(BadSignature):
            signed_for.append((sender, _notice(sender.account, call)))
    return bool(signed_for) and _store(call, *_whose(signed_for), now=now)


def _notice(account: GatewayAccount, call: Call) -> Notice | None:
    try:
        return read_webhook(account, headers=call.headers, body=call.body)
    except Unknown:
        return None


def _whose(signed_for: Sequence[tuple[Sender, Notice | None]]) -> tuple[Sender, Notice | None]:
    """Businesses may share a merchant, and so a secret: then the account whose payment it is about.

    Without a notice it cannot be read.
    """
    if len(signed_for) > 1:
        for sender, notice in signed_for:
            payment = _payment_named(_named(notice)) if notice else None
            if payment is not None and payment.account_id == sender.account.pk:
                return sender, notice
    return signed_for[0]


def _named(notice: Notice) -> str:
    """What an event goes by: our reference, or the gateway's own where it names nothing of ours."""
    return notice.reference or ("" if notice.refund_reference else notice.gateway_reference) or ""


def _payment_named(reference: str) -> Payment | None:
    return (payment_by_reference(reference) or payment_at_its_gateway(reference)) if reference else None


def _store(call: Call, sender: Sender, notice: Notice | None, *, now: datetime) -> bool:
    """Keep a new event and have the worker handle it, or count one more delivery of one.

    One statement does both, so that with its event a message is committed, or dies. False: nothing was
    written, because the account has changed since it was read.
    """
    about = notice or Notice(event="", dedupe_key="")
    params: list[str | int | datetime | None] = [
        sender.account.pk,
        sender.version,
        about.dedupe_key or None,
        about.event[:80],
        _named(about)[:80],
        (about.refund_reference or "")[:80],
        _kept_headers(call),
        _kept_body(call),
        now,
        GatewayEvent.Result.WAITING if notice else GatewayEvent.Result.UNREADABLE,
        None if notice else now,
    ]
    with connection.cursor() as cursor:
        cursor.execute(KEEP_EVENT, params)
        [kept] = cursor.fetchone()
    return bool(kept)


def store_forged(call: Call, *, now: datetime) -> None:
    """Keep a forged call for a while, without a dedupe key: it must not take the real one's place."""
    GatewayEvent.objects.create(
        gateway=call.gateway,
        account_id=call.account,
        verified=False,
        headers=json.loads(_kept_headers(call)),
        body=_kept_body(call),
        received_at=now,
        handled_at=now,
        result=GatewayEvent.Result.REFUSED,
    )


def _kept_headers(call: Call) -> str:
    """Never the Authorization header: PhonePe's is a secret that opens every later call."""
    return json.dumps({name: call.headers[name][:200] for name in KEPT_HEADERS if name in call.headers})


def _kept_body(call: Call) -> str:
    """The body without secrets, card, account and contact details; what is no JSON, without long numbers."""
    try:
        kept = json.dumps(scrub(read_object(call.body)), default=str)
    except Unknown:
        kept = LONG_NUMBER.sub("[scrubbed]", scrub_text(call.body.decode(errors="replace")))
    return kept[:KEPT_OF_A_BODY].replace("\x00", "\N{REPLACEMENT CHARACTER}")


def handle(event_id: int, *, now: datetime) -> None:
    """Settle what an event is about. Handling it again changes nothing, so staff may replay any of them."""
    event = GatewayEvent.objects.get(pk=event_id)
    payment = payment_of(event)
    if payment is None or payment.account_id != event.account_id:
        _try_again(event, now=now)
        return
    settled = _look_at(payment, event, now=now)
    _look_again_soon(payment, event.gateway, now=now)
    if settled:
        metrics.webhook_age.observe((now - event.received_at).total_seconds())
    result = GatewayEvent.Result.SETTLED if settled else GatewayEvent.Result.UNANSWERED
    GatewayEvent.objects.filter(pk=event_id).update(handled_at=now, result=result)


@transaction_required
def replay(event: GatewayEvent, *, by: str) -> None:
    """Have the worker handle an event once more. The caller's transaction keeps who asked for it.

    Raises Conflict for a call that was not the gateway's, or that names nothing to look up.
    """
    if not event.verified:
        raise Conflict("This call did not come from the gateway, so it is not replayed.")
    if not (event.reference or event.refund_reference):
        raise Conflict("This event names no payment, so there is nothing to replay.")
    post("gateway_event", event=event.pk)
    log.info("event_replayed", event_id=event.pk, reference=event.reference, by=by)


@transaction_required
def set_aside(event: GatewayEvent, *, by: str) -> None:
    """Somebody says that a call about an unknown payment is none of ours. Doing so twice changes nothing."""
    unknown = GatewayEvent.objects.filter(pk=event.pk, result=GatewayEvent.Result.UNKNOWN)
    unknown.update(result=GatewayEvent.Result.SET_ASIDE)
    log.info("event_set_aside", event_id=event.pk, reference=event.reference, by=by)


def payment_of(event: GatewayEvent) -> Payment | None:
    """The payment that an event is about, by one of its names or by a refund's; None if it is not known."""
    if event.reference:
        return _payment_named(event.reference)
    refund = Transaction.objects.select_related("payment").filter(key=event.refund_reference).first()
    return refund.payment if refund and event.refund_reference else None


def _look_at(payment: Payment, event: GatewayEvent, *, now: datetime) -> bool:
    """Settle the payment; and write down what the event may be about that is none of ours: a refund that was
    made elsewhere, or a dispute while ours is under way.
    """
    refund = event.refund_reference
    try:
        if refund and not Transaction.objects.filter(key=refund).exists():
            look_at_foreign_refund(payment, refund, now=now)
        settled = look_at(payment.pk, now=now)
        look_at_disputes(payment.pk, now=now)
    except Unknown as unknown:
        log.warning("outside_unknown", reference=payment.reference, why=str(unknown))
        return False
    return settled


def _look_again_soon(payment: Payment, gateway: str, *, now: datetime) -> None:
    """News that has decided nothing: an old payment's turn would come a minute later.

    A look that is further off than its turn is so because the gateway has asked us to wait.
    """
    soon, its_turn = now + AFTER_NEWS, now + GATEWAYS[gateway].next_look(age=now - payment.created_at)
    undecided = Payment.objects.filter(pk=payment.pk, state__in=UNDECIDED)
    undecided.filter(next_look_at__gt=soon, next_look_at__lte=its_turn).update(next_look_at=soon)


def _try_again(event: GatewayEvent, *, now: datetime) -> None:
    """Not ours, or not yet: kept, and tried again for an hour."""
    age = (now - event.received_at).total_seconds()
    wait = next((after for after in TRY_AGAIN if after > age), None)
    with transaction():
        GatewayEvent.objects.filter(pk=event.pk).update(handled_at=now, result=GatewayEvent.Result.UNKNOWN)
        if wait is not None:
            post("gateway_event", in_seconds=max(1, int(wait - age)), event=event.pk)
    log.warning("event_of_unknown_payment", gateway=event.gateway, reference=event.reference)
