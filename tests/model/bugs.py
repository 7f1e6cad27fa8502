"""Bugs to seed: each replaces one rule, in one of the ways in which such things have been got wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdfast.flows.decisions import Decision, Do, Known, decide_settlement
from holdfast.payments.gateways.base import Became
from model.customers import let_go
from model.moving import free, release
from model.processes import canceled
from model.production import PRODUCTION
from model.rules import MARGIN, PAY_WITHIN, Run, Step
from model.settling import give_back, take_in
from model.wording import customer
from model.worker import reconciler, sweeper
from model.world import Word, World, with_payment
from tests.model.bug import Bug, with_actor, with_carry_out
from tests.model.bugs_of_reserved_money import OF_RESERVED_MONEY
from tests.model.bugs_of_what_comes_later import OF_WHAT_COMES_LATER


def decide_without_the_amount(known: Known) -> Decision:
    """The amount that the gateway names is taken for the amount that was asked for."""
    said = known.outcome
    return decide_settlement(
        replace(known, outcome=replace(said, amount=known.expected)) if said.amount else known
    )


def decide_by_the_latest_word(known: Known) -> Decision:
    """A failure is believed whatever came before it."""
    if known.outcome.became is Became.FAILED and known.payment_state == "captured":
        return Decision(Do.FAIL, "fail", "declined")
    return decide_settlement(known)


def fail_in_plain_sql(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """The state is written without asking the lifecycle."""
    return with_payment(world, number, state="failed", captured=0, wins=False)


def forget_to_give_back(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """Money for a time that is gone is written down, and nobody owes it."""
    if decision.reason != "slot_lost":
        return give_back(world, number, word, decision, run)
    after = take_in(world, number, word, decision, run)
    order = world.payments[number].order
    return free(after, order, "expire", run) if world.orders[order].state == "placed" else after


def win_again(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """A payment wins its due although another has won it."""
    if decision.reason != "paid twice":
        return give_back(world, number, word, decision, run)
    return take_in(world, number, word, decision, run, wins=True)


def forget_what_is_withdrawn(known: Known) -> Decision:
    """Money pays for a cart whatever it was that its customer paid for."""
    return decide_settlement(replace(known, withdrawn=False))


def sweep_what_is_paid(world: World, run: Run) -> Iterator[Step]:
    """Whatever was placed so long ago is released, without looking whether it has been paid meanwhile."""
    yield from sweeper(world, run)
    for payment in world.payments:
        order = world.orders[payment.order]
        is_old = payment.created + PAY_WITHIN + MARGIN <= world.now
        if is_old and order.allocation == "taken":
            yield Step(
                f"The sweeper releases {customer(order.customer)}'s time.", release(world, payment.order)
            )


def let_go_without_asking(world: World, run: Run) -> Iterator[Step]:
    """The customer's word is enough."""
    for number, payment in enumerate(world.payments):
        if world.orders[payment.order].state == "placed":
            paid = world.gateway[number].status == "captured"
            yield canceled(world, payment.order, run, paid_before=paid)


def give_up_asking(world: World, run: Run) -> Iterator[Step]:
    """A question without an answer is not asked again."""
    for step in reconciler(world, run):
        if step.story.endswith("no answer comes."):
            number = next(n for n, payment in enumerate(world.payments) if payment.looked_after)
            yield Step(step.story, with_payment(world, number, looked_after=False))
        else:
            yield step


def nobody(world: World, run: Run) -> Iterator[Step]:
    """An actor that never does anything."""
    yield from ()


BUGS = {
    "the amount is not checked": Bug(
        replace(PRODUCTION, decide=decide_without_the_amount),
        scenario="strange money",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=6,
        story=(
            "Customer A holds 10:00.",
            "The page of Customer A's payment is recorded and shown.",
            "Customer A pays, and the gateway takes the wrong amount.",
            "the gateway says “captured”, of the wrong amount.",
            "the booking is confirmed.",
        ),
    ),
    "a failure overwrites a capture": Bug(
        replace(with_carry_out({Do.FAIL: fail_in_plain_sql}), decide=decide_by_the_latest_word),
        scenario="a slow gateway",
        violated="a payment went from captured to failed",
        steps=9,
        story=(
            "Customer A tries to pay and fails.",
            "the gateway says “failed”.",
            "After all, the gateway takes the money of Customer A's payment, which was failed.",
            "is settled on the word “captured”: the time is taken, the payment wins",
            "is settled on the word “failed”",
        ),
    ),
    "what came too late is not given back": Bug(
        with_carry_out({Do.GIVE_BACK: forget_to_give_back}),
        scenario="rivals",
        violated="was captured, pays nothing and is not on its way back",
        steps=10,
        story=("holds 10:00.", "pays", "10:00 has begun", "is settled on the word “captured”"),
    ),
    "a second payment wins too": Bug(
        with_carry_out({Do.GIVE_BACK: win_again}),
        scenario="an old tab",
        violated="two payments win one due",
        steps=12,
        story=(
            "Customer A pays.",
            "Customer A tries to pay anew, and keeps the old page open.",
            "Customer A pays on the page of Customer A's payment 2.",
            "the booking is confirmed.",
            "Customer A's payment 2 is settled on the word “captured”",
        ),
    ),
    "the sweeper releases what has been paid": Bug(
        with_actor(sweeper, sweep_what_is_paid),
        scenario="rivals",
        violated="Customer A's booking has no time",
        steps=9,
        story=(
            "Customer A pays",
            "the booking is confirmed.",
            "Minute 13",
            "The sweeper releases Customer A's time.",
        ),
    ),
    "money for a cart of before pays for what it is now": Bug(
        replace(PRODUCTION, decide=forget_what_is_withdrawn),
        scenario="a cart",
        violated="Customer A's payment wins what is asked for no more",
        steps=9,
        story=("Customer A pays", "Customer A changes the cart.", "is settled on the word “captured”"),
    ),
    "a rival releases a hold that is not over": Bug(
        replace(PRODUCTION, may_be_collided=lambda held_until, now: True),
        scenario="rivals",
        violated="Customer A has lost a time whose hold is not over",
        steps=3,
        story=("Customer A holds 10:00.", "Customer B holds 10:00, whose hold by another is over."),
    ),
    "a time is let go without asking the gateway": Bug(
        with_actor(let_go, let_go_without_asking),
        scenario="strange money",
        violated="Customer A had paid before the time was let go",
        steps=5,
        story=("Customer A pays", "Customer A's order is canceled and the time is free."),
    ),
    "a lost answer is not asked for again": Bug(
        with_actor(reconciler, give_up_asking),
        scenario="refunds",
        violated="is undecided for ever",
        steps=9,
        story=("Customer A holds 10:00.", "no answer comes.", "The sweeper expires Customer A's order"),
    ),
    "nobody reconciles": Bug(
        with_actor(reconciler, nobody),
        scenario="refunds",
        violated="from here nothing ever ends",
        steps=4,
        story=("Customer A comes back", "this attempt has failed, the order expires and the time is free."),
    ),
    **OF_RESERVED_MONEY,
    **OF_WHAT_COMES_LATER,
}
