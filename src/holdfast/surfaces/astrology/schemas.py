"""The fields of the consultation API, as its callers send and see them."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, StringConstraints

from holdfast.web.birth import BirthDetails
from holdfast.web.fields import Clock, Day, Id, MayBeNull


class BookWithPayment(BirthDetails):
    """What is needed to hold a consultation and start its payment. Date and time: the business's zone."""

    service: Id
    preferred_date: Day
    preferred_time: Clock
    redirect_url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=150), MayBeNull] = ""

    @property
    def time(self) -> time:
        return time.fromisoformat(self.preferred_time)


class ServiceOut(Schema):
    id: int
    title: str
    description: str
    price: str
    currency: str
    duration: int = Field(description="minutes")
    languages: list[str]
    image: str | None


class PaymentOut(Schema):
    payment_url: str
    merchant_order_id: str
    amount: int = Field(description="paisa")
    amount_in_rupees: str


class RedirectUrls(Schema):
    success: str
    failure: str


class ConsultationStartedData(Schema):
    payment: PaymentOut
    service: ServiceOut
    redirect_urls: RedirectUrls


class ConsultationStarted(Schema):
    success: Literal[True] = True
    message: str
    data: ConsultationStartedData


class BookedService(Schema):
    title: str
    price: str


class ConsultationOut(Schema):
    astro_book_id: str
    payment_id: UUID | None
    service: BookedService
    preferred_date: date
    preferred_time: str
    status: str
    contact_email: str
    contact_phone: str


class OwnConsultationOut(ConsultationOut):
    """What the customer and the business see beyond the public confirmation."""

    merchant_order_id: str | None
    language: str
    birth_place: str
    birth_date: str
    birth_time: str
    gender: str
    questions: str


class ConfirmationData(Schema):
    booking: ConsultationOut


class Confirmation(Schema):
    success: Literal[True] = True
    data: ConfirmationData


class OwnBooking(Schema):
    success: Literal[True] = True
    data: OwnConsultationOut


class Reschedule(Schema):
    """Another time for a booking, by the business's clock."""

    preferred_date: Day
    preferred_time: Clock

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.preferred_date, time.fromisoformat(self.preferred_time))


class CancelPreview(Schema):
    """What canceling now would give back."""

    refund: str
    currency: str
    percent: int


class ConsultationCanceledData(CancelPreview):
    astro_book_id: str
    status: str


class ConsultationCanceled(Schema):
    success: Literal[True] = True
    data: ConsultationCanceledData


class StatusData(Schema):
    merchant_order_id: str
    payment_status: str
    astro_book_id: str | None
    reason: str | None


class Status(Schema):
    success: Literal[True] = True
    data: StatusData
