"""The rules as they run in production, and every actor. A new actor is one function and one line here."""

from __future__ import annotations

from holdfast.flows.answers import answer_by, decide_approval, decide_decline
from holdfast.flows.decisions import decide_settlement, hold_has_run_out

from . import answering, carts, customers, gateway, processes, rescheduling, surroundings, worker
from .rules import Actor, Rules
from .settling import CARRY_OUT

ACTORS: tuple[Actor, ...] = (
    customers.check_out,
    processes.go_on,
    customers.on_the_page,
    answering.approve,
    answering.decline,
    gateway.gateway,
    gateway.dashboard,
    surroundings.late_calls,
    surroundings.post,
    worker.jobs,
    worker.reconciler,
    customers.come_back,
    customers.pay,
    customers.let_go,
    customers.cancel,
    carts.go_on,
    rescheduling.reschedule,
    surroundings.clock,
    worker.sweeper,
    answering.decline_unanswered,
    rescheduling.expire_moves,
    processes.die,
    surroundings.forger,
)


def hold_is_over(held_until: int, now: int) -> bool:
    """Whether ``claim()`` may release a hold that is in its way: its SQL says ``held_until < now``."""
    return held_until < now


PRODUCTION = Rules(
    decide=decide_settlement,
    has_run_out=hold_has_run_out,
    may_be_collided=hold_is_over,
    approve=decide_approval,
    decline=decide_decline,
    answer_by=answer_by,
    carry_out=CARRY_OUT,
    actors=ACTORS,
)
