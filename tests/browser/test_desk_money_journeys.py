"""The desk's money in a real browser: give some back, find out what became of a payment, see to the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.booking.models import Booking
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import User
from tests.browser.going import follow, sit_down
from tests.browser.shop import Opened, Shop
from tests.support.practice import new_member

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.spec("DESK-3")]


@pytest.fixture
def member(shop: Shop) -> User:
    return new_member(shop.practice, "staff")


def paid(shop: Shop, *, at: str = "10:00", as_it_is: bool = True) -> Opened:
    """A customer pays; unless it is as it is, the gateway names another amount."""
    opened = shop.book(at=at)
    shop.stack.sandbox.settle(opened.reference)
    if not as_it_is:
        shop.stack.sandbox.arm("status_amount_in_rupees", only=opened.reference)
    shop.http.get(shop.waiting(opened))  # the return page settles it
    shop.stack.sandbox.disarm()
    return opened


def page_of(shop: Shop) -> str:
    return f"/desk/bookings/{Booking.objects.get(business=shop.practice.business).reference}/"


def test_a_first_timer_gives_some_money_back(shop: Shop, page: Page, member: User) -> None:
    opened = paid(shop)
    sit_down(page, shop, member, page_of(shop))

    page.locator("summary", has_text="Refund").click()
    expect(page.get_by_text("₹1,999.00 can go back.")).to_be_visible()
    page.get_by_label("This amount:").check()
    page.get_by_label("Amount (at most 1999.00)").fill("500")
    page.get_by_label("Why? The customer is told this.").last.fill("we began late")
    follow(page.get_by_role("button", name="Give it back"))

    expect(page.get_by_role("status").first).to_contain_text("₹500.00 goes back to the customer.")
    refund = Transaction.objects.get(payment__reference=opened.reference, kind="refund")
    assert (refund.amount, refund.reason) == (50_000, "we began late")


def test_the_same_by_keyboard_alone(shop: Shop, page: Page, member: User) -> None:
    paid(shop)
    sit_down(page, shop, member, page_of(shop))

    until(page, "SUMMARY", "Refund")
    page.keyboard.press("Enter")
    until(page, "INPUT", "share")
    page.keyboard.press("ArrowUp")  # from the first to the last: an amount
    until(page, "INPUT", "amount")
    page.keyboard.type("20")
    until(page, "INPUT", "reason")
    page.keyboard.type("a kindness")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("₹20.00 goes back to the customer.")
    assert Transaction.objects.filter(payment__order__business=shop.practice.business, kind="refund").exists()


@pytest.mark.spec("GEN-14")
def test_a_first_timer_finds_out_what_happened_to_a_payment(shop: Shop, page: Page, member: User) -> None:
    opened = paid(shop)
    sit_down(page, shop, member, page_of(shop))

    follow(page.get_by_role("link", name=opened.reference))

    expect(page.get_by_text("The money was taken.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Taken ₹1,999.00")
    follow(page.get_by_role("button", name="Ask the gateway now"))
    expect(page.get_by_role("status").first).to_contain_text("the payment is captured, and the books agree")
    expect(page.get_by_text("Asked the gateway.", exact=True)).to_be_visible()


@pytest.mark.spec("DESK-7")
def test_money_that_waits_is_seen_to(shop: Shop, page: Page, member: User) -> None:
    opened = paid(shop, as_it_is=False)
    sit_down(page, shop, member, "/desk/")

    follow(page.get_by_role("link", name="See to this money"))
    expect(page.get_by_text("What was paid is not what was asked for")).to_be_visible()
    follow(page.get_by_role("button", name="Take ₹19.99 as the payment"))

    expect(page.get_by_role("status").first).to_contain_text("₹1,979.01 is still asked for.")
    assert Payment.objects.get(reference=opened.reference).wins


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return "light" if request.param == "light" else "dark"


@pytest.fixture(params=[360, pytest.param(1280, marks=pytest.mark.long)])
def screen(
    chromium: Browser, scheme: Literal["light", "dark"], request: pytest.FixtureRequest
) -> Iterator[Page]:
    viewport = ViewportSize(width=request.param, height=740)
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.mark.spec("WEB-8")
def test_every_page_fits_its_screen_and_shuts_nobody_out(screen: Page, shop: Shop, member: User) -> None:
    opened, strange = paid(shop), paid(shop, at="12:00", as_it_is=False)
    sit_down(screen, shop, member, page_of(shop))
    pages = (
        page_of(shop),
        f"/desk/payments/{opened.reference}/",
        f"/desk/payments/{strange.reference}/",
        "/desk/money/",
    )

    for address in pages:
        screen.goto(shop.address(address))
        screen.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

        assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        found = Axe().run(screen)
        assert found.violations_count == 0, found.generate_report()


def until(page: Page, tag: str, name: str) -> None:
    """Press Tab until this has the focus: by its tag, and its name or what it says."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        said = focused.get_attribute("name") or focused.inner_text()
        if focused.evaluate("one => one.tagName") == tag and said == name:
            return
    pytest.fail(f"Tab never comes to {tag} {name}")
