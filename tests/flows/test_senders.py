"""Whose a webhook is, by what we remember of the accounts: what is out of date there decides nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from holdfast.flows.gateways import read_webhook
from holdfast.flows.senders import KEPT_FOR, senders_at
from holdfast.flows.webhooks import Call, receive
from holdfast.payments.models import GatewayAccount
from holdfast.platform.models import GatewayEvent
from tests.flows.books import jobs
from tests.flows.door import HASH, PATH, completed, deliver
from tests.support.practice import CREDENTIALS, NOW, Practice, new_practice
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements

pytestmark = pytest.mark.spec("BC-29")

OTHERS = {"webhook_username": "another", "webhook_password": "Another1"}
OTHERS_HASH = hashlib.sha256(b"another:Another1").hexdigest()


def change(practice: Practice, **credentials: Any) -> None:
    """As another process would: nothing in this one is told."""
    GatewayAccount.objects.filter(pk=practice.account.pk).update(credentials=CREDENTIALS | credentials)


def signed(hashed: str) -> dict[str, str]:
    return {"Authorization": hashed}


def test_a_webhook_of_an_account_that_is_remembered_takes_one_statement(practice: Practice) -> None:
    receive(_call("FIRST"), now=NOW)

    with count_statements() as statements:
        assert receive(_call("SECOND"), now=NOW)

    assert len(statements) == 1, str(statements)
    assert jobs() == {"gateway_event": 2}


def test_a_password_that_has_been_changed_opens_nothing_from_then_on(practice: Practice) -> None:
    assert deliver(completed("FIRST")) == 200

    change(practice, **OTHERS)

    assert deliver(completed("SECOND")) == 401
    assert deliver(completed("THIRD"), signed(OTHERS_HASH)) == 200
    assert list(_taken()) == ["FIRST", "THIRD"]
    assert jobs() == {"gateway_event": 2}


def test_by_memory_alone_the_old_password_would_be_good(practice: Practice) -> None:
    """The negative control: what the statement that stores refuses is what memory says."""
    receive(_call("FIRST"), now=NOW)

    change(practice, **OTHERS)

    [remembered] = senders_at("phonepe", account=None, now=NOW, afresh=False)
    notice = read_webhook(remembered.account, headers={"authorization": HASH}, body=completed("SECOND"))
    assert notice.reference == "SECOND"


def test_an_account_that_has_gone_takes_nothing_more(practice: Practice) -> None:
    deliver(completed("FIRST"))

    practice.account.delete()

    assert deliver(completed("SECOND")) == 401
    assert deliver(completed("SECOND"), path=f"{PATH}{practice.account.pk}/") == 404
    assert list(_taken()) == ["FIRST"]


def test_a_new_account_is_known_with_its_first_webhook(practice: Practice, sandbox: Sandbox) -> None:
    deliver(completed("FIRST"))

    newcomer = new_practice(sandbox, slug="newcomer")
    change(newcomer, **OTHERS)

    assert deliver(completed("SECOND"), signed(OTHERS_HASH)) == 200
    assert deliver(completed("THIRD"), signed(OTHERS_HASH), path=f"{PATH}{newcomer.account.pk}/") == 200
    assert GatewayEvent.objects.filter(account_id=newcomer.account.pk).count() == 2


def test_that_a_secret_is_shared_from_now_on_is_known_in_a_few_seconds(
    practice: Practice, sandbox: Sandbox
) -> None:
    change(practice, **OTHERS)
    receive(_call("FIRST", OTHERS_HASH), now=NOW)
    sister = new_practice(sandbox, slug="sister")
    change(sister, **OTHERS)

    before = senders_at("phonepe", account=None, now=NOW + KEPT_FOR / 2, afresh=False)
    after = senders_at("phonepe", account=None, now=NOW + KEPT_FOR, afresh=False)

    assert [sender.account.pk for sender in before] == [practice.account.pk]
    assert [sender.account.pk for sender in after] == [practice.account.pk, sister.account.pk]


def _call(reference: str, hashed: str = HASH) -> Call:
    return Call("phonepe", None, {"authorization": hashed}, completed(reference))


def _taken() -> Any:
    return GatewayEvent.objects.filter(verified=True).order_by("id").values_list("reference", flat=True)
