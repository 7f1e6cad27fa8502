"""What happened: transitions, gateways' and clients' calls, findings, emails, and the worker's messages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.flows.webhooks import replay
from holdfast.kernel.errors import Conflict
from holdfast.notifications.models import CalendarFeed, Email
from holdfast.platform.db import transaction
from holdfast.platform.models import Finding, GatewayEvent, IdempotencyKey, Transition

from .common import ReadOnlyPage, Rows, who


@admin.register(Transition)
class TransitionPage(ReadOnlyPage):
    list_display = ("at", "subject", "subject_id", "before", "event", "after", "actor", "reason")
    list_filter = ("at",)
    search_fields = ("=subject", "=subject_id", "actor", "reason")
    ordering = ("-id",)


@admin.register(GatewayEvent)
class GatewayEventPage(ReadOnlyPage):
    list_display = ("received_at", "gateway", "event", "reference", "verified", "deliveries", "result")
    list_filter = ("result", "verified", "gateway", "received_at")
    search_fields = ("reference", "refund_reference", "event")
    date_hierarchy = "received_at"
    ordering = ("-id",)
    actions = ("replay",)

    @admin.action(description="Replay")
    def replay(self, request: HttpRequest, events: Rows) -> None:
        """Have the worker settle what these calls are about once more; twice changes nothing."""
        by = who(request)
        for event in events:
            try:
                with transaction():
                    replay(event, by=by)
                    self.log_change(request, event, "Replayed")
            except Conflict as no:
                self.message_user(request, f"{event}: {no.message}", messages.ERROR)
            else:
                self.message_user(request, f"{event}: will be handled again in a moment.")


@admin.register(IdempotencyKey)
class IdempotencyKeyPage(ReadOnlyPage):
    """Writes that came with a key, answered or in flight. The answers themselves are not shown."""

    list_display = ("created_at", "actor", "route", "key", "status", "attempt", "lease_until")
    list_filter = (("status", admin.EmptyFieldListFilter), "route", "created_at")
    search_fields = ("=actor", "route", "key")
    ordering = ("-id",)
    exclude = ("fingerprint", "answer")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("fingerprint", "answer")


@admin.register(Finding)
class FindingPage(ReadOnlyPage):
    """What the audit found wrong. An audit that no longer finds it closes it; nobody else does."""

    list_display = ("found_at", "check_name", "subject", "subject_id", "what", "last_seen_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "check_name", "found_at")
    search_fields = ("check_name", "what", "=subject_id")
    ordering = ("-id",)


@admin.register(Email)
class EmailPage(ReadOnlyPage):
    list_display = ("sent_at", "kind", "subject_kind", "subject_id", "message_id")
    list_filter = ("kind", "sent_at")
    search_fields = ("message_id", "=subject_id")
    date_hierarchy = "sent_at"
    ordering = ("-id",)


@admin.register(CalendarFeed)
class CalendarFeedPage(ReadOnlyPage):
    """Private calendars. Whoever has one ends its address by asking for another."""

    list_display = ("user", "scope", "business", "made_at")
    list_filter = ("scope",)
    search_fields = ("user__email",)
    list_select_related = ("user", "business")
    exclude = ("digest",)
    ordering = ("-id",)


@admin.register(ProcrastinateJob)
class MessagePage(ReadOnlyPage):
    """Messages and periodic tasks: what waits, what runs, what failed for good."""

    list_display = ("id", "task_name", "args", "status", "queue_name", "attempts", "scheduled_at")
    list_filter = ("status", "queue_name", "task_name")
    search_fields = ("task_name", "args")
    ordering = ("-id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.concrete_fields]
