"""Questions about payments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due
from holdfast.platform.models import Transition
from holdfast.platform.prepared import Prepared

from .models import CAME_FIRST, GatewayAccount, Payment, Transaction

BY_HAND = "offline"
TABLE = Payment._meta.db_table


def account_for(business_id: int, *, gateway: str = "") -> GatewayAccount | None:
    """The business's account at a gateway, or its first; test money never stands in for live.

    What a person takes is recorded, and never begun here.
    """
    if gateway:
        return _AT_A_GATEWAY.first(business=business_id, gateway=gateway)
    return _FIRST_ACCOUNT.first(business=business_id)


def _accounts_of(business: Any) -> QuerySet[GatewayAccount]:
    accounts = GatewayAccount.objects.filter(business=business, active=True).exclude(gateway=BY_HAND)
    return accounts.select_related("business").order_by("mode", "position", "id")


_FIRST_ACCOUNT = Prepared(lambda business: _accounts_of(business)[:1])
_AT_A_GATEWAY = Prepared(lambda business, gateway: _accounts_of(business).filter(gateway=gateway)[:1])


def accounts_at(gateway: str) -> QuerySet[GatewayAccount]:
    """Every account at one gateway; a webhook picks its own among them by what it was signed with.

    Those that take no new payments too: their old ones are still under way.
    """
    return GatewayAccount.objects.filter(gateway=gateway)


def payment_by_reference(reference: str) -> Payment | None:
    return _BY_REFERENCE.first(reference=reference)


_BY_REFERENCE = Prepared(
    lambda reference: Payment.objects.select_related("order__customer", "due").filter(reference=reference)
)


def payment_at_its_gateway(reference: str) -> Payment | None:
    """The payment whose money goes by this name at its gateway."""
    first = Transaction.objects.filter(CAME_FIRST, gateway_reference=reference)
    found = first.select_related("payment__order__customer", "payment__due").order_by("pk").first()
    return None if found is None else found.payment


def payments_of(order_id: int) -> QuerySet[Payment]:
    return Payment.objects.filter(order_id=order_id).order_by("id")


def open_dues(order_id: int) -> QuerySet[Due]:
    """What an order asks for and has not been paid, as ``Payment.has_paid`` says it; the earliest first."""
    paid_once = Q(due__kind__in=COMES_LATER, won_at__isnull=False, captured__gt=0)
    paying = Payment.objects.filter(Q(wins=True) | paid_once, due=OuterRef("pk"))
    asked = Due.objects.filter(~Exists(paying), order=order_id, withdrawn_at=None)
    return asked.select_related("order").order_by("due_at", "pk")


def is_only_reserved(order_id: int) -> bool:
    """Whether what an order asked for first, all of it or a deposit, has been reserved and not taken."""
    first = Payment.objects.filter(order=order_id, wins=True).exclude(due__kind__in=COMES_LATER)
    return first.filter(state="authorized").exists()


def due_for_a_look(*, now: datetime, limit: int, lease: timedelta) -> list[int]:
    """Claim the payments whose next look is due, and put that off by ``lease``.

    One statement with SKIP LOCKED, so that any number of sweeps share the work. If the sweep dies, the
    lease runs out and another takes over.
    """
    # An array is read once. A subquery that is joined may be read for every row, and each time it would skip
    # what we have just claimed and lock the next, past the limit.
    sql = f"""
        UPDATE "{TABLE}" SET next_look_at = %s WHERE id = ANY (ARRAY(
            SELECT id FROM "{TABLE}" WHERE next_look_at <= %s
            ORDER BY next_look_at LIMIT %s FOR UPDATE SKIP LOCKED
        )) RETURNING id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [now + lease, now, limit])
        return sorted(row[0] for row in cursor.fetchall())


def may_look_now(payment_id: int, *, now: datetime, every: timedelta) -> bool:
    """Whether nobody has asked the gateway about this payment for a moment; if so, we are asking now."""
    sql = f"""
        UPDATE "{TABLE}" SET looked_at = %s
        WHERE id = %s AND (looked_at IS NULL OR looked_at < %s)
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, payment_id, now - every])
        return bool(cursor.rowcount == 1)


def take_in_hand(movement: Transaction, *, until: datetime, now: datetime) -> bool:
    """Whether nobody else is asking the gateway about this movement; if so, we are now.

    One that has moved since it was read is not ours either: it may be over, and another made in its place.
    If we die, the lease runs out and another takes over.
    """
    free = Q(in_hand_until=None) | Q(in_hand_until__lte=now)
    mine = Transaction.objects.filter(free, pk=movement.pk, seq=movement.seq)
    return mine.update(in_hand_until=until) == 1


def keep_in_hand(movement: Transaction, *, until: datetime, longer: datetime) -> bool:
    """Make our lease a longer one. False: somebody has taken it over."""
    return Transaction.objects.filter(pk=movement.pk, in_hand_until=until).update(in_hand_until=longer) == 1


def put_down(movement: Transaction, *, until: datetime) -> bool:
    """We are not asking about it any more. False: somebody has taken it over meanwhile, and keeps it."""
    return Transaction.objects.filter(pk=movement.pk, in_hand_until=until).update(in_hand_until=None) == 1


def asked_by(movement: Transaction) -> str:
    """Who asked for a movement of money, as its first transition says."""
    births = Transition.objects.filter(subject="transaction", subject_id=movement.pk, seq=0)
    return births.values_list("actor", flat=True).get()
