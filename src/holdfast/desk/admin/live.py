"""Apps at Pusher: the secret goes in encrypted and is never shown again."""

from __future__ import annotations

from django.contrib import admin

from holdfast.notifications.models import PusherAccount

from .common import Page
from .forms import PusherAccountForm


@admin.register(PusherAccount)
class PusherAccountPage(Page):
    form = PusherAccountForm
    list_display = ("business", "app_id", "cluster", "is_open", "active")
    list_filter = ("active", "is_open")
    list_select_related = ("business",)
    search_fields = ("business__name", "business__slug", "app_id")
    autocomplete_fields = ("business",)
    ordering = ("business",)
