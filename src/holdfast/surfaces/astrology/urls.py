"""The pages of this trade, at the addresses that its terms name."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
