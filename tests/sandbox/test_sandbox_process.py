"""The sandbox as a program: what it keeps, and how it stops."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sandbox.gateways import GATEWAYS
from sandbox.settings import Settings
from tests.sandbox.conftest import Shop
from tests.sandbox.stripe_shop import StripeShop
from tests.support.sandbox import ROOT, Sandbox, SandboxError, start_sandbox


def test_books_and_merchants_outlive_a_restart(tmp_path: Path) -> None:
    keys = {"client_secret": "kept", "webhook_username": "kept", "webhook_password": "kept"}
    first = start_sandbox(data=tmp_path / "sandbox.sqlite3")
    first.add_merchant("KEPT", **keys)
    shop = Shop(first, "KEPT", "kept")
    shop.sign_in()
    page = shop.page("KEPT-2").split("/phonepe/", 1)[1]
    shop.paid("KEPT-1", 1_000)
    shop.refund("R-KEPT-1", "KEPT-1", 400)
    shop.refund_status("R-KEPT-1")
    shop.refund_status("R-KEPT-1")
    stripe = StripeShop(replace(first, gateway="stripe"))
    intent = stripe.captured("KEPT-3")
    books, stripes_books = first.ledger(), stripe.sandbox.ledger()
    first.stop()

    second = start_sandbox(data=tmp_path / "sandbox.sqlite3")
    try:
        shop.sandbox = second
        stripe.sandbox = replace(second, gateway="stripe")

        assert (second.ledger(), stripe.sandbox.ledger()) == (books, stripes_books)
        assert stripe.intent(intent)["status"] == "succeeded"
        assert shop.status("KEPT-1").json()["state"] == "COMPLETED"
        assert httpx.get(f"{second.url}/phonepe/{page}").status_code == 200
    finally:
        second.stop()


def test_it_stops_at_once_and_quietly_though_calls_hang_and_webhooks_wait() -> None:
    sandbox = start_sandbox(webhook_url="http://127.0.0.1:9/nobody-listens")
    shop = Shop(sandbox)
    shop.sign_in()
    shop.paid("WAITING-1")
    sandbox.arm("status_timeout_before", seconds=3_600)
    hanging = threading.Thread(target=shop.status, args=["WAITING-1"])
    hanging.start()
    while sandbox.armed():
        """The call has not arrived yet."""

    said = sandbox.stop()

    hanging.join()
    assert sandbox.process.returncode == 0
    assert said == ""


def test_each_gateways_default_merchant_can_be_told_where_it_wants_its_webhooks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {gateway.name: f"http://shop.test/{gateway.name}" for gateway in GATEWAYS}
    for name, url in wanted.items():
        monkeypatch.setenv(f"SANDBOX_{name.upper()}_WEBHOOK_URL", url)

    assert Settings.from_environment(tuple(wanted)).webhook_urls == wanted


def test_it_says_plainly_that_its_port_is_taken(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"cannot listen on .* in use"):
        start_sandbox(port=int(sandbox.url.rsplit(":", 1)[1]))


def test_it_knows_nothing_of_holdfast() -> None:
    program = (
        "import sys, sandbox.__main__; print([name for name in sys.modules if name.startswith('holdfast')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
