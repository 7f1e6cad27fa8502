"""The counter: staff book a caller or a walk-in in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from holdfast.availability.queries import free_slots
from holdfast.availability.slots import Slot
from holdfast.catalog.models import Business, Offering
from holdfast.catalog.terms import Terms
from holdfast.flows.callers import known_callers
from holdfast.flows.counter import Price, as_staff_sell, book_at_the_counter, price_at_the_counter
from holdfast.flows.stays import rooms_by_night
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, Forbidden, HoldfastError, Invalid, NotFound, SlotTaken, TooMany
from holdfast.kernel.wording import amount_in_words
from holdfast.platform.models import User
from holdfast.web.errors import status_of
from holdfast.web.slots import slots_out
from holdfast.web.throttles import limit

from .counter_form import (
    KEEPS,
    NEW,
    PAYS,
    Option,
    Said,
    chosen_among,
    options_of,
    said_in,
    terms_of,
    wanted_of,
)
from .entry import working_at_the_desk
from .scope import business_of, businesses_of

SEE_OTHER = 303
A_DAY, LONGEST = timedelta(days=1), timedelta(days=366)
Trades = Mapping[str, Terms]
# What is said of a booking that has just been made, by its state and whether an address is known.
KEPT = "The time is kept for {name}. "
BOOKED = {
    ("confirmed", True): "{name} is booked in.",
    ("confirmed", False): "{name} is booked in.",
    ("pending_payment", True): KEPT + "A link to pay is on its way by email; below, another can be made.",
    ("pending_payment", False): KEPT + "Below, a link to pay can be copied or sent.",
}


@working_at_the_desk
def book(request: HttpRequest, user: User, trades: Trades) -> HttpResponse:
    """Choose what, when and for whom, and how it is paid; each step shows what follows from it."""
    asked = request.POST if request.method == "POST" else request.GET
    business = business_of(user, asked.get("business", ""))
    options = options_of(user, business, trades)
    said = said_in(asked.dict())
    option = chosen_among(options, said)
    if request.POST.get("do") != "book" or option is None:
        return _page(request, user, business, options, said, trades)
    try:
        limit(request, "start_by_user", user=user.pk)
        booking = book_at_the_counter(wanted_of(said, option.offering, trades), by=user, now=utc_now())
    except (Conflict, Forbidden, Invalid, NotFound, TooMany) as no:
        return _page(request, user, business, options, said, trades, refused=no)
    was_mailed = bool(booking.line.details.get("contact_email"))
    messages.success(request, BOOKED[booking.state, was_mailed].format(name=booking.customer))
    return HttpResponseRedirect(reverse("desk:booking", args=[booking.reference]), status=SEE_OTHER)


def _page(
    request: HttpRequest,
    user: User,
    business: Business,
    options: Sequence[Option],
    said: Said,
    trades: Trades,
    *,
    refused: HoldfastError | None = None,
) -> HttpResponse:
    option = chosen_among(options, said)
    if option is not None and option.offering.by_night:
        said = said.from_day(utc_now().astimezone(business.zone).date())
    shown: dict[str, Any] = {
        "businesses": list(businesses_of(user)),
        "business": business,
        "options": options,
        "said": said,
        "found": known_callers(said.find, by=user, business=business),
        "new": NEW,
        "pays": [(word, label) for word, (_, _, label) in PAYS.items()],
        "keeps": [(str(hours), label) for hours, label in KEEPS.items()],
        "refused": refused.message if refused else "",
        "errors": refused.fields if isinstance(refused, Invalid) else {},
    }
    if option is not None:
        shown |= {"option": option, **_when(option.offering, said)}
        shown |= _price(option.offering, said, trades, shown["slots"])
    if isinstance(refused, SlotTaken):
        shown["near"] = [slot.period.start.astimezone(business.zone) for slot in refused.nearest]
    status = status_of(refused) if refused else 200
    response = render(request, "desk/counter.html", shown, status=status)
    if isinstance(refused, TooMany):
        response["Retry-After"] = str(refused.retry_after)
    return response


def _when(offering: Offering, said: Said) -> dict[str, Any]:
    """The day that was asked for, or today, and its free times."""
    now, zone = utc_now(), offering.business.zone
    first = now.astimezone(zone).date()
    last = (now + offering.horizon).astimezone(zone).date()
    day = said.day if said.day and first <= said.day <= last else first
    shown = {"first": first, "last": last, "day": day}
    if offering.by_night:
        return shown | {"slots": [], "rooms": _rooms(offering, said, now=now)}
    slots = _free(as_staff_sell(offering), day)
    return shown | {"slots": slots_out(slots, zone)}


def _rooms(offering: Offering, said: Said, *, now: datetime) -> int | None:
    """How many rooms are free in all of the nights that were asked for; None while none were, or too many."""
    asked = said.nights
    if asked is None or not A_DAY <= asked.check_out - asked.check_in <= LONGEST:
        return None
    types = rooms_by_night(offering.business.slug, asked.check_in, asked.check_out - A_DAY, now=now)
    own = next((one for one in types if one.offering.pk == offering.pk), None)
    return min(night.free for night in own.nights) if own else None


def _free(offering: Offering, day: date) -> list[Slot]:
    found = free_slots(offering, first=day, last=day, now=utc_now())
    return [slot for slot in found if slot.reason is None]


def _price(
    offering: Offering, said: Said, trades: Trades, slots: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What it costs at the time that was chosen, once one is; or what is wrong with the promo code."""
    when = said.when(offering)
    is_free = offering.by_night or said.time in {slot["start_time"] for slot in slots}
    if when is None or not is_free:
        return {}
    try:
        price = price_at_the_counter(
            offering,
            terms=terms_of(offering, trades),
            pays=said.when_paid,
            when=when,
            promo_code=said.promo_code,
            now=utc_now(),
        )
    except Invalid as wrong:
        return {"price_errors": [text for texts in wrong.fields.values() for text in texts]}
    return {"price": _told(price)}


def _told(price: Price) -> dict[str, str]:
    return {
        "total": amount_in_words(price.total),
        "first": amount_in_words(price.first) if price.first else "",
        "rest": amount_in_words(price.total - price.first) if price.total.amount > price.first.amount else "",
        "amount": price.first.decimal,
    }
