"""Questions about who gives what."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from .models import Offering, Provider, Resource


def providers(trade: str, *, business: str | None = None) -> QuerySet[Provider]:
    """Whoever gives something of a trade that is on offer, by name; of one business by its slug."""
    gives = {"resource__offerings__trade": trade, "resource__offerings__active": True}
    if business:
        gives["resource__business__slug"] = business
    found = Provider.objects.filter(**gives, resource__kind=Resource.Kind.PERSON).distinct()
    return found.select_related("resource__business").order_by("resource__name", "pk")


def with_resources(offerings: QuerySet[Offering]) -> QuerySet[Offering]:
    """The same, each with all that it needs, and with whoever gives it."""
    in_order = Resource.objects.select_related("provider", "business").order_by("kind", "name", "pk")
    return offerings.prefetch_related(Prefetch("resources", queryset=in_order))


def provider_of(offering: Offering) -> Provider | None:
    """Who gives it, if one of its resources is a person. Asks nothing where ``with_resources`` has."""
    people = (one for one in offering.resources.all() if one.kind == Resource.Kind.PERSON)
    return next((one.provider for one in people if hasattr(one, "provider")), None)


def places_of(offering: Offering) -> int | None:
    """How many may take part at once where it is a class; else None."""
    places = [one.capacity for one in offering.resources.all() if one.kind == Resource.Kind.PLACES]
    return min(places, default=None)
