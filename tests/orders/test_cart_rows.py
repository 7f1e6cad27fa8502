"""Carts as rows: what is in them, what they were placed with, and what of that still stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection

from holdfast.catalog.models import Offering, Package
from holdfast.kernel.errors import MoveRefused
from holdfast.kernel.period import Period
from holdfast.orders.actions import Item, Placed, place, withdraw_all
from holdfast.orders.carts import carts_of_user, changed, items_of, open_cart, put
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.queries import owners_of, quote_of, services_for, services_of, totals_of
from holdfast.platform.db import transaction
from tests.orders.shop import DAYS, LATER, NOW, TERMS, new_customer, ordered
from tests.support.practice import new_user

STARTS = NOW + 3 * DAYS


def a_cart(offering: Offering, **over: Any) -> Order:
    with transaction():
        cart = open_cart(
            business=offering.business,
            customer=over.pop("customer", None) or new_customer(),
            trade="puja",
            terms=TERMS,
            address=None,
            by="nobody",
            now=NOW,
        )
        put(cart, offering, starts_at=STARTS, details={}, now=NOW)
    return cart


def placed_cart(cart: Order, offering: Offering, *, now: Any = NOW) -> Placed:
    with transaction():
        return place(
            [Item(offering, Period(STARTS, STARTS + timedelta(hours=1)))],
            customer=cart.customer,
            terms=TERMS,
            quote=quote_of([offering]),
            return_base="",
            address=None,
            by="nobody",
            now=now,
            cart=cart,
        )


def reopened(cart: Order) -> Order:
    with transaction():
        cart.move("reopen", by="clock", at=LATER, expires_at=None)
    return cart


def test_an_offering_is_sold_at_its_packages_price_and_length_and_stays_what_it_was(
    offering: Offering,
) -> None:
    package = Package(offering=offering, name="At home", price=5, duration=timedelta(hours=3))

    sold = offering.sold_as(package)

    assert (sold.pk, sold.price, sold.duration, sold.package) == (
        offering.pk,
        5,
        timedelta(hours=3),
        package,
    )
    assert sold.title == f"{offering.title} (At home)"
    assert (offering.price, offering.package) == (199_900, None)
    assert sold.business is offering.business  # not read anew


def test_a_package_without_a_length_takes_as_long_as_its_offering(offering: Offering) -> None:
    assert offering.sold_as(Package(offering=offering, name="Basic", price=1)).duration == offering.duration


def test_a_package_of_no_time_is_refused(offering: Offering) -> None:
    with pytest.raises(IntegrityError, match="a_package_takes_time"):
        Package.objects.create(offering=offering, name="Nothing", price=1, duration=timedelta(0))


@pytest.mark.spec("PUJ-2")
def test_whoever_knows_nothing_of_uuids_places_orders_that_have_one(offering: Offering) -> None:
    order = ordered(offering)

    stored = Order.objects.get(pk=order.pk)

    assert isinstance(stored.uuid, UUID)
    assert (stored.is_cart, stored.promo_code) == (False, "")


def test_a_cart_asks_for_nothing_before_it_is_placed(offering: Offering) -> None:
    cart = a_cart(offering)

    assert (cart.state, cart.total, cart.is_cart) == ("open", 0, True)
    assert [item.sold.title for item in items_of([cart])] == [offering.title]
    assert not Line.objects.exists()
    assert not Due.objects.exists()


@pytest.mark.spec("PUJ-5")
def test_a_cart_that_is_placed_anew_asks_for_the_new_price_alone(offering: Offering) -> None:
    cart = a_cart(offering)
    first = placed_cart(cart, offering)
    offering.price += 100

    second = placed_cart(reopened(cart), offering, now=LATER)

    assert Order.objects.get(pk=cart.pk).total == second.due.amount == 200_000
    assert list(services_of(cart)) == [second.line]
    assert owners_of(cart) == [second.line.owner]
    assert totals_of(cart) == {second.line.pk: 200_000}
    assert list(Due.objects.filter(withdrawn_at=None)) == [second.due]
    assert list(services_for(Due.objects.get(pk=first.due.pk))) == [first.line]
    assert list(services_for(second.due)) == [second.line]


@pytest.mark.spec("PUJ-5")
def test_a_change_withdraws_what_a_cart_was_placed_with(offering: Offering) -> None:
    cart = a_cart(offering)
    placed = placed_cart(cart, offering)
    reopened(cart)

    with transaction():
        changed(cart, now=LATER, promo_code="SUMMER")

    stored = Order.objects.get(pk=cart.pk)
    assert (stored.total, stored.promo_code, stored.updated_at) == (0, "SUMMER", LATER)
    assert not services_of(cart).exists()
    assert list(services_for(Due.objects.get(pk=placed.due.pk))) == [placed.line]


def test_a_cart_that_is_placed_is_not_placed_again(offering: Offering) -> None:
    cart = a_cart(offering)
    placed_cart(cart, offering)

    with pytest.raises(MoveRefused):
        placed_cart(cart, offering, now=LATER)

    assert Line.objects.filter(withdrawn_at=None).count() == 1
    assert Due.objects.filter(withdrawn_at=None).count() == 1


def test_two_first_dues_of_one_order_cannot_stand(offering: Offering) -> None:
    cart = a_cart(offering)
    placed = placed_cart(cart, offering)
    Due.objects.filter(pk=placed.due.pk).update(withdrawn_at=LATER)
    Due.objects.create(order=cart, kind="full", amount=1, due_at=LATER)

    with pytest.raises(IntegrityError, match="one_first_due_an_order"):
        Due.objects.create(order=cart, kind="full", amount=1, due_at=LATER)

    assert connection.is_usable()


def test_what_is_withdrawn_stays_as_it_was_withdrawn_first(offering: Offering) -> None:
    cart = a_cart(offering)
    placed_cart(cart, offering)
    reopened(cart)

    for now in (LATER, LATER + DAYS):
        with transaction():
            withdraw_all(cart, now=now)

    assert list(Line.objects.values_list("withdrawn_at", flat=True)) == [LATER]
    assert list(Due.objects.values_list("withdrawn_at", flat=True)) == [LATER]


@pytest.mark.spec("PUJ-2")
def test_a_user_sees_carts_and_no_other_orders_and_none_that_was_deleted(offering: Offering) -> None:
    customer = new_customer()
    customer.user = new_user()
    customer.save()
    old, new, deleted = (a_cart(offering, customer=customer) for _ in range(3))
    ordered(offering, customer=customer)
    a_cart(offering)
    with transaction():
        deleted.move("cancel", by="nobody", at=LATER)

    assert list(carts_of_user(customer.user, trade="puja")) == [new, old]
    assert not carts_of_user(customer.user, trade="astrology").exists()
