"""The demo's data: businesses of every trade, people to sign in as, and what they have booked so far.

Another business is a file here with its shop and who has been there, and a line in SHOPS.
"""

from __future__ import annotations

from datetime import datetime

from django.db.transaction import atomic

from holdfast.kernel.clock import utc_now

from .academy import ACADEMY
from .gateway import let_the_sandbox_pay
from .history import play
from .jyoti import JYOTI
from .lake_view import LAKE_VIEW
from .old_mill import OLD_MILL
from .opening import open_shop
from .people import People, all_people
from .shop import Shop
from .temple import TEMPLE

SHOPS = (JYOTI, TEMPLE, ACADEMY, LAKE_VIEW, OLD_MILL)


def seed_demo(*, now: datetime | None = None) -> None:
    """Create what is missing. What a person has changed stays, but for the sandbox's address.

    A business that is new has a past: it is played once, through the flows that customers and staff go
    through, at the times when it is said to have happened.
    """
    with atomic():
        people = all_people()
        new = [shop for shop in SHOPS if _is_opened(shop, people, now=now or utc_now())]
    for shop in new:
        play(shop, people, now=now or utc_now())


def _is_opened(shop: Shop, people: People, *, now: datetime) -> bool:
    business, is_new = open_shop(shop, people, now=now)
    let_the_sandbox_pay(business, *shop.gateways)
    return is_new
