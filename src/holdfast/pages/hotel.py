"""The pages on which a guest finds a room and books it: no account is needed, and no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows import catalogue
from holdfast.flows.catalogue import Business, Offering
from holdfast.flows.stay_lists import stay_of_order
from holdfast.flows.stays import RoomOffer, StayWish, book_stay, rooms_on_offer
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import AlreadyHeld, Conflict, HoldfastError, Invalid, SlotTaken, TooMany
from holdfast.kernel.money import Money
from holdfast.web.auth import session_user
from holdfast.web.errors import status_of
from holdfast.web.naming import named
from holdfast.web.throttles import client_address, limit, limit_starts

from .booking import Field, Filled
from .problems import SeeOther, finished, with_patience

A_NIGHT = timedelta(days=1)
FIELDS = (
    Field("guest_name", "Your name", autocomplete="name"),
    Field("guest_email", "Your email address", "email", autocomplete="email", longest=254),
    Field("guest_phone", "Your phone number", "tel", required=False, autocomplete="tel", longest=20),
    Field("promo_code", "A promo code", required=False, longest=40),
)
NIGHTS = ("check_in", "check_out", "guests")  # their errors stand above the form
# Why a room is not to be had, as a guest reads it.
WHY_NOT = {
    "taken": "No room is left in these nights.",
    "past": "It is too late to book for this day.",
    "too_soon": "This day is too soon: more notice is needed.",
    "too_far": "This day is too far ahead to be booked yet.",
    "too_short": "One must stay longer than this.",
    "too_long": "One cannot stay as long as this.",
    "too_many_guests": "A room of this type does not take so many guests.",
}


@dataclass(frozen=True)
class RoomForm:
    """How a trade takes a room from a page: what to make of what was said (or Invalid), and its names for
    what the engine speaks of.
    """

    trade: str
    wish: Callable[[Offering, Mapping[str, str]], StayWish]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Nights:
    """The nights that a page is about."""

    check_in: date
    check_out: date
    guests: int

    @property
    def count(self) -> int:
        return (self.check_out - self.check_in).days


@dataclass(frozen=True)
class Shown:
    """One room type as the page shows it: the price of the nights and what it is made of, or why not."""

    offering: Offering
    available: int
    total: Money | None
    lines: tuple[tuple[str, Money], ...]
    why: str


@require_safe
@finished
def hotel(request: HttpRequest, slug: str, trade: str) -> HttpResponse:
    """A hotel's room types, and what they cost in the nights that are asked for."""
    limit(request, "look_up")
    business = catalogue.seller(slug, trade=trade)
    nights = _nights(request.GET, business)
    rooms, wrong = _offers(business, nights)
    shown = {
        "business": business,
        "nights": nights,
        "today": _today(business),
        "rooms": rooms,
        "wrong": wrong,
    }
    return render(request, "holdfast/stays/hotel.html", shown, status=400 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@finished
def book(request: HttpRequest, offering_id: int, form: RoomForm) -> HttpResponse:
    """What a room costs for some nights, and the form that books one; who holds one already is led there."""
    limit(request, "look_up")
    offering = catalogue.offering(offering_id, trade=form.trade)
    if request.method != "POST":
        return _room(request, offering)
    user = session_user(request)
    try:
        limit_starts(request, user, promo_code=request.POST.get("promo_code", ""))
        with named(form.names):
            wish = form.wish(offering, request.POST.dict())
            stay = book_stay(wish, address=client_address(request), user=user, now=utc_now())
    except AlreadyHeld as own:
        return SeeOther(reverse("stay", args=[stay_of_order(own.order_id)]))
    except (Conflict, Invalid, TooMany) as error:
        return with_patience(_room(request, offering, refused=error), error)
    return SeeOther(reverse("stay", args=[stay.booking_id]))


def _room(request: HttpRequest, offering: Offering, *, refused: HoldfastError | None = None) -> HttpResponse:
    business, user = offering.business, session_user(request)
    nights = _nights(request.POST or request.GET, business)
    rooms, wrong = _offers(business, nights)
    errors = refused.fields if isinstance(refused, Invalid) else {}
    said = request.POST.dict() or ({"guest_name": user.name, "guest_email": user.email} if user else {})
    shown = {
        "offering": offering,
        "business": business,
        "nights": nights,
        "today": _today(business),
        "room": next((one for one in rooms if one.offering.pk == offering.pk), None),
        "wrong": wrong or [text for name in NIGHTS for text in errors.get(name, ())],
        "refused": refused,
        "nearest": _days_of(refused, business) if isinstance(refused, SlotTaken) else [],
        "fields": [Filled(field, said.get(field.name, ""), errors.get(field.name, ())) for field in FIELDS],
    }
    return render(request, "holdfast/stays/book.html", shown, status=status_of(refused) if refused else 200)


def _nights(said: Mapping[str, str], business: Business) -> Nights:
    """Those that were asked for; what was not said, or is no day, is tomorrow and the day after."""
    check_in = _day(said.get("check_in", "")) or _today(business) + A_NIGHT
    check_out = _day(said.get("check_out", "")) or min(check_in, date.max - A_NIGHT) + A_NIGHT
    guests = said.get("guests", "")
    return Nights(check_in, check_out, int(guests) if guests.isdecimal() and len(guests) < 4 else 1)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _today(business: Business) -> date:
    return utc_now().astimezone(business.zone).date()


def _offers(business: Business, nights: Nights) -> tuple[list[Shown], list[str]]:
    """Every room type for these nights; or what is wrong with them."""
    try:
        offers = rooms_on_offer(
            business.slug,
            check_in=nights.check_in,
            check_out=nights.check_out,
            guests=nights.guests,
            now=utc_now(),
        )
    except Invalid as wrong:
        return [], [text for texts in wrong.fields.values() for text in texts]
    return [_shown(one, business) for one in offers], []


def _shown(offer: RoomOffer, business: Business) -> Shown:
    quote, currency = offer.quote, business.currency
    return Shown(
        offering=offer.offering,
        available=offer.available,
        total=Money(quote.total, currency) if quote else None,
        lines=tuple((line.title, Money(line.price, currency)) for line in quote.lines if line.price)
        if quote
        else (),
        why=WHY_NOT.get(offer.why or "", ""),
    )


def _days_of(taken: SlotTaken, business: Business) -> list[tuple[datetime, datetime]]:
    """From when to when the nearest stays are that could be had instead."""
    zone = business.zone
    return [(slot.period.start.astimezone(zone), slot.period.end.astimezone(zone)) for slot in taken.nearest]
