"""Crowds: five hundred customers for one time, and three hundred for the twenty places of a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from bench.figures import Found, Promise, Run
from bench.server import BenchFailed
from bench.sizes import Place, Size
from holdfast.availability.models import Allocation
from holdfast.catalog.models import Offering, Resource
from holdfast.kernel.clock import utc_now

from .practice import Person
from .rush import Answer, rush
from .site import Site, running_site

RIVALS, PUPILS, PLACES = 500, 300, 20
WARM_UP = 32
RIVALS_LIVE_AT = 20_000  # far from those who book over HTTP one by one
SECONDS = 2.0


def crowds(place: Place, size: Size) -> Found:
    """Each run has a slot, a class and a crowd of its own. Anybody too many, or any other answer, ends it."""
    everybody = RIVALS * size.runs
    with running_site(place, "crowds", customers=everybody, network=19, first=RIVALS_LIVE_AT) as site:
        *offerings, first = site.offerings
        people = [site.people[n : n + RIVALS] for n in range(0, everybody, RIVALS)]
        # Both processes have then seen a request, and have the gateway's token.
        _rush(site, first, people[0][:WARM_UP], places=1)
        slots, classes = offerings[: size.runs], offerings[-size.runs :]
        hot = [_rush(site, slot, crowd, places=1) for slot, crowd in zip(slots, people, strict=True)]
        for offering in classes:
            _make_a_class(offering)
        full = [
            _rush(site, offering, crowd[:PUPILS], places=PLACES)
            for offering, crowd in zip(classes, people, strict=True)
        ]
    return Found(
        promises=[
            _promise("hot slot", hot, crowd=RIVALS, places=1),
            _promise("class", full, crowd=PUPILS, places=PLACES),
        ]
    )


def _make_a_class(offering: int) -> None:
    taught = Offering.objects.get(pk=offering)
    places = Resource.objects.create(
        business_id=taught.business_id, kind=Resource.Kind.PLACES, name=f"Of {taught}", capacity=PLACES
    )
    taught.resources.add(places)


def _rush(site: Site, offering: int, crowd: Sequence[Person], *, places: int) -> Run:
    """The crowd asks. As many as there are places have one, and all of the others are told so."""
    day = (utc_now().date() + timedelta(days=3)).isoformat()
    answers = rush(site.url, crowd, offering=offering, day=day, at="10:00")
    said = Counter(answer.status for answer in answers)
    if said != {200: places, 409: len(crowd) - places}:
        told = f"{len(crowd)} asked for {places}, and were answered {dict(said)}"
        raise BenchFailed(f"{told}: {_oddest(answers)!r}")
    kept = Allocation.objects.filter(resource__offerings=offering, state="held").values_list(
        "seat", flat=True
    )
    if len(kept) != (1 if places == 1 else 2 * places) or set(kept) != set(range(1, places + 1)):
        raise BenchFailed(f"Of {places} places these are held: {sorted(kept)}")
    took = [answer.took for answer in answers]
    return Run(took, elapsed=max(took))


def _oddest(answers: Sequence[Answer]) -> bytes:
    return max(answers, key=lambda answer: (answer.status not in (200, 409), answer.status == 200)).body[:500]


def _promise(name: str, runs: Sequence[Run], *, crowd: int, places: int) -> Promise:
    p99 = median(run.percentile(99) for run in runs)
    told = f"{places} × 200, {crowd - places} × 409"
    return Promise(
        f"{name}, {crowd} clients at once",
        f"{told}; p99 {p99 * 1000:,.0f} ms",
        f"{told}; p99 {SECONDS * 1000:,.0f} ms",
        p99 <= SECONDS,
    )
