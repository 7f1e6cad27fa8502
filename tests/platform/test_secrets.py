"""Secrets at rest: a copy of the database opens no gateway."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core import serializers
from django.db import connection, models

from holdfast.payments.models import GatewayAccount, GatewayToken
from holdfast.platform.secrets import decrypt, encrypt
from tests.support.practice import CREDENTIALS, Practice, held

pytestmark = pytest.mark.spec("GEN-20")


def stored(model: type[models.Model]) -> str:
    """A whole table as the database shows it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(json_agg(kept), '[]')::text FROM \"{model._meta.db_table}\" kept")
        return str(cursor.fetchone()[0])


def test_credentials_are_encrypted_in_the_database_and_read_as_they_were(practice: Practice) -> None:
    kept = stored(GatewayAccount)

    secrets = [value for value in CREDENTIALS.values() if len(value) > 1]
    assert [secret for secret in secrets if secret in kept] == []
    assert "client_secret" not in kept
    assert GatewayAccount.objects.get().credentials == CREDENTIALS


def test_a_gateways_access_token_is_encrypted_in_the_database(practice: Practice) -> None:
    held(practice)

    token = GatewayToken.objects.get()
    assert token.value.startswith("O-Bearer ")
    assert token.value.removeprefix("O-Bearer ") not in stored(GatewayToken)


def test_the_same_secret_is_never_written_the_same_way_twice() -> None:
    assert encrypt("secret") != encrypt("secret")


def test_keys_are_rotated_by_putting_the_new_one_first(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.HOLDFAST_ENCRYPTION_KEYS = [old]
    before = encrypt("secret")

    settings.HOLDFAST_ENCRYPTION_KEYS = [new, old]
    after = encrypt("secret")

    assert decrypt(before) == decrypt(after) == "secret"
    assert Fernet(new.encode()).decrypt(after.encode()) == b"secret"


def test_another_key_opens_nothing(settings: Any) -> None:
    kept = encrypt("secret")
    settings.HOLDFAST_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(InvalidToken):
        decrypt(kept)


def test_secrets_are_not_dumped(practice: Practice) -> None:
    with pytest.raises(TypeError, match="Secrets are not serialized"):
        serializers.serialize("json", GatewayAccount.objects.all())
