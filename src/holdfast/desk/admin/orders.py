"""Orders with their lines and dues. All of it can be read, and none of it edited."""

from __future__ import annotations

from django.contrib import admin

from holdfast.orders.models import Due, Line, Order

from .common import ReadOnlyInline, ReadOnlyPage, StateFilter, money
from .payments import PaymentInline
from .timeline import WithTimeline


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
    reads_with = ("order", "provider__resource")


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
