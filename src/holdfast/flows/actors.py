"""Who does what: the text that transitions keep, and what a request knows of who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.platform.models import User

CLOCK = "clock"
GUEST = "guest"  # whoever books without an account, or holds the key to such a booking


@dataclass(frozen=True)
class Shopper:
    """A signed-in user who buys, and the network address that the request came from."""

    user: User
    address: str | None

    def __str__(self) -> str:
        return customer_actor(self.user.pk)


def gateway_actor(gateway: str) -> str:
    return f"gateway:{gateway}"


def customer_actor(user_id: int) -> str:
    return f"customer:{user_id}"


def staff_actor(user_id: int) -> str:
    """A member of the business, whatever the role there."""
    return f"staff:{user_id}"


def admin_actor(user_id: int) -> str:
    """A platform admin who does something by hand."""
    return f"admin:{user_id}"


def insider(user: User, business_id: int) -> str:
    """A member of the business, or the platform admin who acts in its stead."""
    is_member = user.memberships.filter(business=business_id).exists()
    return staff_actor(user.pk) if is_member else admin_actor(user.pk)
