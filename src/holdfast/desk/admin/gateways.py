"""Gateway accounts: keys go in encrypted and are never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from holdfast.flows.gateways import forget_token
from holdfast.payments.models import GatewayAccount

from .common import Page
from .forms import NewGatewayAccountForm, account_form


@admin.register(GatewayAccount)
class GatewayAccountPage(Page):
    list_display = ("business", "gateway", "mode", "active", "position")
    list_filter = ("gateway", "mode", "active", "business")
    list_select_related = ("business",)
    search_fields = ("business__name", "business__slug", "gateway")
    autocomplete_fields = ("business",)
    ordering = ("business", "position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: GatewayAccount | None = None) -> tuple[str, ...]:
        """Payments were made with this gateway in this mode, so an account stays what it is."""
        return ("business", "gateway", "mode") if obj else ()

    def get_fields(self, request: HttpRequest, obj: GatewayAccount | None = None) -> list[Any]:
        """What the account is stands first, its secrets last."""
        first = self.get_readonly_fields(request, obj)
        also: list[Any] = [name for name in super().get_fields(request, obj) if name not in first]
        return [*first, *also]

    def get_form(
        self, request: HttpRequest, obj: GatewayAccount | None = None, change: bool = False, **options: Any
    ) -> Any:
        options["form"] = account_form(obj) if obj else NewGatewayAccountForm
        return super().get_form(request, obj, change, **options)

    def save_model(
        self, request: HttpRequest, obj: GatewayAccount, form: forms.ModelForm[GatewayAccount], change: bool
    ) -> None:
        if not change:
            obj.active = False  # until its credentials are there
        super().save_model(request, obj, form, change)
        forget_token(obj.pk)

    def response_add(
        self, request: HttpRequest, obj: GatewayAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(request, "Now fill in its credentials, and make it active.")
        return HttpResponseRedirect(reverse("admin:holdfast_payments_gatewayaccount_change", args=[obj.pk]))
