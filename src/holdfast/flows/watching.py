"""What an operator watches: is the work being done, and does money wait on a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from holdfast.payments.models import Payment, Transaction
from holdfast.platform.outbox import DELIVER

WORKER_BEATS_WITHIN = timedelta(seconds=15)  # it beats every 5


def migrations_are_applied() -> bool:
    """Whether the database has every migration of this code."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def worker_is_alive(*, now: datetime) -> bool:
    """Whether a worker has been heard of lately; one from before the demo was started is dead."""
    since = max(now - WORKER_BEATS_WITHIN, settings.HOLDFAST_STARTED_AT)
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=since).exists()


def money_waiting_on_a_person() -> QuerySet[Payment]:
    """Money that we have and that neither a booking nor a refund under way accounts for.

    Of a payment that wins, that is a part which should go back, and whose refund the gateway refused.
    """
    kept = Q(captured__gt=F("refunding") + F("refunded"))
    refused = Q(pk__in=_refused_refunds().values("payment"))
    return Payment.objects.filter(kept & (Q(wins=False) | Q(quarantined=True) | refused))


def _refused_refunds() -> QuerySet[Transaction]:
    """Refunds that the gateway refused and that were not made anew."""
    later = Transaction.objects.filter(payment=OuterRef("payment"), kind="refund", pk__gt=OuterRef("pk"))
    return Transaction.objects.filter(~Exists(later), kind="refund", state="failed")


def gauges(*, now: datetime) -> str:
    """What the database knows best, in Prometheus's text format."""
    queued = ProcrastinateJob.objects.filter(status="todo", scheduled_at=None).count()
    given_up = ProcrastinateJob.objects.filter(status="failed", task_name=DELIVER).count()
    undecided = Payment.objects.filter(state__in=("created", "pending"))
    found = {
        "holdfast_queue_depth": queued,
        "holdfast_messages_given_up": given_up,
        "holdfast_payments_undecided": undecided.count(),
        "holdfast_payments_overdue_for_a_look": undecided.filter(
            next_look_at__lt=now - timedelta(minutes=2)
        ).count(),
        "holdfast_money_waiting_on_a_person": money_waiting_on_a_person().count(),
    }
    return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in found.items())
