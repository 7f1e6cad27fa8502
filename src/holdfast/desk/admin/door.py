"""Who comes in, and what stays out of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from procrastinate.contrib.django.models import ProcrastinateJob

from .common import is_platform_admin


def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
    """The admin has no sign-in of its own: the one there is is throttled, and says who may come back."""
    index = reverse("admin:index")
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    if not request.user.is_authenticated:
        return redirect_to_login(wanted if safe else index)
    if admin.site.has_permission(request):
        return HttpResponseRedirect(index)
    return render(request, "desk/no_admin.html", status=403)


admin.site.login = login  # type: ignore[assignment]  # Django's documented way to replace it
admin.site.has_permission = is_platform_admin  # type: ignore[method-assign]  # the same for every page

# Roles are catalog.Member rows and superusers, never groups; jobs are shown anew in ``events``.
for model in (Group, ProcrastinateJob):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
