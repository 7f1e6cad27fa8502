"""What can be done about money that waits on a person: each a form of one button."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from holdfast.flows.accepting import fits
from holdfast.flows.movements import OPEN
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.payments.models import BY_HAND_AND_OPEN, REFUSED, Payment, Transaction

KINDS = {
    "authorize": "Reserved",
    "capture": "Taken of what was reserved",
    "purchase": "Taken",
    "void": "Set free",
    "refund": "Given back",
    "refund_failed": "A refund that failed after all",
    "reversal": "Left without us",
    "dispute": "Withdrawn by a bank: its customer disputes it",
    "dispute_won": "Came back: the dispute was won",
}
STATES = {
    "owed": "waits for its turn",
    "pending": "under way",
    "unknown": "the gateway has not answered yet",
    "succeeded": "done",
    "failed": "refused",
}


@dataclass(frozen=True)
class Way:
    """A button: where it leads, what it says, and what comes of it. ``note`` labels a text beside it."""

    to: str
    label: str
    means: str
    note: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Movement:
    """One movement of money, in words."""

    at: datetime
    what: str
    amount: str
    state: str
    why: str
    key: str


def movements_of(payment: Payment, zone: ZoneInfo) -> list[Movement]:
    """What has moved within a payment, or is to, oldest first."""
    return [
        Movement(
            at=moved.created_at.astimezone(zone),
            what=KINDS[moved.kind],
            amount=amount_in_words(Money(moved.amount, payment.currency)),
            state=f"{STATES[moved.state]}, by hand" if moved.by_hand else STATES[moved.state],
            why=moved.reason or moved.word,
            key=moved.key,
        )
        for moved in payment.transactions.order_by("pk")
    ]


def ways_out_of(payments: Sequence[Payment]) -> Mapping[int, list[Way]]:
    """For each payment what can be done about its money, with two queries for all of them."""
    ways: dict[int, list[Way]] = defaultdict(list)
    by_payment: dict[int, list[Transaction]] = defaultdict(list)
    for movement in _of_a_person([payment.pk for payment in payments]):
        by_payment[movement.payment_id].append(movement)
    set_free = _being_set_free([payment.pk for payment in payments])
    for payment in payments:
        movements = by_payment[payment.pk]
        ways[payment.pk] = [way for moved in movements for way in _of_movement(moved, payment)]
        if payment.pk not in set_free and all(moved.by_hand for moved in movements):
            ways[payment.pk] += _of_payment(payment)
    return ways


def _of_a_person(payments: Sequence[int]) -> list[Transaction]:
    """Refunds that somebody is to make, and those that were refused and not made anew."""
    later = Transaction.objects.filter(payment=OuterRef("payment"), kind="refund", pk__gt=OuterRef("pk"))
    waits = Q(BY_HAND_AND_OPEN) | Q(REFUSED, ~Exists(later))
    return list(Transaction.objects.filter(waits, payment__in=payments).order_by("pk"))


def _being_set_free(payments: Sequence[int]) -> set[int]:
    voids = Transaction.objects.filter(kind=Transaction.Kind.VOID, state__in=OPEN, payment__in=payments)
    return set(voids.values_list("payment", flat=True))


def _of_movement(moved: Transaction, payment: Payment) -> list[Way]:
    amount = amount_in_words(Money(moved.amount, payment.currency))
    if moved.by_hand:
        made = Way(
            _to("refund_made", moved.pk),
            f"{amount} has been given back",
            "You have given it back yourself, in cash or by transfer. The books say so then.",
            note="Receipt or transfer number",
        )
        return [made]
    if payment.refunding or moved.amount > payment.left:
        return []
    return [
        Way(
            _to("refund_anew", moved.pk),
            f"Send {amount} back again",
            "The gateway refused it. It is asked once more.",
        ),
        Way(
            _to("refund_owed", moved.pk),
            f"Give {amount} back by hand",
            "The gateway is not asked any more: you owe it to the customer.",
            quiet=True,
        ),
    ]


def _of_payment(payment: Payment) -> list[Way]:
    """Of money that pays for nothing; what a refused refund is about has its own ways out."""
    if payment.wins or not payment.kept:
        return []
    kept, asked = amount_in_words(payment.kept), amount_in_words(payment.money)
    if payment.is_reserved:
        return [Way(_to("return_payment", payment.reference), f"Set {kept} free", "It was never taken.")]
    back = Way(
        _to("return_payment", payment.reference),
        f"Give {kept} back",
        "It goes back the way it came, all of it.",
        quiet=fits(payment),
    )
    if not fits(payment):
        return [back]
    rest = "what is missing is asked for" if payment.captured < payment.amount else "the rest goes back"
    means = f"{asked} was asked for. The booking stands then, and {rest}."
    return [Way(_to("accept_payment", payment.reference), f"Take {kept} as the payment", means), back]


def _to(name: str, subject: int | str) -> str:
    return reverse(f"desk:{name}", args=[subject])
