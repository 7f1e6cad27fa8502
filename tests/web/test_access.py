"""Every route, asked by everybody, about their own things and about others': no row is left to chance.

RULES has one row for each route of the API. A new route without a row fails the first test here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from holdfast.booking.models import Booking
from holdfast.catalog.models import Member
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import CartItem, Order
from holdfast.payments.models import Payment
from holdfast.platform.files import store
from holdfast.platform.models import StoredFile, User
from holdfast.project.urls import api as ninja_api
from holdfast.web.surface import is_api
from tests.support.academy import Academy, academy_of
from tests.support.booked import api_of, booked
from tests.support.hotel import day
from tests.support.lobby import STAFF as STAFF_ROOT
from tests.support.lobby import Lobby, new_lobby
from tests.support.pictures import PDF, upload
from tests.support.practice import DAY, Api, Practice, held, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple, bought, carted, temple_of

ROLES = ("payer", "stranger", "owner", "manager", "staff", "provider", "other_staff", "admin", "nobody")
SECRETS = ("user@example.com", "9876543210")


@dataclass
class World:
    """One customer's booking, paid for, and one more time that is held, and a file for its business; a
    guest's stays at a hotel, one to cancel and one to pay; and all who may ask about them."""

    practice: Practice
    temple: Temple
    academy: Academy
    coached: int
    to_pay: int
    booking: str
    held: str
    file: str
    cart: int
    puja_payment: int
    puja_booking: int
    lobby: Lobby
    draft: str
    to_cancel: str
    guest_key: str
    stay: str
    apis: dict[str, Api]


@dataclass(frozen=True)
class Rule:
    """Who gets ``status``, and among them who is told the contact; who is told that they may not, by 403; the
    others get 404, or 401 as nobody.
    """

    ask: Callable[[Api, World], Any]
    allowed: frozenset[str]
    status: int = 200
    tells_contact: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()

    def refusal(self, role: str) -> int:
        return 401 if role == "nobody" else 403 if role in self.forbidden else 404


EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {"nobody"}
PAYER = frozenset({"payer"})
RUNS_IT = frozenset({"owner", "manager", "staff", "admin"})
CONCERNED = PAYER | RUNS_IT
A = "/api/astrology"
C = "/booking/api"
P = "/api/puja"
H, STAFF = "/api/public/hotel/{slug}", f"{STAFF_ROOT}/{{slug}}/room-bookings"
BOOKING = f"{H}/room-bookings/{{booking_id}}"
CARTS, PAYMENTS, PUJAS = "/api/cart/carts", "/api/payments", "/api/booking/bookings"


def _decided(api: Api, w: World, *, what: str) -> Any:
    return w.lobby.decide(w.stay, what, by=api)


