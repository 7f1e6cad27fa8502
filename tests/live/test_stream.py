"""One connection's life, on a clock that does not wait: replay, beats, who is let go, who is too slow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.flows.following import Change, Cursor, Scope
from holdfast.kernel.errors import NotFound, TooMany
from holdfast.live.hub import WAITING_AT_MOST, Hub, Listener
from holdfast.live.stream import REPLAYED_AT_MOST, Clock, Door, follow
from holdfast.notifications.live import Update

BEGAN = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
OURS = Scope(business=1)
Happens = Callable[[], None]


def change(
    number: int,
    *,
    reference: str = "HB-1",
    business: int = 1,
    trade: str = "hotels",
    provider: int | None = None,
) -> Change:
    return Change(Cursor(number, number), Update(reference, trade, "confirmed", BEGAN), business, provider)


@dataclass
class Minutes(Clock):
    """A clock that passes at once. At each wait the next thing happens; the hub closes after the last."""

    hub: Hub
    happens: list[Happens]
    moment: datetime = BEGAN

    def now(self) -> datetime:
        return self.moment

    async def woken(self, listener: Listener, *, until: datetime) -> None:
        if not self.happens:
            self.hub.close()
            return
        self.happens.pop(0)()
        if not listener.woken.is_set():
            self.moment = max(self.moment, until)


@dataclass
class Told:
    """A stream that was followed: its blocks, as they were sent."""

    blocks: list[str] = field(default_factory=list)
    checked_at: list[datetime] = field(default_factory=list)

    def said(self, name: str) -> list[str]:
        """What stands in this field of each block; nothing, where it has none."""
        return [dict(line.split(": ", 1) for line in fields_of(block)).get(name, "") for block in self.blocks]

    @property
    def names(self) -> list[str]:
        return self.said("event")

    @property
    def ids(self) -> list[str]:
        return self.said("id")


def fields_of(block: str) -> list[str]:
    return [line for line in block.splitlines() if line.strip(":")]


def nothing() -> None:
    """A beat passes."""


def followed(
    *happens: Happens,
    hub: Hub | None = None,
    after: Cursor | None = None,
    missed: Sequence[Change] = (),
    gone_after: timedelta | None = None,
    ticket: str | None = None,
    scope: Scope = OURS,
) -> Told:
    """Follow a business while this happens, beat by beat."""
    hub, told = hub or hub_at(10), Told()

    async def send(text: str) -> None:
        told.blocks.append(text)

    async def read(cursor: Cursor, limit: int) -> list[Change]:
        return [one for one in missed if one.cursor > cursor][:limit]

    async def check(now: datetime) -> str | None:
        told.checked_at.append(now)
        if gone_after is not None and now >= BEGAN + gone_after:
            raise NotFound
        return ticket

    async def story() -> None:
        with hub.listening([scope]) as listener:
            clock = Minutes(hub, list(happens))
            await follow(listener, hub, Door(read, check), send, after=after, clock=clock)

    asyncio.run(story())
    return told


def hub_at(number: int) -> Hub:
    hub = Hub()
    hub.begin(Cursor(number, number))
    return hub


def test_a_stream_says_where_it_begins_and_then_what_happens() -> None:
    hub = hub_at(10)

    told = followed(lambda: hub.publish([change(11), change(12)]), hub=hub)

    assert told.blocks[0] == "event: ready\nid: 10-10\ndata: {}\n\n"
    assert told.names == ["ready", "booking-updated", "booking-updated"]
    assert told.ids == ["10-10", "11-11", "12-12"]
    said = json.loads(told.said("data")[1])
    assert list(said) == ["booking_id", "status", "updated_at"]
    assert (said["booking_id"], said["updated_at"]) == ("HB-1", "2026-12-01T09:00:00+00:00")


@pytest.mark.spec("BC-27")
def test_what_was_missed_is_told_once_and_in_order() -> None:
    hub = hub_at(10)
    # What the reader had not handed on yet when the stream began is both in the rows and still to come.
    rows = [change(number) for number in (7, 8, 10, 11)]

    told = followed(lambda: hub.publish([change(11)]), hub=hub, after=Cursor(7, 7), missed=rows)

    assert told.ids == ["7-7", "8-8", "10-10", "11-11"]
    assert told.names == ["ready", *["booking-updated"] * 3]


@pytest.mark.parametrize("after", [Cursor(3, 3), Cursor(999, 1)], ids=["too long ago", "of another life"])
def test_who_has_missed_too_much_is_told_to_read_anew(after: Cursor) -> None:
    rows = [change(number) for number in range(4, 5 + REPLAYED_AT_MOST)]

    told = followed(hub=hub_at(2000) if after < Cursor(10, 0) else hub_at(10), after=after, missed=rows)

    assert told.names == ["ready", "resync"]
    assert told.ids[1] == ("2000-2000" if after < Cursor(10, 0) else "10-10")


def test_a_silent_stream_beats_and_moves_its_place_on() -> None:
    hub = hub_at(10)

    told = followed(nothing, lambda: hub.publish([change(11, business=2)]), hub=hub)

    assert told.blocks[1:] == [":\nid: 10-10\n\n", ":\nid: 11-11\n\n"]


@pytest.mark.spec("GEN-2")
def test_who_may_see_it_no_longer_is_let_go_within_a_minute() -> None:
    hub = hub_at(10)
    beats: list[Happens] = [nothing] * 20

    told = followed(*beats, lambda: hub.publish([change(11)]), hub=hub, gone_after=timedelta(seconds=61))

    assert told.checked_at == [BEGAN + timedelta(minutes=1), BEGAN + timedelta(minutes=2)]
    assert "booking-updated" not in told.names


def test_a_ticket_is_renewed_every_minute() -> None:
    told = followed(*[nothing] * 9, ticket='{"ticket": "new"}')

    assert [block for block in told.blocks if "ticket" in block] == [
        'event: ticket\ndata: {"ticket": "new"}\n\n'
    ] * 2


def test_who_does_not_keep_up_loses_what_waits_and_is_told_so() -> None:
    hub = hub_at(10)
    many = [change(11 + number) for number in range(3 * WAITING_AT_MOST)]

    told = followed(lambda: hub.publish(many), lambda: hub.publish([change(900)]), hub=hub)

    assert told.names == ["ready", "resync", "booking-updated"]
    assert told.ids == ["10-10", "310-310", "900-900"]


def test_what_waits_for_one_listener_is_bounded() -> None:
    listener = Listener([OURS], Cursor())

    for number in range(10 * WAITING_AT_MOST):
        listener.hand(change(number))

    assert len(listener._waiting) <= WAITING_AT_MOST


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(business=1), ["hotel", "class", "other's"]),
        (Scope(business=1, trade="hotels"), ["hotel"]),
        (Scope(business=1, providers=frozenset({7})), ["class"]),
        (Scope(business=1, providers=frozenset()), []),
        (Scope(reference="elsewhere"), ["elsewhere"]),
    ],
)
def test_a_scope_shows_its_own_and_nothing_else(scope: Scope, seen: list[str]) -> None:
    hub = hub_at(0)
    all_of_them = [
        change(1, reference="hotel"),
        change(2, reference="class", trade="coaching", provider=7),
        change(3, reference="other's", trade="coaching", provider=8),
        change(4, reference="elsewhere", business=2),
    ]

    told = followed(lambda: hub.publish(all_of_them), hub=hub, scope=scope)

    assert [json.loads(data)["booking_id"] for data in told.said("data")[1:] if data] == seen


def test_places_are_counted_while_they_are_taken() -> None:
    hub = Hub()
    limits = {"address:192.0.2.1": 2, "user:7": 0}

    with hub.a_place(limits), hub.a_place(limits):
        with pytest.raises(TooMany), hub.a_place(limits):
            pass
        with hub.a_place({"address:192.0.2.2": 2}):
            pass
    with hub.a_place(limits):
        pass
    assert not hub._places
