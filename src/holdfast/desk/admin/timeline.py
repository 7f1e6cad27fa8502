"""Pages of rows that belong to an order, with all that happened around it below."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from holdfast.flows.timeline import timeline_of

from .common import ReadOnlyPage


class WithTimeline(ReadOnlyPage):
    """A page whose row belongs to an order, with its timeline."""

    change_form_outer_after_template = "desk/admin_timeline.html"

    def order_id_of(self, row: Any) -> int:
        return int(row.order_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = timeline_of(self.order_id_of(row)) if row is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "timeline": told})
