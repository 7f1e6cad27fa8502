"""Booking on a page: choose a day, one of its free times, say what the trade asks for, and go and pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from holdfast.availability.slots import Slot
from holdfast.flows import catalogue
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Wish, check_out
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import AlreadyHeld, HoldfastError, Invalid, SlotTaken, TooMany, Unavailable
from holdfast.web.auth import session_user
from holdfast.web.errors import status_of
from holdfast.web.naming import named
from holdfast.web.slots import slots_out
from holdfast.web.throttles import client_address, limit

from .problems import SeeOther, finished, with_patience

LOOK_AHEAD = timedelta(days=13)


@dataclass(frozen=True)
class Field:
    """One thing that a trade asks for. ``kind`` is an HTML input's type, ``choice`` or ``lines``."""

    name: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = True
    autocomplete: str = "off"
    longest: int = 200


def pay_at_once(wish: Wish, by: Shopper, now: datetime) -> str:
    """Hold the time, open its payment, and go there; also when it is one's own hold already.

    Raises AlreadyHeld for one that staff have made, whose payment has not been opened yet.
    """
    try:
        reference = check_out(wish, by=by, now=now).reference
    except AlreadyHeld as own:
        if not own.reference:
            raise
        reference = own.reference
    return reverse("to_pay", args=[reference])


@dataclass(frozen=True)
class Words:
    """What a trade's own page says."""

    asks: str = "Tell us what the consultation needs"
    button: str = "Hold this time and pay"
    promise: str = "Nothing is booked before you have paid, and nothing is taken without a booking."


@dataclass(frozen=True)
class Form:
    """How a trade is booked on a page: what it asks for, and what to make of what was said (or Invalid).

    ``names`` are the trade's own for what the engine speaks of: a page's own date and time among them.
    ``begin`` holds the time and answers the address of what comes next. ``about`` says who gives it, and
    ``notes`` what to say of each free time; nothing, if it is empty.
    """

    trade: str
    fields: Callable[[catalogue.Offering], Sequence[Field]]
    wish: Callable[[catalogue.Offering, Mapping[str, str]], Wish]
    names: Mapping[str, str]
    begin: Callable[[Wish, Shopper, datetime], str] = pay_at_once
    about: Callable[[catalogue.Offering], str] = lambda offering: ""
    notes: Callable[[catalogue.Offering, Sequence[Slot]], Sequence[str]] = lambda offering, slots: ()
    words: Words = Words()


@dataclass(frozen=True)
class Filled:
    """A field as it stands on the page."""

    field: Field
    value: str
    errors: Sequence[str]


@dataclass(frozen=True)
class Refusal:
    """Why what was sent cannot be done: word by word for fields, or in one sentence."""

    status: int
    message: str
    fields: Mapping[str, Sequence[str]]


@require_http_methods(["GET", "HEAD", "POST"])
@finished
def book(request: HttpRequest, offering_id: int, form: Form) -> HttpResponse:
    """Show the free times of an offering and, to whoever is signed in, the form to book one."""
    limit(request, "look_up")
    offering = catalogue.offering(offering_id, trade=form.trade)
    if request.method != "POST":
        return _page(request, offering, form)
    user = session_user(request)
    if user is None:
        return redirect_to_login(request.path)
    try:
        limit(request, "start_by_address", "start_by_user", user=user.pk)
        wish = form.wish(offering, request.POST.dict())
        with named(form.names):
            return SeeOther(form.begin(wish, Shopper(user, client_address(request)), utc_now()))
    except (AlreadyHeld, Invalid, SlotTaken, TooMany, Unavailable) as error:
        return with_patience(_page(request, offering, form, refused=_refusal(error)), error)


def _refusal(error: HoldfastError) -> Refusal:
    fields = error.fields if isinstance(error, Invalid) else {}
    return Refusal(status_of(error), error.message, fields)


def _page(
    request: HttpRequest, offering: catalogue.Offering, form: Form, *, refused: Refusal | None = None
) -> HttpResponse:
    first, last = _reach(offering)
    date_name, time_name = form.names["date"], form.names["time"]
    day, slots = _day_and_slots(offering, request.POST.get(date_name) or request.GET.get("date", ""))
    user = session_user(request)
    said = request.POST.dict() or {"contact_email": user.email if user else ""}
    errors = refused.fields if refused else {}
    shown: dict[str, Any] = {
        "offering": offering,
        "form": form,
        "about": form.about(offering),
        "business": offering.business,
        "first": first,
        "last": last,
        "day": day,
        "slots": [
            {**slot, "note": note}
            for slot, note in zip_longest(
                slots_out(slots, offering.business.zone), form.notes(offering, slots)
            )
        ],
        "said": said,
        "refused": refused,
        "time_errors": [*errors.get(date_name, ()), *errors.get(time_name, ())],
        "date_name": date_name,
        "said_time": said.get(time_name, ""),
        "time_name": time_name,
        "fields": [
            Filled(field, said.get(field.name, ""), errors.get(field.name, ()))
            for field in form.fields(offering)
        ],
    }
    return render(request, "holdfast/book.html", shown, status=refused.status if refused else 200)


def _reach(offering: catalogue.Offering) -> tuple[date, date]:
    """The first and the last day that can be asked for."""
    now = utc_now().astimezone(offering.business.zone)
    return now.date(), (now + offering.horizon).date()


def _day_and_slots(offering: catalogue.Offering, said: str) -> tuple[date, list[Any]]:
    """The day that was asked for, or else the first one with a free time; and its free times."""
    first, last = _reach(offering)
    asked = _read_day(said)
    if asked is not None and first <= asked <= last:
        return asked, _free(offering, asked, asked)
    free = _free(offering, first, min(first + LOOK_AHEAD, last))
    zone = offering.business.zone
    days = [slot.period.start.astimezone(zone).date() for slot in free]
    day = days[0] if days else first
    return day, [slot for slot, its_day in zip(free, days, strict=True) if its_day == day]


def _free(offering: catalogue.Offering, first: date, last: date) -> list[Any]:
    found = catalogue.free_slots(offering, first=first, last=last, now=utc_now())
    return [slot for slot in found if slot.reason is None]


def _read_day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
