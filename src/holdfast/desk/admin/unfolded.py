"""Unfold's classes. It ships no types; to the type checker they are Django's, whose shape they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.widgets import AdminTextInputWidget as DecimalWidget
    from django.contrib.admin.widgets import AdminTextInputWidget as PasswordWidget
    from django.contrib.admin.widgets import AdminTextInputWidget as TextWidget
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
    from django.contrib.auth.forms import BaseUserCreationForm as UserCreationForm
    from django.forms import Select as SelectWidget
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
    from unfold.widgets import UnfoldAdminDecimalFieldWidget as DecimalWidget
    from unfold.widgets import UnfoldAdminPasswordWidget as PasswordWidget
    from unfold.widgets import UnfoldAdminSelectWidget as SelectWidget
    from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget

__all__ = [
    "AdminPasswordChangeForm",
    "DecimalWidget",
    "ModelAdmin",
    "PasswordWidget",
    "SelectWidget",
    "TabularInline",
    "TextWidget",
    "UserChangeForm",
    "UserCreationForm",
]