RULES: dict[tuple[str, str], Rule] = {
    ("POST", "/api/auth/register/"): Rule(
        lambda api, w: api.send("/api/auth/register/"), EVERYBODY, status=400
    ),
    ("POST", "/api/auth/token/"): Rule(lambda api, w: api.send("/api/auth/token/"), EVERYBODY, status=400),
    ("POST", "/api/auth/token/refresh/"): Rule(
        lambda api, w: api.send("/api/auth/token/refresh/", {"refresh": "x"}), EVERYBODY, status=401
    ),
    ("POST", "/api/auth/logout/"): Rule(
        lambda api, w: api.send("/api/auth/logout/", {"refresh": "x"}), EVERYBODY, status=204
    ),
    ("GET", "/api/auth/me/"): Rule(lambda api, w: api.get("/api/auth/me/"), SIGNED_IN),
    ("POST", "/api/auth/verify-email/"): Rule(
        lambda api, w: api.send("/api/auth/verify-email/", {"key": "x"}), EVERYBODY, status=400
    ),
    ("POST", "/api/auth/verify-email/resend/"): Rule(
        lambda api, w: api.send("/api/auth/verify-email/resend/"), SIGNED_IN, status=202
    ),
    ("POST", "/api/auth/password/reset/"): Rule(
        lambda api, w: api.send("/api/auth/password/reset/", {"email": "user@example.com"}),
        EVERYBODY,
        status=202,
    ),
    ("POST", "/api/auth/password/reset/confirm/"): Rule(
        lambda api, w: api.send("/api/auth/password/reset/confirm/", {"key": "x", "password": "x"}),
        EVERYBODY,
        status=400,
    ),
    ("POST", "/api/auth/password/change/"): Rule(
        lambda api, w: api.send("/api/auth/password/change/"), SIGNED_IN, status=400
    ),
    ("GET", "/api/auth/two-factor/"): Rule(lambda api, w: api.get("/api/auth/two-factor/"), SIGNED_IN),
    ("POST", "/api/auth/two-factor/"): Rule(
        lambda api, w: api.send("/api/auth/two-factor/"), SIGNED_IN, status=400
    ),
    ("POST", "/api/auth/two-factor/confirm/"): Rule(
        lambda api, w: api.send("/api/auth/two-factor/confirm/"), SIGNED_IN, status=400
    ),
    ("POST", "/api/auth/two-factor/recovery-codes/"): Rule(
        lambda api, w: api.send("/api/auth/two-factor/recovery-codes/"), SIGNED_IN, status=400
    ),
    ("POST", "/api/auth/two-factor/off/"): Rule(
        lambda api, w: api.send("/api/auth/two-factor/off/"), SIGNED_IN, status=400
    ),
    ("POST", "/api/payments/webhook/{gateway}/"): Rule(
        lambda api, w: api.send("/api/payments/webhook/phonepe/"), EVERYBODY, status=401
    ),
    ("POST", "/api/payments/webhook/{gateway}/{account}/"): Rule(
        lambda api, w: api.send(f"/api/payments/webhook/phonepe/{w.practice.account.pk}/"),
        EVERYBODY,
        status=401,
    ),
    ("POST", "/api/payments/{reference}/release/"): Rule(
        lambda api, w: api.send(f"/api/payments/{w.held}/release/"), PAYER
    ),
    ("GET", "/api/payments/{reference}/release/"): Rule(
        lambda api, w: api.get(f"/api/payments/{w.held}/release/"), PAYER
    ),
    ("POST", "/api/live/ticket/"): Rule(  # of a business: tests/live/test_tickets.py
        lambda api, w: api.send("/api/live/ticket/", {"channel": f"booking-{w.booking}"}), EVERYBODY
    ),
    ("POST", "/api/live/pusher-auth/"): Rule(  # where there is no Pusher; else tests/live/test_pusher.py
        lambda api, w: api.post(
            "/api/live/pusher-auth/", {"socket_id": "1.2", "channel_name": "private-business-jyoti"}
        ),
        SIGNED_IN,
        status=404,
    ),
    ("POST", "/api/files/"): Rule(
        lambda api, w: api.post("/api/files/", {"purpose": "document", "file": upload(PDF)}),
        SIGNED_IN,
        status=201,
    ),
    ("GET", "/api/files/{key}/"): Rule(
        lambda api, w: api.get(f"/api/files/{w.file}/"), CONCERNED | {"provider"}
    ),
    ("GET", f"{A}/services/"): Rule(lambda api, w: api.get(f"{A}/services/"), EVERYBODY),
    ("GET", f"{A}/services/{{service_id}}/"): Rule(
        lambda api, w: api.get(f"{A}/services/{w.practice.offering.pk}/"), EVERYBODY
    ),
    ("GET", f"{A}/services/{{service_id}}/slots/"): Rule(
        lambda api, w: api.get(f"{A}/services/{w.practice.offering.pk}/slots/?date=2030-01-01"), EVERYBODY
    ),
    ("POST", f"{A}/bookings/book-with-payment/"): Rule(
        lambda api, w: api.book(w.practice, preferred_time="15:00"), SIGNED_IN
    ),
    ("GET", f"{A}/bookings/confirmation/"): Rule(
        lambda api, w: api.get(f"{A}/bookings/confirmation/?astro_book_id={w.booking}"),
        EVERYBODY,
        tells_contact=EVERYBODY,
    ),
    ("GET", f"{A}/bookings/status/"): Rule(
        lambda api, w: api.get(f"{A}/bookings/status/?merchant_order_id={w.held}"), PAYER
    ),
    ("GET", f"{A}/bookings/"): Rule(
        lambda api, w: api.get(f"{A}/bookings/"), SIGNED_IN, tells_contact=CONCERNED
    ),
    ("GET", f"{A}/bookings/{{astro_book_id}}/"): Rule(
        lambda api, w: api.get(f"{A}/bookings/{w.booking}/"), CONCERNED, tells_contact=CONCERNED
    ),
    # These change the booking, one after the other; the last one ends it.
    ("POST", f"{A}/bookings/{{astro_book_id}}/complete/"): Rule(
        lambda api, w: api.send(f"{A}/bookings/{w.booking}/complete/"),
        CONCERNED - PAYER,
        status=409,
        forbidden=PAYER,
    ),
    ("POST", f"{A}/bookings/{{astro_book_id}}/reschedule/"): Rule(
        lambda api, w: api.send(
            f"{A}/bookings/{w.booking}/reschedule/", {"preferred_date": DAY, "preferred_time": "16:00"}
        ),
        CONCERNED,
        tells_contact=CONCERNED,
    ),
    ("GET", f"{A}/bookings/{{astro_book_id}}/cancel/"): Rule(
        lambda api, w: api.get(f"{A}/bookings/{w.booking}/cancel/"), CONCERNED
    ),
    ("POST", f"{A}/bookings/{{astro_book_id}}/cancel/"): Rule(
        lambda api, w: api.send(f"{A}/bookings/{w.booking}/cancel/"), CONCERNED
    ),
    ("GET", f"{P}/services/"): Rule(lambda api, w: api.get(f"{P}/services/"), EVERYBODY),
    ("GET", f"{P}/categories/"): Rule(lambda api, w: api.get(f"{P}/categories/"), EVERYBODY),
    ("GET", f"{P}/services/{{service_id}}/"): Rule(
        lambda api, w: api.get(f"{P}/services/{w.temple.puja.pk}/"), EVERYBODY
    ),
    ("GET", f"{P}/services/{{service_id}}/slots/"): Rule(
        lambda api, w: api.get(f"{P}/services/{w.temple.puja.pk}/slots/?date=2030-01-01"), EVERYBODY
    ),
    ("POST", f"{CARTS}/"): Rule(
        lambda api, w: api.send(f"{CARTS}/", w.temple.item(selected_time="16:00")), SIGNED_IN, status=201
    ),
    ("GET", f"{CARTS}/"): Rule(lambda api, w: api.get(f"{CARTS}/"), SIGNED_IN),
    ("GET", f"{CARTS}/active/"): Rule(lambda api, w: api.get(f"{CARTS}/active/"), SIGNED_IN),
    ("GET", f"{CARTS}/{{cart_id}}/"): Rule(lambda api, w: api.get(f"{CARTS}/{w.cart}/"), PAYER),
    ("POST", f"{CARTS}/{{cart_id}}/items/"): Rule(
        lambda api, w: api.send(f"{CARTS}/{w.cart}/items/", w.temple.item(selected_time="17:00")),
        PAYER,
        status=201,
    ),
    ("DELETE", f"{CARTS}/{{cart_id}}/items/{{item_id}}/"): Rule(
        lambda api, w: api.delete(f"{CARTS}/{w.cart}/items/{last_item(w.cart)}/"), PAYER
    ),
    ("POST", f"{CARTS}/{{cart_id}}/apply_promo/"): Rule(
        lambda api, w: api.send(f"{CARTS}/{w.cart}/apply_promo/", {"promo_code": "DISCOUNT10"}), PAYER
    ),
    ("POST", f"{CARTS}/{{cart_id}}/remove_promo/"): Rule(
        lambda api, w: api.send(f"{CARTS}/{w.cart}/remove_promo/"), PAYER
    ),
    ("POST", f"{PAYMENTS}/process-cart/"): Rule(
        lambda api, w: api.send(f"{PAYMENTS}/process-cart/", {"cart_id": w.cart}), PAYER
    ),
    ("DELETE", f"{CARTS}/{{cart_id}}/"): Rule(
        lambda api, w: api.delete(f"{CARTS}/{w.cart}/"), PAYER, status=204
    ),
    ("GET", f"{PAYMENTS}/payments/"): Rule(lambda api, w: api.get(f"{PAYMENTS}/payments/"), SIGNED_IN),
    ("GET", f"{PAYMENTS}/payments/{{payment_id}}/"): Rule(
        lambda api, w: api.get(f"{PAYMENTS}/payments/{w.puja_payment}/"), PAYER
    ),
    ("GET", f"{PAYMENTS}/payments/{{payment_id}}/check-booking/"): Rule(
        lambda api, w: api.get(f"{PAYMENTS}/payments/{w.puja_payment}/check-booking/"), PAYER
    ),
    ("GET", f"{PAYMENTS}/{{payment_id}}/check-booking/"): Rule(
        lambda api, w: api.get(f"{PAYMENTS}/{w.puja_payment}/check-booking/"), PAYER
    ),
    ("GET", f"{PUJAS}/"): Rule(lambda api, w: api.get(f"{PUJAS}/"), SIGNED_IN),
    ("GET", f"{PUJAS}/{{booking_id}}/"): Rule(
        lambda api, w: api.get(f"{PUJAS}/{w.puja_booking}/"), CONCERNED
    ),
    ("POST", f"{PUJAS}/{{booking_id}}/reschedule/"): Rule(
        lambda api, w: api.send(
            f"{PUJAS}/{w.puja_booking}/reschedule/", {"selected_date": DAY, "selected_time": "14:00"}
        ),
        CONCERNED,
    ),
    ("GET", f"{PUJAS}/{{booking_id}}/cancel/"): Rule(
        lambda api, w: api.get(f"{PUJAS}/{w.puja_booking}/cancel/"), CONCERNED
    ),
    ("POST", f"{PUJAS}/{{booking_id}}/cancel/"): Rule(
        lambda api, w: api.send(f"{PUJAS}/{w.puja_booking}/cancel/"), CONCERNED
    ),
    ("GET", f"{C}/courses/"): Rule(lambda api, w: api.get(f"{C}/courses/"), EVERYBODY),
    ("GET", f"{C}/coaches/"): Rule(lambda api, w: api.get(f"{C}/coaches/"), EVERYBODY),
    ("GET", f"{C}/course/{{course_id}}/"): Rule(
        lambda api, w: api.get(f"{C}/course/{w.academy.yoga.pk}/"), EVERYBODY
    ),
    ("GET", f"{C}/course/{{course_id}}/slots/"): Rule(
        lambda api, w: api.get(f"{C}/course/{w.academy.yoga.pk}/slots/?date={DAY}"), EVERYBODY
    ),
    ("POST", f"{C}/course/{{course_id}}/create/"): Rule(
        lambda api, w: w.academy.create(api, w.academy.yoga, at="17:00"), SIGNED_IN
    ),
    ("GET", f"{C}/bookings/"): Rule(lambda api, w: api.get(f"{C}/bookings/"), SIGNED_IN),
    ("GET", f"{C}/booking/{{booking_id}}/"): Rule(
        lambda api, w: api.get(f"{C}/booking/{w.coached}/"), CONCERNED, forbidden=SIGNED_IN
    ),
    ("POST", f"{C}/booking/{{booking_id}}/pay/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.to_pay}/pay/"), PAYER, forbidden=SIGNED_IN
    ),
    ("POST", f"{C}/booking/{{booking_id}}/retry-payment/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.to_pay}/retry-payment/"), PAYER, forbidden=SIGNED_IN
    ),
    ("POST", f"{C}/booking/{{booking_id}}/mark-paid/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.to_pay}/mark-paid/"),
        PAYER,
        status=402,
        forbidden=SIGNED_IN,
    ),
    ("POST", f"{C}/booking/{{booking_id}}/record-payment/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.to_pay}/record-payment/", {"amount": "1500.00"}),
        CONCERNED - PAYER,
        forbidden=SIGNED_IN,
    ),
    ("POST", f"{C}/booking/{{booking_id}}/accept/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.coached}/accept/"), CONCERNED - PAYER, forbidden=SIGNED_IN
    ),
    ("POST", f"{C}/booking/{{booking_id}}/reject/"): Rule(  # what has just been accepted
        lambda api, w: api.send(f"{C}/booking/{w.coached}/reject/"),
        CONCERNED - PAYER,
        status=400,
        forbidden=SIGNED_IN,
    ),
    ("POST", f"{C}/booking/{{booking_id}}/done/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.coached}/done/"),
        CONCERNED - PAYER,
        status=409,
        forbidden=SIGNED_IN,
    ),
    ("POST", f"{C}/booking/{{booking_id}}/cancel/"): Rule(
        lambda api, w: api.send(f"{C}/booking/{w.coached}/cancel/"), CONCERNED, forbidden=SIGNED_IN
    ),
    ("GET", "/api/public/hotels/"): Rule(lambda api, w: api.get("/api/public/hotels/"), EVERYBODY),
    ("GET", f"{H}/"): Rule(lambda api, w: api.get("/api/public/hotel/lake-view/"), EVERYBODY),
    ("GET", f"{H}/availability/"): Rule(
        lambda api, w: api.get(
            f"/api/public/hotel/lake-view/availability/?check_in={day(10)}&check_out={day(12)}"
        ),
        EVERYBODY,
    ),
    ("POST", "/api/public/hotel/room-bookings/stripe-webhook/"): Rule(
        lambda api, w: api.send("/api/public/hotel/room-bookings/stripe-webhook/"), EVERYBODY, status=401
    ),
    ("POST", f"{H}/room-bookings/"): Rule(
        lambda api, w: api.send(w.lobby.at(), w.lobby.asked(40, 42)), EVERYBODY, status=201
    ),
    ("POST", f"{BOOKING}/submit/"): Rule(lambda api, w: api.send(w.lobby.at(w.draft, "submit")), EVERYBODY),
    ("GET", f"{BOOKING}/"): Rule(lambda api, w: api.get(w.lobby.at(w.stay)), EVERYBODY),
    ("POST", f"{BOOKING}/payment/session/"): Rule(
        lambda api, w: api.send(w.lobby.at(w.stay, "payment/session")), EVERYBODY
    ),
    ("GET", f"{BOOKING}/payment/verify/"): Rule(
        lambda api, w: api.get(w.lobby.at(w.stay, "payment/verify")), EVERYBODY
    ),
    # Whoever has the guest's key.
    ("GET", f"{BOOKING}/cancel/"): Rule(
        lambda api, w: api.get(f"{w.lobby.at(w.to_cancel, 'cancel')}?key={w.guest_key}"), EVERYBODY
    ),
    ("POST", f"{BOOKING}/cancel/"): Rule(
        lambda api, w: api.send(f"{w.lobby.at(w.to_cancel, 'cancel')}?key={w.guest_key}"), EVERYBODY
    ),
    ("GET", f"{STAFF}/"): Rule(
        lambda api, w: api.get(w.lobby.at(root=STAFF_ROOT)), RUNS_IT, tells_contact=RUNS_IT
    ),
    ("GET", f"{STAFF}/{{booking_id}}/"): Rule(
        lambda api, w: api.get(w.lobby.at(w.stay, root=STAFF_ROOT)), RUNS_IT, tells_contact=RUNS_IT
    ),
    ("GET", f"{STAFF}/{{booking_id}}/rooms/"): Rule(
        lambda api, w: api.get(w.lobby.at(w.stay, "rooms", root=STAFF_ROOT)), RUNS_IT
    ),
    # Of a stay that is not paid yet.
    **{
        ("POST", f"{STAFF}/{{booking_id}}/{what}/"): Rule(partial(_decided, what=what), RUNS_IT, status=409)
        for what in ("approve", "decline", "check-in", "check-out", "no-show")
    },
}


