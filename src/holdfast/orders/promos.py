"""Using promo codes, and giving uses back. Every use has a number, taken under the lock of its code."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from holdfast.kernel.errors import PromoUsedUp
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer

from .models import Order, PromoCode, Redemption

PROMOS, USES = PromoCode._meta.db_table, Redemption._meta.db_table


@transaction_required
def redeem(promo: PromoCode, *, order: Order, customer: Customer, now: datetime) -> Redemption:
    """Use a promo code for an order. Raises PromoUsedUp at its limit, in all or of this customer.

    The code's row is locked, so that rivals take their numbers one after the other; unique numbers are the
    last word. Comes before pools and allocations are locked, and the transaction should end soon after.
    """
    _lock(promo.pk)
    redemption = _take_a_number(promo, order=order, customer=customer, now=now)
    if redemption is None:
        raise PromoUsedUp
    return redemption


@transaction_required
def give_back_redemption(order: Order, now: datetime) -> None:
    """Let somebody else have this order's use of a promo code, if it has one. The caller has its lock."""
    Redemption.objects.filter(order=order, given_back_at=None).update(given_back_at=now)


@transaction_required
def redeem_again(order: Order, now: datetime) -> bool:
    """Have for a late order the use of a promo code that it once had, if it had one.

    Whether it may go on at its price: no, if the code has been used up by others meanwhile. Whether the code
    is still valid does not matter: it was when the order was placed. The caller has the order's lock.
    """
    if order.is_cart and not order.promo_code:
        return True  # a cart's last use may be of a code that it was placed without since
    uses = Redemption.objects.filter(order=order).select_related("promo", "customer")
    last = uses.order_by("-id").first()
    if last is None or last.given_back_at is None:
        return True
    _lock(last.promo_id)
    return _take_a_number(last.promo, order=order, customer=last.customer, now=now) is not None


def _lock(promo_id: int) -> None:
    """``NO KEY``: whoever only refers to the code passes."""
    list(PromoCode.objects.select_for_update(no_key=True).filter(pk=promo_id).values_list("pk"))


def _free_number(number: str, uses: str, limit: str) -> str:
    """SQL for the number of the next use among those that stand; NULL at the limit.

    It is the one after the highest, at the cost of one look into an index. Only when that is above the limit
    are the others counted, and the lowest that was given back is taken. Counted, because the limit may have
    been lowered beneath numbers that stand.
    """
    standing = f'SELECT {number} FROM "{USES}" WHERE {uses} AND given_back_at IS NULL'
    following = f"(SELECT COALESCE(max({number}), 0) + 1 FROM ({standing}) AS s)"
    gap = f"(SELECT min(g) FROM (SELECT generate_series(1, {limit}) AS g EXCEPT {standing}) AS free)"
    return f"""
        CASE WHEN {limit} IS NULL OR {following} <= {limit} THEN {following}
             WHEN (SELECT count(*) FROM ({standing}) AS s) < {limit} THEN {gap} END
    """


TAKE_A_NUMBER = f"""
    INSERT INTO "{USES}" (promo_id, order_id, customer_id, n, m, redeemed_at)
    SELECT id, %(order)s, %(customer)s, n, m, %(now)s FROM (
        SELECT p.id,
            {_free_number("n", "promo_id = p.id", "p.total_limit")} AS n,
            {_free_number("m", "promo_id = p.id AND customer_id = %(customer)s", "p.per_customer_limit")} AS m
        FROM "{PROMOS}" AS p WHERE p.id = %(promo)s
    ) AS free WHERE n IS NOT NULL AND m IS NOT NULL
    RETURNING id, n, m
"""


def _take_a_number(promo: PromoCode, *, order: Order, customer: Customer, now: datetime) -> Redemption | None:
    """Write the next use down, in one statement; None at a limit.

    A statement sees what was committed before it began, so it must not be the one that waits for the lock.
    """
    values: dict[str, int | datetime] = {
        "promo": promo.pk,
        "order": order.pk,
        "customer": customer.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_A_NUMBER, values)
        row = cursor.fetchone()
    if row is None:
        return None
    pk, n, m = row
    return Redemption(pk=pk, promo=promo, order=order, customer=customer, n=n, m=m, redeemed_at=now)
