"""One astrologer's practice."""

from __future__ import annotations

from datetime import time

from .people import ASTROLOGER, CUSTOMER, OTHER, STAFF
from .shop import Sells, Shop, Visit, Works

PERSON = "The astrologer"
CONSULTATIONS = (
    ("Birth chart reading", "Your chart explained, planet by planet.", 149900, 60),
    ("Career guidance", "Which way to turn, and when.", 99900, 30),
    ("Marriage matching", "Two charts side by side.", 249900, 60),
    ("Muhurta: a good hour", "The hour for a wedding, a house, a journey.", 79900, 30),
    ("Gemstone Consultation", "Which stone suits your chart, and why.", 199900, 45),
)

JYOTI = Shop(
    slug="jyoti-astrology",
    name="Jyoti Astrology",
    email="hello@jyoti.test",
    phone="",
    return_origins=("https://yourapp.com",),
    members={STAFF: "staff", ASTROLOGER: "provider"},
    works=(
        Works(
            PERSON,
            email=ASTROLOGER,
            profile="Vedic astrology since 1998.",
            hours=((time(9), time(13)), (time(14), time(19))),
        ),
    ),
    sells=tuple(
        Sells("astrology", title, said, price, minutes, by=(PERSON,))
        for title, said, price, minutes in CONSULTATIONS
    ),
    visits=(
        Visit(CUSTOMER, "Birth chart reading", -21, "10:00", "done"),
        Visit("A caller", "Career guidance", -14, "11:00", "done"),
        Visit(OTHER, "Marriage matching", -9, "15:00", "done", paid="bank transfer"),
        Visit("A walk-in", "Muhurta: a good hour", -5, "16:00", "missed"),
        Visit(OTHER, "Gemstone Consultation", -2, "09:00", "canceled", booked=12),
    ),
)
