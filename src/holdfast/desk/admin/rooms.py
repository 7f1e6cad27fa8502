"""What hotels sell: room types' rules and seasons, fees and rooms; and the stays, which nobody edits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from holdfast.booking.models import Stay
from holdfast.catalog.models import Room, Season, StayFee, StayRules

from .common import ForPlatformAdmins, Page, ReadOnlyPage, money
from .forms import SeasonFormSet, StayFeeForm, StayRulesForm
from .unfolded import TabularInline


class StayRulesInline(ForPlatformAdmins, TabularInline[Any, Any]):
    model = StayRules
    form = StayRulesForm
    extra = 0


class SeasonInline(ForPlatformAdmins, TabularInline[Any, Any]):
    model = Season
    formset = SeasonFormSet
    extra = 0
    show_change_link = True


@admin.register(StayRules)
class StayRulesPage(Page):
    list_display = (
        "offering",
        "occupancy",
        "minimum_stay",
        "maximum_stay",
        "check_in_from",
        "check_out_until",
    )
    list_filter = ("offering__business",)
    list_select_related = ("offering",)
    search_fields = ("offering__title", "offering__business__name", "offering__business__slug")
    autocomplete_fields = ("offering",)
    ordering = ("offering",)


@admin.register(Season)
class SeasonPage(Page):
    list_display = ("offering", "name", "first_night", "last_night", "costs", "minimum_stay")
    list_filter = ("offering__business", "first_night")
    list_select_related = ("offering__business",)
    search_fields = ("name", "offering__title", "offering__business__name", "offering__business__slug")
    autocomplete_fields = ("offering",)
    ordering = ("offering", "first_night")

    @admin.display(description="price of a night", ordering="price")
    def costs(self, season: Season) -> str:
        return money(season.price, season.offering.business.currency)


@admin.register(StayFee)
class StayFeePage(Page):
    form = StayFeeForm
    list_display = ("title", "business", "offering", "costs", "per", "active")
    list_filter = ("active", "per", "business")
    list_select_related = ("business", "offering")
    search_fields = ("title", "business__name", "business__slug")
    autocomplete_fields = ("business", "offering")

    @admin.display(description="price", ordering="price")
    def costs(self, fee: StayFee) -> str:
        return money(fee.price, fee.business.currency)


@admin.register(Room)
class RoomPage(Page):
    list_display = ("name", "pool", "business", "active")
    list_filter = ("active", "pool__business")
    list_select_related = ("pool__business",)
    search_fields = ("name", "pool__name", "pool__business__name", "pool__business__slug")
    autocomplete_fields = ("pool",)
    ordering = ("pool", "name")

    @admin.display(ordering="pool__business")
    def business(self, room: Room) -> Any:
        return room.pool.business


@admin.register(Stay)
class StayPage(ReadOnlyPage):
    list_display = ("booking", "guests", "room", "checked_in_at", "checked_out_at")
    list_filter = ("booking__business", "checked_in_at")
    list_select_related = ("booking", "room")
    search_fields = ("booking__reference", "room__name", "booking__customer__name")
    fields = ("booking", "guests", "room", "checked_in_at", "checked_out_at")
    ordering = ("-booking",)
