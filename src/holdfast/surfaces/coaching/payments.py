"""Paying for bookings of courses over HTTP, and proving it. Described in docs/api/coaching.md.

Nobody becomes paid by saying so: the gateway is asked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.gateways import payment_methods
from holdfast.flows.paying_for import NotToBePaid, pay_for, prove_paid
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import EXPONENTS, Money
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, Unanswered, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.throttles import client_address, limit

from . import present
from .bookings import as_known, changes, now_at, still_asking
from .schemas import Marked, MarkPaid, Pay, Record, Recorded, Started
from .terms import MARKED, TO_MARK, TO_PAY, TO_RECORD, TRADE, WORDS

router = Router(tags=["coaching"])

ALSO = (BAD, SIGNED_IN, MISSING, THROTTLED)
PAID_FOR = documented({200: Started, 202: Unanswered, 409: Problem, 503: Problem}, *ALSO)


@router.post(
    "/booking/{int:booking_id}/mark-paid/",
    response=documented({200: Marked, 202: Unanswered, 402: Problem, 409: Problem}, *ALSO),
    auth=signed_in,
)
def mark_paid(request: HttpRequest, booking_id: int, body: MarkPaid | None = None) -> Any:
    """Have a payment looked up at its gateway: the one that is named, or the booking's own."""
    changes(request)
    said = body or MarkPaid()
    try:
        with as_known(booking_id):
            proof = prove_paid(
                booking_id, by=who(request), trade=TRADE, now=utc_now(), payment=said.payment_id
            )
    except NotToBePaid as no:
        raise HttpError(400, TO_MARK.refusal(WORDS[no.state])) from None
    except StillUnknown:
        return still_asking(booking_id)
    method = said.payment_method or proof.gateway
    return present.changed(proof.booking, MARKED) | {"payment_id": proof.payment, "payment_method": method}


@router.post("/booking/{int:booking_id}/pay/", response=PAID_FOR, auth=signed_in)
def pay(request: HttpRequest, booking_id: int, body: Pay | None = None) -> Any:
    """Start paying: the payment that is open already, or a new one."""
    return _opened(request, booking_id, body, anew=False)


@router.post("/booking/{int:booking_id}/retry-payment/", response=PAID_FOR, auth=signed_in)
def retry_payment(request: HttpRequest, booking_id: int, body: Pay | None = None) -> Any:
    """Another attempt, also while an earlier one is open. Should both be paid, one goes back."""
    return _opened(request, booking_id, body, anew=True)


@router.post(
    "/booking/{int:booking_id}/record-payment/",
    response=documented({200: Recorded, 409: Problem}, *ALSO),
    auth=signed_in,
)
def record(request: HttpRequest, booking_id: int, body: Record) -> dict[str, Any]:
    """The coach, or staff, has taken the money by hand; whoever says so is named with it."""
    changes(request)
    user = who(request)
    with as_known(booking_id, TO_RECORD) as found:
        taken = Taken(
            amount=_money(body.amount, currency=found.price.currency),
            method=Method.CASH if body.payment_method == "cash" else Method.BANK,
            note=body.note,
        )
        payment = record_payment(found.reference, taken, by=user, trade=TRADE, now=utc_now())
    return present.changed(now_at(booking_id), "Payment recorded successfully") | {
        "payment_id": payment.reference,
        "amount": taken.amount.decimal,
        "currency": taken.amount.currency,
        "recorded_by": user.name or user.email,
    }


def _opened(request: HttpRequest, booking_id: int, body: Pay | None, *, anew: bool) -> Any:
    shopper = Shopper(who(request), client_address(request))
    limit(request, "start_by_address", "start_by_user", user=shopper.user.pk)
    with as_known(booking_id, TO_PAY):
        method = _method(body.payment_method if body else "")
        checkout = pay_for(booking_id, by=shopper, trade=TRADE, now=utc_now(), method=method, anew=anew)
    if checkout.payment_url is None:
        return still_asking(booking_id)
    return present.started(checkout, booking_id)


def _method(said: str) -> str:
    """The gateway that is named, or none for the business's first. Raises Invalid."""
    if said and said.lower() not in payment_methods():
        raise Invalid({"payment_method": [f"Pay by one of: {', '.join(sorted(payment_methods()))}."]})
    return said.lower()


def _money(amount: Decimal, *, currency: str) -> Money:
    """Raises Invalid for less than the smallest coin."""
    minor = amount.scaleb(EXPONENTS[currency])
    if minor != minor.to_integral_value():
        raise Invalid({"amount": [f"There is no such amount of {currency}."]})
    return Money(int(minor), currency)
