"""The timeline of an order: all that happened to it, its payments and its booking, with who and why.

Seven queries, however much has happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db.models import Q

from holdfast.notifications.models import Email
from holdfast.orders.models import Line
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import GatewayEvent, Transition

from .actors import admin_actor, gateway_actor


@dataclass(frozen=True)
class Entry:
    """One thing that happened. ``before`` and ``after`` are empty where no state changed."""

    at: datetime
    kind: str  # transition, event, money, email, person
    actor: str
    what: str
    before: str = ""
    after: str = ""
    why: str = ""


# What happened at the same moment is told in this order: the cause before what followed from it.
ORDER = ("person", "event", "transition", "money", "email")


def timeline_of(order_id: int) -> list[Entry]:
    """All that happened around an order, oldest first."""
    subjects = _subjects_of(order_id)
    transitions = _transitions(subjects)
    born = {t.subject_id for t in transitions if t.subject == "transaction" and t.seq == 0}
    events = _events(subjects)
    told = [
        *(_of_transition(transition, subjects) for transition in transitions),
        *(_of_event(event) for event in events),
        *(_of_money(movement) for movement in subjects.movements if movement.pk not in born),
        *_of_emails(subjects),
        *_of_people(subjects, events),
    ]
    return sorted(told, key=lambda entry: (entry.at, ORDER.index(entry.kind)))


@dataclass(frozen=True)
class Subjects:
    """The rows that an order's timeline is about; names are by the subject's kind and id."""

    order_id: int
    lines: list[Line]
    payments: list[Payment]
    movements: list[Transaction]
    names: Mapping[tuple[str, int], str]

    def ids(self, kind: str) -> list[int]:
        return [pk for named, pk in self.names if named == kind]


def _subjects_of(order_id: int) -> Subjects:
    lines = list(Line.objects.filter(order_id=order_id).select_related("booking"))
    payments = list(Payment.objects.filter(order_id=order_id).select_related("account"))
    movements = list(
        Transaction.objects.filter(payment__order_id=order_id)
        .select_related("payment__account")
        .order_by("pk")
    )
    bookings = {("booking", line.pk): f"booking {line.booking}" for line in lines if hasattr(line, "booking")}
    names = {
        ("order", order_id): f"order {order_id}",
        **{("payment", payment.pk): f"payment {payment.reference}" for payment in payments},
        **bookings,
        **{("transaction", moved.pk): f"{moved.kind} of {moved.money}" for moved in movements},
    }
    return Subjects(order_id, lines, payments, movements, names)


def _transitions(subjects: Subjects) -> list[Transition]:
    about = Q()
    for kind in ("order", "payment", "booking", "transaction"):
        about |= Q(subject=kind, subject_id__in=subjects.ids(kind))
    return list(Transition.objects.filter(about).order_by("pk"))


def _of_transition(transition: Transition, subjects: Subjects) -> Entry:
    name = subjects.names[transition.subject, transition.subject_id]
    return Entry(
        at=transition.at,
        kind="transition",
        actor=transition.actor,
        what=f"{name}: {transition.event.replace('_', ' ')}",
        before=transition.before,
        after=transition.after,
        why=transition.reason,
    )


def _events(subjects: Subjects) -> list[GatewayEvent]:
    """What our gateway accounts were called about: payments by their references, refunds by their keys."""
    accounts = {payment.account_id for payment in subjects.payments}
    references = [payment.reference for payment in subjects.payments]
    keys = [moved.key for moved in subjects.movements]
    about = Q(reference__in=references) | Q(refund_reference__in=keys)
    return list(GatewayEvent.objects.filter(about, account_id__in=accounts).order_by("pk"))


def _of_event(event: GatewayEvent) -> Entry:
    times = f", delivered {event.deliveries} times" if event.deliveries > 1 else ""
    return Entry(
        at=event.received_at,
        kind="event",
        actor=gateway_actor(event.gateway),
        what=f"event {event.event or 'without a name'}{times}",
        after=event.result,
        why="" if event.verified else "not verified",
    )


def _of_money(movement: Transaction) -> Entry:
    """A movement that the gateway told us of, which has no transition of its own."""
    return Entry(
        at=movement.created_at,
        kind="money",
        actor=gateway_actor(movement.payment.account.gateway),
        what=f"{movement.kind} of {movement.money}",
        after=movement.state,
        why=movement.reason or movement.word,
    )


def _of_emails(subjects: Subjects) -> Iterator[Entry]:
    about = Q()
    for kind in ("payment", "booking"):
        about |= Q(subject_kind=kind, subject_id__in=subjects.ids(kind))
    for email in Email.objects.filter(about).order_by("pk"):
        yield Entry(at=email.sent_at, kind="email", actor="mail", what=f"email “{email.kind}” sent")


def _of_people(subjects: Subjects, events: Iterable[GatewayEvent]) -> Iterator[Entry]:
    """What platform admins did by hand: replays, looks at the gateway."""
    about = Q()
    for model, ids in ((GatewayEvent, [e.pk for e in events]), (Payment, subjects.ids("payment"))):
        kind = Q(content_type__app_label=model._meta.app_label, content_type__model=model._meta.model_name)
        about |= kind & Q(object_id__in=[str(pk) for pk in ids])
    for entry in LogEntry.objects.filter(about).order_by("pk"):
        yield Entry(
            at=entry.action_time,
            kind="person",
            actor=admin_actor(entry.user_id),
            what=entry.object_repr,
            why=entry.get_change_message(),
        )
