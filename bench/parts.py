"""The parts of the bench, in their order. Import it only once the environment says where the database is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .application.approvals import approvals
from .application.crowds import crowds
from .application.listening import listening
from .application.long_list import long_list
from .application.rooms import free_rooms_of_a_month
from .application.slots import free_slots_of_a_month
from .figures import Found
from .measure import over_http, paid_bookings
from .sizes import Place, Size
from .start import second_start
from .webhooks import webhooks

PARTS: Mapping[str, Callable[[Place, Size], Found]] = {
    "bookings": paid_bookings,
    "http": over_http,
    "free-slots": free_slots_of_a_month,
    "free-rooms": free_rooms_of_a_month,
    "approvals": approvals,
    "crowds": crowds,
    "list": long_list,
    "webhooks": webhooks,
    "live": listening,
    "start": second_start,
}
