"""From the payment page to the end, in a real browser without JavaScript, before real processes."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from holdfast.booking.models import Booking
from holdfast.platform.models import User
from tests.browser.going import follow
from tests.browser.shop import Shop
from tests.support.practice import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
MAIL_COMES_WITHIN = 30.0  # seconds; it takes about one


def booking_of(shop: Shop) -> Booking:
    return Booking.objects.get(business=shop.practice.business)


def press(page: Page, outcome: str) -> None:
    page.locator(f"button[name=outcome][value={outcome}]").click()


def wait_for_mail(folder: Path, about: str) -> str:
    deadline = time.monotonic() + MAIL_COMES_WITHIN
    while time.monotonic() < deadline:
        for file in folder.glob("*.eml"):
            body = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
            text = body.get_content() if body is not None else ""
            if about in text:
                return str(text)
        time.sleep(0.1)
    pytest.fail(f"No mail about {about}")


@pytest.mark.spec("AST-4")
@pytest.mark.spec("AST-5")
@pytest.mark.spec("AST-6")
@pytest.mark.spec("WEB-8")
def test_a_customer_pays_and_sees_the_booking_and_its_confirmation(shop: Shop, page: Page) -> None:
    opened = shop.book()

    page.goto(opened.payment_url)
    press(page, "pay")
    page.wait_for_url("**/astro-booking-success?*")

    booking = booking_of(shop)
    assert booking.state == "confirmed"
    assert page.url == shop.address(
        f"/astro-booking-success?merchant_order_id={opened.reference}&astro_book_id={booking.reference}"
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid and booked")
    expect(page.locator("main")).to_contain_text("10:00–10:30 (Asia/Kolkata time)")

    follow(page.get_by_role("link", name="See the confirmation"))

    assert page.url == shop.address(f"/confirmation?astro_book_id={booking.reference}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your booking is confirmed")
    for said in (booking.reference, "user@example.com", "₹1,999.00"):
        expect(page.locator("main")).to_contain_text(said)
    mail = wait_for_mail(Path(shop.stack.worker.environment["HOLDFAST_MAIL_DIR"]), booking.reference)
    assert page.url in mail


@pytest.mark.spec("AST-5")
@pytest.mark.spec("AST-8")
@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        ("fail", "declined", "Your payment was declined"),
        ("cancel", "canceled", "You canceled the payment"),
    ],
)
def test_a_customer_who_does_not_pay_is_told_why_and_the_time_is_free_again(
    shop: Shop, page: Page, outcome: str, reason: str, said: str
) -> None:
    opened = shop.book()

    page.goto(opened.payment_url)
    press(page, outcome)
    page.wait_for_url("**/astro-booking-failed?*")

    assert page.url == shop.address(
        f"/astro-booking-failed?merchant_order_id={opened.reference}&reason={reason}"
    )
    expect(page.get_by_role("heading", level=1)).to_have_text(said)
    assert not Booking.objects.filter(business=shop.practice.business).exists()
    assert shop.book().reference != opened.reference

    follow(page.get_by_role("link", name="Choose a time and try again"))

    assert page.url == shop.address("/#offerings")


@pytest.mark.spec("AST-5")
def test_the_waiting_page_goes_on_by_itself_when_the_gateway_decides_at_last(shop: Shop, page: Page) -> None:
    opened = shop.book()
    page.goto(shop.waiting(opened))
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting for your payment")

    shop.stack.sandbox.settle(opened.reference)

    page.wait_for_url("**/astro-booking-success?*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid and booked")


@pytest.mark.spec("AST-5")
def test_from_the_waiting_page_one_can_go_back_and_pay(shop: Shop, page: Page) -> None:
    opened = shop.book()
    shop.stack.sandbox.arm("page_requires_referer", 1, only=opened.reference)
    page.goto(shop.waiting(opened))

    follow(page.get_by_role("link", name="Back to the payment page"))
    press(page, "pay")

    page.wait_for_url("**/astro-booking-success?*")


@pytest.mark.spec("AST-5")
@pytest.mark.spec("GEN-8")
def test_a_front_end_that_the_business_allows_gets_the_customer_back(shop: Shop, page: Page) -> None:
    def front_end(route: Route) -> None:
        route.fulfill(body="<h1>The front end</h1>", content_type="text/html")

    page.context.route("https://yourapp.com/**", front_end)
    opened = shop.book(redirect_url="https://yourapp.com")

    page.goto(opened.payment_url)
    press(page, "pay")
    page.wait_for_url("https://yourapp.com/**")

    assert page.url == (
        f"https://yourapp.com/astro-booking-success?merchant_order_id={opened.reference}"
        f"&astro_book_id={booking_of(shop).reference}"
    )


@pytest.mark.spec("WEB-2")
@pytest.mark.spec("GEN-7")
def test_a_customer_books_on_the_page_and_pays(shop: Shop, page: Page) -> None:
    offering = shop.practice.offering
    shop.stack.sandbox.arm("page_requires_referer", 1)
    page.goto(shop.address(f"/services/{offering.pk}/?date={shop.day}"))
    follow(page.locator("main").get_by_role("link", name="Sign in"))
    page.get_by_label("Email").fill(shop.customer.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    page.wait_for_url(f"**/services/{offering.pk}/?date={shop.day}")

    page.get_by_label("11:30").check()
    page.get_by_label("Date of birth").fill("1995-05-15")
    page.get_by_label("Time of birth").fill("08:30")
    page.get_by_label("Place of birth").fill("Delhi")
    page.get_by_label("Gender").select_option("OTHER")
    page.get_by_label("Phone").fill("9876543210")
    follow(page.get_by_role("button", name="Hold this time and pay ₹1,999.00"))
    follow(page.get_by_role("link", name="Pay ₹1,999.00"))
    press(page, "pay")
    page.wait_for_url("**/astro-booking-success?*")

    assert booking_of(shop).state == "confirmed"
    expect(page.locator("main")).to_contain_text("11:30–12:00 (Asia/Kolkata time)")


def press_tab_until(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if re.fullmatch(name, page.locator(":focus").inner_text().strip()):
            return
    pytest.fail(f"Tab never came to {name}")


@pytest.mark.spec("GEN-1")
@pytest.mark.spec("WEB-2")
def test_one_can_sign_in_and_out_with_the_keyboard_alone(shop: Shop, page: Page) -> None:
    customer: User = shop.customer
    page.goto(shop.address("/"))
    press_tab_until(page, "Skip to the content")
    expect(page.locator(":focus")).to_be_in_viewport()

    press_tab_until(page, "Sign in")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/")
    expect(page.locator("input[autofocus]")).to_be_focused()
    page.keyboard.type(customer.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text(f"signed in as {customer.email}")

    press_tab_until(page, "Sign out")
    page.keyboard.press("Enter")

    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
