"""Carts over HTTP: what is wanted, and at what price. Described in docs/api/puja.md."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status as Answer

from holdfast.catalog.terms import Terms
from holdfast.flows import carts as flows
from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import NotFound
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, Unanswered, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.naming import named
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.throttles import client_address, limit

from . import present_carts as present
from .schemas import CartOut, ItemIn, PromoIn
from .terms import TERMS, TRADE
from .wanting import names_of, wanted_of

router = Router(tags=["cart"])

REFUSED = {409: Problem}
ALSO = (REFUSED, BAD, SIGNED_IN, MISSING, THROTTLED)
BIGGEST_ID = 2**63 - 1


@router.post("/", response=documented({201: CartOut}, REFUSED, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def create(request: HttpRequest, body: ItemIn) -> Any:
    """A new cart with one thing in it. It holds no time yet."""
    shopper = _shopper(request)
    wanted = wanted_of(body)
    with named(names_of(body)):
        cart = flows.open_cart(wanted, by=shopper, trade=TRADE, terms=_terms(wanted), now=utc_now())
    return Answer(201, present.cart(cart, user=shopper.user))


@router.get("/", response=documented({200: Page[CartOut]}, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def carts(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """One's own carts, newest first."""
    return _list(request, paging)


@router.get("/active/", response=documented({200: Page[CartOut]}, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def active(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Those of one's carts that can still be paid."""
    return _list(request, paging, state__in=("open", "placed"))


@router.get(
    "/{cart_id}/", response=documented({200: CartOut}, BAD, SIGNED_IN, MISSING, THROTTLED), auth=signed_in
)
def cart(request: HttpRequest, cart_id: str) -> dict[str, Any]:
    """One cart, at the prices of today."""
    limit(request, "look_up")
    user = who(request)
    found = flows.cart_of(which(cart_id), user=user, trade=TRADE, now=utc_now())
    return present.cart(found, user=user)


@router.delete("/{cart_id}/", response=documented({204: None, 202: Unanswered}, *ALSO), auth=signed_in)
def delete(request: HttpRequest, cart_id: str) -> Any:
    """Delete a cart; a time that it holds is free again. Money that comes later goes back."""
    try:
        flows.delete_cart(which(cart_id), by=_shopper(request), trade=TRADE, now=utc_now())
    except StillUnknown:
        return Answer(202, Unanswered(status="PENDING", status_url=request.path))
    return Answer(204, None)


@router.post("/{cart_id}/items/", response=documented({201: CartOut}, *ALSO), auth=signed_in)
def add_item(request: HttpRequest, cart_id: str, body: ItemIn) -> Any:
    """Put another thing of the same business into a cart."""
    shopper, number = _shopper(request), which(cart_id)
    flows.cart_of(
        number, user=shopper.user, trade=TRADE, now=utc_now()
    )  # another's is not there, whatever is sent
    wanted = wanted_of(body)
    with named(names_of(body)):
        changed = flows.add_item(number, wanted, by=shopper, trade=TRADE, terms=_terms(wanted), now=utc_now())
    return Answer(201, present.cart(changed, user=shopper.user))


@router.delete("/{cart_id}/items/{int:item_id}/", response=documented({200: CartOut}, *ALSO), auth=signed_in)
def remove_item(request: HttpRequest, cart_id: str, item_id: int) -> dict[str, Any]:
    """Take one thing out of a cart."""
    shopper = _shopper(request)
    changed = flows.remove_item(which(cart_id), item_id, by=shopper, trade=TRADE, now=utc_now())
    return present.cart(changed, user=shopper.user)


@router.post("/{cart_id}/apply_promo/", response=documented({200: CartOut}, *ALSO), auth=signed_in)
def apply_promo(request: HttpRequest, cart_id: str, body: PromoIn) -> dict[str, Any]:
    """Make a cart cheaper by a promo code, in place of the one that it has."""
    limit(request, "promo_by_user", user=who(request).pk)
    shopper = _shopper(request)
    changed = flows.apply_promo(which(cart_id), body.promo_code, by=shopper, trade=TRADE, now=utc_now())
    return present.cart(changed, user=shopper.user)


@router.post("/{cart_id}/remove_promo/", response=documented({200: CartOut}, *ALSO), auth=signed_in)
def remove_promo(request: HttpRequest, cart_id: str) -> dict[str, Any]:
    """Let the promo code of a cart go."""
    shopper = _shopper(request)
    changed = flows.remove_promo(which(cart_id), by=shopper, trade=TRADE, now=utc_now())
    return present.cart(changed, user=shopper.user)


def which(cart_id: str) -> int | UUID:
    """A cart is found by its number and by its uuid alike. Raises NotFound for what is neither."""
    if cart_id.isascii() and cart_id.isdecimal() and len(cart_id) < len(str(BIGGEST_ID)):
        return int(cart_id)
    try:
        return UUID(cart_id)
    except ValueError:
        raise NotFound("There is no such cart.") from None


def _terms(wanted: flows.Wanted) -> Terms:
    """Those that a thing is sold under, and with it all that is in its cart."""
    return TERMS.changed_by(wanted.offering.terms)


def _shopper(request: HttpRequest) -> Shopper:
    """Whoever changes a cart; as payment starts are, that is limited by user."""
    limit(request, "start_by_user", user=who(request).pk)
    return Shopper(who(request), client_address(request))


def _list(request: HttpRequest, paging: Paging, **narrowed: Any) -> dict[str, Any]:
    limit(request, "look_up")
    user = who(request)
    found = flows.carts_of(user, trade=TRADE).filter(**narrowed)
    return paged(request, found, paging, lambda rows: present.carts(rows, user=user, now=utc_now()))
