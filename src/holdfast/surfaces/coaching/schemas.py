"""The fields of the coaching API, as its callers send and see them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from holdfast.web.answers import SlotOut
from holdfast.web.fields import Amount, Clock, Day, MayBeNull, PlainText

from .terms import CREATED, MARKED

STATUS = Literal["pending", "paid", "confirmed", "done", "canceled"]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), PlainText, MayBeNull]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), PlainText, MayBeNull]


def _written_id(said: Any) -> Any:
    """A payment's name, or its number."""
    return str(said) if isinstance(said, int) and not isinstance(said, bool) else said


PaymentName = Annotated[
    Short, BeforeValidator(_written_id), WithJsonSchema({"type": ["string", "integer", "null"]})
]


class Coach(Schema):
    id: int
    name: str
    profile: str
    business: str = Field(description="the slug")


class Course(Schema):
    id: int
    title: str
    description: str
    price: str
    currency: str
    duration: int = Field(description="minutes")
    is_class: bool
    places: int = Field(description="how many may take part at once")
    languages: list[str]
    image: str | None
    business: str = Field(description="the slug")
    timezone: str
    coach: Coach | None


class CourseSlot(SlotOut):
    places_left: int


class CourseDay(Schema):
    date: str
    timezone: str
    slots: list[CourseSlot]


class CourseSpan(Schema):
    from_: str = Field(alias="from")
    to: str
    timezone: str
    slots: list[CourseSlot]


class Create(Schema):
    """A time of a course, by the business's clock."""

    date: Day
    start_time: Clock
    note: Note = ""

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.date, time.fromisoformat(self.start_time))


class Created(Schema):
    success: Literal[True] = True
    message: str = CREATED
    booking_id: int
    start_datetime: str
    end_datetime: str
    status: STATUS
    reserved_until: str | None = Field(description="when an unpaid time is freed, by the business's clock")


class BookingOut(Schema):
    """Times are by the business's clock, in ``timezone``. ``reason`` says which it is where a
    ``status`` may mean several things."""

    id: int
    user_name: str
    coach_name: str
    course_title: str
    start_datetime: str
    end_datetime: str
    date: str
    start_time: str
    end_time: str
    status: STATUS
    created_at: str
    reference: str
    reason: str | None
    timezone: str
    price: str
    currency: str


class Bookings(Schema):
    bookings: list[BookingOut]
    count: int
    next: str | None
    previous: str | None


class MarkPaid(Schema):
    """The payment that has paid, by what ``pay/`` called it. What is said of its method proves nothing."""

    payment_id: PaymentName = ""
    payment_method: Short = ""


class Changed(Schema):
    success: Literal[True] = True
    message: str
    booking_id: int
    status: STATUS


class Marked(Changed):
    message: str = MARKED
    payment_id: str | None
    payment_method: str


class Canceled(Changed):
    refund: str
    currency: str
    percent: int


class Pay(Schema):
    payment_method: Short = ""


class Started(Schema):
    success: Literal[True] = True
    booking_id: int
    payment_id: str
    payment_url: str
    amount: str
    currency: str
    status: Literal["pending"] = "pending"


class Record(Schema):
    """Money that was taken by hand; ``note`` is a receipt's or a transfer's number."""

    amount: Annotated[Amount, Field(gt=0)]
    payment_method: Literal["cash", "bank_transfer"] = "cash"
    note: Short = ""


class Recorded(Changed):
    payment_id: str
    amount: str
    currency: str
    recorded_by: str


class Reject(Schema):
    reason: Note = ""
