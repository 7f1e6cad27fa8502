"""What the gateway answers when it is asked, and what is done with no answer."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.flows.decisions import HAS_MONEY
from holdfast.payments.gateways.base import Became, RefundBecame

from .rules import Run, Step
from .wording import said
from .world import PRICE, AtGateway, Errand, Word, World, with_errand

SAYS = {
    "unheard": Became.NOT_FOUND,
    "open": Became.PENDING,
    "deciding": Became.PENDING,
    "authorized": Became.AUTHORIZED,
    "capturing": Became.PENDING,
    "captured": Became.CAPTURED,
    "failed": Became.FAILED,
    "canceled": Became.CANCELED,
    "expired": Became.EXPIRED,
    "voided": Became.CANCELED,
    "lapsed": Became.EXPIRED,
}
SAYS_OF_A_REFUND = {
    "": RefundBecame.NOT_FOUND,
    "pending": RefundBecame.PENDING,
    "succeeded": RefundBecame.SUCCEEDED,
    "failed": RefundBecame.FAILED,
}


def asked(world: World, errand: Errand, run: Run, *, story: str) -> Iterator[Step]:
    """The gateway is asked about a payment, and the process goes on with its word. A page that is open though
    its time is over is closed first.
    """
    errand = errand._replace(since=world.payments[errand.payment].seq)
    if _is_open_for_too_long(world, errand.payment):
        closing = errand._replace(doing="close", then=errand.doing)
        yield Step(f"{story}, whose page is open though its time is over.", with_errand(world, closing))
        return
    for word in words_of(world, errand.payment, run):
        yield Step(f"{story}; the gateway says {said(word)}.", with_errand(world, errand._replace(word=word)))


def _is_open_for_too_long(world: World, number: int) -> bool:
    at = world.gateway[number]
    return at.status == "open" and at.expires <= world.now and world.payments[number].has_page


def words_of(world: World, number: int, run: Run) -> Iterator[Word]:
    """The truth; and, where that is a trouble, a cache's answer about another order, or a word unheard of."""
    yield truth(world, number)
    if run.has_trouble("strange answers"):
        yield Word(Became.CAPTURED.value, PRICE.amount, names_another=True)
        yield Word(Became.FAILED.value, names_another=True)
        yield Word(Became.UNRECOGNIZED.value)


def truth(world: World, number: int) -> Word:
    """How a payment stands at the gateway, in an adapter's words."""
    at = world.gateway[number]
    became = SAYS[at.status]
    took = at.took if became in HAS_MONEY else 0
    return Word(became.value, took, lapses=at.lapses, gone=at.gone + _given_back(at), dispute=at.dispute)


def _given_back(at: AtGateway) -> int:
    """The gateway counts our own refunds among what has gone back, from the moment it accepts them."""
    return at.took if any(state in ("pending", "succeeded") for state in at.refunds) else 0


def refund_word(world: World, number: int, refund: int) -> RefundBecame:
    heard = world.gateway[number].refunds
    return SAYS_OF_A_REFUND[heard[refund] if refund < len(heard) else ""]
