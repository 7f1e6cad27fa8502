"""Through Pusher: every move, in a message of the same transaction; and who may subscribe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.transaction import set_rollback
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.catalog.models import Member
from holdfast.flows.pushing import push
from holdfast.kernel.clock import utc_now
from holdfast.notifications.models import PusherAccount
from holdfast.notifications.pusher import NotTold
from holdfast.platform.db import transaction
from holdfast.platform.models import Transition, User
from tests.live.moves import a_booking, move
from tests.support.academy import Academy
from tests.support.booked import api_of
from tests.support.practice import Api, Practice, new_member, new_user
from tests.support.pusher import APP_ID, KEY, SECRET, FakePusher, running_pusher, signed
from tests.support.worker import work

CHANNEL = "private-academy-jyoti"

pytestmark = pytest.mark.usefixtures("speeches")


@pytest.fixture
def pusher() -> Iterator[FakePusher]:
    with running_pusher() as running:
        yield running


@pytest.fixture
def account(practice: Practice, pusher: FakePusher) -> PusherAccount:
    return PusherAccount.objects.create(
        business=practice.business, app_id=APP_ID, key=KEY, secret=SECRET, base_url=pusher.url
    )


def messages() -> int:
    return ProcrastinateJob.objects.filter(args__kind="pusher").count()


def subscribe(api: Api, channel: str = CHANNEL, socket: str = "1234.5678") -> Any:
    return api.post("/api/live/pusher-auth/", {"socket_id": socket, "channel_name": channel})


@pytest.mark.spec("HOT-7")
def test_every_move_is_told_in_the_seeds_words(
    academy: Academy, customer: User, account: PusherAccount, pusher: FakePusher
) -> None:
    booking = a_booking(academy, customer)
    move(booking, "await_approval", "approve")
    PusherAccount.objects.update(is_open=True)
    move(booking, "complete")

    work()

    moved_at = Transition.objects.filter(subject="booking").order_by("seq").values_list("at", flat=True)
    assert [(event["name"], event["channels"]) for event in pusher.events] == [
        ("booking-updated", ["academy-jyoti"])
    ] * 4
    assert [json.loads(event["data"]) for event in pusher.events] == [
        {"booking_id": booking.reference, "status": status, "updated_at": at.isoformat()}
        for status, at in zip(("pending", "paid", "confirmed", "done"), moved_at, strict=True)
    ]


@pytest.mark.spec("HOT-7")
def test_the_channel_is_private_unless_the_business_opens_it(
    academy: Academy, customer: User, account: PusherAccount, pusher: FakePusher
) -> None:
    a_booking(academy, customer)

    work()

    assert [event["channels"] for event in pusher.events] == [[CHANNEL]]


def test_a_message_dies_with_its_move_and_nobody_without_pusher_has_one(
    academy: Academy, customer: User, account: PusherAccount
) -> None:
    booking = a_booking(academy, customer)
    before = messages()

    with transaction():
        booking.move("cancel", by="clock", at=utc_now())
        set_rollback(True)
    of_a_lost_move = messages()
    PusherAccount.objects.update(active=False)
    a_booking(academy, customer, at="12:00")

    assert (before, of_a_lost_move, messages()) == (1, 1, 1)


def test_a_lost_pusher_blocks_nothing_and_is_given_up_in_time(
    academy: Academy, customer: User, account: PusherAccount, pusher: FakePusher
) -> None:
    pusher.answers = 500
    booking = a_booking(academy, customer)
    move(booking, "cancel")
    last = Transition.objects.filter(subject="booking").latest("seq")

    work()
    waits = ProcrastinateJob.objects.filter(args__kind="pusher", status="todo").count()
    with pytest.raises(NotTold):
        push(last.pk, now=last.at + timedelta(minutes=9))
    push(last.pk, now=last.at + timedelta(minutes=10))

    assert booking.state == "canceled"
    assert waits == 2, "they are tried again later"
    assert (pusher.asked, pusher.events) == (4, [])


@pytest.mark.spec("HOT-7", "GEN-2")
def test_who_may_see_all_of_it_may_subscribe(
    academy: Academy, practice: Practice, account: PusherAccount, customer: User
) -> None:
    staff = api_of(new_member(practice, "staff"))
    allowed = subscribe(staff)

    refused = {
        "nobody": subscribe(Api()),
        "a stranger": subscribe(api_of(customer)),
        "a provider, who may see a part": subscribe(api_of(new_member(practice, Member.Role.PROVIDER))),
        "of no such hotel": subscribe(staff, "private-academy-other"),
        "of a booking": subscribe(staff, "private-booking-COACH-1"),
        "what is open": subscribe(staff, "academy-jyoti"),
        "no socket": subscribe(staff, socket="one"),
    }

    assert allowed.json() == {"auth": f"{KEY}:{signed(f'1234.5678:{CHANNEL}')}"}
    assert [answer.status_code for answer in refused.values()] == [401, 404, 404, 404, 404, 400, 400]


def test_the_secret_is_kept_encrypted(account: PusherAccount) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM holdfast_notifications_pusheraccount")
        (kept,) = cursor.fetchone()

    assert SECRET not in kept
    assert PusherAccount.objects.get().secret == SECRET


def test_the_admin_keeps_a_secret_that_is_left_empty_and_never_shows_it(account: PusherAccount) -> None:
    browser = Client()
    browser.force_login(new_user(is_staff=True, is_superuser=True))
    address = f"/admin/holdfast_notifications/pusheraccount/{account.pk}/change/"
    form = {"business": account.business_id, "app_id": "4712", "key": KEY, "cluster": "eu", "active": "on"}

    saved = browser.post(address, {**form, "secret": ""})
    page = browser.get(address).content.decode()
    wrong = browser.post(address, {**form, "app_id": "abc", "base_url": "no address"})

    account.refresh_from_db()
    assert (saved.status_code, wrong.status_code) == (302, 200)
    assert (account.app_id, account.secret, account.base_url) == ("4712", SECRET, "")
    assert SECRET not in page
