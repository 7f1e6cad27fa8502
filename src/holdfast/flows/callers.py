"""Callers: whom staff book in, a customer that the business knows or somebody new."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.catalog.queries import businesses_run_by
from holdfast.kernel.errors import Forbidden, Invalid, NotFound
from holdfast.orders.models import Order
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer, User

FOUND_AT_MOST = 10
LONGEST = {"name": 120, "email": 254, "phone": 20}


@dataclass(frozen=True)
class Caller:
    """Who is booked in: a known customer, by id, or somebody new with a name and how to reach them."""

    known: int | None = None
    name: str = ""
    email: str = ""
    phone: str = ""


def known_callers(words: str, *, by: User, business: Business) -> list[Customer]:
    """A business's customers with these words in their name, address or number; a provider's, for one."""
    wanted = words.strip()
    if not wanted:
        return []
    meant = Q(name__icontains=wanted) | Q(email__icontains=wanted) | Q(phone__icontains=wanted)
    return list(_customers_of(business, by=by).filter(meant).order_by("name", "pk")[:FOUND_AT_MOST])


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


def contact_of(customer: Customer) -> dict[str, str]:
    """How to reach a customer, as a booking's details say it."""
    said = {"contact_email": customer.email, "contact_phone": customer.phone}
    return {name: value for name, value in said.items() if value}


def _customers_of(business: Business, *, by: User) -> QuerySet[Customer]:
    """The customers of a business whom this user may know: for a provider, who has booked with them."""
    theirs = Booking.objects.filter(business=business, customer=OuterRef("pk"))
    if not businesses_run_by(by).filter(pk=business.pk).exists():
        return Customer.objects.filter(Exists(theirs.filter(provider__user=by)))
    orders = Order.objects.filter(business=business, customer=OuterRef("pk"))
    return Customer.objects.filter(Exists(orders))
