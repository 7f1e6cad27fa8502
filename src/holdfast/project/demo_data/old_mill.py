"""A small hotel in a mill: through Stripe it authorizes cards, and through PhonePe it charges at once."""

from __future__ import annotations

from .people import CUSTOMER, OTHER, OTHER_HOTEL_STAFF, STAFF
from .shop import Charges, EveryYear, Lets, Shop, Sojourn

MILLERS, LOFT = "The miller's room", "The loft"
GST = 1200  # basis points

OLD_MILL = Shop(
    slug="old-mill",
    name="Old Mill",
    email="hello@old-mill.test",
    phone="+918272000000",
    tax_name="GST",
    gateways=("stripe", "phonepe"),
    members={STAFF: "manager", OTHER_HOTEL_STAFF: "staff"},
    lets=(
        Lets(
            MILLERS,
            "Above the wheel, with a window to the stream.",
            450000,
            rooms=("Oak", "Teak", "Rosewood"),
            tax_rate=GST,
            seasons=(EveryYear("Monsoon", (6, 1), (9, 15), 350000),),
        ),
        Lets(LOFT, "The whole upper floor.", 900000, rooms=("Loft",), occupancy=5, tax_rate=GST),
    ),
    charges=(Charges("Bonfire and breakfast", 60000, "guest"),),
    sojourns=(
        Sojourn(OTHER, MILLERS, -14, 2, "done", paid="cash"),
        Sojourn("A family", LOFT, -8, 3, "done", guests=4),
        Sojourn(CUSTOMER, MILLERS, -1, 2, "here"),
        Sojourn("A couple", MILLERS, 5, 2),
        Sojourn("A guest", MILLERS, 8, 1, "waits", guests=1, booked=0),
    ),
)
