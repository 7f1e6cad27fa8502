"""One gateway object per account: credentials and token store injected, a breaker and a limit around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db.models import Q

from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import About, Account, Can, Gateway, Notice, Token
from holdfast.payments.gateways.breaker import Breaker, GatewaySlots, Guarded, guarded
from holdfast.payments.models import GatewayAccount, GatewayToken, Payment
from holdfast.payments.queries import BY_HAND
from holdfast.platform.db import no_transaction

REFRESH_TAKES = timedelta(seconds=20)  # then another may try


def gateway_for(account: GatewayAccount) -> Guarded:
    """The gateway of one account, ready to be called, outside of any transaction."""
    no_transaction()
    return guarded(_gateway(account), breaker=breaker_of(account.pk), slots=_slots())


def about(payment: Payment) -> About:
    """A payment as its gateway is asked about it."""
    return About(
        reference=payment.reference,
        amount=payment.money,
        created_at=payment.created_at,
        gateway_reference=payment.gateway_reference,
        pay_until=payment.expires_at,
    )


def gateway_class(account: GatewayAccount) -> type[Gateway]:
    """What is true of the gateway whichever account asks: its ladder, its currencies."""
    return GATEWAYS[account.gateway]


def gateway_labels() -> dict[str, str]:
    """Every gateway that an account may be at, by name, with what people call it."""
    return {name: gateway.label for name, gateway in GATEWAYS.items()}


def payment_methods() -> dict[str, str]:
    """Where customers may pay by themselves, by name, with what people call it."""
    return {name: label for name, label in gateway_labels().items() if name != BY_HAND}


def telling_gateways() -> list[str]:
    """The gateways that call us when something has become of a payment."""
    return [name for name, gateway in GATEWAYS.items() if Can.READ_WEBHOOK in gateway.can]


def credential_fields(gateway: str) -> tuple[str, ...]:
    """The credentials that an account at this gateway must fill in; none for a gateway we do not know."""
    return GATEWAYS[gateway].credentials if gateway in GATEWAYS else ()


def forget_token(account_id: int) -> None:
    """Drop the access token of an account whose credentials or addresses have changed."""
    GatewayToken.objects.filter(account_id=account_id).delete()


def read_webhook(account: GatewayAccount, *, headers: Mapping[str, str], body: bytes) -> Notice:
    """What a call that claims to be the gateway's is about. Raises BadSignature, or Unknown."""
    return _gateway(account).read_webhook(headers, body)


@cache
def breaker_of(account_id: int) -> Breaker:
    """The breaker of one account in this process."""
    return Breaker()


@cache
def _slots() -> GatewaySlots:
    """Gateway calls hold at most half of the threads, so that the other half always serves pages."""
    return GatewaySlots(max(1, settings.HOLDFAST_WEB_THREADS // 2))


def _gateway(account: GatewayAccount) -> Gateway:
    return GATEWAYS[account.gateway](
        Account(
            credentials=account.credentials,
            live=account.mode == GatewayAccount.Mode.LIVE,
            tokens=DatabaseTokens(account.pk),
            base_urls=account.base_urls,
        )
    )


class DatabaseTokens:
    """The token store of an account: one encrypted row, shared by all processes.

    No lock is held while a token is fetched: the claim to fetch it lapses by itself.
    """

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id

    def read(self) -> Token | None:
        row = GatewayToken.objects.filter(account_id=self.account_id).first()
        if row is None or row.value is None or row.refresh_at is None or row.expires_at is None:
            return None
        return Token(row.value, refresh_at=row.refresh_at, expires_at=row.expires_at)

    def may_refresh(self, *, now: datetime) -> bool:
        GatewayToken.objects.bulk_create([GatewayToken(account_id=self.account_id)], ignore_conflicts=True)
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
        mine = GatewayToken.objects.filter(free, account_id=self.account_id)
        return mine.update(refreshing_until=now + REFRESH_TAKES) == 1

    def give_up(self, *, now: datetime) -> None:
        mine = GatewayToken.objects.filter(account_id=self.account_id, refreshing_until=now + REFRESH_TAKES)
        mine.update(refreshing_until=None)

    def write(self, token: Token) -> None:
        GatewayToken.objects.filter(account_id=self.account_id).update(
            value=token.value,
            refresh_at=token.refresh_at,
            expires_at=token.expires_at,
            refreshing_until=None,
        )
