"""The fields of the hotels' API, as its callers send and see them."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from holdfast.web.answers import Problem, SlotOut
from holdfast.web.fields import Count, Day, Email, Id, MayBeNull, PlainText, Text
from holdfast.web.paging import Paging

STATUS = Literal[
    "DRAFT",
    "PENDING_PAYMENT",
    "PENDING_APPROVAL",
    "CONFIRMED",
    "CHECKED_IN",
    "CHECKED_OUT",
    "DECLINED",
    "CANCELLED",
    "EXPIRED",
    "NO_SHOW",
]
PAYMENT_STATUS = Literal[
    "PENDING", "SUCCESS", "FAILED", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED", "AUTHORIZED"
]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), PlainText, MayBeNull]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), PlainText, MayBeNull]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), PlainText, MayBeNull]


class Hotel(Schema):
    slug: str
    name: str
    timezone: str
    country: str
    currency: str
    email: str
    phone: str


class SeasonOut(Schema):
    first_night: str
    last_night: str = Field(description="the date on which the last night begins")
    price: str = Field(description="of a night")
    minimum_stay: int | None


class RoomTypeOut(Schema):
    id: int
    name: str
    description: str
    image: str | None
    rooms: int = Field(description="how many there are")
    price: str = Field(description="of a night, but in a season")
    currency: str
    occupancy: int
    minimum_stay: int
    maximum_stay: int
    check_in_from: str
    check_out_until: str
    seasons: list[SeasonOut]


class HotelWithRooms(Hotel):
    room_types: list[RoomTypeOut]


class LineOut(Schema):
    """``kind`` is service, fee, discount or tax; a tax that is within the prices has an amount of 0."""

    kind: str
    title: str
    amount: str


class RoomOnOffer(Schema):
    """``available`` rooms are free in all of the nights. ``total`` is null where the stay is not sold, and
    ``reason`` says why: taken, past, too_soon, too_far, too_short, too_long or too_many_guests.
    """

    id: int
    name: str
    available: int
    total: str | None
    currency: str
    nights: int
    lines: list[LineOut]
    reason: str | None


class Availability(Schema):
    check_in: str
    check_out: str
    guests: int
    room_types: list[RoomOnOffer]


class Asked(Schema):
    check_in: Day
    check_out: Day
    guests: Count = 1


class BookRoom(Schema):
    """A room of a type from one day to another. With ``submit`` false it is a draft, which holds nothing."""

    room_type: Id
    check_in: Day
    check_out: Day
    guests: Count = 1
    guest_name: Text
    guest_email: Email
    guest_phone: Phone = ""
    promo_code: Short = ""
    redirect_url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), MayBeNull] = ""
    submit: bool = True


class StaySlot(SlotOut):
    """A stay as long that is free: from its arrival to its departure."""

    check_in: str
    check_out: str


class StayProblem(Problem):
    """No room is left; these stays are nearest."""

    nearest_slots: list[StaySlot]


class RoomBooking(Schema):
    """How a booking stands and what is paid for it: what its reference alone opens.

    With ``charged_at_once`` the card is charged when it is paid; else it is only authorized then, and charged
    when the hotel confirms. ``pay_by`` is until when its room is kept unpaid, ``answer_by`` until when the
    hotel answers.
    """

    booking_id: str
    status: STATUS
    hotel: str = Field(description="the slug")
    total: str
    currency: str
    charged_at_once: bool
    pay_by: str | None
    answer_by: str | None
    payment_provider: str | None
    payment_reference: str | None
    payment_intent_id: str | None
    payment_authorized_at: str | None
    paid_at: str | None
    decision_made_at: str | None
    created_at: str
    updated_at: str


class RoomTypeBooked(Schema):
    id: int
    name: str


class GuestBooking(RoomBooking):
    """The same with all that the guest's key opens."""

    guest_name: str
    guest_email: str
    guest_phone: str
    room_type: RoomTypeBooked
    room: str | None
    check_in: str
    check_out: str
    nights: int
    guests: int
    promo_code: str
    lines: list[LineOut]
    reason: str | None
    checked_in_at: str | None
    checked_out_at: str | None


class StaffBooking(GuestBooking):
    """The same with who of the hotel has decided."""

    decision_made_by: str | None


class Session(Schema):
    """Stripe's page, or another gateway's. ``status`` is created also where the session was open already."""

    session_id: str
    payment_url: str
    status: Literal["created"] = "created"
    amount: str
    currency: str
    charged_at_once: bool


class PayForRoom(Schema):
    """``method`` is one of the hotel's gateways, if not its first."""

    method: Short = ""


class Verified(Schema):
    booking_id: str
    status: STATUS
    payment_status: PAYMENT_STATUS
    amount: str
    currency: str


class StayPreview(Schema):
    refund: str
    currency: str
    percent: int


class StayCanceled(StayPreview):
    booking_id: str
    status: STATUS


class StaffFilter(Paging):
    """Narrows a hotel's list: to a status, to arrivals or departures between two dates (both included), and
    by ``q`` to a booking's reference or a guest's name or address.
    """

    status: STATUS | None = None
    arrives_from: Day | None = None
    arrives_to: Day | None = None
    leaves_from: Day | None = None
    leaves_to: Day | None = None
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""


class Decline(Schema):
    reason: Note = ""


class CheckIn(Schema):
    """``room`` is the id of a free one; without it the first that is free is given."""

    room: Id | None = None


class RoomOut(Schema):
    id: int
    name: str


class FreeRooms(Schema):
    booking_id: str
    rooms: list[RoomOut]
