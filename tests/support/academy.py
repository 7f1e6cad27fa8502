"""An academy with two coaches: lessons that one has alone, and a class that pupils share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from holdfast.availability.models import WeeklyHours
from holdfast.booking.models import Booking
from holdfast.catalog.models import Member, Offering, Provider, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.approval import approve_booking
from holdfast.flows.checkout import Choice, Wish, reserve
from holdfast.flows.paying import Checkout
from holdfast.flows.paying_for import pay_for
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.coaching.terms import TERMS, TRADE
from tests.support.practice import DAY, Api, Practice, new_user
from tests.support.sandbox import Sandbox

A = "/booking/api"
PRICE = 150_000
PLACES = 3


@dataclass
class Academy:
    """One business. The coach gives ``lesson``, ``longer`` (with a buffer) and the class ``yoga``."""

    practice: Practice
    coach: User
    other_coach: User
    lesson: Offering
    longer: Offering
    yoga: Offering

    def create(self, api: Api, course: Offering | None = None, *, at: str = "10:00") -> Any:
        """The documented request."""
        path = f"{A}/course/{(course or self.lesson).pk}/create/"
        return api.send(path, {"date": DAY, "start_time": at})

    def reserved(
        self,
        user: User,
        *,
        at: str = "10:00",
        now: datetime | None = None,
        course: Offering | None = None,
        day: str = DAY,
    ) -> Booking:
        """A booking that waits for its payment."""
        offering = Offering.objects.select_related("business").get(pk=(course or self.lesson).pk)
        choice = Choice(offering, datetime.fromisoformat(f"{day}T{at}"), {"contact_email": user.email})
        held = reserve(Wish((choice,), "", TERMS), by=Shopper(user, "192.0.2.1"), now=now or utc_now())
        return held.bookings[0]

    def begun(self, booking: Booking, *, now: datetime | None = None, anew: bool = False) -> Checkout:
        """A payment of it that is open at the gateway."""
        user = booking.customer.user
        assert user is not None
        return pay_for(booking.pk, by=Shopper(user, None), trade=TRADE, now=now or utc_now(), anew=anew)

    def paid(
        self, sandbox: Sandbox, user: User, *, at: str = "10:00", now: datetime | None = None
    ) -> Booking:
        """A booking that waits for its coach."""
        booking = self.reserved(user, at=at, now=now)
        checkout = self.begun(booking, now=now)
        sandbox.settle(checkout.reference)
        settle(Payment.objects.get(reference=checkout.reference).pk, now=now or utc_now())
        return Booking.objects.get(pk=booking.pk)

    def accepted(
        self, sandbox: Sandbox, user: User, *, at: str = "10:00", now: datetime | None = None
    ) -> Booking:
        """A booking that is on."""
        booking = self.paid(sandbox, user, at=at, now=now)
        approve_booking(booking.reference, by=self.coach, trade=TRADE, now=now or utc_now())
        return Booking.objects.get(pk=booking.pk)


def academy_of(practice: Practice) -> Academy:
    coach, user = _coach(practice, "The coach", "Ten years on the mat.")
    _, other = _coach(practice, "The other coach", "")
    places = Resource.objects.create(
        business=practice.business,
        kind=Resource.Kind.PLACES,
        name="Mats",
        capacity=PLACES,
        keeps_hours=False,
    )
    return Academy(
        practice=practice,
        coach=user,
        other_coach=other,
        lesson=_course(practice, "Yoga alone", coach),
        longer=_course(practice, "Breathing", coach, buffer_before=timedelta(minutes=30)),
        yoga=_course(practice, "Yoga Pemula", coach, places),
    )


def _coach(practice: Practice, name: str, profile: str) -> tuple[Resource, User]:
    user = new_user(name=name)
    Member.objects.create(business=practice.business, user=user, role=Member.Role.PROVIDER)
    person = Resource.objects.create(business=practice.business, kind=Resource.Kind.PERSON, name=name)
    Provider.objects.create(resource=person, user=user, profile=profile)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=person, weekday=day, opens=time(9), closes=time(19)) for day in range(7)
    )
    return person, user


def _course(practice: Practice, title: str, *resources: Resource, **more: Any) -> Offering:
    offering = Offering.objects.create(
        business=practice.business,
        trade=TRADE,
        title=title,
        price=PRICE,
        duration=timedelta(hours=1),
        horizon=timedelta(days=400),
        **more,
    )
    offering.resources.add(*resources)
    return offering
