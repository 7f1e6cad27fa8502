"""The first page: what this is, what can be booked, and where to go."""

from __future__ import annotations

from itertools import groupby

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.flows.catalogue import on_offer
from holdfast.web.throttles import limit

from .problems import finished

SHOWN_AT_MOST = 60


@require_safe
@finished
def home(request: HttpRequest) -> HttpResponse:
    """Every business with what it offers."""
    limit(request, "look_up")
    offerings = groupby(on_offer()[:SHOWN_AT_MOST], key=lambda offering: offering.business)
    shown = {"businesses": [(business, list(offered)) for business, offered in offerings]}
    return render(request, "holdfast/home.html", shown | {"demo": settings.HOLDFAST_DEMO})
