"""Lists of bookings: whose they are is a question for an index, however many there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import QuerySet

from holdfast.booking.models import Booking
from holdfast.catalog.models import Member, Provider
from holdfast.flows.bookings import bookings_seen_by
from holdfast.platform.customers import customer_of
from holdfast.platform.db import transaction
from holdfast.platform.models import User
from tests.support.practice import Practice, new_user

CONDITIONS = {
    "": ["customer_id"],
    Member.Role.STAFF: ["customer_id", "business_id"],
    Member.Role.PROVIDER: ["customer_id", "provider_id"],
}


def someone(practice: Practice, role: str) -> User:
    """A customer, who may be a member of the business as well."""
    user = new_user()
    Provider.objects.filter(resource=practice.person).update(user=user)
    if role:
        Member.objects.create(business=practice.business, user=user, role=role)
    with transaction():
        customer_of(user)
    return user


def plan_of(rows: QuerySet[Booking]) -> str:
    """How the rows would be found if there were very many: a few are always read one after the other."""
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        return rows.values("pk").order_by().explain()


@pytest.mark.spec("AST-7", "BC-17")
@pytest.mark.parametrize("role", CONDITIONS)
def test_bookings_are_found_in_an_index_by_whose_they_are(practice: Practice, role: str) -> None:
    user = someone(practice, role)

    plan = plan_of(bookings_seen_by(user, trade="astrology"))

    for column in CONDITIONS[role]:
        assert f"Index Cond: ({column} = " in plan, plan
    assert "Join" not in plan, plan
    assert "Nested Loop" not in plan, plan
