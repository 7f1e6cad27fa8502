"""Bugs to seed: each replaces one rule, in one of the ways in which such things have been got wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from holdfast.flows.answers import Answer, Asked, Ruling, decide_decline
from holdfast.flows.decisions import Decision, Do, Known, decide_settlement
from holdfast.payments.gateways.base import Became
from model.answering import decline_unanswered
from model.bookings import ask_to_pay_again
from model.customers import let_go
from model.moving import free, move_booking, move_movement, move_order, release
from model.processes import NEXT, canceled, go_on
from model.production import ACTORS, PRODUCTION
from model.reserved import back_to_payment
from model.resolving import ask_under
from model.rules import MARGIN, PAY_WITHIN, Actor, CarryOut, Rules, Run, Step
from model.settling import give_back, take_in
from model.wording import customer
from model.worker import reconciler, sweeper
from model.world import Movement, Word, World, under_way, winner, with_order, with_payment, without_errand


@dataclass(frozen=True)
class Bug:
    """Rules with one mistake, the scenario that it shows in, how long the shortest
    trace is, and what it must say, in this order."""

    rules: Rules
    scenario: str
    violated: str
    steps: int
    story: tuple[str, ...]


def with_carry_out(changed: Mapping[Do, CarryOut]) -> Rules:
    return replace(PRODUCTION, carry_out={**PRODUCTION.carry_out, **changed})


def with_actor(right: Actor, wrong: Actor) -> Rules:
    return replace(PRODUCTION, actors=tuple(wrong if actor is right else actor for actor in ACTORS))


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


def decide_by_old_news(known: Known) -> Decision:
    """An answer is believed although the payment has moved since its gateway was asked."""
    return decide_settlement(replace(known, overtaken=False))


def decide_that_captures_succeed(known: Known) -> Decision:
    """Whatever comes of a capture is taken for a yes, a lapse too."""
    decision = decide_settlement(known)
    lapsed = known.under_way == "capture" and known.outcome.became is Became.EXPIRED
    return Decision(Do.CAPTURED, "capture") if lapsed else decision


def approve_without_looking(asked: Asked) -> Ruling:
    """To accept is to confirm, whether the money has been taken or not."""
    return Ruling(Answer.CONFIRM)


def decline_without_looking(asked: Asked) -> Ruling:
    """To decline is allowed as long as nothing is confirmed. The index under it is what refuses."""
    return decide_decline(replace(asked, under_way=""))


def forget_the_void(world: World, number: int, word: Word, decision: Decision, run: Run) -> World:
    """A capture is refused, the customer is to pay anew, and the old reservation stays."""
    if decision.event:
        return back_to_payment(world, number, word, decision, run)
    movement = under_way(world.payments[number])
    assert movement is not None
    world = with_payment(move_movement(world, number, movement, "fail"), number, wins=False)
    return ask_to_pay_again(world, world.payments[number].order, run)


def go_on_under_new_keys(world: World, run: Run) -> Iterator[Step]:
    """After an unknown the capture is asked for under another key."""
    for errand in dict.fromkeys(world.errands):
        without = without_errand(world, errand)
        if errand.doing != "ask":
            yield from NEXT[errand.doing](without, errand, run)
            continue
        state = world.payments[errand.payment].movements[errand.movement].state
        key = f"{errand.movement} again" if state == "unknown" else f"{errand.movement}"
        yield from ask_under(key, without, errand, run)


def decline_whatever_is_late(world: World, run: Run) -> Iterator[Step]:
    """The clock looks at the clock only, and no index lies under its void."""
    for number, order in enumerate(world.orders):
        payment = winner(world, number)
        late = order.answer_by is not None and order.answer_by <= world.now
        if not late or payment is None or world.payments[payment].state != "authorized":
            continue
        after = move_order(release(move_booking(world, number, "decline"), number), number, "cancel")
        movements = (*world.payments[payment].movements, Movement("void", "pending"))
        after = with_payment(
            with_order(after, number, expires=None), payment, movements=movements, wins=False
        )
        yield Step(f"Nobody has answered: the clock declines {customer(order.customer)}'s booking.", after)


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
    "a decline overtakes a capture": Bug(
        replace(PRODUCTION, decline=decline_without_looking),
        scenario="two of the staff",
        violated="a void is asked for beside another capture or void",
        steps=9,
        story=(
            "the booking is pending approval.",
            "Staff accept Customer A's booking: its money is to be taken.",
            "Staff decline Customer A's booking.",
        ),
    ),
    "the clock declines what is being taken": Bug(
        with_actor(decline_unanswered, decline_whatever_is_late),
        scenario="two of the staff",
        violated="a capture and a void of Customer A's payment are both asked for",
        steps=10,
        story=(
            "Staff accept Customer A's booking: its money is to be taken.",
            "nobody has answered Customer A in time",
            "Nobody has answered: the clock declines Customer A's booking.",
        ),
    ),
    "a capture is tried again under another key": Bug(
        with_actor(go_on, go_on_under_new_keys),
        scenario="reserve, then approve",
        violated="the money of Customer A's payment was moved twice",
        steps=13,
        story=(
            "Staff accept",
            "The gateway is asked to take the money of Customer A's payment; no answer comes.",
            "The gateway is asked to take the money of Customer A's payment, and answers “captured”.",
            "that was given up reaches the gateway after all, and is done.",
        ),
    ),
    "what has lapsed is confirmed": Bug(
        replace(PRODUCTION, decide=decide_that_captures_succeed),
        scenario="two of the staff",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=13,
        story=(
            "Staff accept",
            "the authorization of Customer A's payment has lapsed",
            "the gateway says “expired”.",
            "the booking is confirmed.",
        ),
    ),
    "a refused capture leaves the money reserved": Bug(
        with_carry_out({Do.BACK_TO_PAYMENT: forget_the_void}),
        scenario="two of the staff",
        violated="Customer A's payment is reserved, pays nothing and is not being set free",
        steps=12,
        story=(
            "Staff accept",
            "The gateway is asked to take the money of Customer A's payment, and will not.",
            "its customer is asked to pay anew.",
        ),
    ),
    "a booking is accepted before its money is taken": Bug(
        replace(PRODUCTION, approve=approve_without_looking),
        scenario="two of the staff",
        violated="Customer A's booking has not been paid for, once and in full",
        steps=8,
        story=("the booking is pending approval.", "Staff accept Customer A's booking."),
    ),
    "an answer is believed that has been overtaken": Bug(
        replace(PRODUCTION, decide=decide_by_old_news),
        scenario="slow answers",
        violated="Customer A's payment is free in our books, and authorized at the gateway",
        steps=11,
        story=(
            "the gateway says “failed”.",
            "After all, the gateway reserves the money of Customer A's payment, which was failed.",
            "Staff decline Customer A's booking.",
            "is settled on the word “failed”: the money is free again.",
        ),
    ),
}
