"""Stripe's own packages, for Python and for Node, against the sandbox: they check what it says and signs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Inbox
from tests.sandbox.stripe_shop import KEY, PRICE, SECRET, StripeShop
from tests.support.npm import installed, node
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.timeout(300)  # the package for Node may have to be installed first

NODE = Path(__file__).with_name("stripe_node")
WEEK = 604_800  # seconds
# As worked out by hand, and by Stripe's package.
VECTOR = (
    b'{"id":"evt_test_1","object":"event"}',
    "whsec_simulator",
    1_700_000_000,
    "t=1700000000,v1=435a45391e57e3431486db4acfb71bd28a4412302641720b9813acd697c6cd1c",
)


@pytest.fixture
def shop(sandbox: Sandbox, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeShop]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    shop = StripeShop(replace(sandbox, gateway="stripe"))
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url=inbox.url)
    yield shop
    shop.sandbox.add_merchant("HOLDFAST_DEMO", webhook_url="")
    shop.http.close()


@pytest.fixture
def client(shop: StripeShop) -> stripe.StripeClient:
    return client_of(shop)


def client_of(shop: StripeShop, key: str = KEY, *, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": f"{shop.sandbox.url}/stripe"},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=10),
    )


def wanted(reference: str) -> Any:
    price = {"currency": "usd", "unit_amount": PRICE, "product_data": {"name": "A room by the lake"}}
    return {
        "mode": "payment",
        "client_reference_id": reference,
        "success_url": "http://shop.test/return?session={CHECKOUT_SESSION_ID}",
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": {"booking": "HB-7K2M"},
        "payment_intent_data": {"capture_method": "manual", "metadata": {"booking": "HB-7K2M"}},
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
    }


def reserved(client: stripe.StripeClient, shop: StripeShop, reference: str) -> Any:
    """A payment intent whose money is reserved, with its charge."""
    session = client.v1.checkout.sessions.create(wanted(reference))
    shop.sandbox.settle(reference)
    found = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert found.line_items is not None
    assert [line.description for line in found.line_items.data] == ["A room by the lake"]
    return found.payment_intent


# ---- for Python -----------------------------------------------------------------------------------------


def test_the_package_for_python_reserves_takes_and_gives_back(
    client: stripe.StripeClient, shop: StripeShop, reference: str
) -> None:
    intent = reserved(client, shop, reference)

    taken = client.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 30_000, "expand": ["latest_charge"]}
    )
    refunds = [client.v1.refunds.create({"payment_intent": intent.id, "amount": n}) for n in (1_000, 2_000)]
    voided = client.v1.payment_intents.cancel(reserved(client, shop, f"{reference}-V").id)

    charge = intent.latest_charge
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(taken.latest_charge, stripe.Charge)
    assert (intent.status, intent.metadata["booking"]) == ("requires_capture", "HB-7K2M")
    assert charge.payment_method_details.card.capture_before - charge.created == WEEK
    assert (taken.status, taken.amount_received, taken.latest_charge.captured) == ("succeeded", 30_000, True)
    assert [one.status for one in refunds] == ["succeeded", "succeeded"]
    assert client.v1.refunds.retrieve(refunds[0].id).amount == 1_000
    assert (voided.status, voided.amount_capturable) == ("canceled", 0)


def test_the_package_for_python_turns_pages(
    client: stripe.StripeClient, shop: StripeShop, reference: str
) -> None:
    names = [f"{reference}-{n}" for n in range(5)]
    made = [client.v1.checkout.sessions.create(wanted(name)).id for name in names]
    intent = reserved(client, shop, reference)

    listed = client.v1.checkout.sessions.list({"limit": 2, "created": {"gte": 0}, "status": "open"})
    turned = [one.id for _, one in zip(range(5), listed.auto_paging_iter(), strict=False)]
    back = client.v1.checkout.sessions.list({"limit": 2, "ending_before": made[2]})
    own = client.v1.checkout.sessions.list({"payment_intent": intent.id, "expand": ["data.payment_intent"]})
    types = ["payment_intent.created", "checkout.session.completed"]
    events = client.v1.events.list({"types": types, "limit": 2})

    assert turned == made[::-1]
    assert (listed.has_more, [one.id for one in back.data]) == (True, [made[4], made[3]])
    assert [one.payment_intent for one in own.data] == [client.v1.payment_intents.retrieve(intent.id)]
    assert [one.type for one in events.data] == types[::-1]


def test_the_package_for_python_finds_disputes(
    client: stripe.StripeClient, shop: StripeShop, reference: str
) -> None:
    intent = reserved(client, shop, reference)
    client.v1.payment_intents.capture(intent.id)
    shop.sandbox.arm("dispute_opened", only=reference)

    disputes: Any = client.v1.disputes.list({"payment_intent": intent.id, "expand": ["data.charge"]}).data

    assert [(one.status, one.amount, one.charge.disputed) for one in disputes] == [
        ("needs_response", PRICE, True)
    ]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"


def test_the_package_for_python_knows_every_refusal(
    client: stripe.StripeClient, shop: StripeShop, reference: str
) -> None:
    intent = reserved(client, shop, reference)
    capture = client.v1.payment_intents.capture
    shop.sandbox.arm("capture_declined", only=reference)
    with pytest.raises(stripe.CardError) as declined:
        capture(intent.id)
    shop.sandbox.arm("capture_429", only=reference)
    with pytest.raises(stripe.RateLimitError):
        capture(intent.id)
    shop.sandbox.arm("capture_500_before", only=reference)
    with pytest.raises(stripe.APIError):
        capture(intent.id)
    shop.sandbox.arm("capture_html", only=reference)
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as again:
        capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.payment_intents.retrieve("pi_guessed")
    with pytest.raises(stripe.AuthenticationError):
        client_of(shop, "sk_test_guessed").v1.balance.retrieve()

    assert (declined.value.code, declined.value.http_status) == ("card_declined", 402)
    assert (again.value.code, again.value.http_status) == ("charge_already_captured", 400)
    said: Any = again.value.error
    assert said.payment_intent.status == "succeeded"
    assert (unknown.value.code, unknown.value.http_status) == ("resource_missing", 404)
    assert unknown.value.request_id is not None
    assert unknown.value.request_id.startswith("req_")


def test_the_package_for_python_repeats_a_call_and_it_is_done_once(
    client: stripe.StripeClient, shop: StripeShop, reference: str
) -> None:
    patient = client_of(shop, retries=1)
    once: Any = {"idempotency_key": f"{reference}-S"}
    shop.sandbox.arm("create_session_500_after", only=reference)

    made = patient.v1.checkout.sessions.create(wanted(reference), once)
    again = client.v1.checkout.sessions.create(wanted(reference), once)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(wanted(f"{reference}-2"), once)

    assert made.id == again.id
    assert [one["reference"] for one in shop.sandbox.ledger()].count(reference) == 1
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_the_package_for_python_accepts_our_signature(
    client: stripe.StripeClient, shop: StripeShop, reference: str, inbox: Inbox
) -> None:
    reserved(client, shop, reference)
    received = inbox.about(reference)[0]  # the session's: no other names the reference
    header = received.headers["Stripe-Signature"]

    event = stripe.Webhook.construct_event(received.body, header, SECRET)

    assert (event.type, event.api_version) == ("checkout.session.completed", stripe.api_version)
    assert event.data.object["client_reference_id"] == reference
    at = int(header.partition(",")[0].removeprefix("t="))
    signed = stripe.WebhookSignature.generate_signature_header(received.body.decode(), SECRET, at)
    assert signed == header
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(received.body, header, "whsec_other")


def test_our_seal_is_the_one_that_was_worked_out_by_hand() -> None:
    from sandbox.stripe.notices import Seal

    body, secret, at, header = VECTOR

    assert Seal(secret, at).header(body) == header
    assert stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at) == header


# ---- for Node -------------------------------------------------------------------------------------------


def test_the_package_for_node_agrees(
    client: stripe.StripeClient, shop: StripeShop, reference: str, inbox: Inbox, tmp_path: Path
) -> None:
    reserved(client, shop, f"{reference}-W")
    webhook = next(
        one for one in inbox.about(f"{reference}-W") if b'"checkout.session.completed"' in one.body
    )
    header = webhook.headers["Stripe-Signature"]
    asked = {
        "url": f"{shop.sandbox.url}/stripe",
        "key": KEY,
        "secret": SECRET,
        "reference": reference,
        "webhook": {"body": webhook.body.decode(), "header": header},
    }

    answered = ask_node(asked, home=tmp_path)

    refused = {"type": "StripeInvalidRequestError", "status": 400}
    assert answered == {
        "version": stripe.api_version,
        "same": True,
        "other": {"type": "StripeIdempotencyError", "code": None, "status": 400},
        "back": True,
        "total": PRICE,
        "status": ["complete", "unpaid", "requires_capture"],
        "reserved": [PRICE, False],
        "window": WEEK,
        "taken": ["succeeded", 30_000],
        "twice": refused | {"code": "charge_already_captured"},
        "canceled": refused | {"code": "payment_intent_unexpected_state"},
        "refunds": [3_000, 2_000, 1_000],
        "stranger": {"type": "StripeAuthenticationError", "code": None, "status": 401},
        "unknown": {"type": "StripeInvalidRequestError", "code": "resource_missing", "status": 404},
        "event": ["checkout.session.completed", "checkout.session"],
        "header": header,
    }
    assert list(tmp_path.iterdir()) == []  # no telemetry's id was written down


def ask_node(asked: dict[str, Any], *, home: Path) -> dict[str, Any]:
    """What Stripe's package for Node makes of it. ``home`` is where it would keep things."""
    modules = installed(NODE, name="stripe-node") / "node_modules"
    done = subprocess.run(
        [*node(), NODE / "peer.cjs"],
        input=json.dumps(asked),
        env=os.environ | {"NODE_PATH": str(modules), "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered
