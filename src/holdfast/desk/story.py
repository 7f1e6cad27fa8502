"""The story of a booking or a payment, so that somebody who has never seen the system can read it.

Each entry has a plain sentence, and beneath it what the books say in their own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.flows.gateways import gateway_labels
from holdfast.flows.timeline import Entry, timeline_of
from holdfast.platform.models import User

USERS = ("customer", "staff", "admin")  # kinds of actors whose number is a user's
CLOCK = "The clock"
# Who is neither a user nor a gateway, as it is said.
OTHERS = {"clock": CLOCK, "guest": "The guest", "link": "Whoever had the link to pay", "mail": "The mail"}
# What it means that something of this kind has made this move. What is not here is told by its own words.
SENTENCES = {
    ("order", "create"): "The order was placed, and its time is held.",
    ("order", "place"): "The order was placed, and its time is held.",
    ("order", "complete"): "The order stands, and its bookings with it.",
    ("order", "expire"): "The order ended without its money, and its time is free again.",
    ("order", "cancel"): "The order was canceled, and its time is free again.",
    ("order", "reopen"): "The cart is open again, and its time is free.",
    ("order", "revive"): "Money came late, and the time could be had again.",
    ("payment", "create"): "A payment was begun.",
    ("payment", "start"): "The gateway opened its payment page.",
    ("payment", "authorize"): "The money was reserved. It has not been taken yet.",
    ("payment", "capture"): "The money was taken.",
    ("payment", "fail"): "The payment failed. No money was taken.",
    ("payment", "cancel"): "The payment was broken off. No money was taken.",
    ("payment", "expire"): "The payment was not made in time. No money was taken.",
    ("payment", "void"): "The reserved money was set free.",
    ("payment", "lapse"): "The reserved money can no longer be taken.",
    ("booking", "create"): "The booking was made.",
    ("booking", "await_approval"): "The booking has its money, and waits to be accepted.",
    ("booking", "confirm"): "The booking is confirmed.",
    ("booking", "approve"): "The booking was accepted.",
    ("booking", "decline"): "The booking was declined. Its money goes back.",
    ("booking", "expire"): "The booking ended unpaid.",
    ("booking", "cancel"): "The booking was canceled.",
    ("booking", "lose_money"): "Its reserved money could not be had: the customer was asked to pay again.",
    ("booking", "reschedule"): "The booking was moved to another time.",
    ("booking", "ask_again"): "The new time waits to be accepted.",
    ("booking", "begin"): "It began.",
    ("booking", "complete"): "It was done.",
    ("booking", "miss"): "Nobody came.",
    ("rescheduling", "create"): "A move to a dearer time waits for the difference.",
    ("rescheduling", "carry_out"): "The difference was paid, and the booking moved.",
    ("rescheduling", "expire"): "The difference was not paid in time: the booking stays where it was.",
    ("rescheduling", "withdraw"): "The move is not wanted any more.",
    ("transaction", "create"): "The gateway is to be asked, or somebody here, to move money: {what}.",
    ("transaction", "send"): "It is the turn of this: {what}.",
    ("transaction", "succeed"): "It is done: {what}.",
    ("transaction", "fail"): "It was refused: {what}.",
    ("transaction", "lose_sight"): "The gateway has not answered, and is asked again: {what}.",
}
# What has become of a gateway's call.
CALLS = {
    "waiting": "It has not been handled yet.",
    "settled": "The gateway was asked then, and the books agree with its answer.",
    "unanswered": "The gateway was asked then, and did not answer; it is asked again by itself.",
    "unknown": "It names a payment that is not known here.",
    "set aside": "Somebody has looked: it is none of ours.",
    "unreadable": "It cannot be read.",
    "refused": "It did not come from the gateway, and nothing was done.",
}


@dataclass(frozen=True)
class Told:
    """One thing that happened: when, who, a sentence, and what the books say. ``replays`` is the id of a
    gateway's call that can be handled again, ``mails`` of an email that can be sent again.
    """

    at: datetime
    who: str
    sentence: str
    actor: str
    what: str
    before: str
    after: str
    why: str
    replays: int | None
    mails: int | None


def story_of(order_id: int, zone: ZoneInfo) -> list[Told]:
    """All that happened around an order, by the business's clock, with the addresses of whoever is a user."""
    entries = timeline_of(order_id)
    emails, labels = _emails_of(entry.actor for entry in entries), gateway_labels()
    return [_told(entry, zone, emails, labels) for entry in entries]


def said_of(actors: Iterable[str]) -> dict[str, str]:
    """How actors are told of to somebody at the desk; one query if any of them is a user, else none."""
    told = {actor for actor in actors if actor}
    emails = _emails_of(told) if told else {}
    return {actor: _who(actor, emails, gateway_labels()) for actor in told}


def _told(entry: Entry, zone: ZoneInfo, emails: Mapping[str, str], labels: Mapping[str, str]) -> Told:
    return Told(
        at=entry.at.astimezone(zone),
        who=_who(entry.actor, emails, labels),
        sentence=_sentence(entry, labels),
        actor=entry.actor,
        what=entry.what,
        before=_words(entry.before),
        after=_words(entry.after),
        why=entry.why if entry.kind != "person" else "",  # that is its sentence
        replays=entry.row if entry.kind == "event" else None,
        mails=entry.row if entry.kind == "email" else None,
    )


def _sentence(entry: Entry, labels: Mapping[str, str]) -> str:
    if entry.kind == "event":
        gateway = labels.get(entry.actor.partition(":")[2], "The gateway")
        return f"{gateway} called. {CALLS.get(_words(entry.after), '')}".strip()
    if entry.kind == "email":
        return f"An email was sent{' to whoever gives it' if '_for_provider' in entry.what else ''}."
    if entry.kind == "person":
        return f"{entry.why}."
    if (entry.subject, entry.event, entry.after) == ("order", "create", "open"):
        return "A cart was begun. It holds no time yet."
    plain = SENTENCES.get((entry.subject, entry.event))
    return (
        plain.format(what=entry.what.partition(": ")[0])
        if plain
        else f"{entry.what[:1].upper()}{entry.what[1:]}."
    )


def _who(actor: str, emails: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Somebody by the address, a gateway by its name."""
    kind, _, name = actor.partition(":")
    if actor in emails:
        return f"{emails[actor]} ({kind})"
    return labels.get(name, name) if kind == "gateway" else OTHERS.get(kind, actor)


def _emails_of(actors: Iterable[str]) -> dict[str, str]:
    users = {actor: actor.partition(":")[2] for actor in actors if _is_user(actor)}
    found = dict(User.objects.filter(pk__in=users.values()).values_list("pk", "email"))
    return {actor: found.get(int(pk), "somebody who is no longer there") for actor, pk in users.items()}


def _is_user(actor: str) -> bool:
    kind, _, pk = actor.partition(":")
    return kind in USERS and pk.isdecimal()


def _words(state: str) -> str:
    return state.replace("_", " ")