def area_of(path: str) -> str:
    """The start of an address, which routes of one kind share."""
    return "/".join(path.split("/")[:4])


CLOSED = [route for route, rule in RULES.items() if rule.allowed != EVERYBODY]
DOCUMENTED = [
    (method.upper(), path)
    for path, methods in ninja_api.get_openapi_schema()["paths"].items()
    for method in methods
]


@pytest.fixture
def world(practice: Practice, sandbox: Sandbox, customer: User, settings: Any) -> World:
    settings.HOLDFAST_HOLDS_AN_ADDRESS = 0
    settings.HOLDFAST_HOLDS_A_CUSTOMER = 0
    other = new_practice(sandbox, slug="other")
    users = {role: new_member(practice, role) for role in ("owner", "manager", "staff", "provider")}
    users |= {"payer": customer, "stranger": new_user(), "other_staff": new_member(other, "staff")}
    users["admin"] = User.objects.create_superuser("admin@example.com", "x")
    temple = temple_of(practice)
    academy = academy_of(practice)
    puja = bought(temple, sandbox, user=customer)
    lobby = new_lobby(sandbox)
    Member.objects.bulk_create(
        Member(business=lobby.hotel.business, user=users[role], role=role)
        for role in ("owner", "manager", "staff", "provider")
    )
    to_cancel = lobby.held(guest_email=SECRETS[0])
    return World(
        lobby=lobby,
        draft=lobby.held(first=20, last=22, submit=False),
        to_cancel=to_cancel,
        guest_key=lobby.key(to_cancel),
        stay=lobby.held(guest_email=SECRETS[0]),
        practice=practice,
        temple=temple,
        academy=academy,
        coached=academy.paid(sandbox, customer, at="14:00").pk,
        to_pay=academy.reserved(customer, at="16:00").pk,
        cart=carted(temple, user=customer, at="12:30").id,
        puja_payment=puja.pk,
        puja_booking=Booking.objects.get(line__order=puja.order).pk,
        booking=booked(practice, sandbox, user=customer, now=utc_now()),
        held=held(practice, user=customer, at="12:00", now=utc_now()).reference,
        file=store(
            upload(PDF), owner=customer, purpose="document", business_id=practice.business.pk, now=utc_now()
        ).key,
        apis={role: api_of(user) for role, user in users.items()} | {"nobody": Api()},
    )


