"""An academy with two coaches: lessons alone, the first of them online, and a class."""

from __future__ import annotations

from datetime import time, timedelta

from .people import COACH, COACH_2, CUSTOMER, OTHER, STAFF
from .shop import Sells, Shop, Visit, Works

FIRST, SECOND, COURT, MATS = "The first coach", "The second coach", "The court", "Mats of the yoga class"
DAY = ((time(6), time(12)), (time(14), time(21)))
POOL = "The pool"
PLAN, YOGA, STRENGTH = "Training plan, online", "Yoga for beginners", "Strength, one to one"
SWIMMING, TENNIS = "Swimming", "Tennis, one to one"
QUARTER = timedelta(minutes=15)
ON_THE_HOUR = {"slot_step": timedelta(minutes=60)}

ACADEMY = Shop(
    slug="sportif-academy",
    name="Sportif Academy",
    email="office@sportif.test",
    phone="+912240000000",
    members={STAFF: "manager", COACH: "provider", COACH_2: "provider"},
    works=(
        Works(FIRST, email=COACH, hours=DAY, profile="Yoga and strength, for those who begin. Since 2011."),
        Works(
            SECOND,
            email=COACH_2,
            hours=((time(0), time(0)),),  # round the clock, online: whoever tries the demo may do so at night
            profile="Tennis and swimming, for every age, and plans for those far away. Since 2006.",
        ),
        Works(COURT, kind="place", hours=DAY),
        Works(POOL, kind="place", hours=DAY),
        Works(MATS, kind="places", places=8),
    ),
    sells=(
        Sells(
            "coaching",
            PLAN,
            "What to train, how often and how long: half an hour by video, at any hour.",
            59900,
            30,
            by=(SECOND,),
            category="One to one",
            place="https://meet.example/sportif-plan",
            more={"slot_step": QUARTER},
        ),
        Sells(
            "coaching",
            YOGA,
            "A class of up to eight. Mats are there.",
            49900,
            60,
            by=(FIRST, MATS),
            category="Classes",
            place="Sportif Academy, first floor",
            more=ON_THE_HOUR,
        ),
        Sells(
            "coaching",
            STRENGTH,
            "A plan of your own, and the first hour of it together.",
            119900,
            60,
            by=(FIRST,),
            category="One to one",
            place="Sportif Academy, ground floor",
            more=ON_THE_HOUR,
        ),
        Sells(
            "coaching",
            SWIMMING,
            "From the first metre to the first kilometre.",
            99900,
            60,
            by=(SECOND, POOL),
            category="One to one",
            place="The pool behind the academy",
            more=ON_THE_HOUR | {"buffer_before": QUARTER, "slot_step": timedelta(minutes=30)},
        ),
        Sells(
            "coaching",
            TENNIS,
            "An hour on the court with the second coach.",
            149900,
            60,
            by=(SECOND, COURT),
            category="One to one",
            place="Sportif Academy, the court",
            more=ON_THE_HOUR,
        ),
    ),
    visits=(
        Visit(CUSTOMER, TENNIS, -20, "09:00", "done"),
        Visit(CUSTOMER, TENNIS, -13, "09:00", "done"),
        Visit(OTHER, YOGA, -8, "07:00", "done", paid="bank transfer"),
        Visit(CUSTOMER, YOGA, -8, "07:00", "done"),
        Visit("A walk-in", YOGA, -8, "07:00", "missed", booked=0),
        Visit(OTHER, STRENGTH, -4, "18:00", "declined"),
        Visit(CUSTOMER, SWIMMING, -2, "15:00", "canceled", booked=10),
        Visit("A caller", SWIMMING, -1, "16:00", "done"),
        Visit(CUSTOMER, TENNIS, -1, "09:00", ""),
        Visit(OTHER, PLAN, 1, "11:00", ""),
        Visit(CUSTOMER, TENNIS, 1, "15:00", "", booked=5),
        Visit(OTHER, YOGA, 2, "07:00", ""),
        Visit("A second walk-in", YOGA, 2, "07:00", ""),
        Visit("A caller", YOGA, 2, "07:00", "on the spot"),
        Visit(OTHER, STRENGTH, 3, "19:00", "waits", booked=0),
        Visit(CUSTOMER, SWIMMING, 4, "10:00", "waits", booked=0),
    ),
)
