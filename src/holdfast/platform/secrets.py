"""Secrets at rest: encrypted with the first of HOLDFAST_ENCRYPTION_KEYS, read with any of them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    return _cipher(tuple(settings.HOLDFAST_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    return _decrypted(text, tuple(settings.HOLDFAST_ENCRYPTION_KEYS))


@lru_cache(maxsize=1024)  # the same few accounts are read for every booking
def _decrypted(text: str, keys: tuple[str, ...]) -> str:
    return _cipher(keys).decrypt(text.encode()).decode()


class EncryptedJSONField(models.TextField[Any, Any]):
    """A JSON value that the database and its backups only see encrypted."""

    # What django-stubs reads the types of get and set from.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any
    _pyi_lookup_exact_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encrypt(json.dumps(value))

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(decrypt(value))

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError("Secrets are not serialized.")
