"""Money that waits on a person, the ways out of that, and finding out what happened to a payment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from holdfast.catalog.queries import businesses_run_by
from holdfast.flows.accepting import accept_as_payment
from holdfast.flows.changing import who_acts
from holdfast.flows.gateways import gateway_labels
from holdfast.flows.mail_again import send_again
from holdfast.flows.reconciliation import look_at
from holdfast.flows.refunds import ask_anew, give_back_what_waits, leave_to_a_person, record_refund
from holdfast.flows.webhooks import payment_of, replay, set_aside
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict
from holdfast.kernel.wording import amount_in_words
from holdfast.notifications.models import Email
from holdfast.orders.models import Order
from holdfast.payments.models import GatewayAccount, Payment, Transaction
from holdfast.payments.queries import BY_HAND
from holdfast.platform.db import transaction
from holdfast.platform.models import GatewayEvent, User

from . import rows
from .entry import acting_at_the_desk, at_the_desk
from .saying import answer
from .scope import bookings_open_to, findings_for, money_waiting_for, payments_open_to
from .views import show_booking, show_payment
from .ways_out import ways_out_of

SHOWN = 50
NOTE_AT_MOST = 40
# What an email is about, seen from its order.
ORDER_OF = {"booking": "lines__booking", "payment": "payments", "due": "dues"}


@dataclass(frozen=True)
class Unmatched:
    """A gateway's call about a payment that is not known here."""

    row: int
    at: datetime
    gateway: str
    business: str
    reference: str


@at_the_desk
def money(request: HttpRequest, user: User) -> HttpResponse:
    """All money that waits on a person, with what can be done about each."""
    return show_money(request, user)


def show_money(request: HttpRequest, user: User, *, said: str = "", status: int = 200) -> HttpResponse:
    """The same, with what has just been ``said`` to whoever wanted to do something about it."""
    waiting = money_waiting_for(user).select_related("order__business", "due")
    payments = list(waiting[:SHOWN])
    ways = ways_out_of(payments)
    told = {
        "waiting": list(zip(rows.waiting(payments), (ways[one.pk] for one in payments), strict=True)),
        "more": max(0, waiting.count() - SHOWN),
        "unmatched": _unmatched(list(unmatched_for(user)[:SHOWN])),
        "findings": findings_for(user)[:SHOWN],
        "said": said,
    }
    return render(request, "desk/money.html", told, status=status)


def unmatched_for(user: User) -> QuerySet[GatewayEvent]:
    """Calls to the accounts of the businesses that this user runs, about payments that nobody knows."""
    accounts = GatewayAccount.objects.filter(business__in=businesses_run_by(user))
    return GatewayEvent.objects.filter(result="unknown", account_id__in=accounts.values("pk")).order_by("-pk")


@acting_at_the_desk
def do_to_payment(request: HttpRequest, user: User, reference: str, what: str) -> HttpResponse:
    """One of PAYMENT_ACTS, for whoever runs the business."""
    payment = get_object_or_404(payments_open_to(user), reference=reference)
    return _answer(request, user, payment, lambda: PAYMENT_ACTS[what](payment, user, utc_now()))


@acting_at_the_desk
def do_to_refund(request: HttpRequest, user: User, refund: int, what: str) -> HttpResponse:
    """One of REFUND_ACTS, for whoever runs the business."""
    movement = get_object_or_404(
        Transaction.objects.filter(kind="refund", payment__in=payments_open_to(user)), pk=refund
    )
    payment = payments_open_to(user).get(pk=movement.payment_id)
    note = request.POST.get("note", "").strip()[:NOTE_AT_MOST]
    by = who_acts(user, payment.order.business_id)
    return _answer(
        request, user, payment, lambda: REFUND_ACTS[what](movement, by=by, note=note, now=utc_now())
    )


@acting_at_the_desk
def replay_event(request: HttpRequest, user: User, event: int) -> HttpResponse:
    """Have the worker settle once more what a gateway's call was about; twice changes nothing."""
    found = get_object_or_404(GatewayEvent, pk=event)
    payment = payment_of(found)
    if payment is None or payment.account_id != found.account_id:
        found = get_object_or_404(unmatched_for(user), pk=event)
        return _answer(
            request, user, None, lambda: _replay(found, user, who_acts(user, _account_of(found).business_id))
        )
    payment = get_object_or_404(payments_open_to(user), pk=payment.pk)
    by = who_acts(user, payment.order.business_id)
    return _answer(request, user, payment, lambda: _replay(found, user, by))


@acting_at_the_desk
def set_event_aside(request: HttpRequest, user: User, event: int) -> HttpResponse:
    """Say that a call about an unknown payment is none of ours."""
    found = get_object_or_404(unmatched_for(user), pk=event)

    def do() -> str:
        with transaction():
            set_aside(found, by=who_acts(user, _account_of(found).business_id))
            _remember(user, found, "Set aside")
        return "It is set aside."

    return _answer(request, user, None, do)


