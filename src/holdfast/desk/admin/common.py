"""What every admin page has in common: who may open it, what it may change, how it shows money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from holdfast.flows.actors import admin_actor
from holdfast.kernel.money import Money

from .unfolded import ModelAdmin, TabularInline

Rows = QuerySet[Any]


class ForPlatformAdmins:
    """Superusers only: Django's own permissions are not used, so none can be granted by mistake."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_platform_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_platform_admin(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_platform_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_platform_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_platform_admin(request)


class NothingChanges(ForPlatformAdmins):
    """Rows that flows write and nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Page(ForPlatformAdmins, ModelAdmin[Any]):
    """A page of the admin whose rows people may edit."""

    show_full_result_count = False
    list_per_page = 50


class ReadOnlyPage(NothingChanges, Page):
    """A page of the admin for rows that only flows write."""


class ReadOnlyInline(NothingChanges, TabularInline[Any, Any]):
    """Rows of the page's row. ``reads_with`` names what their columns tell of other tables."""

    extra = 0
    show_change_link = True
    reads_with: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        return rows.select_related(*self.reads_with) if self.reads_with else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or ()


class StateFilter(admin.SimpleListFilter):
    """By state, as the model's lifecycle names them: the table itself need not be asked."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(state, state.replace("_", " ")) for state in model_admin.model.lifecycle.states]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(state=self.value()) if self.value() else queryset


def money(amount: int, currency: str) -> str:
    """An amount as the admin's pages show it."""
    return str(Money(amount, currency))


def who(request: HttpRequest) -> str:
    """The platform admin who asks, as transitions and logs name actors."""
    assert request.user.pk is not None, "the admin is for people who have signed in"
    return admin_actor(request.user.pk)


def is_platform_admin(request: HttpRequest) -> bool:
    """Whether an active superuser asks who is let into the admin at all."""
    user: Any = request.user
    return bool(user.is_active and user.is_staff and user.is_superuser)
