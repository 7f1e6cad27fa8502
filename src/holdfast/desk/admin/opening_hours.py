"""Time: opening hours, other hours on single dates, and what is kept."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from holdfast.availability.models import Allocation, Block, DateOverride, WeeklyHours

from .common import ForPlatformAdmins, Page, ReadOnlyPage, StateFilter
from .unfolded import TabularInline


class WeeklyHoursInline(ForPlatformAdmins, TabularInline[Any, Any]):
    model = WeeklyHours
    ordering = ("weekday", "opens")
    extra = 0


class DateOverrideInline(ForPlatformAdmins, TabularInline[Any, Any]):
    model = DateOverride
    ordering = ("-day", "opens")
    extra = 0
    per_page = 30


@admin.register(WeeklyHours)
class WeeklyHoursPage(Page):
    list_display = ("resource", "weekday", "opens", "closes")
    list_filter = ("weekday", "resource__business")
    list_select_related = ("resource",)
    search_fields = ("resource__name", "resource__business__name")
    autocomplete_fields = ("resource",)
    ordering = ("resource__name", "weekday", "opens")


@admin.register(DateOverride)
class DateOverridePage(Page):
    list_display = ("resource", "day", "opens", "closes")
    list_filter = ("day", "resource__business")
    list_select_related = ("resource",)
    search_fields = ("resource__name", "resource__business__name")
    autocomplete_fields = ("resource",)
    ordering = ("-day", "resource__name", "opens")


@admin.register(Allocation)
class AllocationPage(ReadOnlyPage):
    """Time that is kept, or was. Only claims make these rows, so that none can be made twice."""

    list_display = ("resource", "seat", "starts", "ends", "state", "owner", "held_until")
    list_filter = (StateFilter, "resource__business", "created_at")
    list_select_related = ("resource",)
    search_fields = ("owner", "resource__name")
    ordering = ("-id",)

    @admin.display(ordering="period")
    def starts(self, allocation: Allocation) -> Any:
        return allocation.period.lower

    @admin.display
    def ends(self, allocation: Allocation) -> Any:
        return allocation.period.upper


@admin.register(Block)
class BlockPage(ReadOnlyPage):
    """Time off, and what is out of use: made and lifted by a flow, which claims the time."""

    list_display = ("resource", "starts", "ends", "seats", "why", "created_by", "lifted_at")
    list_filter = ("resource__business", "created_at")
    list_select_related = ("resource",)
    search_fields = ("resource__name", "why")
    ordering = ("-id",)

    @admin.display(ordering="period")
    def starts(self, block: Block) -> Any:
        return block.period.lower

    @admin.display
    def ends(self, block: Block) -> Any:
        return block.period.upper
