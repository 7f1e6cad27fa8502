"""What can be booked."""

from __future__ import annotations

from django.contrib import admin

from holdfast.catalog.models import Offering

from .common import Page, money
from .forms import OfferingForm


@admin.register(Offering)
class OfferingPage(Page):
    form = OfferingForm
    list_display = ("title", "business", "trade", "costs", "duration", "active")
    list_filter = ("active", "trade", "business")
    list_select_related = ("business",)
    search_fields = ("title", "business__name", "business__slug")
    autocomplete_fields = ("business", "resources")

    @admin.display(description="price", ordering="price")
    def costs(self, offering: Offering) -> str:
        return money(offering.price, offering.business.currency)
