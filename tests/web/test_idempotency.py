"""A write that is sent again under its Idempotency-Key answers as the first time, and is done once."""

from __future__ import annotations

import json
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from prometheus_client import REGISTRY

from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.gateways.transport import PATIENCE
from holdfast.payments.models import Payment
from holdfast.platform.customers import customer_of
from holdfast.platform.db import transaction
from holdfast.platform.idempotency import LEASE
from holdfast.platform.models import GatewayEvent, IdempotencyKey, RefreshToken, User
from holdfast.project.urls import api as ninja_api
from holdfast.web.idempotency import HEADER, WRITES
from tests.support.booked import api_of
from tests.support.practice import PASSWORD, Api, Practice, new_user, request_body
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.without import without

pytestmark = pytest.mark.spec("GEN-4")

BOOK = "/api/astrology/bookings/book-with-payment/"
REGISTER, REFRESH = "/api/auth/register/", "/api/auth/token/refresh/"
KEY = {HEADER: "8e03978e-40d5-43dd-bc93-6894a57f9324"}
NEW_ACCOUNT = {"email": "new@example.com", "password": "a long enough password", "name": "New"}
ENDS_WITHIN = 60  # seconds; whoever hangs longer fails the test


def book(api: Client, practice: Practice, key: dict[str, str] = KEY, **over: Any) -> Any:
    body = request_body(practice, **over)
    return api.post(BOOK, data=body, content_type="application/json", headers=key)


def was_replayed(answer: Any) -> bool:
    return bool(answer.headers.get("Idempotent-Replayed") == "true")


def said(answer: Any) -> tuple[Any, ...]:
    """An answer without what each one has of its own."""
    own = {"X-Request-ID", "Idempotent-Replayed"}
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k not in own}


def the_first_one_has_died() -> None:
    """Nobody has answered within the lease."""
    IdempotencyKey.objects.update(lease_until=utc_now())


# The same request


def test_the_same_key_and_body_answer_as_the_first_time(practice: Practice, api: Api) -> None:
    first = book(api, practice)

    again = [book(api, practice) for _ in range(3)]

    assert first.status_code == 200
    assert not was_replayed(first)
    assert all(said(one) == said(first) and was_replayed(one) for one in again)
    assert Payment.objects.count() == 1


def test_without_a_key_every_request_is_its_own(practice: Practice, api: Api) -> None:
    answers = [book(api, practice, key={}).status_code for _ in range(2)]

    assert answers == [200, 409]
    assert not IdempotencyKey.objects.exists()


def test_a_slash_left_out_is_the_same_request(practice: Practice, api: Api) -> None:
    book(api, practice)

    again = api.send(BOOK.rstrip("/"), request_body(practice), headers=KEY)

    assert was_replayed(again)


def test_a_user_is_the_same_by_token_and_by_session(practice: Practice, api: Api, customer: User) -> None:
    browser = Client()
    browser.force_login(customer)
    first = book(api, practice)

    again = book(browser, practice)

    assert said(again)[:2] == said(first)[:2]
    assert was_replayed(again)


def test_letting_go_twice_under_one_key_is_letting_go_once(practice: Practice, api: Api) -> None:
    path = f"/api/payments/{_reference(book(api, practice))}/release/"
    first = api.send(path, headers=KEY)

    again = api.send(path, headers=KEY)

    assert first.json() == {"success": True, "status": "CANCELLED"}
    assert said(again) == said(first)
    assert was_replayed(again)


def test_a_refusal_is_repeated_even_when_the_time_has_become_free(practice: Practice, api: Api) -> None:
    rival = api_of(new_user())
    reference = _reference(book(rival, practice))
    first = book(api, practice)
    rival.send(f"/api/payments/{reference}/release/")

    again = book(api, practice)

    assert first.status_code == 409
    assert said(again) == said(first)
    assert was_replayed(again)


