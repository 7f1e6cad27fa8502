"""A real Chromium before a real Holdfast: web server, worker and sandbox as processes of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.browser.shop import Shop
from tests.support.database import empty_database
from tests.support.processes import Stack, start_stack

CALLED = ("chromium", "chromium-browser", "google-chrome")
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
A_SMALL_PHONE = ViewportSize(width=360, height=740)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium, or Playwright's own. Without one: a failure where CI runs, else a skip."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    found = next((path for path in map(shutil.which, CALLED) if path), own)
    if Path(found).exists():
        return found
    missing = f"There is no Chromium here: neither {', '.join(CALLED)} nor {own}. Try: make chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One database for all tests of a module, because the processes before it know of no tests."""
    with django_db_blocker.unblock():
        empty_database()
        yield
        connections.close_all()


@pytest.fixture(scope="module")
def stack(chromium_path: str, db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = start_stack(tmp_path_factory.mktemp("stack"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium(chromium_path: str, stack: Stack) -> Iterator[Browser]:
    """One browser for a module's tests.

    Playwright brings an event loop along. The database is used beside it, not within, which Django cannot
    know; and its connections there are not those of other tests.
    """
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=QUIETLY)
        yield browser
        browser.close()
        connections.close_all()


@pytest.fixture
def shop(stack: Stack) -> Shop:
    """A practice of its own for each test, and somebody who books there."""
    stack.sandbox.disarm()
    return Shop(stack)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page on a small phone, without JavaScript."""
    context = chromium.new_context(java_script_enabled=False, viewport=A_SMALL_PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Page]:
    """A small phone with JavaScript, so that htmx is at work."""
    context = chromium.new_context(viewport=A_SMALL_PHONE)
    yield context.new_page()
    context.close()
