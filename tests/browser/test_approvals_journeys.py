"""The approvals in a real browser: by keyboard alone, on a small phone, for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.booking.models import Booking
from holdfast.platform.models import User
from tests.browser.going import follow
from tests.browser.shop import Shop
from tests.support.practice import PASSWORD, new_member

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.spec("WEB-4", "WEB-8")]


@pytest.fixture
def member(shop: Shop) -> User:
    return new_member(shop.practice, "staff")


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Page]:
    """A small phone with JavaScript, so that htmx is at work."""
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740))
    yield context.new_page()
    context.close()


def sit_down(page: Page, shop: Shop, user: User) -> None:
    page.goto(shop.address("/desk/approvals/"))
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))


def asked(shop: Shop, *, at: str) -> None:
    """A customer pays for a time, which somebody is to accept."""
    shop.practice.offering.terms = {"needs_approval": True}
    shop.practice.offering.save()
    opened = shop.book(at=at)
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303


def states(shop: Shop) -> list[str]:
    """Of the practice's bookings, in the order of their times."""
    made = Booking.objects.filter(business=shop.practice.business).order_by("starts_at")
    return list(made.values_list("state", flat=True))


def press_tab_to(page: Page, name: str) -> None:
    """Go on by the keyboard until what is focused says this, or is named so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if name in (focused.get_attribute("name"), focused.inner_text()):
            return
    pytest.fail(f"Tab never comes to {name}")


def check(page: Page) -> None:
    """Nothing scrolls sideways, and nobody is shut out."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_one_is_accepted_and_one_declined_by_the_keyboard_alone(shop: Shop, desk: Page, member: User) -> None:
    asked(shop, at="10:00")
    asked(shop, at="12:00")
    sit_down(desk, shop, member)
    expect(desk.locator("#to-answer .count")).to_contain_text("2")
    check(desk)

    press_tab_to(desk, "Accept")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_be_focused()
    expect(desk.get_by_role("status")).to_have_text("It is accepted, and its customer is told.")
    expect(desk.locator("#to-answer .count")).to_contain_text("1")
    press_tab_to(desk, "Decline …")
    desk.keyboard.press("Enter")
    press_tab_to(desk, "why")
    check(desk)
    desk.keyboard.type("We are full")
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("status")).to_contain_text("It is declined.")
    expect(desk.locator("#approvals")).to_contain_text("Nothing waits for an answer.")
    expect(desk.locator("#to-answer .count")).to_have_count(0)
    assert states(shop) == ["confirmed", "declined"]


def test_without_javascript_it_is_a_form_and_its_answer(shop: Shop, page: Page, member: User) -> None:
    asked(shop, at="10:00")
    sit_down(page, shop, member)

    follow(page.get_by_role("button", name="Accept"))

    expect(page.get_by_role("status")).to_have_text("It is accepted, and its customer is told.")
    assert page.url == shop.address("/desk/approvals/")
    assert states(shop) == ["confirmed"]
