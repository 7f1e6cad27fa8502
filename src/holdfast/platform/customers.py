"""Customers: who buys."""

from __future__ import annotations

from django.db import connection

from .db import transaction_required
from .models import Customer, User


@transaction_required
def customer_of(user: User) -> Customer:
    """The customer that a signed-in user is, made on first need, and locked until the transaction ends.

    The lock lets one checkout of a customer at a time count what that customer holds.
    """
    table = Customer._meta.db_table
    sql = f"""
        INSERT INTO "{table}" AS kept (user_id, name, email, phone, created_at)
        VALUES (%s, %s, %s, '', now())
        ON CONFLICT (user_id) DO UPDATE SET email = EXCLUDED.email
        RETURNING kept.id, kept.name, kept.phone
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk, user.name, user.email])
        pk, name, phone = cursor.fetchone()
    return Customer(pk=pk, user=user, name=name, email=user.email, phone=phone)
