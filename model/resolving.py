"""Reserved money: the gateway is asked to take it or to set it free, until it has, as in ``flows.resolving``.

A question that was given up may still be on its way, and arrive whenever it likes.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.payments.gateways.base import Became

from .asking import truth, words_of
from .gateway import answer_to, hear
from .moving import move_movement
from .rules import Run, Step
from .wording import said, the_payment
from .world import OPEN, Call, Errand, Word, World, with_errand, with_payment

DOING = {
    "resolve": "was to ask for the reserved money",
    "ask": "was to ask for what the gateway has reserved",
    "ask_why": "had the gateway's refusal in hand",
}
WHAT = {"capture": "take the money of", "void": "set the money free of"}


def resolve(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """Whoever has accepted a booking goes on to ask for its money at once."""
    yield from pursue(world, errand.payment, errand.movement, run, who="The same process", from_job=False)


def pursue(world: World, number: int, movement: int, run: Run, *, who: str, from_job: bool) -> Iterator[Step]:
    """Status first. One worker at a time has a movement in hand; if it dies, its lease runs out."""
    whose = the_payment(world, number)
    if world.payments[number].movements[movement].state not in OPEN:
        yield Step(f"{who} finds that of {whose} decided.", world)
        return
    if not run.has_trouble("leases run out") and any(_has_in_hand(e, number) for e in world.errands):
        if from_job:
            yield Step(f"{who} leaves {whose} to whoever has it in hand.", world)
        return
    for word in words_of(world, number, run):
        story = f"{who} asks about {whose}; the gateway says {said(word)}."
        if word.became == Became.PENDING:
            yield Step(story, lose_sight(world, number, movement))
            continue
        asks = word.became == Became.AUTHORIZED
        told, since = Word() if asks else word, world.payments[number].seq
        doing = "ask" if asks else "settle"
        errand = Errand(doing, number, told, movement=movement, from_job=from_job, since=since)
        yield Step(story, with_errand(world, errand))
    yield Step(f"{who} asks about {whose}; no answer comes.", lose_sight(world, number, movement))


def _has_in_hand(errand: Errand, number: int) -> bool:
    return errand.payment == number and errand.movement >= 0 and errand.doing != "resolve"


def ask(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """The capture or the void itself, under the movement's own key."""
    yield from ask_under(f"{errand.movement}", world, errand, run)


def ask_under(key: str, world: World, errand: Errand, run: Run) -> Iterator[Step]:
    number = errand.payment
    call = Call(number, world.payments[number].movements[errand.movement].kind, key)
    story = f"The gateway is asked to {WHAT[call.kind]} {the_payment(world, number)}"
    heard = hear(world, call, run)
    refused = with_errand(world, errand._replace(doing="ask_why"))
    if heard is None:
        yield Step(f"{story}, and refuses.", refused)
    else:
        word = answer_to(heard, call)
        yield Step(f"{story}, and answers {said(word)}.", _answered(heard, errand, word))
    if heard is not None and run.has_trouble("refusals"):
        yield Step(f"{story}, and will not.", refused)
    if run.has_trouble("slow calls"):
        given_up = lose_sight(world, number, errand.movement)
        yield Step(f"{story}; no answer comes.", given_up._replace(calls=world.calls | {call}))


def _answered(world: World, errand: Errand, word: Word) -> World:
    """A yes is settled. What was pending before, and is told again as pending, is looked at once more."""
    if word.became != Became.PENDING:
        return with_errand(world, errand._replace(doing="settle", word=word))
    if world.payments[errand.payment].movements[errand.movement].state == "unknown":
        return with_errand(world, errand._replace(doing="ask_why"))
    return lose_sight(world, errand.payment, errand.movement)


def ask_why(world: World, errand: Errand, run: Run) -> Iterator[Step]:
    """After a refusal the gateway is asked how the payment stands."""
    number = errand.payment
    whose = the_payment(world, number)
    word = truth(world, number)
    settling = errand._replace(doing="settle", word=word, refused=True)
    story = f"It is asked how {whose} stands after that, and says {said(word)}."
    pending = word.became == Became.PENDING
    yield Step(story, lose_sight(world, number, errand.movement) if pending else with_errand(world, settling))
    if run.has_trouble("slow calls"):
        after = lose_sight(world, number, errand.movement)
        yield Step(f"It is asked how {whose} stands after that; no answer comes.", after)


def lose_sight(world: World, number: int, movement: int) -> World:
    """Unknown is asked again later, never guessed."""
    if world.payments[number].movements[movement].state == "pending":
        world = move_movement(world, number, movement, "lose_sight")
    reserved = world.payments[number].state == "authorized"
    return with_payment(world, number, looked_after=True) if reserved else world


NEXT = {"resolve": resolve, "ask": ask, "ask_why": ask_why}