@acting_at_the_desk
def mail_again(request: HttpRequest, user: User, email: int) -> HttpResponse:
    """Send an email about a booking, a payment or a due once more."""
    found = get_object_or_404(Email, pk=email, subject_kind__in=ORDER_OF)
    theirs = Order.objects.filter(business__in=businesses_run_by(user))
    order = get_object_or_404(theirs, **{ORDER_OF[found.subject_kind]: found.subject_id})
    payment = payments_open_to(user).filter(order=order).order_by("-wins", "-pk").first()

    def do() -> str:
        with transaction():
            send_again(found, by=who_acts(user, order.business_id))
            _remember(user, found, f"The email “{found.kind}” is sent again")
        return "The email is sent again, in a moment."

    return _answer(request, user, payment, do)


def _answer(request: HttpRequest, user: User, payment: Payment | None, do: Callable[[], str]) -> HttpResponse:
    """Back to the page that the form was on: a booking's, a payment's, or the list of what waits."""
    booking = bookings_open_to(user).filter(reference=request.POST.get("booking", "")).first()
    if booking is not None:
        then, page = reverse("desk:booking", args=[booking.reference]), show_booking
        reference = booking.reference
    elif payment is not None and request.POST.get("from") != "money":
        then, page = reverse("desk:payment", args=[payment.reference]), show_payment
        reference = payment.reference
    else:
        return answer(
            request,
            user,
            do,
            then=reverse("desk:money"),
            shown=lambda said, status: show_money(request, user, said=said, status=status),
        )
    return answer(
        request,
        user,
        do,
        then=then,
        shown=lambda said, status: page(request, user, reference, said=said, status=status),
    )


def _look(payment: Payment, user: User, now: datetime) -> str:
    if payment.account.gateway == BY_HAND:
        raise Conflict("No gateway has this money: somebody here has taken it by hand.")
    is_clear = look_at(payment.pk, now=now)
    _remember(user, payment, "Asked the gateway")
    payment.refresh_from_db()
    if not is_clear:
        return "The gateway has not answered. It is asked again by itself."
    return f"The gateway was asked: the payment is {payment.state}, and the books agree."


def _give_back(payment: Payment, user: User, now: datetime) -> str:
    amount = give_back_what_waits(payment.pk, by=who_acts(user, payment.order.business_id), now=now)
    return f"{amount_in_words(amount)} of {payment.reference} goes back."


def _accept(payment: Payment, user: User, now: datetime) -> str:
    accepted = accept_as_payment(payment.pk, by=who_acts(user, payment.order.business_id), now=now)
    if accepted.missing:
        return f"It counts as payment. {amount_in_words(accepted.missing)} is still asked for."
    return f"It counts as payment. {amount_in_words(accepted.over)} too much goes back."


def _made(refund: Transaction, *, by: str, note: str, now: datetime) -> str:
    record_refund(refund.pk, by=by, now=now, note=note)
    return f"{amount_in_words(refund.money)} is written down as given back."


def _anew(refund: Transaction, *, by: str, note: str, now: datetime) -> str:
    ask_anew(refund.pk, by=by, now=now)
    return f"The gateway is asked again to give {amount_in_words(refund.money)} back."


def _by_hand(refund: Transaction, *, by: str, note: str, now: datetime) -> str:
    leave_to_a_person(refund.pk, by=by, now=now)
    return f"{amount_in_words(refund.money)} is now for you to give back: say so here when you have."


PAYMENT_ACTS: dict[str, Callable[[Payment, User, datetime], str]] = {
    "look": _look,
    "return": _give_back,
    "accept": _accept,
}
REFUND_ACTS: dict[str, Callable[..., str]] = {"made": _made, "anew": _anew, "owed": _by_hand}


def _replay(event: GatewayEvent, user: User, by: str) -> str:
    with transaction():
        replay(event, by=by)
        _remember(user, event, "Replayed")
    return "The gateway is asked once more what became of it, in a moment."


def _remember(user: User, row: GatewayEvent | Payment | Email, what: str) -> None:
    """Keep who did what has no transition of its own; the timeline tells it."""
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=what,
    )


def _account_of(event: GatewayEvent) -> GatewayAccount:
    assert event.account_id is not None  # what it was chosen by
    return GatewayAccount.objects.select_related("business").get(pk=event.account_id)


def _unmatched(events: Sequence[GatewayEvent]) -> list[Unmatched]:
    accounts = GatewayAccount.objects.select_related("business")
    known = accounts.in_bulk({event.account_id for event in events if event.account_id is not None})
    businesses = {pk: account.business for pk, account in known.items()}
    return [
        Unmatched(
            row=event.pk,
            at=event.received_at.astimezone(businesses[event.account_id].zone),
            gateway=gateway_labels().get(event.gateway, event.gateway),
            business=businesses[event.account_id].name,
            reference=event.reference or event.refund_reference,
        )
        for event in events
    ]
