"""Actions of the admin's lists: what they ask first, and how each chosen row has its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from holdfast.flows.asking import StillUnknown
from holdfast.kernel.errors import HoldfastError
from holdfast.platform.models import User

from ..saying import why
from .common import Rows
from .unfolded import ModelAdmin

FEW = 20  # each may be a call to a gateway, and the page waits for all of them
ASKED = "asked"  # a field of the page that asks: it has been filled in

Form = TypeVar("Form", bound=forms.Form)


def do_to_each(
    page: ModelAdmin[Any], request: HttpRequest, rows: Rows, act: Callable[[Any], str], *, done: str
) -> None:
    """Act on each chosen row and say what came of it; what is refused does not keep the others from it.

    ``act`` answers a sentence, or raises what the flows raise; ``done`` is kept in the row's history.
    """
    chosen = list(rows[: FEW + 1])
    for row in chosen[:FEW]:
        try:
            said = act(row)
        except HoldfastError as no:
            level = messages.INFO if isinstance(no, StillUnknown) else messages.WARNING
            page.message_user(request, f"{row}: {why(no)}", level)
            continue
        page.log_change(request, row, done)
        page.message_user(request, said)
    if len(chosen) > FEW:
        only = f"Only the first {FEW} had their turn: each may be a call to a gateway."
        page.message_user(request, only, messages.WARNING)


def ask(
    page: ModelAdmin[Any], request: HttpRequest, rows: Rows, form: type[Form], *, action: str, title: str
) -> Form | HttpResponse:
    """What somebody has filled in; until then, the page that asks for it."""
    filled = form(request.POST) if ASKED in request.POST else form()
    if filled.is_bound and filled.is_valid():
        return filled
    context = {
        **admin.site.each_context(request),
        "opts": page.model._meta,
        "title": title,
        "form": filled,
        "rows": rows[:FEW],
        "action": action,
        "asked": ASKED,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "desk/admin_ask.html", context)


def only_one(page: ModelAdmin[Any], request: HttpRequest, rows: Rows) -> Any:
    """The chosen row; None, and a word about it, where several are chosen."""
    if rows.count() == 1:
        return rows.get()
    page.message_user(request, "Please choose one: this is done one by one.", messages.WARNING)
    return None


def acting(request: HttpRequest) -> User:
    """The platform admin who asks, as flows want to know who acts."""
    assert isinstance(request.user, User), "the admin is for people who have signed in"
    return request.user
