"""People: users with their roles on the platform, how they sign in, customers, and the sessions of apps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.db.transaction import atomic
from django.http import HttpRequest

from holdfast.flows.second_factor import take_away
from holdfast.kernel.clock import utc_now
from holdfast.platform.accounts import revoke_tokens
from holdfast.platform.models import Customer, RefreshToken, SecondFactor, User

from .common import Page, ReadOnlyPage, Rows
from .unfolded import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

# Whoever gains or loses one of these must sign in anew.
ROLES = ("is_active", "is_staff", "is_superuser")


class NewUserForm(UserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return User.objects.normalize(self.cleaned_data["email"])


class UserForm(UserChangeForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "password", *ROLES)

    def clean_email(self) -> str:
        return User.objects.normalize(self.cleaned_data["email"])


@admin.register(User)
class UserPage(Page, DjangoUserAdmin[User]):
    """Users are deactivated, never deleted: what they did keeps their name."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_superuser", "created_at")
    list_filter = ROLES
    search_fields = ("email", "name")
    ordering = ("-id",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at", "email_verified_at", "token_version")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ROLES}),
        ("Since", {"fields": readonly_fields}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        if "email" in form.changed_data:
            obj.email_verified_at = None
        super().save_model(request, obj, form, change)
        if change and set(ROLES) & set(form.changed_data):
            revoke_tokens([obj.pk])


@admin.register(SecondFactor)
class SecondFactorPage(Page):
    """Who signs in with an authenticator app. Delete one for somebody who has lost the app and the codes."""

    list_display = ("user", "begun_at", "confirmed_at")
    list_select_related = ("user",)
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter), "begun_at")
    search_fields = ("user__email",)
    ordering = ("-id",)
    exclude = ("secret", "recovery")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: SecondFactor) -> None:
        take_away(obj.user, now=utc_now())

    def delete_queryset(self, request: HttpRequest, queryset: Rows) -> None:
        with atomic():
            for factor in queryset:
                self.delete_model(request, factor)


@admin.register(Customer)
class CustomerPage(Page):
    """A name or a number may be put right; a customer comes and goes with what was bought."""

    list_display = ("id", "name", "email", "phone", "user", "created_at")
    list_select_related = ("user",)
    list_filter = ("created_at",)
    search_fields = ("name", "email", "phone", "user__email")
    ordering = ("-id",)
    readonly_fields = ("user", "created_at")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(RefreshToken)
class RefreshTokenPage(ReadOnlyPage):
    """Where a user is signed in. The token itself is nowhere, and its digest is not shown."""

    list_display = ("user", "family", "expires_at", "used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("user__email", "family")
    ordering = ("-id",)
    exclude = ("digest",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("digest")
