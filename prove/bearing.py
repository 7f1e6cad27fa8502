"""How the site bears troubles: visitors are timed before and during each, and buyers go on afterwards."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from holdfast.kernel.clock import utc_now

from . import aftermath
from .buyers import Buyers
from .customer import Seen
from .figures import in_words
from .killer import Kill
from .proxy import SlowRoad
from .site import new_site
from .stack import Stack
from .troubles import TROUBLES, Place, Trouble
from .verdict import count_wrongs, everything_known
from .visitors import Visit, Visitors

BUYERS, PROVIDERS = 24, 12
POOL = 10  # connections of each process: more than may wait for a gateway, and fewer than there are threads
BEFORE, DURING = 10.0, 25.0  # seconds
RECOVERS_WITHIN = 120.0
SOME_BOOKINGS = 5  # so many made after a trouble show that it is over
# Before a trouble the buyers alone may be more than a busy machine bears: then some are to come again.
BUSY = frozenset({"200", "503"})
PAGES = ("/", "/api/astrology/services/", "/api/astrology/services/1/", "/sign-in/")


@dataclass(frozen=True)
class Borne:
    """What the buyers saw of a trouble, whether visitors were served as well as may be, and what it broke."""

    seen: Seen
    good: bool
    broken: Kill | None


def bear(stack: Stack, *, seed: str, troubles: Mapping[str, Trouble] = TROUBLES) -> bool:
    """Every trouble in turn. Whether visitors were served, buyers went on, and the books agree."""
    road = SlowRoad(str(conninfo_to_dict(stack.database_url)["host"]))
    site = new_site(
        sandbox_url=stack.sandbox.url, trades=("astrology",), providers=PROVIDERS, customers=BUYERS
    )
    connections.close_all()
    slowly = make_conninfo(stack.database_url, host=road.host)
    stack.start_programs(DATABASE_URL=slowly, DATABASE_DIRECT_URL=slowly, HOLDFAST_POOL=str(POOL))
    borne = [
        _borne(name, trouble, Place(stack, road), Buyers(stack.url, site, seed=f"{seed}:{name}"))
        for name, trouble in troubles.items()
    ]
    everything = Seen(told=[told for one in borne for told in one.seen.told])
    aftermath.wait_until_the_books_balance(stack)
    aftermath.wait_until_all_is_delivered(stack)
    broken = [one.broken for one in borne if one.broken]
    with everything_known(stack, everything, broken, now=utc_now()) as after:
        wrongs = count_wrongs(after)
    return not wrongs and all(one.good for one in borne)


def _borne(name: str, trouble: Trouble, place: Place, buyers: Buyers) -> Borne:
    url = place.stack.url
    with buyers as seen:
        before = Visitors(url, PAGES).during(BEFORE)
        began_at = time.time()
        with trouble.begin(place):
            during = Visitors(url, PAGES).during(DURING)
        ended_at = time.time()
        _wait_for_bookings(place.stack, seen, name)
    good = before.was_served(BUSY) and during.was_served(trouble.answers)
    _print(name, before, during, seen, good=good)
    return Borne(seen, good, Kill(trouble.breaks, began_at, ended_at) if trouble.breaks else None)


def _wait_for_bookings(stack: Stack, seen: Seen, name: str) -> None:
    """It recovers by itself: customers are told of bookings again."""
    enough = len(seen.told) + SOME_BOOKINGS
    stack.wait_until(
        lambda: len(seen.told) >= enough, what=f"a booking after the {name}", within=RECOVERS_WITHIN
    )


def _print(name: str, before: Visit, during: Visit, seen: Seen, *, good: bool) -> None:
    print(f"{'yes' if good else '  no'}  {name}: the rest of the site answers")
    print(f"       before: {before}\n       during: {during}")
    print(f"       buyers: {len(seen.told)} bookings; {in_words(seen.answers)}", flush=True)
