"""What the gateway answers when it is asked, and what is done with no answer."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.payments.gateways.base import Became, RefundBecame

from .rules import Run
from .world import PRICE, Word, World

SAYS = {
    "unheard": Became.NOT_FOUND,
    "open": Became.PENDING,
    "deciding": Became.PENDING,
    "captured": Became.CAPTURED,
    "failed": Became.FAILED,
    "canceled": Became.CANCELED,
    "expired": Became.EXPIRED,
}
SAYS_OF_A_REFUND = {
    "": RefundBecame.NOT_FOUND,
    "pending": RefundBecame.PENDING,
    "succeeded": RefundBecame.SUCCEEDED,
    "failed": RefundBecame.FAILED,
}


def words_of(world: World, number: int, run: Run) -> Iterator[Word]:
    """The truth; and, where that is a trouble, a cache's answer about another order, or a word unheard of."""
    at = world.gateway[number]
    yield Word(SAYS[at.status].value, at.took)
    if run.has_trouble("strange answers"):
        yield Word(Became.CAPTURED.value, PRICE.amount, names_another=True)
        yield Word(Became.FAILED.value, names_another=True)
        yield Word(Became.UNRECOGNIZED.value)


def refund_word(world: World, number: int, refund: int) -> RefundBecame:
    heard = world.gateway[number].refunds
    return SAYS_OF_A_REFUND[heard[refund] if refund < len(heard) else ""]
