"""Every page, opened by everybody: a payment's reference tells nobody who pays, and a desk is for its own.

RULES has one row for each address outside of the API and the admin. A new page without a row fails the first
test here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.web.surface import is_api
from tests.support.academy import academy_of
from tests.support.booked import booked
from tests.support.lobby import new_lobby
from tests.support.practice import Practice, held, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.temple import bought, temple_of

pytestmark = pytest.mark.spec("GEN-2", "GEN-7", "BC-19")

ROLES = ("payer", "stranger", "owner", "manager", "staff", "provider", "other_staff", "admin", "nobody")
CONTACT = ("user@example.com", "9876543210")
EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {"nobody"}
RUNS_IT = frozenset({"owner", "manager", "staff", "admin"})
AT_A_DESK = SIGNED_IN - {"payer", "stranger"}
PAYER = frozenset({"payer"})
NOBODY: frozenset[str] = frozenset()


@dataclass
class Shop:
    """One booking that is paid for, and another time that is held; a puja that is paid for; and a stay whose
    money is reserved."""

    practice: Practice
    booking: str
    paid: str
    held: str
    puja: Payment
    course: int
    to_pay: int
    coached: str
    coaching: str
    room_type: int
    stay: str
    stay_paid: str
    browsers: dict[str, Client]


@dataclass(frozen=True)
class Rule:
    """Who gets ``status``, and who of them reads the contact. Nobody is sent to sign in; who has no desk gets
    403 at the desk, and everybody else 404. Where things have numbers, all ``others`` get 403.
    """

    at: Callable[[Shop], str]
    allowed: frozenset[str] = EVERYBODY
    status: int = 200
    tells_contact: frozenset[str] = NOBODY
    others: int | None = None

    def status_for(self, role: str) -> int:
        if role in self.allowed:
            return self.status
        refused = self.others or (404 if role in AT_A_DESK else 403)
        return 302 if role == "nobody" else refused


def plain(path: str, allowed: frozenset[str] = EVERYBODY, status: int = 200) -> Rule:
    return Rule(lambda shop: path, allowed, status)


BY_POST = [
    *(
        f"/desk/bookings/<slug:reference>/{what}/"
        for what in (
            "accept",
            "decline",
            "record",
            "refund",
            "cancel",
            "reschedule",
            "begin",
            "complete",
            "miss",
            "check-in",
            "check-out",
        )
    ),
    *(f"/desk/payments/<slug:reference>/{what}/" for what in ("look", "return", "accept")),
    *(f"/desk/refunds/<int:refund>/{what}/" for what in ("made", "anew", "owed")),
    *(f"/desk/events/<int:event>/{what}/" for what in ("replay", "set-aside")),
    "/desk/emails/<int:email>/again/",
    "/desk/blocks/<int:block_id>/lift/",
    *(f"/desk/bookings/<slug:reference>/dues/<int:due_id>/{what}/" for what in ("link", "mail")),
]
RULES: dict[str, Rule] = {
    "/healthz": plain("/healthz", status=503),  # no worker runs here
    "/readyz": plain("/readyz"),
    "/metrics": plain("/metrics"),
    "/live/": plain("/live/", status=404),  # served by a process of its own
    "/": plain("/"),
    "/sign-in/": plain("/sign-in/"),
    "/sign-in/code/": plain("/sign-in/code/", status=303),  # nobody has given a password yet
    "/sign-out/": plain("/sign-out/", status=405),  # by POST only
    "/register/": plain("/register/"),
    "/reset-password/": plain("/reset-password/"),
    "/reset-password/<str:key>/": plain("/reset-password/x/", status=400),
    "/verify-email/<str:key>/": plain("/verify-email/x/", status=400),
    "/account/": plain("/account/", SIGNED_IN),
    "/account/done/<slug:what>/": plain("/account/done/asked/"),
    "/account/password/": plain("/account/password/", SIGNED_IN),
    "/account/verify/": plain("/account/verify/", status=405),
    "/account/calendars/": plain("/account/calendars/", SIGNED_IN),
    "/calendar/<str:key>.ics": plain("/calendar/x.ics", status=404),
    "/account/two-factor/": plain("/account/two-factor/", SIGNED_IN),
    "/account/two-factor/confirm/": plain("/account/two-factor/confirm/", SIGNED_IN, status=303),
    "/account/two-factor/recovery-codes/": plain("/account/two-factor/recovery-codes/", SIGNED_IN),
    "/account/two-factor/off/": plain("/account/two-factor/off/", SIGNED_IN),
    "/services/<int:offering_id>/": Rule(lambda shop: f"/services/{shop.practice.offering.pk}/"),
    # What a key opens: tests/pages/test_pay_link_pages.py.
    "/^pay/(?P<key>[a-z2-7]{32})/$": plain(f"/pay/{'a' * 32}/", status=404),
    "/pay/done/<slug:reference>/": Rule(lambda shop: f"/pay/done/{shop.paid}/"),
    "/pay/<slug:reference>/": Rule(lambda shop: f"/pay/{shop.held}/"),
    "/pay/return/<slug:reference>/": Rule(lambda shop: f"/pay/return/{shop.held}/"),
    "/astro-booking-success": Rule(lambda shop: f"/astro-booking-success?merchant_order_id={shop.paid}"),
    "/astro-booking-failed": Rule(
        lambda shop: f"/astro-booking-failed?merchant_order_id={shop.paid}", status=303
    ),
    "/confirmation": Rule(
        lambda shop: f"/confirmation?astro_book_id={shop.booking}", tells_contact=EVERYBODY
    ),
    "/courses/<int:offering_id>/": Rule(lambda shop: f"/courses/{shop.course}/"),
    "/payment/confirm/<int:booking_id>/": Rule(
        lambda shop: f"/payment/confirm/{shop.to_pay}/", PAYER, others=403
    ),
    "/payment/success/<int:booking_id>/": Rule(
        lambda shop: f"/payment/success/{shop.to_pay}/", PAYER, status=303, others=403
    ),
    "/payment/done/<slug:reference>/": Rule(lambda shop: f"/payment/done/{shop.coaching}/", status=303),
    "/booking/history/": plain("/booking/history/", SIGNED_IN),
    "/booking/confirmation": Rule(lambda shop: f"/booking/confirmation?booking={shop.coached}"),
    "/puja-booking-success": Rule(
        lambda shop: f"/puja-booking-success?merchant_transaction_id={shop.puja.reference}"
    ),
    "/puja-booking-failed": Rule(
        lambda shop: f"/puja-booking-failed?merchant_transaction_id={shop.puja.reference}", status=303
    ),
    "/puja-booking": Rule(lambda shop: f"/puja-booking?book_id={reference_of(shop.puja)}"),
    "/hotels/<slug:slug>/": plain("/hotels/lake-view/"),
    "/rooms/<int:offering_id>/": Rule(lambda shop: f"/rooms/{shop.room_type}/"),
    # What its guest's key opens: tests/pages/test_stay_pages.py.
    "/stays/<slug:reference>/": Rule(lambda shop: f"/stays/{shop.stay}/"),
    "/stays/<slug:reference>/cancel/": Rule(lambda shop: f"/stays/{shop.stay}/cancel/", status=404),
    "/stays/<slug:reference>/pay/": Rule(lambda shop: f"/stays/{shop.stay}/pay/", status=405),
    "/stays/paid/<slug:reference>/": Rule(lambda shop: f"/stays/paid/{shop.stay_paid}/", status=303),
    "/desk/": plain("/desk/", AT_A_DESK),
    "/desk/bookings/<slug:reference>/": Rule(
        lambda shop: f"/desk/bookings/{shop.booking}/", RUNS_IT, tells_contact=RUNS_IT
    ),
    "/desk/payments/<slug:reference>/": Rule(lambda shop: f"/desk/payments/{shop.paid}/", RUNS_IT),
    "/desk/approvals/": Rule(  # where the stay waits, for its hotel and the admin
        lambda shop: "/desk/approvals/", AT_A_DESK, tells_contact=frozenset({"admin"})
    ),
    "/desk/rooms/": plain("/desk/rooms/", AT_A_DESK),
    "/desk/stays/": plain("/desk/stays/", AT_A_DESK),
    "/desk/book/": plain("/desk/book/", AT_A_DESK),
    "/desk/block/": plain("/desk/block/", AT_A_DESK),
    "/desk/money/": plain("/desk/money/", AT_A_DESK),
    # By POST only: tests/desk/test_desk_acts.py, test_desk_money.py, test_blocking.py and test_dues.py.
    **{address: plain(re.sub(r"<\w+:\w+>", "1", address), status=405) for address in BY_POST},
}


@pytest.fixture
def shop(practice: Practice, sandbox: Sandbox, customer: User, settings: Any) -> Shop:
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0)
    users = {role: new_member(practice, role) for role in ("owner", "manager", "staff", "provider")}
    other = new_practice(sandbox, slug="other")
    users |= {"payer": customer, "stranger": new_user(), "other_staff": new_member(other, "staff")}
    users["admin"] = User.objects.create_superuser("admin@example.com", "x")
    booking = booked(practice, sandbox, user=customer, now=utc_now())
    paid = Payment.objects.get().reference
    academy = academy_of(practice)
    coached = academy.paid(sandbox, customer, at="14:00")
    lobby = new_lobby(sandbox)
    stay = lobby.authorized(guest_email=CONTACT[0])
    return Shop(
        room_type=lobby.hotel.offering.pk,
        stay=stay,
        stay_paid=lobby.payment(stay).reference,
        practice=practice,
        booking=booking,
        paid=paid,
        course=academy.yoga.pk,
        to_pay=academy.reserved(customer, at="16:00").pk,
        coached=coached.reference,
        coaching=Payment.objects.get(order__lines=coached.pk).reference,
        held=held(practice, user=customer, at="12:00", now=utc_now()).reference,
        puja=bought(temple_of(practice), sandbox, user=customer),
        browsers={role: browser_of(users.get(role)) for role in ROLES},
    )


def browser_of(user: User | None) -> Client:
    browser = Client()
    if user is not None:
        browser.force_login(user)
    return browser


def test_every_page_has_its_rule() -> None:
    assert set(RULES) == set(addresses())


def test_a_page_opens_for_those_who_may_and_tells_only_them_who_books(shop: Shop) -> None:
    asked = [(address, role) for address in RULES for role in ROLES]
    before = states()

    answers = {(address, role): shop.browsers[role].get(RULES[address].at(shop)) for address, role in asked}

    assert {one: answer.status_code for one, answer in answers.items()} == {
        (address, role): RULES[address].status_for(role) for address, role in asked
    }
    assert {one for one, answer in answers.items() if tells_contact(answer)} == {
        (address, role) for address, role in asked if role in RULES[address].tells_contact
    }
    assert states() == before


def test_who_must_sign_in_is_sent_there_and_back(shop: Shop) -> None:
    closed = [rule.at(shop) for rule in RULES.values() if "nobody" not in rule.allowed]

    answers = {path: shop.browsers["nobody"].get(path)["Location"] for path in closed}

    assert len(answers) == 19
    assert answers == {path: f"/sign-in/?next={path}" for path in closed}


def reference_of(payment: Payment) -> str:
    """The booking that was made of it."""
    return Booking.objects.get(line__order=payment.order).reference


def tells_contact(answer: Any) -> bool:
    return any(contact in answer.content.decode() for contact in CONTACT)


def states() -> list[Any]:
    return [
        *Payment.objects.order_by("pk").values_list("pk", "state", "order__state"),
        *Booking.objects.order_by("pk").values_list("pk", "state", "starts_at"),
    ]


def addresses(patterns: Any = None, start: str = "/") -> Iterator[str]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        address = start + str(entry.pattern)
        if isinstance(entry, URLPattern) and not is_api(address):
            yield address
        elif isinstance(entry, URLResolver) and not address.startswith("/admin/"):
            yield from addresses(entry.url_patterns, address)
