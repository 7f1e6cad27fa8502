"""Who sells: businesses, their members, their people and places."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.http import HttpRequest

from holdfast.catalog.models import Business, Member, Provider, Resource
from holdfast.platform.accounts import revoke_tokens

from .common import Page
from .forms import BusinessForm
from .opening_hours import DateOverrideInline, WeeklyHoursInline


@admin.register(Business)
class BusinessPage(Page):
    form = BusinessForm
    list_display = ("name", "slug", "timezone", "currency", "country")
    list_filter = ("currency", "country")
    search_fields = ("name", "slug", "email")
    ordering = ("name",)

    def delete_model(self, request: HttpRequest, obj: Business) -> None:
        _delete(Business.objects.filter(pk=obj.pk), Member.objects.filter(business=obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        _delete(queryset, Member.objects.filter(business__in=queryset))


@admin.register(Member)
class MemberPage(Page):
    """Roles. Whoever gets, changes or loses one must sign in anew."""

    list_display = ("user", "role", "business")
    list_filter = ("role", "business")
    list_select_related = ("user", "business")
    search_fields = ("user__email", "user__name", "business__name", "business__slug")
    autocomplete_fields = ("user", "business")
    ordering = ("business", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> tuple[str, ...]:
        return ("user", "business") if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Member, form: forms.ModelForm[Member], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            revoke_tokens([obj.user_id])

    def delete_model(self, request: HttpRequest, obj: Member) -> None:
        member = Member.objects.filter(pk=obj.pk)
        _delete(member, member)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        _delete(queryset, queryset)


def _delete(rows: QuerySet[Business] | QuerySet[Member], members: QuerySet[Member]) -> None:
    """Delete what takes these roles with it, and revoke their holders' tokens, both or neither."""
    with atomic():
        revoke_tokens(members.values_list("user_id", flat=True))
        rows.delete()


@admin.register(Resource)
class ResourcePage(Page):
    list_display = ("name", "kind", "business", "capacity", "keeps_hours")
    list_filter = ("kind", "business")
    list_select_related = ("business",)
    search_fields = ("name", "business__name")
    autocomplete_fields = ("business",)
    ordering = ("business", "name")

    inlines = (WeeklyHoursInline, DateOverrideInline)


@admin.register(Provider)
class ProviderPage(Page):
    list_display = ("resource", "business", "user")
    list_filter = ("resource__business",)
    list_select_related = ("resource__business", "user")
    search_fields = ("resource__name", "user__email", "resource__business__name")
    autocomplete_fields = ("resource", "user")

    @admin.display(ordering="resource__business")
    def business(self, provider: Provider) -> Business:
        return provider.resource.business
