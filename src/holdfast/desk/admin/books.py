"""The books: orders, their money and their bookings. All of it can be read, and none of it edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from holdfast.booking.models import Booking
from holdfast.flows.reconciliation import look_at
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.timeline import timeline_of
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict
from holdfast.orders.models import Due, Line, Order
from holdfast.payments.models import Payment, Transaction

from .common import ReadOnlyInline, ReadOnlyPage, Rows, StateFilter, money, who

LOOKS_AT_ONCE = 20  # each is a call to a gateway, and the page waits for all of them


class WithTimeline(ReadOnlyPage):
    """A page whose row belongs to an order, with all that happened around it below."""

    change_form_outer_after_template = "desk/admin_timeline.html"

    def order_id_of(self, row: Any) -> int:
        return int(row.order_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = timeline_of(self.order_id_of(row)) if row is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "timeline": told})


class PaymentAmounts:
    """A payment's columns as money; the columns themselves are minor units."""

    @admin.display(description="amount", ordering="amount")
    def asked(self, payment: Payment) -> str:
        return str(payment.money)

    @admin.display(description="captured", ordering="captured")
    def took(self, payment: Payment) -> str:
        return money(payment.captured, payment.currency)

    @admin.display(description="being refunded", ordering="refunding")
    def gives_back(self, payment: Payment) -> str:
        return money(payment.refunding, payment.currency)

    @admin.display(description="refunded", ordering="refunded")
    def gave_back(self, payment: Payment) -> str:
        return money(payment.refunded, payment.currency)


class TransactionAmounts:
    @admin.display(description="amount", ordering="amount")
    def moved(self, transaction: Transaction) -> str:
        return str(transaction.money)


class LineAmounts:
    @admin.display(description="price", ordering="price")
    def costs(self, line: Line) -> str:
        return money(line.price, line.order.currency)

    @admin.display(description="tax", ordering="tax")
    def taxed(self, line: Line) -> str:
        return money(line.tax, line.order.currency)


class LineInline(LineAmounts, ReadOnlyInline):
    model = Line
    fields = ("kind", "title", "costs", "starts_at", "ends_at", "provider", "details")


class PaymentInline(PaymentAmounts, ReadOnlyInline):
    model = Payment
    fields = ("reference", "state", "asked", "took", "gave_back", "wins", "quarantined")


class TransactionInline(TransactionAmounts, ReadOnlyInline):
    model = Transaction
    fields = ("kind", "state", "moved", "key", "gateway_reference", "word", "reason", "created_at")


@admin.register(Order)
class OrderPage(WithTimeline):
    list_display = ("id", "business", "customer", "trade", "asked", "state", "reason", "created_at")
    list_filter = (StateFilter, "reason", "trade", "business", "created_at")
    list_select_related = ("business", "customer")
    search_fields = ("=id", "payments__reference", "customer__email", "customer__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        "business",
        "customer",
        "trade",
        "state",
        "reason",
        "asked",
        "expires_at",
        "created_at",
        "return_base",
        "address",
        "terms_placed",
    )
    inlines = (LineInline, PaymentInline)

    def order_id_of(self, row: Order) -> int:
        return row.pk

    @admin.display(description="total", ordering="total")
    def asked(self, order: Order) -> str:
        return money(order.total, order.currency)


@admin.register(Line)
class LinePage(LineAmounts, ReadOnlyPage):
    list_display = ("id", "order", "title", "kind", "costs", "starts_at", "ends_at")
    list_filter = ("kind", "order__business", "starts_at")
    list_select_related = ("order",)
    search_fields = ("title", "=order__id", "booking__reference")
    fields = (
        "order",
        "kind",
        "of",
        "offering",
        "provider",
        "title",
        "costs",
        "tax_rate",
        "taxed",
        "starts_at",
        "ends_at",
        "details",
    )
    ordering = ("-id",)


