"""What can be booked, and the packages that it is sold as."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from holdfast.catalog.models import Offering, Package

from .common import ForPlatformAdmins, Page, money
from .forms import OfferingForm
from .rooms import SeasonInline, StayRulesInline
from .unfolded import TabularInline


class PackageInline(ForPlatformAdmins, TabularInline[Any, Any]):
    model = Package
    fields = ("position", "name", "price", "duration", "location", "language", "active")
    extra = 0
    show_change_link = True


@admin.register(Offering)
class OfferingPage(Page):
    form = OfferingForm
    list_display = ("title", "business", "trade", "category", "costs", "duration", "active")
    list_filter = ("active", "trade", "business", "category")
    list_select_related = ("business",)
    search_fields = ("title", "business__name", "business__slug")
    autocomplete_fields = ("business", "resources")
    inlines = (PackageInline, StayRulesInline, SeasonInline)

    @admin.display(description="price", ordering="price")
    def costs(self, offering: Offering) -> str:
        return money(offering.price, offering.business.currency)


@admin.register(Package)
class PackagePage(Page):
    list_display = ("name", "offering", "costs", "duration", "location", "language", "active")
    list_filter = ("active", "offering__business")
    list_select_related = ("offering__business",)
    search_fields = ("name", "offering__title", "offering__business__name", "offering__business__slug")
    autocomplete_fields = ("offering",)
    ordering = ("offering", "position", "id")

    @admin.display(description="price", ordering="price")
    def costs(self, package: Package) -> str:
        return money(package.price, package.offering.business.currency)
