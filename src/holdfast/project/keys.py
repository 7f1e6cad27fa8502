"""A process that serves needs its keys: generated ones would differ from process to process."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def require_keys() -> None:
    """Raise ImproperlyConfigured, naming every key that the environment lacks."""
    if settings.MISSING_KEYS:
        raise ImproperlyConfigured(f"Set {', '.join(settings.MISSING_KEYS)} in the environment.")
