"""The list of money that waits, by what it asks of the database."""

from __future__ import annotations

import pytest

from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import GatewayEvent, User
from tests.desk.conftest import browser_of
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import AUTHORIZE, paid, sold

pytestmark = pytest.mark.spec("DESK-7")
MONEY = "/desk/money/"


def reserved_and_not_as_asked(practice: Practice, gateway: Sandbox, *, at: str) -> None:
    story = sold(practice, AUTHORIZE, at=at)
    gateway.arm("amount_higher", only=story.checkout.reference)
    paid(story, gateway)


def called_about_nobody_knows_what(practice: Practice, reference: str) -> None:
    account = GatewayAccount.objects.filter(business=practice.business)[0]
    GatewayEvent.objects.create(
        gateway=account.gateway,
        account_id=account.pk,
        reference=reference,
        verified=True,
        dedupe_key=reference,
        received_at=NOW,
        result="unknown",
    )


def test_reserved_money_and_unknown_calls_cost_as_much_for_three_as_for_one(
    practice: Practice, toy_gateway: Sandbox, staff: User
) -> None:
    browser = browser_of(staff)
    reserved_and_not_as_asked(practice, toy_gateway, at="10:00")
    called_about_nobody_knows_what(practice, "A")
    browser.get(MONEY)
    with count_statements() as with_one:
        browser.get(MONEY)
    for hour in (11, 12):
        reserved_and_not_as_asked(practice, toy_gateway, at=f"{hour}:00")
        called_about_nobody_knows_what(practice, str(hour))

    with count_statements() as with_three:
        page = browser.get(MONEY)

    assert page.content.decode().count("free</button>") == 3
    assert len(page.context["unmatched"]) == 3
    assert len(with_three) == len(with_one), with_three
