"""The timeline of an order: all that happened to it, its payments and its bookings, with who and why.

Nine queries, however much has happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db.models import Q

from holdfast.booking.models import Booking, Rescheduling
from holdfast.notifications.models import Email
from holdfast.orders.models import Due, Redemption
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import GatewayEvent, Transition

from .actors import admin_actor, gateway_actor, staff_actor


@dataclass(frozen=True)
class Entry:
    """One thing that happened. ``before`` and ``after`` are empty where no state changed.

    A transition is of a ``subject`` and an ``event``, as its lifecycle names them. A gateway's call and an
    email have the id of their ``row``, if that can be handled or sent again.
    """

    at: datetime
    kind: str  # transition, event, money, promo, email, person
    actor: str
    what: str
    before: str = ""
    after: str = ""
    why: str = ""
    subject: str = ""
    event: str = ""
    row: int | None = None


# What happened at the same moment is told in this order: the cause before what followed from it.
ORDER = ("person", "event", "transition", "promo", "money", "email")


def timeline_of(order_id: int) -> list[Entry]:
    """All that happened around an order, oldest first."""
    subjects = _subjects_of(order_id)
    transitions = _transitions(subjects)
    born = {t.subject_id for t in transitions if t.subject == "transaction" and t.seq == 0}
    events, emails = _events(subjects), _emails(subjects)
    told = [
        *(_of_transition(transition, subjects) for transition in transitions),
        *(_of_event(event) for event in events),
        *_of_promos(order_id, transitions),
        *(_of_money(movement) for movement in subjects.movements if movement.pk not in born),
        *(_of_email(email) for email in emails),
        *_of_people(subjects, events, emails),
    ]
    return sorted(told, key=lambda entry: (entry.at, ORDER.index(entry.kind)))


@dataclass(frozen=True)
class Subjects:
    """The rows that an order's timeline is about; names are by the subject's kind and id."""

    order_id: int
    payments: list[Payment]
    movements: list[Transaction]
    names: Mapping[tuple[str, int], str]

    def ids(self, kind: str) -> list[int]:
        return [pk for named, pk in self.names if named == kind]


def _subjects_of(order_id: int) -> Subjects:
    bookings = Booking.objects.filter(line__order_id=order_id)
    moves = Rescheduling.objects.filter(booking__line__order_id=order_id).select_related("booking")
    payments = list(Payment.objects.filter(order_id=order_id).select_related("account"))
    movements = list(
        Transaction.objects.filter(payment__order_id=order_id)
        .select_related("payment__account")
        .order_by("pk")
    )
    names = {
        ("order", order_id): f"order {order_id}",
        **{("payment", payment.pk): f"payment {payment.reference}" for payment in payments},
        **{("booking", booking.pk): f"booking {booking}" for booking in bookings},
        **{("rescheduling", move.pk): f"move of {move} UTC" for move in moves},
        **{("transaction", moved.pk): f"{moved.kind} of {moved.money}" for moved in movements},
    }
    return Subjects(order_id, payments, movements, names)


def _transitions(subjects: Subjects) -> list[Transition]:
    about = Q()
    for kind in ("order", "payment", "booking", "rescheduling", "transaction"):
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
        subject=transition.subject,
        event=transition.event,
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
        row=event.pk if event.verified else None,
    )


def _of_money(movement: Transaction) -> Entry:
    """A movement that the gateway told us of, or whoever took the money: it has no transition of its own."""
    return Entry(
        at=movement.created_at,
        kind="money",
        actor=movement.payment.recorded_by or gateway_actor(movement.payment.account.gateway),
        what=f"{movement.kind} of {movement.money}",
        after=movement.state,
        why=movement.reason or movement.word,
    )


def _of_promos(order_id: int, transitions: Iterable[Transition]) -> Iterator[Entry]:
    """Uses of a promo code, by whoever moved the order then: the use came and went with that."""
    movers = {told.at: told for told in transitions if told.subject == "order"}
    for use in Redemption.objects.filter(order_id=order_id).select_related("promo").order_by("pk"):
        name = f"promo code {use.promo}, use {use.n}"
        for at, what in ((use.redeemed_at, "redeem"), (use.given_back_at, "give back")):
            if at is not None:
                by = movers.get(at)
                told = (by.actor, by.reason) if by else ("", "")
                yield Entry(at=at, kind="promo", actor=told[0], what=f"{name}: {what}", why=told[1])


def _emails(subjects: Subjects) -> list[Email]:
    about = Q()
    for kind in ("payment", "booking"):
        about |= Q(subject_kind=kind, subject_id__in=subjects.ids(kind))
    dues = Due.objects.filter(order=subjects.order_id).values("pk")
    about |= Q(subject_kind="due", subject_id__in=dues)
    return list(Email.objects.filter(about, sent_at__isnull=False).order_by("pk"))


def _of_email(email: Email) -> Entry:
    assert email.sent_at is not None  # what they are chosen by
    what, again = f"email “{email.kind}” sent", email.pk if email.told else None
    return Entry(at=email.sent_at, kind="email", actor="mail", what=what, row=again)


def _of_people(
    subjects: Subjects, events: Iterable[GatewayEvent], emails: Iterable[Email]
) -> Iterator[Entry]:
    """What people did by hand: replays, looks at the gateway, mail sent again; and in the admin, all else."""
    about = Q()
    by_hand = (
        (GatewayEvent, [event.pk for event in events]),
        (Payment, subjects.ids("payment")),
        (Transaction, subjects.ids("transaction")),
        (Booking, subjects.ids("booking")),
        (Email, [email.pk for email in emails]),
    )
    for model, ids in by_hand:
        kind = Q(content_type__app_label=model._meta.app_label, content_type__model=model._meta.model_name)
        about |= kind & Q(object_id__in=[str(pk) for pk in ids])
    for entry in LogEntry.objects.filter(about).select_related("user").order_by("pk"):
        acts = admin_actor if entry.user.is_superuser else staff_actor
        yield Entry(
            at=entry.action_time,
            kind="person",
            actor=acts(entry.user_id),
            what=entry.object_repr,
            why=entry.get_change_message(),
        )
