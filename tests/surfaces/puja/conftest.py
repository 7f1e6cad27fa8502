"""A temple, and a cart with a puja in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.practice import Api, Practice
from tests.support.temple import Temple, temple_of


@pytest.fixture
def temple(practice: Practice) -> Temple:
    return temple_of(practice)


@pytest.fixture
def cart(temple: Temple, api: Api) -> dict[str, Any]:
    """A cart of the customer's, with the puja in it."""
    answer = api.send("/api/cart/carts/", temple.item())
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def started(api: Api, cart: dict[str, Any]) -> dict[str, Any]:
    """The payment of the cart, open at the gateway."""
    answer = api.send("/api/payments/process-cart/", {"cart_id": cart["id"], "method": "PHONEPE"})
    assert answer.status_code == 200, answer.content
    made: dict[str, Any] = answer.json()
    return made
