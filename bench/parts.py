"""The parts of the bench, in their order. Import it only once the environment says where the database is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .figures import Found
from .measure import over_http, paid_bookings
from .sizes import Place, Size

PARTS: Mapping[str, Callable[[Place, Size], Found]] = {
    "bookings": paid_bookings,
    "http": over_http,
}
