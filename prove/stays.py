"""How a guest without an account books a room, and pays for it at Stripe's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from .asking import Free, Json, Opened, Slot, Step, Story, Trade, TurnedAway

HOTEL = "prove-inn"
PUBLIC = f"/api/public/hotel/{HOTEL}"
NIGHTS = (1, 1, 2, 3)
DRAFTS = 0.3  # of all bookings
TRIES = 3  # to begin to pay, where the gateway does not answer
# A booking stands once its money is reserved: the hotel may still turn it away.
STANDS = ("PENDING_APPROVAL", "CONFIRMED")
HAS_PAID = ("AUTHORIZED", "SUCCESS")


def _rooms(offering: int, day: str, random: Random) -> Free:
    until = (date.fromisoformat(day) + timedelta(days=random.choice(NIGHTS))).isoformat()
    asked = f"check_in={day}&check_out={until}&guests=2"
    said = yield Step("look for a room", "GET", f"{PUBLIC}/availability/?{asked}")
    free = [one["id"] for one in said["room_types"] if one["available"]]
    return [Slot("hotels", offering, day, until=until)] if offering in free else []


def _stay(slots: Sequence[Slot], random: Random) -> Story:
    """Some write it down first and submit it then. What cannot be paid is kept until its hold ends."""
    (slot,) = slots
    wish = {
        "room_type": slot.offering,
        "check_in": slot.day,
        "check_out": slot.until,
        "guests": 2,
        "guest_name": "A guest",
        "guest_email": f"guest{random.getrandbits(40):010x}@prove.test",
    }
    is_draft = random.random() < DRAFTS
    made = yield Step("book", "POST", f"{PUBLIC}/room-bookings/", wish | {"submit": not is_draft})
    own = f"{PUBLIC}/room-bookings/{made['booking_id']}"
    if is_draft:
        yield Step("submit", "POST", f"{own}/submit/", {})
    for _ in range(TRIES):
        try:
            said = yield Step("open a session", "POST", f"{own}/payment/session/", {})
        except TurnedAway:
            continue
        return Opened(said["session_id"], said["payment_url"], Step("look", "GET", f"{own}/payment/verify/"))
    return None


def _outcome(status: int, said: Json) -> tuple[str, str]:
    if said["status"] in STANDS and said["payment_status"] in HAS_PAID:
        return "SUCCESS", said["booking_id"]
    return said.get("payment_status", "PENDING"), ""


STAYS = Trade(
    free=_rooms,
    hold=_stay,
    cancel=f"{PUBLIC}/room-bookings/{{booking}}/cancel/?key={{key}}",
    outcome=_outcome,
    release="",
    signs_in=False,
    gateway="stripe",
)