def test_an_answer_that_is_not_the_last_word_is_repeated_and_nothing_is_started_again(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after")
    first = book(api, practice)

    again = book(api, practice)

    assert first.status_code == 202
    assert said(again) == said(first)
    assert was_replayed(again)
    assert Payment.objects.count() == 1


# Another request


@pytest.mark.parametrize("time", ["11:00", "never"])
def test_another_body_under_the_same_key_is_422_whatever_is_in_it(
    practice: Practice, api: Api, time: str
) -> None:
    book(api, practice)

    answer = book(api, practice, preferred_time=time)

    assert answer.status_code == 422
    assert answer.json() == {
        "error": "This Idempotency-Key has been used for another request. Please take a new one."
    }
    assert Payment.objects.count() == 1


def test_another_reference_in_the_address_is_another_request(practice: Practice, api: Api) -> None:
    one = _reference(book(api, practice))
    other = _reference(book(api, practice, key={}, preferred_time="11:00"))
    api.send(f"/api/payments/{one}/release/", headers=KEY)

    answer = api.send(f"/api/payments/{other}/release/", headers=KEY)

    assert answer.status_code == 422
    assert Order.objects.filter(state="placed").count() == 1


def test_the_same_key_of_another_user_is_another_key(practice: Practice, api: Api) -> None:
    book(api, practice)

    answer = book(api_of(new_user()), practice, preferred_time="11:00")

    assert answer.status_code == 200
    assert not was_replayed(answer)
    assert Payment.objects.count() == 2


def test_the_same_key_at_another_route_is_another_key(practice: Practice, api: Api) -> None:
    reference = _reference(book(api, practice))

    answer = api.send(f"/api/payments/{reference}/release/", headers=KEY)

    assert answer.json() == {"success": True, "status": "CANCELLED"}
    assert not was_replayed(answer)


# At the same moment


def test_of_two_at_once_one_runs_and_the_other_is_told_to_wait(practice: Practice, customer: User) -> None:
    with ThreadPoolExecutor(2) as threads:
        with transaction():
            customer_of(customer)  # nobody who checks out gets any further until this transaction ends
            running = [threads.submit(_book_and_hang_up, customer, practice) for _ in range(2)]
            done, not_done = wait(running, ENDS_WITHIN, return_when=FIRST_COMPLETED)
        refused, ran = done.pop().result(), not_done.pop().result(ENDS_WITHIN)

    assert ran.status_code == 200
    assert refused.status_code == 409
    assert refused.json() == {"error": "This request is still being answered. Please ask again in a moment."}
    assert int(refused["Retry-After"]) > 0
    assert Payment.objects.count() == 1
    assert said(book(api_of(customer), practice)) == said(ran)


def test_without_the_unique_constraint_both_of_two_at_once_run(practice: Practice, customer: User) -> None:
    """The negative control: two checkouts are made, and only the customer's own hold stops the second."""
    before = _checkouts()
    with without(IdempotencyKey, "one_answer_a_key"):
        answers = race([partial(_book_and_hang_up, customer, practice) for _ in range(2)])
        ran = _checkouts() - before

    assert ran == 2
    assert sorted(getattr(answer, "status_code", 0) for answer in answers) == [200, 409]


def test_of_many_at_once_one_checkout_is_made(practice: Practice, customer: User) -> None:
    before = _checkouts()

    answers = race([partial(_book_and_hang_up, customer, practice) for _ in range(12)])

    assert _checkouts() - before == 1
    assert {getattr(answer, "status_code", 0) for answer in answers} <= {200, 409}
    assert Payment.objects.count() == 1


def _book_and_hang_up(user: User, practice: Practice) -> Any:
    try:
        return book(api_of(user), practice)
    finally:
        connection.close()


def _checkouts() -> float:
    """How many checkouts have run, however they ended."""
    found = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    return sum(sample.value for sample in found if sample.name == "holdfast_checkouts_total")


# A process that dies


class Died(BaseException):
    """The process ended here; not even what cleans up behind an error runs to its end."""


def dies_at_its_answer() -> AbstractContextManager[None]:
    """From the first try to change the key's row on, no statement reaches the database any more."""

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith(("UPDATE", "DELETE")) and IdempotencyKey._meta.db_table in str(sql):
            raise Died
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def test_a_crash_between_the_commit_and_the_kept_answer_makes_no_second_booking(
    practice: Practice, api: Api
) -> None:
    with pytest.raises(Died), dies_at_its_answer():
        book(api, practice)
    payment = Payment.objects.get()
    at_once = book(api, practice)
    the_first_one_has_died()

    later = book(api, practice)

    assert at_once.status_code == later.status_code == 409
    assert "payment_url" not in at_once.json()
    assert later.json()["payment_url"] == payment.payment_url
    assert later.json()["release_url"] == f"/api/payments/{payment.reference}/release/"
    assert said(book(api, practice)) == said(later)
    assert Payment.objects.count() == 1


def test_a_crash_before_anything_was_written_lets_the_repeat_book(practice: Practice, api: Api) -> None:
    with pytest.raises(Died), dies_at_its_answer():
        book(api, practice, preferred_time="03:00")
    assert Payment.objects.count() == 0
    the_first_one_has_died()
    assert book(api, practice, preferred_time="10:00").status_code == 422

    answer = book(api, practice, preferred_time="03:00")

    assert answer.status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert book(api, practice, preferred_time="10:00").status_code == 200


def test_the_lease_outlasts_every_wait_for_a_gateway() -> None:
    assert LEASE > 3 * PATIENCE


# What is not kept


@pytest.mark.parametrize("wrong", [{"preferred_time": "never"}, {"preferred_time": "03:00"}, {"service": 0}])
def test_a_request_that_was_wrong_may_be_put_right_under_its_key(
    practice: Practice, api: Api, wrong: dict[str, Any]
) -> None:
    assert book(api, practice, **wrong).status_code == 400
    assert not IdempotencyKey.objects.exists()

    answer = book(api, practice)

    assert answer.status_code == 200


def test_too_many_requests_are_not_kept(practice: Practice, api: Api, settings: Any) -> None:
    limits = settings.HOLDFAST_LIMITS
    settings.HOLDFAST_LIMITS = limits | {"start_by_user": 1}
    refused = [book(api, practice, preferred_time="03:00").status_code for _ in range(3)]
    settings.HOLDFAST_LIMITS = limits
    assert 429 in refused
    assert not IdempotencyKey.objects.exists()

    answer = book(api, practice)

    assert answer.status_code == 200


def test_a_gateway_that_cannot_be_asked_is_not_kept(practice: Practice, api: Api) -> None:
    practice.account.active = False
    practice.account.save()
    refused = book(api, practice)
    practice.account.active = True
    practice.account.save()

    answer = book(api, practice)

    assert refused.status_code == 503
    assert answer.status_code == 200


def test_a_mistake_of_ours_is_not_kept(practice: Practice, api: Api, settings: Any) -> None:
    api.raise_request_exception = False
    keys = settings.HOLDFAST_ENCRYPTION_KEYS
    settings.HOLDFAST_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]  # no gateway account can be read
    failed = book(api, practice)
    settings.HOLDFAST_ENCRYPTION_KEYS = keys
    assert failed.status_code == 500
    assert not IdempotencyKey.objects.exists()

    answer = book(api, practice)

    assert answer.status_code == 200
    assert Payment.objects.count() == 1


