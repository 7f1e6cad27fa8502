"""The gateways of the demo's businesses, played by the sandbox, wherever that listens this time."""

from __future__ import annotations

from django.conf import settings

from holdfast.catalog.models import Business
from holdfast.payments.models import GatewayAccount

# What the sandbox's merchants are called there.
ACCOUNTS = {
    "phonepe": {
        "client_id": "HOLDFAST_DEMO",
        "client_secret": "holdfast-demo-secret",
        "client_version": "1",
        "webhook_username": "simuser",
        "webhook_password": "Sim12345",
    },
    "stripe": {"secret_key": "sk_test_holdfast_demo", "webhook_secret": "whsec_holdfast_demo"},
}
ADDRESSES = {
    "phonepe": {"pg": "/phonepe/apis/pg-sandbox", "oauth": "/phonepe/apis/identity-manager"},
    "stripe": {"api": "/stripe"},
}


def let_the_sandbox_pay(business: Business, *gateways: str) -> None:
    """Its accounts, made where they are missing, at the sandbox's address of today."""
    for position, gateway in enumerate(gateways):
        addresses = {
            name: f"{settings.HOLDFAST_SANDBOX_URL}{path}" for name, path in ADDRESSES[gateway].items()
        }
        GatewayAccount.objects.update_or_create(
            business=business,
            gateway=gateway,
            mode=GatewayAccount.Mode.TEST,
            defaults={"base_urls": addresses},
            create_defaults={
                "credentials": ACCOUNTS[gateway],
                "base_urls": addresses,
                "position": position,
            },
        )
