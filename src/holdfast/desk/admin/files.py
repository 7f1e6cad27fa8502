"""Files that people have sent: what is kept, for whom, and how to get rid of it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.db.transaction import atomic
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from holdfast.platform.files import remove
from holdfast.platform.models import StoredFile

from .common import Page, Rows


@admin.register(StoredFile)
class StoredFilePage(Page):
    """What a file is never changes; it may be removed, and its bytes with it."""

    list_display = ("created_at", "purpose", "kind", "size", "owner", "business_id", "saved")
    list_filter = ("purpose", "kind", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=key", "owner__email", "=business_id")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="file")
    def saved(self, stored: StoredFile) -> SafeString:
        return format_html('<a href="{}">get</a>', reverse("api:file", args=[stored.key]))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        assert isinstance(obj, StoredFile)
        with atomic():
            remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Rows) -> None:
        for stored in queryset:
            self.delete_model(request, stored)
