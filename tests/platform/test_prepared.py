"""A query that is written once finds what the ORM would find, whenever and with whatever it is run."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.catalog.models import Business, Offering
from holdfast.orders.actions import lock
from holdfast.orders.models import Order
from holdfast.payments.models import GatewayAccount
from holdfast.platform.db import transaction
from holdfast.platform.moves import born
from holdfast.platform.prepared import Prepared
from holdfast.platform.rows import insert
from tests.support.practice import CREDENTIALS, NOW, Practice, held, payment_of
from tests.support.racing import race
from tests.support.statements import count_statements


def offering_of(practice: Practice, title: str) -> Offering:
    return Offering.objects.create(
        business=practice.business, trade="astrology", title=title, price=1, duration=timedelta(hours=1)
    )


def by_title() -> Prepared[Offering]:
    return Prepared(lambda title: Offering.objects.filter(title=title).select_related("business"))


def test_other_values_find_other_rows(practice: Practice) -> None:
    one, two = offering_of(practice, "One"), offering_of(practice, "Two")
    query = by_title()

    found = [query(title=title) for title in ("One", "Two", "Three", "One")]

    assert found == [[one], [two], [], [one]]
    assert query.first(title="Three") is None


def test_relations_come_along_and_fields_are_read_as_ever(practice: Practice) -> None:
    query: Prepared[GatewayAccount] = Prepared(
        lambda business: GatewayAccount.objects.filter(business=business).select_related("business")
    )
    query(business=practice.business.pk)

    with count_statements() as statements:
        account = query.first(business=practice.business.pk)
        assert account is not None
        seen: Any = (account.business, account.credentials, account.mode)

    assert seen == (practice.business, CREDENTIALS, "test")
    assert len(statements) == 1


def test_what_is_found_can_be_saved_and_does_not_count_as_new(practice: Practice) -> None:
    offering = by_title().first(title=practice.offering.title)
    assert offering is not None

    offering.title = "Another"
    offering.save()

    assert list(Offering.objects.values_list("title", flat=True)) == ["Another"]


def test_threads_share_what_was_written(practice: Practice) -> None:
    titles = [f"Number {number}" for number in range(8)]
    for title in titles:
        offering_of(practice, title)
    query = by_title()

    def title_found(title: str) -> str:
        return query(title=title)[0].title

    found = race([partial(title_found, title) for title in titles])

    assert sorted(str(title) for title in found) == titles


def test_a_locked_row_is_locked_and_a_missing_one_is_said_to_be(practice: Practice) -> None:
    order = payment_of(held(practice)).order

    with transaction(), count_statements() as statements:
        assert lock(order.pk) == order
        with pytest.raises(Order.DoesNotExist):
            lock(order.pk + 1)

    assert all("FOR UPDATE" in statement for statement in statements if statement != "BEGIN")


def test_inserted_rows_have_their_ids_in_order_and_are_as_the_orm_would_write_them(db: None) -> None:
    made = [
        Business(slug=f"b{n}", name="B", timezone="UTC", country="IN", currency="INR", return_origins=["x"])
        for n in range(3)
    ]

    insert(made)

    assert [Business.objects.get(pk=one.pk).slug for one in made] == ["b0", "b1", "b2"]
    assert Business.objects.values().get(pk=made[0].pk) == {
        **Business.objects.values().get(pk=made[1].pk),
        "id": made[0].pk,
        "slug": "b0",
    }
    assert not made[0]._state.adding


def test_a_row_is_born_only_in_its_flows_transaction(practice: Practice) -> None:
    with pytest.raises(AssertionError, match="born needs its flow's transaction"):
        born([Order()], by="nobody", at=NOW)

    assert not Order.objects.exists()
