"""PhonePe's own Python package doing one thing at our sandbox. Runs in a virtual environment of its own.

    python phonepe_sdk_peer.py SANDBOX_URL COMMAND '{"arguments": "as JSON"}'

It prints what the package made of the answer, as one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from phonepe.sdk.pg import env
from phonepe.sdk.pg.common.models.request.refund_request import (
    RefundRequest,
)
from phonepe.sdk.pg.payments.v2.models.request.standard_checkout_pay_request import (
    StandardCheckoutPayRequest,
)
from phonepe.sdk.pg.payments.v2.standard_checkout_client import (
    StandardCheckoutClient,
)

Json = dict[str, Any]


def main() -> None:
    url, command, arguments = sys.argv[1:]
    # The package has no setting for its addresses, and reads them when a client is made.
    env.SANDBOX_PG_BASE_URL = env.SANDBOX_OAUTH_BASE_URL = f"{url}/phonepe/apis/pg-sandbox"
    client = StandardCheckoutClient.get_instance(
        client_id="HOLDFAST_DEMO",
        client_secret="holdfast-demo-secret",
        client_version=1,
        env=env.Env.SANDBOX,
        should_publish_events=False,
    )
    try:
        sys.stdout.write(json.dumps(COMMANDS[command](client, **json.loads(arguments))) + "\n")
    finally:
        client.close()


def pay(client: StandardCheckoutClient, *, reference: str, amount: int) -> Json:
    wanted = StandardCheckoutPayRequest.build_request(
        merchant_order_id=reference, amount=amount, redirect_url="https://booking.example/return"
    )
    made = client.pay(wanted)
    return {"order_id": made.order_id, "state": made.state, "url": made.redirect_url, "at": made.expire_at}


def status(client: StandardCheckoutClient, *, reference: str) -> Json:
    order = client.get_order_status(reference, details=True)
    attempts = [attempt.state for attempt in order.payment_details]
    return {"order_id": order.order_id, "state": order.state, "amount": order.amount, "attempts": attempts}


def refund(client: StandardCheckoutClient, *, reference: str, of: str, amount: int) -> Json:
    wanted = RefundRequest.build_refund_request(
        merchant_refund_id=reference, original_merchant_order_id=of, amount=amount
    )
    asked = client.refund(wanted)
    return {"refund_id": asked.refund_id, "state": asked.state, "amount": asked.amount}


def refund_status(client: StandardCheckoutClient, *, reference: str) -> Json:
    found = client.get_refund_status(reference)
    return {"of": found.original_merchant_order_id, "state": found.state, "amount": found.amount}


def validate(client: StandardCheckoutClient, *, header: str, body: str) -> Json:
    called = client.validate_callback("simuser", "Sim12345", header, body)
    about = called.payload
    return {
        "type": str(called.type),
        "state": about.state,
        "amount": about.amount,
        "order": about.merchant_order_id,
        "refund": about.merchant_refund_id,
    }


COMMANDS: dict[str, Callable[..., Json]] = {
    "pay": pay,
    "status": status,
    "refund": refund,
    "refund_status": refund_status,
    "validate": validate,
}

if __name__ == "__main__":
    main()
