"""What the books say, in a few words that a test can compare."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Model
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.orders.models import Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import GatewayEvent, Transition


def nothing_booked() -> bool:
    """No booking, no money taken in, nothing taken for good."""
    return not (
        Booking.objects.exists()
        or Transaction.objects.exists()
        or Payment.objects.exclude(captured=0, wins=False).exists()
        or Allocation.objects.filter(state="taken").exists()
    )


def standing_of(reference: str) -> tuple[str, str, str]:
    """The states of a payment, of its order and of the allocation behind it."""
    payment = Payment.objects.select_related("order").get(reference=reference)
    line = payment.order.lines.get()
    kept = Allocation.objects.filter(owner=line.owner).order_by("-id").first()
    return payment.state, payment.order.state, kept.state if kept else ""


def jobs() -> dict[str, int]:
    """How many messages of each kind wait for the worker."""
    waiting = ProcrastinateJob.objects.filter(task_name="deliver", status="todo")
    return dict(Counter(str(args["kind"]) for args in waiting.values_list("args", flat=True)))


def everything() -> dict[str, list[dict[str, Any]]]:
    """All that must stand still when something is refused."""
    books: tuple[type[Model], ...] = (
        Order,
        Payment,
        Transaction,
        Booking,
        Allocation,
        Transition,
        GatewayEvent,
    )
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in books}
