"""A pupil at the pages of a course, in a real browser: with the guide's own JavaScript, without any, and by
keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Dialog, Page, ViewportSize, expect

from holdfast.booking.models import Booking
from holdfast.flows.approval import approve_booking
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.surfaces.coaching.terms import TRADE
from tests.browser.going import follow
from tests.browser.shop import Shop
from tests.support.academy import Academy, academy_of
from tests.support.practice import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# The guide's, word by word, and the helper that it leaves to Django's documentation.
GUIDE = """
function getCookie(name) {
    const found = document.cookie.split('; ').find((cookie) => cookie.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}

async function createBooking(courseId, date, startTime) {
    const response = await fetch(`/booking/api/course/${courseId}/create/`, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/json',
            'X-CSRFToken': getCookie('csrftoken')
        },
        body: JSON.stringify({ date, start_time: startTime })
    });

    const data = await response.json();

    if (data.success) {
        // Redirect to payment confirmation
        window.location.href = `/payment/confirm/${data.booking_id}/`;
    }
}

async function markBookingAsPaid(bookingId, paymentData) {
    const response = await fetch(`/booking/api/booking/${bookingId}/mark-paid/`, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/json',
            'X-CSRFToken': getCookie('csrftoken')
        },
        body: JSON.stringify({
            payment_id: paymentData.paymentId,
            payment_method: paymentData.method
        })
    });

    const data = await response.json();

    if (data.success) {
        // Show success message
        alert('Payment successful! Waiting for coach confirmation.');
        window.location.href = '/booking/history/';
    }
}
"""


@pytest.fixture
def academy(shop: Shop) -> Academy:
    return academy_of(shop.practice)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return "light" if request.param == "light" else "dark"


@pytest.fixture
def with_script(chromium: Browser) -> Iterator[Page]:
    """A small phone that runs scripts, such as the guide's."""
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740))
    yield context.new_page()
    context.close()


@pytest.fixture
def screen(chromium: Browser, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740), color_scheme=scheme)
    yield context.new_page()
    context.close()


def sign_in(page: Page, shop: Shop, path: str) -> None:
    page.goto(shop.address(f"/sign-in/?next={path}"))
    page.get_by_label("Email").fill(shop.customer.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))


def booking_of(academy: Academy) -> Booking:
    return Booking.objects.get(business=academy.practice.business)


def pay_at_the_gateway(page: Page, outcome: str = "pay") -> None:
    page.locator(f"button[name=outcome][value={outcome}]").click()


@pytest.mark.spec("COA-4", "COA-8", "COA-3")
def test_the_guides_own_javascript_books_and_marks_as_paid(
    shop: Shop, academy: Academy, with_script: Page
) -> None:
    page = with_script
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.accept()

    page.on("dialog", hear)
    sign_in(page, shop, f"/courses/{academy.lesson.pk}/")

    with page.expect_navigation():
        page.evaluate(
            f"async ([course, day]) => {{ {GUIDE} await createBooking(course, day, '10:00'); }}",
            [academy.lesson.pk, shop.day],
        )
    booking = booking_of(academy)
    assert page.url == shop.address(f"/payment/confirm/{booking.pk}/")
    follow(page.get_by_role("button", name="Pay ₹1,500.00"))
    payment = Payment.objects.get(order__lines=booking.pk).reference
    shop.stack.sandbox.settle(payment)
    with page.expect_navigation(url="**/booking/history/"):
        page.evaluate(
            f"async ([id, paymentId]) => {{ {GUIDE} "
            "await markBookingAsPaid(id, { paymentId, method: 'credit_card' }); }",
            [booking.pk, payment],
        )

    assert said == ["Payment successful! Waiting for coach confirmation."]
    assert booking_of(academy).state == "pending_approval"
    expect(page.locator("main")).to_contain_text("Your booking waits for approval")


