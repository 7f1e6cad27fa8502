"""How many statements a cart takes: three services and a promo code, placed and then settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.catalog.models import Offering
from holdfast.flows import carts
from holdfast.flows.actors import Shopper
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import PromoCode
from holdfast.platform.models import User
from holdfast.surfaces.puja.terms import TERMS, TRADE
from tests.support.statements import count_statements

from .gateway import PRICE
from .practice import DETAILS, Share, free_slots

LINES = 3
CODE = "BENCH"
FAR_AHEAD = 200  # days: where no client of the bench books


def statements_of_a_cart(share: Share) -> dict[str, int]:
    """Those of placing one and of settling it, BEGIN and COMMIT counted; the second of two is counted."""
    _make_the_code(share)
    person = share.people[-1]
    shopper = Shopper(User(pk=person.id, email=person.email, name="A customer"), person.address)
    slots = free_slots(share, first_day=FAR_AHEAD)
    counted: dict[str, int] = {}
    for _ in range(2):  # whatever is only done once has been done then
        things = [_thing(*next(slots)) for _ in range(LINES)]
        cart = _filled(things, shopper)
        with count_statements() as request:
            checkout = carts.place_cart(cart, by=shopper, trade=TRADE, return_url="", now=utc_now())
        assert checkout.payment_id is not None, "a cart of the bench costs something"
        with count_statements() as settlement:
            settle(checkout.payment_id, now=utc_now())
        counted = {"request": len(request), "settlement": len(settlement)}
    return counted


def _make_the_code(share: Share) -> None:
    """With it three services cost what the gateway of the bench says that it has taken."""
    business = Offering.objects.get(pk=share.offerings[0]).business
    off = (LINES - 1) * PRICE.amount
    PromoCode.objects.create(
        business=business, code=CODE, amount=off, total_limit=1_000, per_customer_limit=1_000
    )


def _thing(offering: int, starts_at: datetime) -> carts.Wanted:
    found = Offering.objects.select_related("business").get(pk=offering)
    return carts.Wanted(found.sold_as(None), starts_at, DETAILS)


def _filled(things: Sequence[carts.Wanted], shopper: Shopper) -> int:
    first, *others = things
    cart = carts.open_cart(first, by=shopper, trade=TRADE, terms=TERMS, now=utc_now())
    for thing in others:
        carts.add_item(cart.id, thing, by=shopper, trade=TRADE, terms=TERMS, now=utc_now())
    carts.apply_promo(cart.id, CODE, by=shopper, trade=TRADE, now=utc_now())
    return cart.id