def test_nobody_and_who_may_not_leave_no_key_behind(practice: Practice, customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)

    answers = [book(one, practice).status_code for one in (Api(), Api("no token of ours"), browser)]

    assert answers == [401, 401, 403]
    assert not IdempotencyKey.objects.exists()


# The key


@pytest.mark.parametrize(
    "key",
    ["", "x" * 15, "x" * 256, "with spaces in the middle", 'quo"ted-long-enough', "né" * 10, "x" * 16 + "\t"],
)
def test_a_bad_key_is_400_and_nothing_is_done(practice: Practice, api: Api, key: str) -> None:
    answer = book(api, practice, key={HEADER: key})

    assert answer.status_code == 400
    assert list(answer.json()) == [HEADER]
    assert Payment.objects.count() == 0


@pytest.mark.parametrize("key", ["x" * 16, "x" * 255, "AZaz09_.:~+/=-AZaz09"])
def test_a_good_key_is_taken(practice: Practice, api: Api, key: str) -> None:
    assert [book(api, practice, key={HEADER: key}).status_code for _ in range(2)] == [200, 200]


def test_a_read_and_a_webhook_take_no_key(practice: Practice, api: Api) -> None:
    bad = {HEADER: "short"}
    webhook = "/api/payments/webhook/phonepe/"

    assert api.get("/api/auth/me/", headers=bad).status_code == 200
    assert [Api().send(webhook, headers=bad | KEY).status_code for _ in range(2)] == [401, 401]
    assert GatewayEvent.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


