"""What every test may ask for: an empty database, a sandbox that behaves, a practice, people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.support.sandbox import Sandbox, start_sandbox


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of its own for each test, where what is committed is committed."""
    from django.db import connections

    from tests.support.database import empty_database

    with django_db_blocker.unblock():
        empty_database()
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """The gateways' sandbox over HTTP, well-behaved at the start of every test."""
    sandbox_process.disarm()
    sandbox_process.reset_clock()
    yield sandbox_process
    sandbox_process.disarm()


@pytest.fixture(autouse=True)
def forgetful_breakers() -> None:
    """No test inherits a breaker that another has opened."""
    from holdfast.flows.gateways import breaker_of

    breaker_of.cache_clear()


@pytest.fixture(autouse=True)
def unknown_senders() -> None:
    """No test takes a webhook for an account that another has made."""
    from holdfast.flows.senders import forget_senders

    forget_senders()


@pytest.fixture(autouse=True)
def no_crowds() -> None:
    """No test remembers a time that was lost in another."""
    from holdfast.flows.contested import forget_all

    forget_all()


@pytest.fixture
def cheap_passwords(settings: Any) -> None:
    """Hash passwords so that tests do not wait for it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def practice(db: None, cheap_passwords: None, sandbox: Sandbox) -> Any:
    from tests.support.practice import new_practice

    return new_practice(sandbox)


@pytest.fixture
def customer(db: None, cheap_passwords: None) -> Any:
    from tests.support.practice import new_user

    return new_user("customer@example.com", name="A customer")


@pytest.fixture
def api(customer: Any) -> Any:
    """The API as the customer sees it."""
    from holdfast.kernel.clock import utc_now
    from holdfast.web.tokens import issue
    from tests.support.practice import Api

    return Api(issue(customer, now=utc_now()).access)
