"""Orders with their lines, dues and what is in carts. All of it can be read, and none of it edited."""

from __future__ import annotations

from django.contrib import admin

from holdfast.orders.models import CartItem, Due, GuestKey, Line, Order

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
    fields = ("kind", "title", "costs", "starts_at", "ends_at", "provider", "details", "withdrawn_at")
    reads_with = ("order", "provider__resource")


class CartItemInline(ReadOnlyInline):
    model = CartItem
    fields = ("offering", "package", "starts_at", "details")
    reads_with = ("offering", "package")


@admin.register(Order)
class OrderPage(WithTimeline):
    list_display = ("id", "business", "customer", "trade", "asked", "state", "reason", "created_at")
    list_filter = (StateFilter, "reason", "trade", "business", "created_at")
    list_select_related = ("business", "customer")
    search_fields = (
        "=id",
        "=uuid",
        "=booking_reference",
        "payments__reference",
        "customer__email",
        "customer__name",
    )
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        "uuid",
        "business",
        "customer",
        "trade",
        "state",
        "reason",
        "asked",
        "promo_code",
        "booking_reference",
        "expires_at",
        "created_at",
        "updated_at",
        "return_base",
        "address",
        "terms_placed",
    )
    inlines = (LineInline, CartItemInline, PaymentInline)

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
        "package",
        "provider",
        "title",
        "costs",
        "tax_rate",
        "taxed",
        "starts_at",
        "ends_at",
        "details",
        "withdrawn_at",
    )
    ordering = ("-id",)


@admin.register(CartItem)
class CartItemPage(ReadOnlyPage):
    list_display = ("id", "order", "offering", "package", "starts_at", "created_at")
    list_filter = ("order__business", "starts_at")
    list_select_related = ("order", "offering", "package")
    search_fields = ("offering__title", "=order__id", "order__customer__email")
    fields = ("order", "offering", "package", "starts_at", "details", "created_at")
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


@admin.register(GuestKey)
class GuestKeyPage(ReadOnlyPage):
    list_display = ("id", "order", "created_at")
    list_filter = ("order__business", "created_at")
    list_select_related = ("order",)
    search_fields = ("=order__id",)
    fields = ("order", "created_at")
    ordering = ("-id",)
