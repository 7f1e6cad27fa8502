"""The contract of gateways, on its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest

from holdfast.payments.gateways.base import About, Can, Gateway, Notice, Outcome, RefundOutcome, RefundRequest


def test_a_gateway_that_says_it_can_and_cannot_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Boastful must define refund\(\) exactly if it says it can"):

        class Boastful(Gateway):
            can = frozenset({Can.REFUND})


def test_a_gateway_that_can_and_does_not_say_so_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Modest must define void\(\) exactly if it says it can"):

        class Modest(Gateway):
            can = frozenset()

            def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
                raise NotImplementedError


def test_reading_a_webhook_counts_as_an_ability_too() -> None:
    with pytest.raises(TypeError, match=r"Talkative must define read_webhook\(\)"):

        class Talkative(Gateway):
            can = frozenset({Can.REFUND})

            def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
                raise NotImplementedError

            def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
                raise NotImplementedError
