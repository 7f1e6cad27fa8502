"""A private calendar is made in a real browser, by keyboard alone, on a small phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from icalendar import Calendar
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.platform.models import User
from tests.browser.going import follow
from tests.support.practice import PASSWORD, new_user
from tests.support.processes import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.spec("GEN-13", "WEB-8")]


@pytest.fixture
def somebody(stack: Stack) -> User:
    return new_user()


@pytest.fixture(params=["light", "dark"])
def phone(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Literal["light", "dark"] = "light" if request.param == "light" else "dark"
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740), color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_a_calendar_is_made_by_keyboard_and_read_by_a_program(
    phone: Page, stack: Stack, somebody: User
) -> None:
    phone.goto(f"{stack.url}/sign-in/?next=/account/")
    phone.get_by_label("Email").fill(somebody.email)
    phone.get_by_label("Password").fill(PASSWORD)
    follow(phone.get_by_role("button", name="Sign in"))
    follow(phone.get_by_role("link", name="Your calendars"))
    button = phone.get_by_role("button", name="Make an address: What you have booked")
    button.focus()
    with phone.expect_navigation():
        phone.keyboard.press("Enter")

    address = phone.locator("code").inner_text()
    read = httpx.get(address)

    expect(phone.get_by_role("status")).to_contain_text("Copy this address")
    assert read.status_code == 200
    assert str(Calendar.from_ical(read.content)["X-WR-CALNAME"]) == "What you have booked"
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(phone)
    assert found.violations_count == 0, found.generate_report()
