"""A customer with a browser: signs in, asks again when no sensible answer comes, and loses patience."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

import httpx

from .asking import Json, Opened, Slot, Step, TurnedAway
from .mailbox import Mailbox
from .site import PASSWORD
from .trades import TRADES

PATIENCE = 30.0  # seconds for one request, however often it is sent
DECIDED_WITHIN = 25.0  # seconds that somebody looks at a waiting page
LONGEST_PAUSE = 3.0
MAIL_WITHIN = 60.0  # whoever sends it may have been killed, and what it had in hand is taken up again
FIRST_DAY, DAYS = 8, 20  # from so many days ahead: what is canceled goes back in full


T = TypeVar("T")
Offerings = dict[str, list[int]]


class GaveUp(Exception):
    """The customer has lost patience."""


class HeldAlready(Exception):
    """An earlier request of the customer's own was heard after all, and has ``opened`` a payment."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.reference)
        self.opened = opened


@dataclass
class Seen:
    """What the customers of one run were told. Threads add to it; it is read when they are done."""

    answers: Counter[str] = field(default_factory=Counter)
    told: list[tuple[str, str]] = field(default_factory=list)  # payment and booking of each SUCCESS
    canceled: list[str] = field(default_factory=list)  # bookings whose cancellation was answered


class Customer:
    """One person at one browser, whose every choice comes from ``random``."""

    def __init__(
        self,
        url: str,
        email: str,
        *,
        trade: str,
        offerings: Offerings,
        seen: Seen,
        mailbox: Mailbox | None = None,
        signs_in: bool | None = None,
    ) -> None:
        self.http = httpx.Client(base_url=url, timeout=45)
        self.email, self.offerings, self.seen, self.mailbox = email, offerings, seen, mailbox
        self.sells, self.trade = trade, TRADES[trade]
        self.signs_in = self.trade.signs_in if signs_in is None else signs_in
        self._token = ""

    def book(self, random: Random) -> Opened:
        """Find free times, hold them, and begin to pay. Raises GaveUp."""
        deadline = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < deadline:
            slots = self._free_slots(random)
            if not slots:
                continue
            try:
                opened = self._held(slots, random)
            except GaveUp:  # whoever answered was killed, and the key is leased for a while: begin anew
                continue
            if opened is not None:
                return opened
        raise GaveUp("no time could be held")

    def _held(self, slots: list[Slot], random: Random) -> Opened | None:
        """Ask for what the trade's story asks; None where something was in the way."""
        try:
            return self._play(self.trade.hold(slots, random), random)
        except TurnedAway:
            return None
        except HeldAlready as own:
            return own.opened

    def _play(self, story: Generator[Step, Json, T], random: Random) -> T:
        """Make a story's requests, one after the other. Raises TurnedAway, and HeldAlready."""
        go_on = partial(next, story)
        try:
            while True:
                step: Step = go_on()
                answer = self.ask(step.method, step.address, random, json=step.body)
                self.seen.answers[f"{self.sells}: {step.what} {answer.status_code}"] += 1
                if answer.status_code in (200, 201, 204):
                    go_on = partial(story.send, answer.json() if answer.content else {})
                elif (own := self._own_hold(answer)) is not None:
                    raise HeldAlready(own)
                else:
                    go_on = partial(story.throw, TurnedAway())
        except StopIteration as end:
            told: T = end.value
            return told

    def _free_slots(self, random: Random) -> list[Slot]:
        """As many as are booked together: the first of the trade's own, the others perhaps of another."""
        wanted = self.trade.lines(random)
        trades = [self.sells, *random.choices([self.sells, *self.trade.beside], k=wanted - 1)]
        found = [self.free_slot(random, trade=trade) for trade in trades]
        slots = [slot for slot in found if slot is not None]
        return slots if slots and slots[0].trade == self.sells else []

    def free_slot(self, random: Random, *, trade: str = "") -> Slot | None:
        """One of the first times that are free on some day, as others choose as well."""
        sells = trade or self.sells
        offering = random.choice(self.offerings[sells])
        day = (datetime.now(UTC).date() + timedelta(days=FIRST_DAY + random.randrange(DAYS))).isoformat()
        try:
            free = self._play(TRADES[sells].free(offering, day, random), random)
        except TurnedAway:
            return None
        return random.choice(free) if free else None

    def press(self, opened: Opened, outcome: str) -> httpx.Response:
        """Press a button of the gateway's page. The gateway is another's, and has not been killed."""
        return self.http.post(opened.payment_url, data={"outcome": outcome})

    def come_back(self, answer: httpx.Response, random: Random) -> None:
        """Let the gateway's page send the browser to where it says."""
        if answer.is_redirect:
            self.ask("GET", answer.headers["Location"], random, follow_redirects=True)

    def outcome(self, opened: Opened, random: Random) -> tuple[str, str]:
        """How a payment went, looked at until it is decided or the customer leaves; and its booking."""
        deadline = time.monotonic() + DECIDED_WITHIN
        word, booking, look = "PENDING", "", opened.look
        while word == "PENDING" and time.monotonic() < deadline:
            answer = self.ask(look.method, look.address, random, json=look.body)
            if answer.status_code not in (200, 202, 400, 402):
                raise GaveUp(f"{look.address} answers {answer.status_code}: {answer.text[:200]}")
            word, booking = self.trade.outcome(answer.status_code, answer.json())
            if word == "PENDING":
                time.sleep(1)
        if word == "SUCCESS":
            self.seen.told.append((opened.reference, booking))
        return word, booking

    def cancel(self, booking: str, random: Random) -> None:
        key = "" if self.trade.signs_in else self._key_to(booking)
        answer = self.ask("POST", self.trade.cancel.format(booking=booking, key=key), random)
        self.seen.answers[f"cancel {answer.status_code}"] += 1
        if answer.status_code == 200:
            self.seen.canceled.append(booking)

    def move(self, booking: str, random: Random) -> None:
        """To another free time, of the same offering or not at all, where the trade can be moved."""
        slot = self.free_slot(random) if self.trade.reschedule else None
        if slot is not None:
            body = self.trade.moved(slot)
            answer = self.ask("POST", self.trade.reschedule.format(booking=booking), random, json=body)
            self.seen.answers[f"move {answer.status_code}"] += 1

    def release(self, reference: str, random: Random) -> None:
        """Let a time go, where that can be done."""
        if not self.trade.release:
            return
        answer = self.ask("POST", self.trade.release.format(payment=reference), random)
        self.seen.answers[f"release {answer.status_code}"] += 1

    def ask(
        self,
        method: str,
        address: str,
        random: Random,
        *,
        json: Json | None = None,
        follow_redirects: bool = False,
    ) -> httpx.Response:
        """One request, sent again under its key until there is an answer to it. Raises GaveUp."""
        key = str(uuid.UUID(int=random.getrandbits(128), version=4))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                headers = {"Idempotency-Key": key} | self._shown()
                answer = self.http.request(
                    *(method, address),
                    headers=headers,
                    json=json,
                    follow_redirects=follow_redirects,
                )
            except httpx.TransportError as error:
                self._wait(type(error).__name__, 0.3)
                continue
            if not self._must_ask_again(answer):
                return answer
        raise GaveUp(f"{method} {address} was not answered")

    def _own_hold(self, answer: httpx.Response) -> Opened | None:
        """An earlier request of ours was heard after all: the time is held, and waits to be paid."""
        said = answer.json() if answer.status_code == 409 else {}
        if self.trade.own is None or not said.get("payment_url"):
            return None
        return self.trade.own(said["release_url"].split("/")[-3], said["payment_url"])

    def _must_ask_again(self, answer: httpx.Response) -> bool:
        """5xx, too many, still being answered, signed out: worth another try."""
        if answer.status_code == 401:
            self._token = ""
        elif answer.status_code < 500 and "Retry-After" not in answer.headers:
            return False
        self._wait(str(answer.status_code), float(answer.headers.get("Retry-After", 0.5)))
        return True

    def _wait(self, why: str, seconds: float) -> None:
        self.seen.answers[f"asked again after {why}"] += 1
        time.sleep(min(seconds, LONGEST_PAUSE))

    def _shown(self) -> dict[str, str]:
        """Who asks, where that matters."""
        return {"Authorization": f"Bearer {self._signed_in()}"} if self.signs_in else {}

    def _key_to(self, booking: str) -> str:
        """The key to a booking that its guest was mailed. Raises GaveUp."""
        deadline = time.monotonic() + MAIL_WITHIN
        while self.mailbox is not None and time.monotonic() < deadline:
            if key := self.mailbox.keys.get(booking):
                return key
            time.sleep(0.5)
        raise GaveUp(f"no mail came with the key to {booking}")

    def _signed_in(self) -> str:
        """An access token, asked for when there is none. Raises TransportError."""
        while not self._token:
            body = {"email": self.email, "password": PASSWORD}
            answer = self.http.post("/api/auth/token/", json=body)
            if answer.status_code == 200:
                self._token = str(answer.json()["access"])
            else:
                self._wait(f"sign-in {answer.status_code}", 0.5)
        return self._token
