"""Every page, on a phone and on a desk, light and dark: nothing sticks out or shuts anybody out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize

from holdfast.booking.models import Booking
from holdfast.platform.models import User
from tests.browser.going import follow
from tests.browser.shop import Shop
from tests.support.practice import PASSWORD, new_user
from tests.support.processes import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.spec("WEB-8")]
LONG = "Anunusuallylongtitlewithoutasinglespacethatstillmustnotstickoutofasmallphone"


@pytest.fixture(scope="module")
def addresses(stack: Stack, chromium: Browser) -> dict[str, str]:
    """Each page with its address; the shop's title is as hostile to a small screen as titles get."""
    shop = Shop(stack, title=LONG)
    waiting, paid, declined = (shop.book(at=at) for at in ("10:00", "11:00", "12:00"))
    stack.sandbox.settle(paid.reference)
    stack.sandbox.settle(declined.reference, "fail")
    for opened in (paid, declined):  # the return page settles it
        assert shop.http.get(shop.waiting(opened)).status_code == 303
    booking = Booking.objects.get(business=shop.practice.business).reference
    return {
        "home": shop.address("/"),
        "sign in": shop.address("/sign-in/"),
        "not found": shop.address("/nothing-here/"),
        "booking": shop.address(f"/services/{shop.practice.offering.pk}/?date={shop.day}"),
        "to pay": shop.address(f"/pay/{waiting.reference}/"),
        "waiting": shop.waiting(waiting),
        "success": shop.address(f"/astro-booking-success?merchant_order_id={paid.reference}"),
        "failed": shop.address(f"/astro-booking-failed?merchant_order_id={declined.reference}"),
        "confirmation": shop.address(f"/confirmation?astro_book_id={booking}"),
    }


@pytest.fixture
def member(addresses: dict[str, str]) -> User:
    """Somebody who can sign in."""
    return new_user()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return "light" if request.param == "light" else "dark"


@pytest.fixture(params=[360, pytest.param(1280, marks=pytest.mark.long)])
def screen(
    chromium: Browser, scheme: Literal["light", "dark"], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """With JavaScript, which the pages do not use, and the scan does."""
    viewport = ViewportSize(width=request.param, height=740)
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    "name",
    ["home", "sign in", "not found", "booking", "to pay", "waiting", "success", "failed", "confirmation"],
)
def test_a_page_fits_its_screen_and_shuts_nobody_out(
    screen: Page, addresses: dict[str, str], name: str
) -> None:
    screen.goto(addresses[name])

    assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(screen)
    assert found.violations_count == 0, found.generate_report()


def test_the_booking_form_with_its_errors_shuts_nobody_out(
    screen: Page, addresses: dict[str, str], member: User
) -> None:
    screen.goto(addresses["booking"])
    follow(screen.locator("main").get_by_role("link", name="Sign in"))
    screen.get_by_label("Email").fill(member.email)
    screen.get_by_label("Password").fill(PASSWORD)
    follow(screen.get_by_role("button", name="Sign in"))
    screen.get_by_role("button", name="Hold this time").evaluate("button => button.form.noValidate = true")
    follow(screen.get_by_role("button", name="Hold this time"))

    assert screen.get_by_role("alert").inner_text() == "Please check what you sent."
    assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(screen)
    assert found.violations_count == 0, found.generate_report()


def test_the_form_after_a_wrong_password_shuts_nobody_out(screen: Page, addresses: dict[str, str]) -> None:
    screen.goto(addresses["sign in"])
    screen.get_by_label("Email").fill("nobody@example.com")
    screen.get_by_label("Password").fill("wrong")
    follow(screen.get_by_role("button", name="Sign in"))

    assert screen.get_by_role("alert").inner_text() == "No account has this email and password."
    found = Axe().run(screen)
    assert found.violations_count == 0, found.generate_report()