# Where nobody is signed in


def test_who_registers_twice_under_one_key_gets_the_same_account(db: None, cheap_passwords: None) -> None:
    first = Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)

    again = Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)

    assert first.status_code == 201
    assert said(again) == said(first)
    assert User.objects.count() == 1


def test_a_key_is_good_at_one_address_only_where_nobody_is_signed_in(db: None, cheap_passwords: None) -> None:
    Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)

    elsewhere = Api().send(REGISTER, NEW_ACCOUNT, headers=KEY, REMOTE_ADDR="203.0.113.9")

    assert elsewhere.status_code == 400
    assert elsewhere.json() == {"email": ["An account with this email exists."]}


def test_a_lost_answer_to_a_refresh_is_given_again_and_signs_nobody_out(customer: User) -> None:
    pair = Api().send("/api/auth/token/", {"email": customer.email, "password": PASSWORD}).json()
    first = Api().send(REFRESH, {"refresh": pair["refresh"]}, headers=KEY)

    again = Api().send(REFRESH, {"refresh": pair["refresh"]}, headers=KEY)

    assert said(again) == said(first)
    assert not RefreshToken.objects.exclude(revoked_at=None).exists()
    assert Api().send(REFRESH, {"refresh": again.json()["refresh"]}).status_code == 200


def test_neither_a_password_nor_a_token_can_be_read_from_what_is_kept(
    db: None, cheap_passwords: None
) -> None:
    answer = Api().send(REGISTER, NEW_ACCOUNT, headers=KEY).json()

    with connection.cursor() as cursor:
        cursor.execute(f'SELECT kept::text FROM "{IdempotencyKey._meta.db_table}" AS kept')
        ((row,),) = cursor.fetchall()

    secrets = [NEW_ACCOUNT["password"], NEW_ACCOUNT["email"], answer["access"], answer["refresh"]]
    assert not any(secret in row for secret in secrets)


def test_the_mark_of_a_request_cannot_be_guessed_without_our_key(
    db: None, cheap_passwords: None, settings: Any
) -> None:
    Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)
    settings.SECRET_KEY = "somebody else's key, who has the database alone"

    answer = Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)

    assert answer.status_code == 422


def test_bodies_are_not_tried_on_a_key_for_long(db: None, cheap_passwords: None, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0) | {"look_up": 2}
    Api().send(REGISTER, NEW_ACCOUNT, headers=KEY)

    tried = [Api().send(REGISTER, {"guess": n}, headers=KEY).status_code for n in range(5)]

    assert set(tried) <= {422, 429}
    assert 429 in tried


# What it costs, and what is said of it


def test_a_key_costs_two_statements_and_a_repeat_three(practice: Practice, api: Api) -> None:
    book(api, practice, preferred_time="12:00")
    with count_statements() as without_a_key:
        book(api, practice, key={}, preferred_time="10:00")

    with count_statements() as with_one:
        first = book(api, practice, key={HEADER: "x" * 16}, preferred_time="11:00")
    with count_statements() as again:
        book(api, practice, key={HEADER: "x" * 16}, preferred_time="11:00")

    assert first.status_code == 200
    assert len(with_one) == len(without_a_key) + 2, str(with_one)
    assert len(again) == 3, str(again)


# A gateway's call has its own name for a repeat; a ticket and a signature change nothing, and are told to
# nobody a second time.
TAKE_NO_KEY = {
    "/api/live/pusher-auth/",
    "/api/live/ticket/",
    "/api/public/hotel/room-bookings/stripe-webhook/",
}


def test_every_write_but_a_webhook_documents_the_key_and_its_refusals() -> None:
    document = json.loads(json.dumps(ninja_api.get_openapi_schema()))
    told = {
        (method.upper(), path): {"parameters": names, "answers": set(operation["responses"])}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for names in [{parameter["name"] for parameter in operation["parameters"]}]
    }

    for (method, path), what in told.items():
        takes_one = method in WRITES and "/webhook/" not in path and path not in TAKE_NO_KEY
        assert (HEADER in what["parameters"]) is takes_one, path
        assert not takes_one or what["answers"] >= {"400", "409", "422"}, path


def _reference(answer: Any) -> str:
    reference: str = answer.json()["data"]["payment"]["merchant_order_id"]
    return reference
