"""A temple that sells pujas in packages, and consultations beside them."""

from __future__ import annotations

from datetime import time

from .people import CUSTOMER, OTHER, STAFF
from .shop import Pack, Sells, Shop, Visit, Works

PUJARI, SECOND, ASTROLOGER = "The first pujari", "The second pujari", "The temple's astrologer"
HALL = "Shanti Temple, the great hall"
HOME = "At your home"
DAY = ((time(6), time(13)), (time(15), time(20)))

SATYANARAYAN, GANESH, GRIHA = "Satyanarayan Puja", "Ganesh Puja", "Griha Pravesh Puja"
LAKSHMI, RUDRA, CONSULTATION = "Lakshmi Puja", "Rudrabhishek", "Kundali consultation"

TEMPLE = Shop(
    slug="shanti-temple",
    name="Shanti Temple",
    email="office@shanti.test",
    phone="+911140000000",
    members={STAFF: "manager"},
    works=(
        Works(PUJARI, hours=DAY, profile="Pujas at the temple and at home, in Hindi and Sanskrit."),
        Works(SECOND, hours=DAY, profile="Pujas in Tamil and Sanskrit."),
        Works(ASTROLOGER, hours=((time(10), time(18)),), profile="Reads charts at the temple."),
    ),
    sells=(
        Sells(
            "puja",
            SATYANARAYAN,
            "For thanks and for a new beginning, with the katha read aloud.",
            99900,
            90,
            by=(PUJARI,),
            category="Home and family",
            place=HALL,
            packs=(
                Pack("Basic", 99900, HALL, "Hindi", description="One pujari, at the temple."),
                Pack("At home", 249900, HOME, "Hindi", 120, "One pujari and all that is needed."),
                Pack("Grand", 499900, HOME, "Hindi", 120, "With havan and prasad for fifty."),
            ),
        ),
        Sells(
            "puja",
            GANESH,
            "Before whatever one begins.",
            79900,
            60,
            by=(SECOND,),
            category="New beginnings",
            place=HALL,
            packs=(Pack("Basic", 79900, HALL, "Tamil"), Pack("At home", 199900, HOME, "Tamil", 90)),
        ),
        Sells(
            "puja",
            GRIHA,
            "For the first day in a new house.",
            349900,
            120,
            by=(PUJARI,),
            category="Home and family",
            packs=(Pack("Basic", 349900, HOME, "Hindi"), Pack("With vastu puja", 549900, HOME, "Hindi")),
        ),
        Sells(
            "puja",
            LAKSHMI,
            "For a good year of business.",
            129900,
            60,
            by=(SECOND,),
            category="New beginnings",
            place=HALL,
            packs=(Pack("Basic", 129900, HALL, "Hindi"),),
        ),
        Sells(
            "puja",
            RUDRA,
            "With eleven recitations, for health and peace.",
            219900,
            120,
            by=(PUJARI,),
            category="Health and peace",
            place=HALL,
            packs=(Pack("Basic", 219900, HALL, "Sanskrit"), Pack("At home", 399900, HOME, "Sanskrit")),
        ),
        Sells(
            "astrology",
            CONSULTATION,
            "Which day suits your family's puja, by your charts.",
            49900,
            30,
            by=(ASTROLOGER,),
            category="Consultations",
            place=HALL,
        ),
    ),
    promos={"DISCOUNT10": 10},
    visits=(
        Visit(CUSTOMER, SATYANARAYAN, -30, "10:30", "done", "At home", booked=9),
        Visit("A family", GRIHA, -26, "07:00", "done", "Basic", paid="bank transfer"),
        Visit(OTHER, GANESH, -19, "09:00", "done", "Basic"),
        Visit("A walk-in", LAKSHMI, -12, "17:00", "done", "Basic", booked=0),
        Visit(CUSTOMER, CONSULTATION, -10, "11:00", "done", booked=2),
        Visit("A caller", RUDRA, -6, "06:00", "missed", "Basic"),
        Visit(OTHER, SATYANARAYAN, -3, "16:00", "canceled", "Grand", booked=11),
        Visit("A second family", SATYANARAYAN, -1, "09:00", "done", "At home"),
        Visit(CUSTOMER, GANESH, 2, "10:00", "", "At home", booked=4),
        Visit("A caller", GRIHA, 3, "07:00", "on the spot", "With vastu puja", booked=2),
        Visit(OTHER, LAKSHMI, 5, "18:00", "", "Basic", paid="bank transfer"),
        Visit("A second caller", SATYANARAYAN, 6, "10:30", "", "Grand"),
        Visit(CUSTOMER, RUDRA, 12, "06:00", "canceled late", "At home"),
    ),
)
