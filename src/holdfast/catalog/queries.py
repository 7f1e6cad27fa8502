"""Questions about the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from holdfast.kernel.errors import NotFound
from holdfast.platform.prepared import Prepared

from .models import Business, Member, Offering, Package

if TYPE_CHECKING:
    from holdfast.platform.models import User

RUNS_THE_BUSINESS = (Member.Role.OWNER, Member.Role.MANAGER, Member.Role.STAFF)


def offerings(
    trade: str, *, business: str | None = None, category: str | None = None, search: str | None = None
) -> QuerySet[Offering]:
    """The active offerings of a trade, with their business; of one business by its slug, or of one category.

    A search finds those of which every word is in a text of theirs, or in one of a package.
    """
    found = Offering.objects.filter(trade=trade, active=True).select_related("business")
    narrowed = {"business__slug": business, "category__iexact": category}
    found = found.filter(**{by: said for by, said in narrowed.items() if said})
    return found.filter(*(_says(word) for word in (search or "").split()))


def with_packages(offerings: QuerySet[Offering]) -> QuerySet[Offering]:
    """The same, each with the packages that it is sold as."""
    return offerings.prefetch_related(Prefetch("packages", queryset=Package.objects.filter(active=True)))


def packages_of(offering: Offering) -> list[Package]:
    """What an offering is sold as, in the order in which it is shown."""
    return list(offering.packages.filter(active=True))


def categories(trade: str, *, business: str | None = None) -> list[tuple[str, int]]:
    """The categories of a trade's active offerings, by name, with how many are in each."""
    named = offerings(trade, business=business).exclude(category="").order_by()
    return list(
        named.values("category").annotate(n=Count("pk")).order_by("category").values_list("category", "n")
    )


def _says(word: str) -> Q | Exists:
    own = Q()
    for text in ("title", "description", "category"):
        own |= Q(**{f"{text}__icontains": word})
    in_a_package = Q()
    for text in ("name", "description", "location", "language"):
        in_a_package |= Q(**{f"{text}__icontains": word})
    packages = Package.objects.filter(in_a_package, offering=OuterRef("pk"), active=True)
    return own | Q(Exists(packages))


def sellers(trade: str) -> QuerySet[Business]:
    """The businesses that have something of a trade on offer, by name."""
    offered = Offering.objects.filter(business=OuterRef("pk"), trade=trade, active=True)
    return Business.objects.filter(Exists(offered)).order_by("name", "pk")


def seller(slug: str, *, trade: str) -> Business:
    """One of them. Raises NotFound."""
    found = sellers(trade).filter(slug=slug).first()
    if found is None:
        raise NotFound
    return found


def on_offer() -> QuerySet[Offering]:
    """Every active offering of every trade, business by business."""
    active = Offering.objects.filter(active=True).select_related("business")
    return active.order_by("business__name", "business", "price", "pk")


def offering(offering_id: int, *, trade: str) -> Offering:
    """One active offering with its business. Raises NotFound."""
    found = _ONE_OFFERING.first(trade=trade, offering_id=offering_id)
    if found is None:
        raise NotFound
    return found


_ONE_OFFERING = Prepared(
    lambda trade, offering_id: Offering.objects.filter(
        pk=offering_id, trade=trade, active=True
    ).select_related("business")
)


def businesses_run_by(user: User) -> QuerySet[Business]:
    """The businesses whose books this user may see: all of them for a platform admin."""
    if user.is_superuser:
        return Business.objects.all()
    return Business.objects.filter(members__user=user, members__role__in=RUNS_THE_BUSINESS)
