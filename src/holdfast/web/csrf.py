"""Django's own CSRF check, for views that django-ninja has exempted from the middleware."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.utils import check_csrf


def csrf_failed(request: HttpRequest) -> bool:
    """Whether a request that changes something comes without its CSRF token."""
    return check_csrf(request) is not None
