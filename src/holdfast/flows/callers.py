"""Callers: whom staff book in, a customer that the business knows or somebody new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KT

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.catalog.queries import businesses_run_by
from holdfast.kernel.errors import Forbidden, Invalid, NotFound
from holdfast.orders.models import Line, Order
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer, User

FOUND_AT_MOST = 10
DIGITS_OF_A_NUMBER = 4  # fewer are not looked for among numbers
SERVICE = Line.Kind.SERVICE.value
LONGEST = {"name": 120, "email": 254, "phone": 20}


@dataclass(frozen=True)
class Caller:
    """Who is booked in: a known customer, by id, or somebody new with a name and how to reach them."""

    known: int | None = None
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Known:
    """A customer of the business, and how to reach them."""

    pk: int
    name: str
    email: str
    phone: str


def known_callers(words: str, *, by: User, business: Business) -> list[Known]:
    """A business's customers with these words in their name, address or number; a provider's, for one."""
    wanted = words.strip()
    if not wanted:
        return []
    lines = _lines_of(business, by=by).filter(order__customer=OuterRef("pk"))
    meant = Q(name__icontains=wanted) | Q(email__icontains=wanted)
    meant |= Q(Exists(lines.filter(details__contact_email__icontains=wanted)))
    digits = "".join(letter for letter in wanted if letter.isdigit())
    if len(digits) >= DIGITS_OF_A_NUMBER:  # written one way then, and another way now
        meant |= Q(own_digits__contains=digits)
        said = lines.annotate(digits=_digits_of(KT("details__contact_phone")))
        meant |= Q(Exists(said.filter(digits__contains=digits)))
    found = _customers_of(business, by=by).annotate(
        own_digits=_digits_of("phone"), said=Subquery(lines.order_by("-pk").values("details")[:1])
    )
    return [_known(one) for one in found.filter(meant).order_by("name", "pk")[:FOUND_AT_MOST]]


def _known(customer: Any) -> Known:
    contact = _reached_by(customer, customer.said or {})
    return Known(
        customer.pk,
        str(customer),
        contact.get("contact_email", ""),
        contact.get("contact_phone", ""),
    )


def caller_for(caller: Caller, *, by: User, business: Business) -> Customer:
    """Who is booked in; one who is new is not written yet. Raises NotFound, Forbidden and Invalid."""
    if caller.known is not None:
        known = _customers_of(business, by=by).filter(pk=caller.known).first()
        if known is None:
            raise NotFound("There is no such customer.")
        if known.user_id == by.pk:
            raise Forbidden("This is you: please book as a customer does.")
        return known
    if wrong := _wrong_caller(caller):
        raise Invalid(wrong)
    return Customer(name=caller.name.strip(), email=caller.email.strip(), phone=caller.phone.strip())


def _wrong_caller(caller: Caller) -> dict[str, list[str]]:
    wrong = {}
    if not caller.name.strip():
        wrong["name"] = ["Please say who it is."]
    if not caller.email.strip() and not caller.phone.strip():
        wrong["phone"] = ["A phone number or an email address is needed."]
    if caller.email.strip() and not is_address(caller.email.strip()):
        wrong["email"] = ["This is not an email address."]
    wrong |= {
        name: [f"This is longer than {most} letters."]
        for name, most in LONGEST.items()
        if len(getattr(caller, name).strip()) > most
    }
    return wrong


def is_address(text: str) -> bool:
    """Whether this can be an email address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


@transaction_required
def kept(who: Customer) -> Customer:
    """Written anew at each attempt: what was written in a transaction that was rolled back is not there."""
    return Customer.objects.create(name=who.name, email=who.email, phone=who.phone)


def contact_of(customer: Customer, business: Business) -> dict[str, str]:
    """How to reach a customer of a business, as a booking's details say it."""
    if customer.pk is None:
        return _reached_by(customer, {})
    lines = Line.objects.filter(order__customer=customer, order__business=business, kind=SERVICE)
    return _reached_by(customer, lines.order_by("-pk").values_list("details", flat=True).first() or {})


def _reached_by(customer: Customer, said: Mapping[str, Any]) -> dict[str, str]:
    """Their own address and number, and those that they gave when they last booked where there is none."""
    reached = {
        "contact_email": customer.email or said.get("contact_email", ""),
        "contact_phone": customer.phone or said.get("contact_phone", ""),
    }
    return {name: value for name, value in reached.items() if value}


def _customers_of(business: Business, *, by: User) -> QuerySet[Customer]:
    """The customers of a business whom this user may know: for a provider, who has booked with them."""
    theirs = Booking.objects.filter(business=business, customer=OuterRef("pk"))
    if not businesses_run_by(by).filter(pk=business.pk).exists():
        return Customer.objects.filter(Exists(theirs.filter(provider__user=by)))
    orders = Order.objects.filter(business=business, customer=OuterRef("pk")).exclude(state="open")
    return Customer.objects.filter(Exists(orders))


def _lines_of(business: Business, *, by: User) -> QuerySet[Line]:
    """What was bought of a business, as far as this user may know: of a provider, their own."""
    lines = Line.objects.filter(order__business=business, kind=SERVICE)
    if businesses_run_by(by).filter(pk=business.pk).exists():
        return lines
    return lines.filter(provider__user=by)


def _digits_of(text: Any) -> Func:
    return Func(
        text, Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField()
    )
