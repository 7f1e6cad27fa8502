"""Promo codes, which people edit, and their uses, which only flows write."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest

from holdfast.orders.models import PromoCode, Redemption

from .common import Page, ReadOnlyPage, Rows, money
from .forms import PromoCodeForm


@admin.register(PromoCode)
class PromoCodePage(Page):
    form = PromoCodeForm
    list_display = ("code", "business", "worth", "uses", "valid_from", "valid_until", "active")
    list_filter = ("active", "business", "valid_until")
    list_select_related = ("business",)
    search_fields = ("code", "business__name", "business__slug")
    autocomplete_fields = ("business", "offerings")

    def get_queryset(self, request: HttpRequest) -> Rows:
        standing = Count("redemptions", filter=Q(redemptions__given_back_at=None))
        promos: Rows = super().get_queryset(request).annotate(used=standing)
        return promos

    @admin.display(description="worth")
    def worth(self, promo: PromoCode) -> str:
        return f"{promo.percent}%" if promo.percent else money(promo.amount or 0, promo.business.currency)

    @admin.display(description="used", ordering="used")
    def uses(self, promo: Any) -> str:
        return f"{promo.used} of {promo.total_limit}" if promo.total_limit else str(promo.used)


@admin.register(Redemption)
class RedemptionPage(ReadOnlyPage):
    list_display = ("promo", "n", "customer", "m", "order", "redeemed_at", "given_back_at")
    list_filter = ("promo__business", "redeemed_at", "given_back_at")
    list_select_related = ("promo", "customer", "order")
    search_fields = ("promo__code", "=order__id", "customer__email", "customer__name")
    ordering = ("-id",)
