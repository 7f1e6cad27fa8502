"""The fields of the puja API, as its callers send and see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    WrapValidator,
)

from holdfast.web.birth import Gender, Phone, Questions
from holdfast.web.fields import (
    Amount,
    Birthday,
    Clock,
    Day,
    EitherClock,
    Email,
    Id,
    MayBeNull,
    PlainText,
    Text,
)
from holdfast.web.slots import SlotQuery

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), PlainText, MayBeNull]


def _capitals(said: Any) -> Any:
    return said.strip().upper() if isinstance(said, str) else said


def _one_of_both_ids(said: Any) -> Any:
    """A cart's number, also written as text, or its uuid."""
    if isinstance(said, str) and said.strip().isdecimal() and said.isascii():
        return int(said)
    return said


def _refused_in_our_words(said: Any, read: Callable[[Any], int | UUID]) -> int | UUID:
    """One finding in place of one for each kind of id, which would be named by the types that were tried."""
    try:
        return read(said)
    except ValidationError:
        raise ValueError("Write the cart's id or its cart_id.") from None


CartId = Annotated[Id | UUID, BeforeValidator(_one_of_both_ids), WrapValidator(_refused_in_our_words)]


class PackageOut(Schema):
    id: int
    name: str
    price: str
    currency: str
    location: str
    language: str
    duration: int = Field(description="minutes")
    description: str


class ServiceInCart(Schema):
    id: int
    title: str
    description: str
    category: str
    price: str
    currency: str
    duration: int = Field(description="minutes")
    languages: list[str]
    image: str | None


class PujaOut(ServiceInCart):
    packages: list[PackageOut]


class CategoryOut(Schema):
    name: str
    services: int


class CategoriesOut(Schema):
    categories: list[CategoryOut]


class PackageSlotQuery(SlotQuery):
    """As everywhere; ``package`` is the one that must fit."""

    package: Id | None = None


class AddressIn(Schema):
    """Where a puja is to be held, or what for it is to be sent."""

    address_line1: Text
    address_line2: Line = ""
    city: Text
    state: Line = ""
    postal_code: Line = ""
    country: Line = ""


class ItemIn(Schema):
    """A puja in one of its packages, or a consultation with the birth details. Times: the business's zone."""

    service_type: Literal["PUJA", "ASTROLOGY"]
    puja_service: Id | None = None
    package_id: Id | None = None
    astrology_service: Id | None = None
    selected_date: Day
    selected_time: EitherClock
    address: AddressIn | None = None
    language: Text | None = None
    birth_place: Text | None = None
    birth_date: Birthday | None = None
    birth_time: Clock | None = None
    gender: Gender | None = None
    questions: Questions = ""
    contact_email: Email | None = None
    contact_phone: Phone | None = None

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.selected_date, time.fromisoformat(self.selected_time))


class PromoIn(Schema):
    promo_code: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), PlainText
    ]


class ProcessCart(Schema):
    """Which cart is to be paid. ``amount``, if it is said, must be its total."""

    cart_id: CartId
    method: Annotated[str, StringConstraints(max_length=40), BeforeValidator(_capitals), PlainText] = (
        "PHONEPE"
    )
    amount: Amount | None = None
    redirect_url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=150), MayBeNull] = ""


class NewTime(Schema):
    """Another time for a booking, by the business's clock, and why."""

    selected_date: Day
    selected_time: EitherClock
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), PlainText, MayBeNull] = (
        ""
    )

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.selected_date, time.fromisoformat(self.selected_time))


class Chosen(Schema):
    """What is wanted, and when."""

    service_type: Literal["PUJA", "ASTROLOGY"]
    puja_service: ServiceInCart | None
    package: PackageOut | None
    astrology_service: ServiceInCart | None
    selected_date: date
    selected_time: str


class ItemOut(Chosen):
    id: int
    title: str
    price: str


class CartOut(Schema):
    """A cart. What is wanted first stands in the cart itself as well, and all of it in ``items``."""

    id: int
    cart_id: UUID
    user: int
    service_type: Literal["PUJA", "ASTROLOGY"] | None
    puja_service: ServiceInCart | None
    package: PackageOut | None
    astrology_service: ServiceInCart | None
    selected_date: date | None
    selected_time: str | None
    status: str
    items: list[ItemOut]
    promo_code: str
    currency: str
    subtotal: str
    discount: str
    total_price: str
    note: str
    created_at: datetime
    updated_at: datetime


class CartPayment(Schema):
    """A payment that is open. Where nothing is to pay there is none, and the booking is made already."""

    success: Literal[True] = True
    payment_id: int | None
    transaction_id: str | None
    merchant_transaction_id: str | None
    amount: str
    currency: str
    payment_url: str
    status: str
    cart_id: int


class PaymentSeen(Schema):
    id: int
    transaction_id: str
    merchant_transaction_id: str
    cart_id: int
    amount: str
    currency: str
    method: str
    status: str
    reason: str | None
    bookings: list[str]
    payment_url: str | None
    created_at: datetime


class UserOut(Schema):
    id: int
    email: str


class CartOfBooking(Schema):
    cart_id: UUID
    total_price: str


class PujaBooking(Chosen):
    id: int
    book_id: str
    user: UserOut | None
    cart: CartOfBooking
    title: str
    status: str
    total_amount: str
    currency: str
    merchant_transaction_id: str | None
    created_at: datetime
    address: AddressIn | None
    reschedule_reason: str


class Checked(Schema):
    """Whether a payment has become a booking. ``success`` says that its money is in."""

    success: bool
    payment_status: str
    booking_created: bool


class Booked(Checked):
    booking: PujaBooking


class NotBooked(Checked):
    message: str


class PujaCancelPreview(Schema):
    """What canceling now would give back."""

    refund: str
    currency: str
    percent: int


class PujaCanceled(PujaCancelPreview):
    success: Literal[True] = True
    book_id: str
    status: str
