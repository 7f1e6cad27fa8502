"""What is told of a booking the moment that it moves, in its trade's words: one event, on every channel.

The trades are known by name alone down here. ``HOLDFAST_TRADES`` says where the project has put how each of
them speaks, as ``ROOT_URLCONF`` does of its addresses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

EVENT = "booking-updated"
# The channel of all that a business sells, whatever its trades call theirs; and that of one booking.
OF_A_BUSINESS, OF_A_BOOKING = "business", "booking"


@dataclass(frozen=True)
class Speech:
    """How a trade speaks: our states in its words, and what it calls the channel of a business of its own."""

    words: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""


IN_OUR_WORDS = Speech()


@dataclass(frozen=True)
class Update:
    """A booking has moved: to which state, and when."""

    reference: str
    trade: str
    state: str
    at: datetime

    @property
    def data(self) -> dict[str, str]:
        """What an event says: exactly this, to whoever listens."""
        words = speeches().get(self.trade, IN_OUR_WORDS).words
        return {
            "booking_id": self.reference,
            "status": words.get(self.state, self.state),
            "updated_at": self.at.isoformat(),
        }

    @property
    def as_json(self) -> str:
        return json.dumps(self.data)


def speeches() -> Mapping[str, Speech]:
    """How each trade speaks, by its name."""
    found: Mapping[str, Speech] = import_string(settings.HOLDFAST_TRADES)
    return found


def trade_of_channel(prefix: str) -> str | None:
    """The trade whose channels begin with this word."""
    return next((trade for trade, speech in speeches().items() if prefix and speech.channel == prefix), None)


def channel_of(slug: str, *, trade: str = "") -> str:
    """The channel of a business: of what it sells in one trade, where that has a word of its own for it."""
    speech = speeches().get(trade, IN_OUR_WORDS)
    return f"{speech.channel or OF_A_BUSINESS}-{slug}"
