"""Bookings and moves that wait: nobody edits them; whoever runs the platform may answer for a business."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from holdfast.booking.models import Booking, Rescheduling
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.recording import Taken, record_payment
from holdfast.kernel.clock import utc_now

from .acting import acting, ask, do_to_each, only_one
from .asking_forms import MoneyTakenForm, ReasonForm
from .common import Rows, StateFilter, money
from .timeline import WithTimeline


@admin.register(Booking)
class BookingPage(WithTimeline):
    list_display = ("reference", "business", "customer", "provider", "starts_at", "state", "answer_by")
    list_filter = (StateFilter, "trade", "business", "starts_at", "answer_by")
    list_select_related = ("business", "customer", "provider__resource")
    search_fields = ("reference", "customer__email", "customer__name", "line__order__payments__reference")
    date_hierarchy = "starts_at"
    ordering = ("-line",)
    actions = ("accept", "decline", "record_money")

    def order_id_of(self, row: Booking) -> int:
        return row.line.order_id

    @admin.action(description="Accept")
    def accept(self, request: HttpRequest, bookings: Rows) -> None:
        """Accept the chosen bookings for their businesses; money that is only reserved is taken now."""

        def act(booking: Booking) -> str:
            approve_booking(booking.reference, by=acting(request), trade=booking.trade, now=utc_now())
            return f"{booking} is accepted."

        do_to_each(self, request, bookings, act, done="Accepted")

    @admin.action(description="Decline, and give the money back")
    def decline(self, request: HttpRequest, bookings: Rows) -> HttpResponse | None:
        """Decline the chosen bookings for their businesses; each customer is told the reason."""
        told = ask(self, request, bookings, ReasonForm, action="decline", title="Decline these bookings?")
        if isinstance(told, HttpResponse):
            return told
        why = told.cleaned_data["reason"]

        def act(booking: Booking) -> str:
            by = acting(request)
            decline_booking(booking.reference, by=by, trade=booking.trade, now=utc_now(), why=why)
            return f"{booking} is declined, and its money goes back."

        do_to_each(self, request, bookings, act, done=f"Declined: {why}")
        return None

    @admin.action(description="Record money taken by hand")
    def record_money(self, request: HttpRequest, bookings: Rows) -> HttpResponse | None:
        """Somebody has paid in cash or to the bank what the chosen booking's order asks for next."""
        booking = only_one(self, request, bookings)
        if booking is None:
            return None
        title = f"What has been paid for {booking}, and how?"
        told = ask(self, request, bookings, MoneyTakenForm, action="record_money", title=title)
        if isinstance(told, HttpResponse):
            return told

        def act(booking: Booking) -> str:
            given = told.cleaned_data
            taken = Taken(told.money_in(booking.business.currency), given["method"], given["note"])
            by = acting(request)
            payment = record_payment(booking.reference, taken, by=by, trade=booking.trade, now=utc_now())
            return f"{payment.money} for {booking} is recorded as {payment.reference}."

        do_to_each(self, request, bookings, act, done="Recorded money taken by hand")
        return None


@admin.register(Rescheduling)
class ReschedulingPage(WithTimeline):
    """Moves to a dearer time: held until the difference has been paid, or the hold ends."""

    list_display = ("booking", "was_at", "starts_at", "difference", "state", "expires_at", "by")
    list_filter = (StateFilter, "booking__trade", "booking__business", "created_at")
    list_select_related = ("booking__business",)
    search_fields = ("booking__reference", "due__payments__reference")
    ordering = ("-id",)
    fields = (
        "booking",
        "due",
        "offering",
        "provider",
        "starts_at",
        "ends_at",
        "difference",
        "state",
        "by",
        "created_at",
        "expires_at",
    )

    def order_id_of(self, row: Rescheduling) -> int:
        return row.booking.line.order_id

    @admin.display(description="booking is at", ordering="booking__starts_at")
    def was_at(self, move: Rescheduling) -> Any:
        return move.booking.starts_at

    @admin.display(description="dearer by", ordering="dearer_by")
    def difference(self, move: Rescheduling) -> str:
        return money(move.dearer_by, move.booking.business.currency)