@pytest.mark.spec("COA-4", "COA-6")
def test_a_pupil_books_pays_after_a_refusal_and_sees_the_coachs_word(
    shop: Shop, academy: Academy, page: Page
) -> None:
    sign_in(page, shop, f"/courses/{academy.lesson.pk}/?date={shop.day}")
    page.get_by_label("11:00").check()
    page.get_by_label("What your coach should know").fill("My knee hurts.")
    follow(page.get_by_role("button", name="Reserve this time for ₹1,500.00"))
    booking = booking_of(academy)
    expect(page.locator("main")).to_contain_text("Reserved until")

    follow(page.get_by_role("button", name="Pay ₹1,500.00"))
    follow(page.get_by_role("link", name="Pay ₹1,500.00"))
    pay_at_the_gateway(page, "fail")
    page.wait_for_url(f"**/payment/confirm/{booking.pk}/")
    expect(page.get_by_role("alert")).to_contain_text("Your payment was declined.")
    follow(page.get_by_role("button", name="Try again to pay ₹1,500.00"))
    follow(page.get_by_role("link", name="Pay ₹1,500.00"))
    pay_at_the_gateway(page)
    page.wait_for_url(f"**/payment/success/{booking.pk}/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your booking waits for approval")
    expect(page.locator("main")).to_contain_text("Payment successful! Waiting for coach confirmation.")
    approve_booking(booking.reference, by=academy.coach, trade=TRADE, now=utc_now())
    follow(page.get_by_role("link", name="Your bookings"))
    follow(page.get_by_role("link", name="See the booking"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your booking is confirmed")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def press_tab_until(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.search(name, page.locator(":focus").inner_text().strip()):
            return
    pytest.fail(f"Tab never came to {name}")


def press_tab_to_field(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"Tab never came to {selector}")


@pytest.mark.spec("COA-4", "WEB-8")
def test_a_pupil_books_and_pays_by_keyboard_alone(shop: Shop, academy: Academy, page: Page) -> None:
    page.goto(shop.address(f"/sign-in/?next=/courses/{academy.yoga.pk}/?date={shop.day}"))
    expect(page.locator("input[autofocus]")).to_be_focused()
    page.keyboard.type(shop.customer.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")

    press_tab_to_field(page, "input[name=start_time]")
    page.keyboard.press("Space")
    press_tab_to_field(page, "textarea")
    page.keyboard.type("My first time.")
    for name in ("Reserve this time for", "^Pay ₹1,500.00$", "^Pay ₹1,500.00$"):
        press_tab_until(page, name)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    press_tab_to_field(page, "button[name=outcome][value=pay]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/payment/success/*/")

    booking = booking_of(academy)
    assert (booking.state, booking.line.details["note"]) == ("pending_approval", "My first time.")


@pytest.mark.spec("WEB-8")
def test_the_pages_of_a_course_fit_a_small_phone_and_shut_nobody_out(
    shop: Shop, academy: Academy, screen: Page
) -> None:
    waits, paid = (academy.reserved(shop.customer, at=at, day=shop.day) for at in ("10:00", "12:00"))
    reference = academy.begun(paid).reference
    shop.stack.sandbox.settle(reference)
    sign_in(screen, shop, "/booking/history/")

    for path, title in {
        f"/courses/{academy.yoga.pk}/?date={shop.day}": "Yoga Pemula",
        f"/payment/confirm/{waits.pk}/": "Confirm and pay",
        f"/payment/success/{paid.pk}/": "Your booking waits for approval",
        "/booking/history/?processed": "Your bookings",
        f"/booking/confirmation?booking={waits.reference}": "Your booking waits for your payment",
        f"/payment/confirm/{paid.pk + 10_000}/": "There is nothing here",
    }.items():
        screen.goto(shop.address(path))

        expect(screen.get_by_role("heading", level=1)).to_have_text(title)
        assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        found = Axe().run(screen)
        assert found.violations_count == 0, (path, found.generate_report())
