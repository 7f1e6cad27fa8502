"""The documented life of a room booking, typed as it stands but for ids and dates, on the running demo."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from tests.support.newcomer import Demo

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.spec("HOT-1", "HOT-2", "HOT-3", "HOT-4", "HOT-7", "HOT-8"),
]
ROOMS = "/api/public/hotel/lake-view/room-bookings"
STAFF = "/api/staff/hotel/lake-view/room-bookings"


class Listener:
    """Somebody of the hotel who watches its channel: what was told of each booking, in order."""

    def __init__(self, demo: Demo, headers: dict[str, str]) -> None:
        self.demo, self.headers = demo, headers
        self.told: list[dict[str, Any]] = []
        self.ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        address = f"{self.demo.live}/live/?channel=hotel-lake-view"
        event = ""
        with httpx.stream("GET", address, headers=self.headers, timeout=None) as stream:
            for line in stream.iter_lines():
                name, _, said = line.partition(": ")
                event = said if name == "event" else event
                if name == "data" and event == "ready":
                    self.ready.set()
                elif name == "data" and event == "booking-updated":
                    self.told.append(json.loads(said))

    def heard(self, booking: str) -> list[str]:
        return [one["status"] for one in list(self.told) if one["booking_id"] == booking]


@pytest.fixture(scope="module")
def reception(demo: Demo) -> dict[str, str]:
    return {"Authorization": f"Bearer {demo.token_of('hotel-staff@demo.test')}"}


@pytest.fixture(scope="module")
def listener(demo: Demo, reception: dict[str, str]) -> Listener:
    found = Listener(demo, reception)
    assert found.ready.wait(30)
    return found


def until(demo: Demo, so: Callable[[], Any]) -> Any:
    """What is so, once it is: the worker looks for work twice a second."""
    for _ in range(300):
        if found := so():
            return found
        demo.rows("SELECT pg_sleep(0.1)")
    pytest.fail("it never came to that")


def booked(demo: Demo, *, ahead: int) -> str:
    """A draft that a guest has submitted, and paid for on Stripe's page; Stripe has called."""
    today = datetime.now(UTC).date()
    nights = {
        "check_in": str(today + timedelta(days=ahead)),
        "check_out": str(today + timedelta(days=ahead + 2)),
    }
    free = demo.http.get("/api/public/hotel/lake-view/availability/", params=nights | {"guests": 2}).json()
    room = next(one for one in free["room_types"] if one["available"] and one["total"])
    guest = {
        "guest_name": "A guest",
        "guest_email": f"guest{ahead}@example.com",
        "guest_phone": "+43 5574 12345",
    }
    asked = {"room_type": room["id"], "guests": 2, "submit": False, **nights, **guest}
    draft = demo.http.post(f"{ROOMS}/", json=asked).json()
    booking = str(draft["booking_id"])
    submitted = demo.http.post(f"{ROOMS}/{booking}/submit/").json()
    session = demo.http.post(f"{ROOMS}/{booking}/payment/session/").json()
    assert (draft["status"], submitted["status"]) == ("DRAFT", "PENDING_PAYMENT")
    assert submitted["total"] == room["total"] == session["amount"]
    assert session["session_id"].startswith("cs_test_")
    assert (session["status"], session["currency"]) == ("created", "EUR")

    back = httpx.post(session["payment_url"], data={"outcome": "pay"}, follow_redirects=False)
    assert back.headers["Location"].startswith(f"{demo.url}/pay/return/HB-PAY-")
    until(demo, lambda: status_of(demo, booking) == "PENDING_APPROVAL")
    return booking


def status_of(demo: Demo, booking: str) -> str:
    return str(demo.http.get(f"{ROOMS}/{booking}/").json()["status"])


def mail_with(demo: Demo, subject: str) -> EmailMessage:
    """The mail with exactly this subject, once it has been sent."""

    def sent() -> list[EmailMessage]:
        files = [file.read_bytes() for file in (demo.home / "mail").glob("*.eml")]
        mails = [message_from_bytes(file, policy=policy.default) for file in files]
        return [mail for mail in mails if mail["Subject"] == subject]

    (found,) = until(demo, sent)
    return found  # type: ignore[no-any-return]  # what until() was given