@admin.register(Due)
class DuePage(ReadOnlyPage):
    list_display = ("id", "order", "kind", "asks", "due_at", "withdrawn_at")
    list_filter = ("kind", "order__business", "due_at")
    list_select_related = ("order",)
    search_fields = ("=order__id", "payments__reference")
    fields = ("order", "kind", "asks", "due_at", "withdrawn_at")
    ordering = ("-id",)

    @admin.display(description="amount", ordering="amount")
    def asks(self, due: Due) -> str:
        return str(due.money)


@admin.register(Booking)
class BookingPage(WithTimeline):
    list_display = ("reference", "business", "customer", "provider", "starts_at", "state")
    list_filter = (StateFilter, "trade", "business", "starts_at")
    list_select_related = ("business", "customer", "provider__resource")
    search_fields = ("reference", "customer__email", "customer__name", "line__order__payments__reference")
    date_hierarchy = "starts_at"
    ordering = ("-line",)

    def order_id_of(self, row: Booking) -> int:
        return row.line.order_id


@admin.register(Payment)
class PaymentPage(PaymentAmounts, WithTimeline):
    list_display = ("reference", "business", "gateway", "asked", "took", "gave_back", "state", "wins")
    list_filter = (
        StateFilter,
        "wins",
        "quarantined",
        "account__gateway",
        "account__mode",
        "order__business",
        "created_at",
    )
    list_select_related = ("account", "order__business")
    search_fields = ("reference", "gateway_reference", "transactions__key", "order__customer__email")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        "reference",
        "gateway_reference",
        "uuid",
        "order",
        "due",
        "account",
        "state",
        "reason",
        "asked",
        "took",
        "gives_back",
        "gave_back",
        "wins",
        "quarantined",
        "created_at",
        "expires_at",
        "looked_at",
        "next_look_at",
    )
    inlines = (TransactionInline,)
    actions = ("look_now", "give_back")

    @admin.action(description="Look at the gateway now")
    def look_now(self, request: HttpRequest, payments: Rows) -> None:
        """Settle the chosen payments by their gateway's word, as the reconciler would."""
        chosen = list(payments[: LOOKS_AT_ONCE + 1])
        for payment in chosen[:LOOKS_AT_ONCE]:
            self.log_change(request, payment, "Looked at the gateway")
            look_at(payment.pk, now=utc_now())
            payment.refresh_from_db()
            self.message_user(request, f"{payment.reference} is {payment.state}.")
        if len(chosen) > LOOKS_AT_ONCE:
            only = f"Only the first {LOOKS_AT_ONCE} were looked at: each is a call to a gateway."
            self.message_user(request, only, messages.WARNING)

    @admin.action(description="Give back money that pays nothing")
    def give_back(self, request: HttpRequest, payments: Rows) -> None:
        """Send back what the chosen payments have taken without paying for anything: quarantined, mostly."""
        for payment in payments:
            try:
                amount = give_back_what_waits(payment.pk, by=who(request), now=utc_now())
            except Conflict as no:
                self.message_user(request, no.message, messages.WARNING)
                continue
            self.log_change(request, payment, f"Gave back {amount}")
            self.message_user(request, f"{amount} of {payment.reference} goes back.")

    @admin.display(ordering="order__business")
    def business(self, payment: Payment) -> str:
        return payment.order.business.name

    @admin.display(ordering="account__gateway")
    def gateway(self, payment: Payment) -> str:
        return f"{payment.account.gateway} ({payment.account.mode})"


@admin.register(Transaction)
class TransactionPage(TransactionAmounts, ReadOnlyPage):
    list_display = ("key", "payment", "kind", "moved", "state", "word", "created_at")
    list_filter = (StateFilter, "kind", "payment__account__gateway", "payment__order__business", "created_at")
    list_select_related = ("payment",)
    search_fields = ("key", "payment__reference", "gateway_reference")
    fields = ("payment", "kind", "moved", "state", "word", "reason", "key", "gateway_reference", "created_at")
    date_hierarchy = "created_at"
    ordering = ("-id",)
