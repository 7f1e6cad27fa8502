"""What was said on the page of the counter, and what of it is a wish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from holdfast.catalog.models import Business, Offering
from holdfast.catalog.queries import with_packages
from holdfast.catalog.terms import Terms
from holdfast.flows.callers import Caller
from holdfast.flows.counter import Nights, Pays, Wanted, sold_by
from holdfast.flows.recording import Method, Taken
from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import Money
from holdfast.platform.models import User
from holdfast.web.contact import check_phone

from .amounts import money_from
from .days import day_in

Day = date  # what is said has a field of that name
NEW = "new"
# How a caller pays, by the word on the page: when, and what it is taken as.
PAYS = {
    "cash": (Pays.NOW, Method.CASH, "Now, in cash"),
    "bank": (Pays.NOW, Method.BANK, "Now, by bank transfer"),
    "link": (Pays.LATER, None, "Later, by a link that is sent"),
    "spot": (Pays.ON_THE_SPOT, None, "When they come"),
}
KEEPS = {1: "an hour", 3: "three hours", 24: "a day", 72: "three days", 168: "a week"}
KEEPS_AT_FIRST = 24
LONGEST_ID = 18  # digits
NOTE_AT_MOST, RECEIPT_AT_MOST = 500, 80
WHEN = {False: "Please choose a time.", True: "Please say when they leave, and how many they are."}
GUESTS = re.compile(r"[1-9]\d?")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Option:
    """One thing that a caller can be booked in for: an offering, or a package of one."""

    value: str
    offering: Offering

    @property
    def label(self) -> str:
        return self.offering.title


@dataclass(frozen=True)
class Said:
    """The page's fields as they were filled in; empty where they were not."""

    offering: str = ""
    date: str = ""
    time: str = ""
    check_out: str = ""
    guests: str = "2"
    find: str = ""
    caller: str = NEW
    name: str = ""
    email: str = ""
    phone: str = ""
    promo_code: str = ""
    pays: str = "cash"
    keep: str = str(KEEPS_AT_FIRST)
    amount: str = ""
    receipt: str = ""
    note: str = ""

    @property
    def keep_for(self) -> timedelta:
        hours = {str(one): one for one in KEEPS}
        return timedelta(hours=hours.get(self.keep, KEEPS_AT_FIRST))

    @property
    def day(self) -> Day | None:
        return day_in(self.date)

    @property
    def starts_at(self) -> datetime | None:
        """When, by the clock on the business's wall; None while it has not been said."""
        if self.day is None or not CLOCK.fullmatch(self.time):
            return None
        return datetime.combine(self.day, time.fromisoformat(self.time))

    @property
    def nights(self) -> Nights | None:
        """From which day to which somebody stays, and with how many; None while it has not been said."""
        check_in, check_out = self.day, day_in(self.check_out)
        if check_in is None or check_out is None or not GUESTS.fullmatch(self.guests):
            return None
        return Nights(check_in, check_out, int(self.guests))

    def from_day(self, day: Day) -> Said:
        """The same, which begins on this day while another has not been said."""
        return self if self.day else replace(self, date=day.isoformat())

    def when(self, offering: Offering) -> datetime | Nights | None:
        return self.nights if offering.by_night else self.starts_at

    @property
    def when_paid(self) -> Pays:
        return PAYS.get(self.pays, PAYS["cash"])[0]


def said_in(fields: Mapping[str, str]) -> Said:
    """What was filled in. ``near``, one of the free times that were told instead, is a date and a time."""
    known = {name: fields[name].strip() for name in Said.__dataclass_fields__ if name in fields}
    said = Said(**known)
    return _moved(said, near) if (near := fields.get("near", "")) else said


def _moved(said: Said, near: str) -> Said:
    """The same at another time; a stay is as long as it was."""
    day, _, time = near.partition("T")
    to, nights = day_in(day), said.nights
    leaves = (to + (nights.check_out - nights.check_in)).isoformat() if to and nights else said.check_out
    return replace(said, date=day, time=time, check_out=leaves)


def options_of(user: User, business: Business, trades: Mapping[str, Terms]) -> list[Option]:
    """What this user may book others in for at a business: each package, where an offering has some."""
    offered = with_packages(sold_by(user, business).filter(trade__in=trades))
    return [option for offering in offered for option in _sold_as(offering)]


def _sold_as(offering: Offering) -> list[Option]:
    packages = list(offering.packages.all())
    if not packages:
        return [Option(str(offering.pk), offering.sold_as(None))]
    return [Option(f"{offering.pk}:{one.pk}", offering.sold_as(one)) for one in packages]


def chosen_among(options: Sequence[Option], said: Said) -> Option | None:
    """The one that was chosen; the first while nothing has been."""
    if not said.offering:
        return options[0] if options else None
    return next((option for option in options if option.value == said.offering), None)


def terms_of(offering: Offering, trades: Mapping[str, Terms]) -> Terms:
    return trades[offering.trade].changed_by(offering.terms)


def wanted_of(said: Said, offering: Offering, trades: Mapping[str, Terms]) -> Wanted:
    """What is to be booked. Raises Invalid for what has not been said, or not so that it could be read."""
    when = said.when(offering)
    if when is None:
        raise Invalid({"time": [WHEN[offering.by_night]]})
    if said.pays not in PAYS:
        raise Invalid({"pays": ["Please choose how it is paid."]})
    pays, method, _ = PAYS[said.pays]
    taken = (
        Taken(_amount(said, offering.business), method, said.receipt[:RECEIPT_AT_MOST]) if method else None
    )
    return Wanted(
        offering=offering,
        when=when,
        terms=terms_of(offering, trades),
        caller=_caller(said, offering.business),
        pays=pays,
        taken=taken,
        keep_for=said.keep_for,
        promo_code=said.promo_code,
        details={"note": said.note[:NOTE_AT_MOST]} if said.note else {},
    )


def _caller(said: Said, business: Business) -> Caller:
    if said.caller.isdecimal() and len(said.caller) <= LONGEST_ID:
        return Caller(known=int(said.caller))
    if said.phone and (wrong := check_phone("phone", said.phone, country=business.country)):
        raise Invalid(wrong)
    return Caller(name=said.name, email=said.email, phone=said.phone)


def _amount(said: Said, business: Business) -> Money:
    """What the page said that is to be taken, in major units. Raises Invalid."""
    try:
        return money_from(said.amount, business.currency, least=0)
    except Invalid:
        raise Invalid({"amount": ["Please look at the price first."]}) from None