@pytest.mark.spec("GEN-2", "BC-19")
def test_every_route_has_its_rule() -> None:
    assert set(RULES) == set(DOCUMENTED)


@pytest.mark.spec("GEN-2", "BC-19")
def test_no_route_hides_from_the_document() -> None:
    hidden = {"/api/openapi.json", "/api/docs/"}

    assert set(_addresses()) - hidden == {path for _, path in DOCUMENTED}


@pytest.mark.spec("GEN-2", "BC-19", "GEN-1")
@pytest.mark.parametrize("area", sorted({area_of(path) for _, path in CLOSED}))
def test_only_those_who_may_get_an_answer(world: World, area: str) -> None:
    """One world for all routes of an area: what is refused changes nothing of it."""
    before = _state()
    for route in (route for route in CLOSED if area_of(route[1]) == area):
        rule = RULES[route]
        for role in sorted(EVERYBODY - rule.allowed):
            answer = rule.ask(world.apis[role], world)

            assert answer.status_code == rule.refusal(role), (route, role)
            assert set(answer.json()) - {"details"} == {"error"}, (route, role)
            assert _state() == before, (route, role)
            assert not any(secret in answer.content.decode() for secret in SECRETS), (route, role)


@pytest.mark.spec("GEN-2", "BC-19")
@pytest.mark.parametrize("role", ROLES)
def test_those_who_may_get_their_answer(world: World, role: str) -> None:
    for route, rule in RULES.items():
        if role not in rule.allowed:
            continue

        answer = rule.ask(world.apis[role], world)

        assert answer.status_code == rule.status, route
        if role not in rule.tells_contact:
            assert not any(secret in answer.content.decode() for secret in SECRETS), route


