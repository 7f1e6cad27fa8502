"""A hotel on a lake: three room types, dearer in summer and at Christmas, and its own Stripe account."""

from __future__ import annotations

from .people import CUSTOMER, HOTEL_STAFF, OTHER, STAFF
from .shop import Charges, EveryYear, Lets, Shop, Sojourn

SINGLE, DOUBLE, SUITE = "Single room", "Double room with a view", "Lake suite"
SUMMER = ((6, 15), (9, 14))
CHRISTMAS = ((12, 20), (1, 6))
VAT = 1000  # basis points

LAKE_VIEW = Shop(
    slug="lake-view",
    name="Hotel Lake View",
    email="reception@lake-view.test",
    phone="+435574000000",
    timezone="Europe/Vienna",
    country="AT",
    currency="EUR",
    tax_name="VAT",
    gateways=("stripe",),
    members={STAFF: "manager", HOTEL_STAFF: "staff"},
    lets=(
        Lets(
            SINGLE,
            "Quiet, to the garden; a bed of 1.20 m and a desk.",
            8900,
            rooms=("11", "12", "21", "22"),
            occupancy=1,
            tax_rate=VAT,
            seasons=(EveryYear("Summer", *SUMMER, 10900),),
        ),
        Lets(
            DOUBLE,
            "With a balcony over the lake.",
            14900,
            rooms=("14", "15", "16", "24", "25", "26", "27", "28"),
            tax_rate=VAT,
            seasons=(EveryYear("Summer", *SUMMER, 18900), EveryYear("Christmas", *CHRISTMAS, 17900)),
        ),
        Lets(
            SUITE,
            "Two rooms under the roof, for a family.",
            28900,
            rooms=("31", "32"),
            occupancy=4,
            tax_rate=VAT,
            seasons=(EveryYear("Christmas", *CHRISTMAS, 35900, minimum_stay=3),),
        ),
    ),
    charges=(Charges("Tourist tax", 250, "guest_night"), Charges("Cleaning", 1500, "stay")),
    promos={"LAKE10": 10},
    sojourns=(
        Sojourn(CUSTOMER, DOUBLE, -21, 3, "done", booked=30),
        Sojourn("A family", DOUBLE, -16, 5, "done", booked=40),
        Sojourn(OTHER, SINGLE, -12, 2, "done", guests=1),
        Sojourn("A traveler", SINGLE, -9, 1, "missed", guests=1, paid="cash"),
        Sojourn(CUSTOMER, DOUBLE, -6, 2, "canceled", booked=20),
        Sojourn("A couple", DOUBLE, -5, 2, "declined"),
        Sojourn("A second couple", DOUBLE, -3, 3, "here", booked=9),
        Sojourn(OTHER, DOUBLE, -1, 3, "here", booked=12),
        Sojourn("A guest", SINGLE, 0, 2, guests=1, booked=4),
        Sojourn("A third couple", DOUBLE, 0, 4, booked=14),
        Sojourn(CUSTOMER, DOUBLE, 12, 2, booked=3),
        Sojourn("A fourth couple", DOUBLE, 6, 3, "waits", booked=0),
        Sojourn(OTHER, SINGLE, 9, 2, "waits", guests=1, booked=0),
    ),
)
