"""Who may follow what: members what the desk shows them; a booking, whoever has its reference."""

from __future__ import annotations

from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Member, Provider
from holdfast.catalog.queries import businesses_run_by
from holdfast.kernel.errors import NotFound, NotSignedIn
from holdfast.notifications.live import OF_A_BOOKING, OF_A_BUSINESS, trade_of_channel
from holdfast.orders.models import Order
from holdfast.platform.models import User

from .following import Scope


def needs_nobody(channel: str) -> bool:
    """Whether whoever knows a channel's name may follow it."""
    return channel.partition("-")[0] == OF_A_BOOKING


def scope_of(channel: str, *, user: User | None) -> Scope:
    """What this user, or nobody, follows on a channel.

    Raises NotFound where there is no such channel or it is somebody else's, NotSignedIn where nobody asks.
    """
    prefix, _, name = channel.partition("-")
    if needs_nobody(channel):
        return _booking(name)
    trade = trade_of_channel(prefix)
    if trade is None and prefix != OF_A_BUSINESS:
        raise NotFound("There is no such channel.")
    if user is None:
        raise NotSignedIn
    return _business(name, trade, user)


def _booking(reference: str) -> Scope:
    """A reference, a draft's as well, opens its status to whoever has it, and an event says no more."""
    booked = Booking.objects.filter(reference=reference)
    drafted = Order.objects.filter(booking_reference=reference).exclude(booking_reference="")
    if not booked.exists() and not drafted.exists():
        raise NotFound("There is no such channel.")
    return Scope(reference=reference)


def _business(slug: str, trade: str | None, user: User) -> Scope:
    """All of a business for who runs it, and for who gives something there what is theirs to give."""
    run = businesses_run_by(user).filter(slug=slug).first()
    if run is not None:
        return Scope(business=run.pk, trade=trade)
    gives_at = Member.objects.filter(user=user, role=Member.Role.PROVIDER, business__slug=slug)
    business = Business.objects.filter(members__in=gives_at).first()
    if business is None:
        raise NotFound("There is no such channel.")
    theirs = Provider.objects.filter(user=user, resource__business=business)
    return Scope(business=business.pk, trade=trade, providers=frozenset(theirs.values_list("pk", flat=True)))
