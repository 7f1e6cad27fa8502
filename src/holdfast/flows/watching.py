"""What an operator watches: is the work being done, and does money wait on a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Exists, OuterRef, QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from holdfast.booking.models import Booking
from holdfast.payments.models import (
    BY_HAND_AND_OPEN,
    DISPUTE_IS_OPEN,
    IS_LEFT,
    PAYS_NOTHING,
    REFUSED,
    Payment,
    Transaction,
)
from holdfast.platform.models import GatewayEvent
from holdfast.platform.outbox import DELIVER

from .gateways import telling_gateways
from .movements import OPEN

WORKER_BEATS_WITHIN = timedelta(seconds=15)  # it beats every 5
SOON = timedelta(hours=12)  # then nobody can answer a booking any more


def migrations_are_applied() -> bool:
    """Whether the database has every migration of this code."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def worker_is_alive(*, now: datetime) -> bool:
    """Whether a worker has been heard of lately; one from before the demo was started is dead."""
    since = max(now - WORKER_BEATS_WITHIN, settings.HOLDFAST_STARTED_AT)
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=since).exists()


def money_waiting_on_a_person() -> QuerySet[Payment]:
    """Money that we have and that neither a booking nor a refund at its gateway accounts for.

    Of a payment that wins, that is a part which should go back, and whose refund the gateway refused or only
    a person can make; or what a bank has withdrawn for a dispute, which somebody is to answer. Money that is
    only reserved waits when it pays nothing and nobody sets it free.

    Which they are is looked up first: by a few ids PostgreSQL finds them in an index, and else it would read
    every payment there is, for it expects many.
    """
    return Payment.objects.filter(pk__in=[pk for (pk,) in ids_of_money_that_waits()])


def ids_of_money_that_waits() -> QuerySet[Payment, tuple[int]]:
    """The same by their ids, some twice. Each kind is found by an index that has such rows alone."""
    voids = Transaction.objects.filter(payment=OuterRef("pk"), kind="void", state__in=OPEN)
    reserved = Payment.objects.filter(~Exists(voids), state="authorized", wins=False)
    return (
        Payment.objects.filter(PAYS_NOTHING)
        .values_list("pk")
        .union(
            reserved.values_list("pk"),
            refunds_by_hand().values_list("payment"),
            _refused_refunds().values_list("payment"),
            open_disputes().values_list("payment"),
            all=True,
        )
    )


def refunds_by_hand() -> QuerySet[Transaction]:
    """Money that a person is to give back, for its gateway cannot; until somebody says that it is done."""
    return Transaction.objects.filter(BY_HAND_AND_OPEN)


def open_disputes() -> QuerySet[Transaction]:
    """Money that a bank has withdrawn, until it has decided: somebody is to answer it at the gateway."""
    return Transaction.objects.filter(DISPUTE_IS_OPEN)


def bookings_to_answer() -> QuerySet[Booking]:
    """Bookings that somebody is to accept or decline."""
    return Booking.objects.filter(state="pending_approval")


def _refused_refunds() -> QuerySet[Transaction]:
    """Refunds that the gateway refused, that were not made anew, and for which there is money left."""
    later = Transaction.objects.filter(payment=OuterRef("payment"), kind="refund", pk__gt=OuterRef("pk"))
    left = Payment.objects.filter(IS_LEFT, pk=OuterRef("payment"))
    return Transaction.objects.filter(~Exists(later), Exists(left), REFUSED)


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
        "holdfast_refunds_by_hand": refunds_by_hand().count(),
        "holdfast_disputes_open": open_disputes().count(),
        "holdfast_payments_reserved": Payment.objects.filter(state="authorized").count(),
        "holdfast_bookings_to_answer": bookings_to_answer().count(),
        "holdfast_bookings_to_answer_soon": bookings_to_answer().filter(answer_by__lt=now + SOON).count(),
    }
    counts = "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in found.items())
    return counts + _since_webhooks(now=now)


def _since_webhooks(*, now: datetime) -> str:
    """How long ago each gateway has last been heard of: a firewall of ours may be keeping it out."""
    name = "holdfast_seconds_since_webhook"
    lines = [f"# TYPE {name} gauge\n"]
    for gateway in telling_gateways():
        told = GatewayEvent.objects.filter(gateway=gateway, verified=True).order_by("-pk")
        last = told.values_list("received_at", flat=True).first()
        if last is not None:
            lines.append(f'{name}{{gateway="{gateway}"}} {(now - last).total_seconds()}\n')
    return "".join(lines)
