"""The times to which a booking can be moved at the desk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Package
from holdfast.desk.possible import times_on
from tests.support.carts import comes_in, filled, wanted
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import FAR, SOON


@pytest.mark.spec("DESK-3", "PUJ-1")
def test_a_booking_of_a_longer_package_is_offered_times_that_are_free_for_all_of_it(
    practice: Practice, sandbox: Sandbox
) -> None:
    longer = Package.objects.create(
        offering=practice.offering, name="At home", price=299_900, duration=timedelta(hours=2)
    )
    cart = filled(wanted(practice.offering, "10:00", package=longer))
    comes_in(sandbox, cart.place())
    comes_in(sandbox, filled(wanted(practice.offering, "15:00")).place())

    found = times_on(Booking.objects.get(line__order=cart.cart_id), date.fromisoformat(FAR), now=SOON)

    clocks = [f"{one:%H:%M}" for one in found]
    assert "13:00" in clocks
    assert {"13:30", "14:00", "14:30"}.isdisjoint(clocks)
