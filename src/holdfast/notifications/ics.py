"""Calendar files (RFC 5545): an appointment as a calendar program takes it in. No database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.mime.text import MIMEText

from icalendar import Calendar, Event, vCalAddress

PRODUCT = "-//Holdfast//Bookings//EN"
FILE = "booking.ics"
# How often a program that has subscribed should ask again; none is made to.
ASK_AGAIN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Person:
    """Somebody whom a calendar names."""

    name: str
    address: str


@dataclass(frozen=True)
class Appointment:
    """One entry of a calendar. ``uid`` is its own for good, and ``sequence`` rises with every change of it.

    ``status`` is RFC 5545's: TENTATIVE, CONFIRMED or CANCELLED.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    title: str
    status: str
    said: str
    place: str
    page: str


def invitation(one: Appointment, *, organizer: Person, guest: Person, now: datetime) -> bytes:
    """The file that is sent along with a mail: it adds the appointment, changes it, or takes it out again."""
    event = _event(one, stamp=now)
    if organizer.address:
        event.add("organizer", _named(organizer))
    attendee = _named(guest)
    attendee.params["PARTSTAT"] = "ACCEPTED"  # whoever has booked comes, and need not be asked
    attendee.params["RSVP"] = "FALSE"
    event.add("attendee", attendee)
    file = _calendar()
    file.add("method", "CANCEL" if one.status == "CANCELLED" else "REQUEST")
    file.add_component(event)
    return bytes(file.to_ical())


def feed(appointments: Iterable[Appointment], *, name: str) -> bytes:
    """A calendar to subscribe to. The same appointments are the same bytes, whenever they are asked for."""
    file = _calendar()
    file.add("x-wr-calname", name)
    file.add("name", name)
    file.add("refresh-interval", ASK_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", f"PT{ASK_AGAIN_AFTER.seconds // 60}M")
    for one in appointments:
        file.add_component(_event(one, stamp=one.changed_at))
    return bytes(file.to_ical())


def attached(content: bytes) -> MIMEText:
    """An invitation as part of a mail. Mail programs want its method beside its type."""
    part = MIMEText(content.decode(), "calendar", "utf-8")
    method = "CANCEL" if b"\r\nMETHOD:CANCEL\r\n" in content else "REQUEST"
    part.set_param("method", method)
    part.add_header("Content-Disposition", "attachment", filename=FILE)
    return part


def _calendar() -> Calendar:
    file = Calendar()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    return file


def _event(one: Appointment, *, stamp: datetime) -> Event:
    """Times are in UTC, which no program can misread: each shows them by the clock of whoever looks."""
    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("last-modified", one.changed_at.astimezone(UTC))
    event.add("dtstart", one.starts_at.astimezone(UTC))
    event.add("dtend", one.ends_at.astimezone(UTC))
    event.add("summary", one.title)
    event.add("status", one.status)
    event.add("transp", "TRANSPARENT" if one.status == "CANCELLED" else "OPAQUE")
    event.add("description", one.said)
    event.add("url", one.page)
    if one.place:
        event.add("location", one.place)
    return event


def _named(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.address}")
    if name := " ".join(person.name.split()):  # a parameter is of one line
        address.params["CN"] = name
    return address
