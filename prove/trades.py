"""How each trade is bought."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from random import Random

from .asking import Json, Opened, Slot, Step, Story, Trade, TurnedAway, times_of
from .stays import STAYS

PROMO = "PROVE10"


def _birth() -> Json:
    return {
        "language": "Hindi",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "Career guidance needed",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
    }


def _consultation(slots: Sequence[Slot], random: Random) -> Story:
    (slot,) = slots
    chosen = {"service": slot.offering, "preferred_date": slot.day, "preferred_time": slot.time}
    said = yield Step("book", "POST", "/api/astrology/bookings/book-with-payment/", _birth() | chosen)
    payment = said["data"]["payment"]
    return _consultations_payment(payment["merchant_order_id"], payment["payment_url"])


def _consultations_payment(reference: str, payment_url: str) -> Opened:
    look = Step("look", "GET", f"/api/astrology/bookings/status/?merchant_order_id={reference}")
    return Opened(reference, payment_url, look)


def _consultations_outcome(status: int, said: Json) -> tuple[str, str]:
    return said["data"]["payment_status"], said["data"]["astro_book_id"] or ""


def _cart(slots: Sequence[Slot], random: Random) -> Story:
    """A cart of several lines, half of them cheaper by a code. One that is turned away is deleted."""
    cart = yield Step("cart", "POST", "/api/cart/carts/", (yield from _line(slots[0], random)))
    own = f"/api/cart/carts/{cart['id']}"
    try:
        for slot in slots[1:]:
            yield Step("add a line", "POST", f"{own}/items/", (yield from _line(slot, random)))
        if random.random() < 0.5:
            yield Step("apply a code", "POST", f"{own}/apply_promo/", {"promo_code": PROMO})
        said = yield Step("book", "POST", "/api/payments/process-cart/", {"cart_id": cart["id"]})
    except TurnedAway:
        yield Step("delete a cart", "DELETE", f"{own}/")
        return None
    look = Step("look", "GET", f"/api/payments/{said['payment_id']}/check-booking/")
    return Opened(said["merchant_transaction_id"], said["payment_url"], look)


def _line(slot: Slot, random: Random) -> Generator[Step, Json, Json]:
    """A puja in one of its packages, or a consultation."""
    when = {"selected_date": slot.day, "selected_time": slot.time}
    if slot.trade == "astrology":
        return {"service_type": "ASTROLOGY", "astrology_service": slot.offering} | when | _birth()
    puja = yield Step("look at a puja", "GET", f"/api/puja/services/{slot.offering}/")
    package = random.choice(puja["packages"])["id"]
    return {"service_type": "PUJA", "puja_service": slot.offering, "package_id": package} | when


def _carts_outcome(status: int, said: Json) -> tuple[str, str]:
    """Money that has come and waits for a person is a success in this trade, without a booking."""
    if said["payment_status"] == "SUCCESS" and not said["booking_created"]:
        return "WAITS FOR A PERSON", ""
    booking = said.get("booking") or {}
    return said["payment_status"], booking.get("book_id", "")


def _lesson(slots: Sequence[Slot], random: Random) -> Story:
    """Reserved first, and then paid. What cannot be paid is canceled."""
    (slot,) = slots
    when = {"date": slot.day, "start_time": slot.time}
    made = yield Step("book", "POST", f"/booking/api/course/{slot.offering}/create/", when)
    own = f"/booking/api/booking/{made['booking_id']}"
    try:
        said = yield Step("pay", "POST", f"{own}/pay/", {})
    except TurnedAway:
        yield Step("cancel unpaid", "POST", f"{own}/cancel/", {})
        return None
    look = Step("look", "POST", f"{own}/mark-paid/", {"payment_id": said["payment_id"]})
    return Opened(str(said["payment_id"]), said["payment_url"], look)


LESSONS_WORDS = {200: "SUCCESS", 202: "PENDING", 402: "PENDING"}


def _lessons_outcome(status: int, said: Json) -> tuple[str, str]:
    word = LESSONS_WORDS.get(status, "FAILED")
    return word, str(said["booking_id"]) if word == "SUCCESS" else ""


TRADES = {
    "astrology": Trade(
        free=times_of("astrology", "/api/astrology/services/{offering}/slots/"),
        hold=_consultation,
        own=_consultations_payment,
        cancel="/api/astrology/bookings/{booking}/cancel/",
        reschedule="/api/astrology/bookings/{booking}/reschedule/",
        moved=lambda slot: {"preferred_date": slot.day, "preferred_time": slot.time},
        outcome=_consultations_outcome,
    ),
    "puja": Trade(
        free=times_of("puja", "/api/puja/services/{offering}/slots/"),
        hold=_cart,
        lines=lambda random: random.choice((1, 1, 2, 3)),
        beside=("astrology",),
        cancel="/api/booking/bookings/{booking}/cancel/",
        reschedule="/api/booking/bookings/{booking}/reschedule/",
        moved=lambda slot: {"selected_date": slot.day, "selected_time": slot.time},
        outcome=_carts_outcome,
    ),
    "coaching": Trade(
        free=times_of("coaching", "/booking/api/course/{offering}/slots/"),
        hold=_lesson,
        cancel="/booking/api/booking/{booking}/cancel/",
        outcome=_lessons_outcome,
    ),
    "hotels": STAYS,
}