def test_from_draft_to_confirmed_with_both_emails_and_live_events(
    demo: Demo, reception: dict[str, str], listener: Listener
) -> None:
    booking = booked(demo, ahead=40)
    waiting = demo.http.get(f"{ROOMS}/{booking}/").json()
    mail_with(demo, f"Payment authorized — awaiting hotel confirmation ({booking})")

    approved = demo.http.post(f"{STAFF}/{booking}/approve/", headers=reception).json()
    again = demo.http.post(f"{STAFF}/{booking}/approve/", headers=reception)
    opposite = demo.http.post(f"{STAFF}/{booking}/decline/", headers=reception)

    assert waiting["payment_provider"] == "stripe"
    assert waiting["payment_intent_id"] == waiting["payment_reference"]
    assert waiting["payment_authorized_at"] is not None
    assert approved["status"] == "CONFIRMED"
    assert approved["decision_made_by"] == "hotel-staff@demo.test"
    assert None not in (approved["decision_made_at"], approved["paid_at"])
    assert (again.status_code, opposite.status_code) == (200, 409)
    confirmation = mail_with(demo, f"Booking Confirmed - {booking}")
    assert "text/calendar" in [part.get_content_type() for part in confirmation.walk()]
    until(demo, lambda: "CONFIRMED" in listener.heard(booking))
    assert listener.heard(booking) == ["PENDING_PAYMENT", "PENDING_APPROVAL", "CONFIRMED"]


def test_to_declined_with_its_emails_and_live_events_and_the_card_set_free(
    demo: Demo, reception: dict[str, str], listener: Listener
) -> None:
    booking = booked(demo, ahead=50)
    mail_with(demo, f"Payment authorized — awaiting hotel confirmation ({booking})")

    declined = demo.http.post(f"{STAFF}/{booking}/decline/", headers=reception).json()

    assert declined["status"] == "DECLINED"
    assert declined["decision_made_at"] is not None
    assert declined["paid_at"] is None
    mail_with(demo, f"Booking Update - {booking}")
    until(demo, lambda: "DECLINED" in listener.heard(booking))
    until(demo, lambda: "canceled" in at_stripe(demo))


def at_stripe(demo: Demo) -> list[str]:
    """How payments stand in Stripe's own books."""
    ledger = httpx.get(f"{demo.sandbox}/control/ledger?gateway=stripe").json()
    return [str(one["state"]) for one in ledger]


def test_the_other_hotels_staff_find_none_of_it_and_a_guest_finds_only_their_own(demo: Demo) -> None:
    booking = booked(demo, ahead=60)
    others = {"Authorization": f"Bearer {demo.token_of('other-hotel-staff@demo.test')}"}
    link = mail_with(demo, f"Payment authorized — awaiting hotel confirmation ({booking})")
    text = link.get_body(("plain",))
    assert text is not None
    (page,) = (word for word in text.get_content().split() if "?key=" in word)
    key = page.partition("?key=")[2]

    answers = [
        demo.http.post(f"{STAFF}/{booking}/approve/", headers=others).status_code,
        demo.http.get(f"{STAFF}/{booking}/", headers=others).status_code,
        demo.http.get(f"{STAFF}/", headers=others).status_code,
        demo.http.get(f"/api/staff/hotel/old-mill/room-bookings/{booking}/", headers=others).status_code,
        demo.http.get(f"/api/public/hotel/old-mill/room-bookings/{booking}/").status_code,
        demo.http.get(f"{ROOMS}/{booking}/?key={'a' * 32}").status_code,
    ]

    assert answers == [404] * len(answers)
    own = demo.http.get(f"{ROOMS}/{booking}/?key={key}").json()
    assert (own["guest_email"], own["status"]) == ("guest60@example.com", "PENDING_APPROVAL")
    assert httpx.get(page).status_code == 200
    assert "guest60@example.com" in httpx.get(page).text
    assert "guest60@example.com" not in httpx.get(page.partition("?")[0]).text
