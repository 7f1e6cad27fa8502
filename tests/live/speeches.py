"""How trades speak where each has a word of its own for the channel of a business."""

from __future__ import annotations

from holdfast.notifications.live import Speech
from holdfast.surfaces.coaching import terms as coaching
from holdfast.surfaces.hotels import terms as hotels

SPEECHES = {
    coaching.TRADE: Speech(coaching.WORDS, "academy"),
    hotels.TRADE: Speech(hotels.WORDS, "hotel"),
}