@pytest.mark.spec("GEN-2", "BC-19")
@pytest.mark.parametrize("role", sorted(SIGNED_IN))
def test_a_list_tells_of_ones_own_and_of_what_one_runs_only(world: World, role: str) -> None:
    answer = world.apis[role].get(f"{A}/bookings/").json()

    expected = [world.booking] if role in CONCERNED else []
    assert [row["astro_book_id"] for row in answer["results"]] == expected


@pytest.mark.spec("GEN-2", "BC-19")
@pytest.mark.parametrize("reference", ["booking", "held"])
def test_a_reference_of_one_kind_opens_nothing_of_another(world: World, reference: str) -> None:
    name = getattr(world, reference)
    payer = world.apis["payer"]
    wrong_doors = {
        "booking": (f"{A}/bookings/status/?merchant_order_id={name}",),
        "held": (f"{A}/bookings/{name}/", f"{A}/bookings/confirmation/?astro_book_id={name}"),
    }

    assert [payer.get(door).status_code for door in wrong_doors[reference]] == [
        404 for _ in wrong_doors[reference]
    ]


def _state() -> list[Any]:
    """What a request could change: each order and payment with its state, the bookings, carts, and files."""
    payments = Payment.objects.order_by("pk").values_list("pk", "state", "order__state")
    bookings = Booking.objects.order_by("pk").values_list("pk", "state", "starts_at")
    carts = Order.objects.order_by("pk").values_list("pk", "state", "promo_code")
    return [*payments, *bookings, *carts, CartItem.objects.count(), StoredFile.objects.count()]


def last_item(cart: int) -> int:
    """What was put into a cart last."""
    return CartItem.objects.filter(order=cart).latest("pk").pk


def _addresses(patterns: Any = None, start: str = "/") -> Iterator[str]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        address = start + str(entry.pattern).replace("<int:", "<").replace("<str:", "<")
        if isinstance(entry, URLResolver):
            yield from _addresses(entry.url_patterns, address)
        elif isinstance(entry, URLPattern) and is_api(address):
            yield address.replace("<", "{").replace(">", "}")
