"""What we ask a gateway to do with money, written down first: take it, set it free, give it back."""

from __future__ import annotations

from .moving import RowRefused
from .world import OPEN, STANDS, Movement, World, with_payment


def owe(world: World, number: int, kind: str) -> World:
    """A capture or a void is asked for. Raises RowRefused beside another that stands."""
    payment = world.payments[number]
    if any(one.state in STANDS for one in payment.movements):
        raise RowRefused(f"a {kind} is asked for beside another capture or void")
    movements = (*payment.movements, Movement(kind, "pending"))
    return with_payment(world, number, movements=movements, looked_after=True)


def take_reserved(world: World, number: int) -> World:
    return owe(world, number, "capture")


def give_back(world: World, number: int, amount: int) -> World:
    """Money that is only reserved is set free, all of it; what was taken goes back."""
    if world.payments[number].state == "authorized":
        return with_payment(owe(world, number, "void"), number, wins=False)
    return owe_refund(world, number, amount) if amount else world


def owe_refund(world: World, number: int, amount: int) -> World:
    """A refund is written down, and the reconciler has a reason to look. Raises RowRefused beside another."""
    payment = world.payments[number]
    if any(state in OPEN for state in payment.refunds):
        raise RowRefused("a second refund is put into the gateway's hands")
    return with_payment(
        world,
        number,
        refunds=(*payment.refunds, "pending"),
        back=amount,
        wins=payment.wins and payment.captured > amount + payment.reversed,
        looked_after=True,
    )
