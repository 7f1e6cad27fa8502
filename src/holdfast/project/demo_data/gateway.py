"""PhonePe, played by the sandbox, wherever that listens this time."""

from __future__ import annotations

from django.conf import settings

from holdfast.catalog.models import Business
from holdfast.payments.models import GatewayAccount

# What the sandbox's merchant is called there.
PHONEPE = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


def let_the_sandbox_pay(business: Business) -> None:
    """Its account, made where it is missing, at the sandbox's address of today."""
    phonepe = f"{settings.HOLDFAST_SANDBOX_URL}/phonepe/apis"
    addresses = {"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"}
    GatewayAccount.objects.update_or_create(
        business=business,
        gateway="phonepe",
        mode=GatewayAccount.Mode.TEST,
        defaults={"base_urls": addresses},
        create_defaults={"credentials": PHONEPE, "base_urls": addresses},
    )
