"""Whatever is sent, the API answers as its OpenAPI document says, and with no 5xx that it does not name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from holdfast.booking.models import Booking
from holdfast.kernel.clock import utc_now
from holdfast.platform.files import store
from holdfast.platform.models import User
from holdfast.project.urls import api as ninja_api
from holdfast.web.tokens import issue
from tests.support.academy import academy_of
from tests.support.booked import booked
from tests.support.lobby import new_lobby
from tests.support.pictures import PDF, upload
from tests.support.practice import Api, Practice, held, new_user, request_body
from tests.support.sandbox import Sandbox
from tests.support.temple import bought, carted, temple_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
BOOKING = "POST /api/astrology/bookings/book-with-payment/"
# Their parameters, if there are any, are any text: there is nothing to get wrong in the document's sense.
NEVER_WRONG = {
    ("POST /api/payments/webhook/{gateway}/", GenerationMode.NEGATIVE),
    ("GET /api/files/{key}/", GenerationMode.NEGATIVE),
    ("POST /api/public/hotel/room-bookings/stripe-webhook/", GenerationMode.NEGATIVE),
    ("GET /api/public/hotel/{slug}/", GenerationMode.NEGATIVE),
    ("GET /api/public/hotel/{slug}/room-bookings/{booking_id}/payment/verify/", GenerationMode.NEGATIVE),
}
FIXED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
Operation = APIOperation[Any, Any, Any, Any]
HASH = hashlib.sha256(b"simuser:Sim12345").hexdigest()


def _operations() -> Iterator[Operation]:
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(ninja_api.get_openapi_schema())))
    schema.app = WSGIHandler()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        operation.app = schema.app
        yield operation


OPERATIONS = {operation.label: operation for operation in _operations()}
ASKED = [(label, mode) for label in OPERATIONS for mode in GenerationMode if (label, mode) not in NEVER_WRONG]


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0)


@pytest.mark.spec("GEN-3", "GEN-5")
@pytest.mark.parametrize(("label", "mode"), ASKED)
def test_answers_are_those_of_the_document(practice: Practice, label: str, mode: GenerationMode) -> None:
    user = new_user()
    bearer = {"Authorization": f"Bearer {issue(user, now=utc_now()).access}"}

    @FIXED
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(OPERATIONS[label].as_strategy(generation_mode=mode))
        for headers in (bearer, {}):
            _send(case, headers)

    ask()


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("label", [label for label in OPERATIONS if "{" in label])
def test_answers_about_things_that_exist_are_those_of_the_document(
    practice: Practice, sandbox: Sandbox, label: str
) -> None:
    user = new_user()
    bearer = {"Authorization": f"Bearer {issue(user, now=utc_now()).access}"}
    known: dict[str, Any] = {
        "service_id": practice.offering.pk,
        "gateway": "phonepe",
        "account": practice.account.pk,
        "key": store(upload(PDF), owner=user, purpose="document", now=utc_now()).key,
        "reference": held(practice, user=user).reference,
        "astro_book_id": booked(practice, sandbox, user=user, at="12:00"),
        **things_of_carts(practice, sandbox, user=user),
    }
    if "/api/puja/" in label:
        known["service_id"] = known["puja_id"]
    if "/hotel/" in label:
        known |= things_of_a_hotel(sandbox)
    if "/booking/api/" in label:
        academy = academy_of(practice)
        known |= {"course_id": academy.yoga.pk, "booking_id": academy.reserved(user, at="14:00").pk}
    parameters = {name: value for name, value in known.items() if f"{{{name}}}" in label}

    @FIXED
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        strategy = OPERATIONS[label].as_strategy(
            generation_mode=GenerationMode.POSITIVE, path_parameters=parameters
        )
        _send(data.draw(strategy), bearer)

    ask()


@pytest.mark.spec("GEN-5", "AST-2")
def test_a_booking_request_with_some_fields_right_is_answered_as_documented(practice: Practice) -> None:
    bearer = {"Authorization": f"Bearer {issue(new_user(), now=utc_now()).access}"}
    right = request_body(practice)

    @settings(FIXED, max_examples=40)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(OPERATIONS[BOOKING].as_strategy())
        mended = data.draw(st.sets(st.sampled_from(sorted(right)), min_size=len(right) - 2))
        case.body = {**cast(dict[str, Any], case.body), **{field: right[field] for field in mended}}
        _send(case, bearer)

    ask()


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("account", ["", "{account}/"])
@pytest.mark.parametrize("secret", [HASH, "0" * 64])
def test_a_webhook_never_answers_5xx_whatever_is_posted(
    practice: Practice, secret: str, account: str
) -> None:
    path = f"/api/payments/webhook/phonepe/{account.format(account=practice.account.pk)}"
    gateway = Api()
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
    events = st.fixed_dictionaries({"event": anything, "payload": anything}).map(
        lambda e: json.dumps(e).encode()
    )

    @settings(FIXED, max_examples=40)
    @given(body=st.binary(max_size=200) | events)
    @example(body=b'{"event": "checkout.order.completed", "payload": {"merchantOrderId": "\\u0000"}}')
    @example(body=b'{"event": "checkout.order.completed", "payload": {"merchantOrderId": "\\ud800"}}')
    @example(body=b"[" * 100_000)
    @example(body=b"9" * 5_000)
    @example(body=b"\xff\xfe\x00")
    def post(body: bytes) -> None:
        answer = gateway.generic(
            "POST", path, body, content_type="application/json", headers={"Authorization": secret}
        )
        assert answer.status_code in ({200} if secret == HASH else {401}), answer.content

    post()


def things_of_carts(practice: Practice, sandbox: Sandbox, *, user: User) -> dict[str, int]:
    """A puja that is booked and paid for, and one that is in a cart."""
    temple = temple_of(practice)
    payment = bought(temple, sandbox, user=user)
    cart = carted(temple, user=user, at="13:00")
    return {
        "puja_id": temple.puja.pk,
        "cart_id": cart.id,
        "item_id": cart.items[0].id,
        "payment_id": payment.pk,
        "booking_id": Booking.objects.get(line__order=payment.order).pk,
    }


def things_of_a_hotel(sandbox: Sandbox) -> dict[str, str]:
    lobby = new_lobby(sandbox)
    return {"slug": lobby.slug, "booking_id": lobby.held()}


def _send(case: schemathesis.Case[Any], headers: dict[str, str]) -> None:
    response = case.call(headers=headers)
    case.validate_response(response, checks=CHECKS)
