"""Paying for carts over HTTP. Described in docs/api/puja.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status as Answer

from holdfast.flows.actors import Shopper
from holdfast.flows.carts import cart_of, place_cart
from holdfast.flows.gateways import payment_methods
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, Invalid, NotFound, SlotTaken, Unavailable
from holdfast.web.answers import (
    BAD,
    SIGNED_IN,
    THROTTLED,
    HeadedProblem,
    Problem,
    SlotProblem,
    Unanswered,
    documented,
)
from holdfast.web.auth import signed_in, who
from holdfast.web.naming import headed, named
from holdfast.web.slots import slots_out
from holdfast.web.throttles import client_address, limit

from . import present
from .schemas import CartPayment, ProcessCart
from .terms import CART_REFUSED, FIELDS, GATEWAY_REFUSED, TRADE

router = Router(tags=["payments"])

HEADINGS = {Unavailable: GATEWAY_REFUSED, NotFound: CART_REFUSED, Conflict: CART_REFUSED}
NAMES = {**FIELDS, "offering": "cart_id"}  # whatever stands in the way of all of it
NO_CART = "Active cart not found"


@router.post(
    "/process-cart/",
    response=documented(
        {
            200: CartPayment,
            202: Unanswered,
            404: HeadedProblem,
            409: SlotProblem | HeadedProblem | Problem,
            503: HeadedProblem | Problem,
        },
        BAD,
        SIGNED_IN,
        THROTTLED,
    ),
    auth=signed_in,
)
def process_cart(request: HttpRequest, body: ProcessCart) -> Any:
    """Hold the times of a cart and start its payment. Nothing is a booking before the money is in."""
    shopper = Shopper(who(request), client_address(request))
    limit(request, "start_by_address", "start_by_user", user=shopper.user.pk)
    method = _method(body.method)
    with headed(HEADINGS), _in_our_words(body, shopper), named(NAMES):
        checkout = place_cart(
            body.cart_id,
            by=shopper,
            trade=TRADE,
            return_url=body.redirect_url,
            method=method,
            amount=body.amount,
            now=utc_now(),
        )
    if checkout.payment_id is not None and checkout.payment_url is None:
        return Answer(202, Unanswered(status="PENDING", status_url=_address(checkout.payment_id)))
    return present.started(checkout)


def _method(said: str) -> str:
    """The gateway that is named. Raises Invalid."""
    known = {name.upper(): name for name in payment_methods()}
    if said not in known:
        raise Invalid({"method": [f"Pay by one of: {', '.join(sorted(known))}."]})
    return known[said]


@contextmanager
def _in_our_words(body: ProcessCart, shopper: Shopper) -> Iterator[None]:
    """Whatever is raised inside says what this trade's callers expect, and shows times as they read them."""
    try:
        yield
    except SlotTaken as taken:
        cart = cart_of(body.cart_id, user=shopper.user, trade=TRADE, now=utc_now())
        raise SlotTaken(slots_out(taken.nearest, cart.business.zone)) from None
    except NotFound:
        raise NotFound(NO_CART) from None
    except Unavailable as no:
        label = payment_methods()[_method(body.method)]
        raise Unavailable(f"{label} payment failed: {no.message}") from no


def _address(payment_id: int) -> str:
    return f"/api/payments/payments/{payment_id}/"
