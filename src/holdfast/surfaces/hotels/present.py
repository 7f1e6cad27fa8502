"""Our data in the words of the hotels' API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from holdfast.availability.slots import Slot
from holdfast.flows.cancellation import Owed
from holdfast.flows.catalogue import Business
from holdfast.flows.stays import RoomOffer, RoomType, Session, StayView, Verified, views_of_stays
from holdfast.kernel.money import Money
from holdfast.web.slots import slots_out

from .terms import WORDS


def hotel(business: Business) -> dict[str, Any]:
    return {
        "slug": business.slug,
        "name": business.name,
        "timezone": business.timezone,
        "country": business.country,
        "currency": business.currency,
        "email": business.email,
        "phone": business.phone,
    }


def hotels(businesses: Sequence[Business]) -> list[dict[str, Any]]:
    return [hotel(business) for business in businesses]


def room_type(one: RoomType) -> dict[str, Any]:
    offering, rules, currency = one.offering, one.rules, one.offering.business.currency
    return {
        "id": offering.pk,
        "name": offering.title,
        "description": offering.description,
        "image": offering.image or None,
        "rooms": one.pool.capacity,
        "price": Money(one.rates.price, currency).decimal,
        "currency": currency,
        "occupancy": rules.occupancy,
        "minimum_stay": rules.minimum_stay,
        "maximum_stay": rules.maximum_stay,
        "check_in_from": f"{rules.check_in_from:%H:%M}",
        "check_out_until": f"{rules.check_out_until:%H:%M}",
        "seasons": [
            {
                "first_night": season.first.isoformat(),
                "last_night": season.last.isoformat(),
                "price": Money(season.price, currency).decimal,
                "minimum_stay": season.minimum_stay,
            }
            for season in one.rates.seasons
        ],
    }


def on_offer(offers: Iterable[RoomOffer], *, nights: int) -> list[dict[str, Any]]:
    return [_offer(one, nights) for one in offers]


def _offer(one: RoomOffer, nights: int) -> dict[str, Any]:
    currency, quote = one.offering.business.currency, one.quote
    return {
        "id": one.offering.pk,
        "name": one.offering.title,
        "available": one.available,
        "total": Money(quote.total, currency).decimal if quote else None,
        "currency": currency,
        "nights": nights,
        "lines": [
            {"kind": line.kind.value, "title": line.title, "amount": Money(line.price, currency).decimal}
            for line in (quote.lines if quote else ())
        ],
        "reason": one.why,
    }


def stay_slots(slots: Sequence[Slot], business: Business) -> list[dict[str, Any]]:
    """The nearest stays, by the clock of the hotel, each with its days."""
    days = [
        (slot.period.start.astimezone(business.zone), slot.period.end.astimezone(business.zone))
        for slot in slots
    ]
    return [
        {**shown, "check_in": day(arrives), "check_out": day(leaves)}
        for shown, (arrives, leaves) in zip(slots_out(slots, business.zone), days, strict=True)
    ]


def room_booking(stay: StayView) -> dict[str, Any]:
    """What the reference alone opens."""
    return {
        "booking_id": stay.booking_id,
        "status": WORDS[stay.state],
        "hotel": stay.business,
        "total": stay.total.decimal,
        "currency": stay.total.currency,
        "charged_at_once": stay.charged_at_once,
        "pay_by": when(stay.pay_by),
        "answer_by": when(stay.answer_by),
        "payment_provider": stay.payment_provider or None,
        "payment_reference": stay.payment_reference or None,
        "payment_intent_id": stay.payment_intent_id or None,
        "payment_authorized_at": when(stay.payment_authorized_at),
        "paid_at": when(stay.paid_at),
        "decision_made_at": when(stay.decision_made_at),
        "created_at": when(stay.created_at),
        "updated_at": when(stay.updated_at),
    }


def guests_booking(stay: StayView) -> dict[str, Any]:
    """What its guest's key opens as well."""
    return room_booking(stay) | {
        "guest_name": stay.guest.name,
        "guest_email": stay.guest.email,
        "guest_phone": stay.guest.phone,
        "room_type": {"id": stay.offering_id, "name": stay.room_type},
        "room": stay.room or None,
        "check_in": stay.check_in.isoformat(),
        "check_out": stay.check_out.isoformat(),
        "nights": stay.nights,
        "guests": stay.guests,
        "promo_code": stay.promo_code,
        "lines": [
            {"kind": line.kind, "title": line.title, "amount": line.amount.decimal} for line in stay.lines
        ],
        "reason": stay.reason or None,
        "checked_in_at": when(stay.checked_in_at),
        "checked_out_at": when(stay.checked_out_at),
    }


def staffs_booking(stay: StayView) -> dict[str, Any]:
    """What whoever runs the hotel sees."""
    return guests_booking(stay) | {"decision_made_by": stay.decision_made_by or None}


def staffs_bookings(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [staffs_booking(stay) for stay in views_of_stays(found)]


def session(opened: Session) -> dict[str, Any]:
    return {
        "session_id": opened.session_id,
        "payment_url": opened.payment_url,
        "amount": opened.amount.decimal,
        "currency": opened.amount.currency,
        "charged_at_once": opened.charged_at_once,
    }


def verified(said: Verified) -> dict[str, Any]:
    return {
        "booking_id": said.stay.booking_id,
        "status": WORDS[said.stay.state],
        "payment_status": said.payment_status,
        "amount": said.amount.decimal,
        "currency": said.amount.currency,
    }


def owed(owed: Owed) -> dict[str, Any]:
    return {"refund": owed.refund.decimal, "currency": owed.refund.currency, "percent": owed.percent}


def canceled(stay: StayView, back: Owed) -> dict[str, Any]:
    return {"booking_id": stay.booking_id, "status": WORDS[stay.state], **owed(back)}


def when(moment: datetime | None) -> str | None:
    """To the second, by the hotel's clock, with its offset."""
    return moment.isoformat(timespec="seconds") if moment else None


def day(moment: date) -> str:
    return f"{moment:%Y-%m-%d}"
