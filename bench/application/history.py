"""A past: one booking that was made and paid as all are, and as many copies of its rows as are wanted.

The floor is measured on tables that are not empty, and so are we. Copies are made by the server, with
triggers and foreign keys at rest: a hundred thousand take seconds, and a new column needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.db.models import Model
from django.db.transaction import atomic

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Resource
from holdfast.orders.models import Due, Line, Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Customer, Transition

FIRST_ID = 10_000_001  # the copies' ids; what is booked later counts from 1
# 200 copies abreast, one of each resource, and an hour further back for every 200.
EARLIER = "(n / 200 + 1) * interval '1 hour'"
# What of each row differs from copy to copy, as SQL; n is the id that all rows of one copy share.
DIFFERS: Mapping[type[Model], dict[str, str]] = {
    Customer: {"id": "n", "user_id": "NULL"},
    Order: {"id": "n", "uuid": "gen_random_uuid()", "customer_id": "n"},
    Line: {
        "id": "n",
        "order_id": "n",
        "starts_at": f"one.starts_at - {EARLIER}",
        "ends_at": f"one.ends_at - {EARLIER}",
    },
    Due: {"id": "n", "order_id": "n"},
    Allocation: {
        "id": "n",
        "owner": "'line:' || n",
        "shared_by": "'line:' || n",
        "resource_id": "resources[n % 200 + 1]",
        "period": f"tstzrange(lower(one.period) - {EARLIER}, upper(one.period) - {EARLIER})",
    },
    Payment: {
        "id": "n",
        "uuid": "gen_random_uuid()",
        "order_id": "n",
        "due_id": "n",
        "reference": "'PAST_ORDER_' || n",
    },
    Transaction: {"id": "n", "payment_id": "n", "key": "'purchase-' || n"},
    Booking: {
        "line_id": "n",
        "customer_id": "n",
        "reference": "'PAST_BOOKING_' || n",
        "starts_at": f"one.starts_at - {EARLIER}",
        "ends_at": f"one.ends_at - {EARLIER}",
    },
    Transition: {"id": f"n * 16 + one.id - {FIRST_ID} * 16 + {FIRST_ID}", "subject_id": "n"},
}


def copy_the_only_booking(times: int, *, after: int = 0, of: int | None = None) -> None:
    """Fill the tables with copies of the one booking that has been made so far, ``after`` so many others.

    Each has a customer of its own, who cannot sign in, or all are ``of`` this one.
    """
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model, differs in DIFFERS.items():
            if of is None or model is not Customer:
                whose = {"customer_id": str(of)} if of and "customer_id" in differs else {}
                cursor.execute(_copies(model, differs | whose), [FIRST_ID + after, FIRST_ID + after + times])


def _copies(model: type[Model], differs: dict[str, str]) -> str:
    """The statement that copies every row of one table that is not a copy."""
    meta = model._meta
    assert meta.pk is not None, "every table of ours has a key"
    changes = ", ".join(f"'{column}', {value}" for column, value in differs.items())
    return f"""
        WITH every AS (SELECT array_agg(id ORDER BY name) AS resources FROM "{Resource._meta.db_table}")
        INSERT INTO "{meta.db_table}" SELECT copy.* FROM every, "{meta.db_table}" one,
            generate_series(%s, %s - 1) n,
            LATERAL jsonb_populate_record(one, jsonb_build_object({changes})) copy
        WHERE one."{meta.pk.column}" < {FIRST_ID}
    """.replace("n % 200", "n %% 200")
