"""A first day at the desk, in a real browser: book a caller in, block an afternoon, have a link paid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.availability.models import Block
from holdfast.booking.models import Booking
from holdfast.platform.models import User
from tests.browser.going import follow, sit_down
from tests.browser.shop import Shop
from tests.support.practice import new_member

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def member(shop: Shop) -> User:
    """Somebody of the staff, on the first day."""
    return new_member(shop.practice, "staff")


def day_of(shop: Shop) -> str:
    """The day after tomorrow as the page calls it."""
    day = date.fromisoformat(shop.day)
    return f"{day:%A}, {day.day} {day:%B}"


def booking_of(shop: Shop) -> Booking:
    return Booking.objects.get(business=shop.practice.business)


@pytest.mark.spec("DESK-1")
@pytest.mark.spec("WEB-8")
def test_a_caller_is_booked_in_while_the_page_follows(shop: Shop, desk: Page, member: User) -> None:
    sit_down(desk, shop, member)

    follow(desk.get_by_role("link", name="Book somebody in"))
    desk.get_by_label("Day").fill(shop.day)
    expect(desk.locator("#when legend")).to_contain_text(day_of(shop))
    desk.get_by_label("11:30").check(force=True)
    expect(desk.locator("#price")).to_contain_text("It costs ₹1,999.00")
    desk.get_by_label("Name", exact=True).fill("A caller")
    desk.get_by_label("Phone", exact=True).fill("98765 43210")
    desk.get_by_label("Now, in cash").check()
    follow(desk.get_by_role("button", name="Book", exact=True))

    expect(desk.get_by_role("status").first).to_have_text("A caller is booked in.")
    booking = booking_of(shop)
    assert desk.url == shop.address(f"/desk/bookings/{booking.reference}/")
    assert (booking.state, booking.line.order.payments.get().recorded_by) == (
        "confirmed",
        f"staff:{member.pk}",
    )


@pytest.mark.spec("DESK-1")
def test_without_javascript_each_step_has_its_button(shop: Shop, page: Page, member: User) -> None:
    sit_down(page, shop, member, "/desk/book/")

    page.get_by_label("Day").fill(shop.day)
    follow(page.get_by_role("button", name="Show free times"))
    page.get_by_label("10:30").check()
    page.get_by_label("Name", exact=True).fill("A caller")
    page.get_by_label("Email", exact=True).fill("caller@example.com")
    page.get_by_label("When they come").check()
    follow(page.get_by_role("button", name="Look at the price"))
    expect(page.locator("#price")).to_contain_text("to be paid on the spot")
    follow(page.get_by_role("button", name="Book", exact=True))

    expect(page.get_by_role("status").first).to_have_text("A caller is booked in.")
    assert booking_of(shop).state == "confirmed"


def press_tab_to(page: Page, what: str, *, most: int = 60) -> None:
    """Go on by the keyboard until what is focused is called so, by its label or its text."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "() => { const at = document.activeElement;"
            " const own = at.labels && at.labels[0] ? at.labels[0].innerText : at.innerText;"
            " return (at.getAttribute('aria-label') || own || '').trim(); }"
        )
        if re.fullmatch(what, name):
            return
    pytest.fail(f"Tab never came to {what}")


@pytest.mark.spec("DESK-1")
@pytest.mark.spec("WEB-8")
def test_a_caller_is_booked_in_by_the_keyboard_alone(shop: Shop, desk: Page, member: User) -> None:
    sit_down(desk, shop, member, f"/desk/book/?date={shop.day}")
    first = desk.locator(".time").first.inner_text()

    press_tab_to(desk, first)
    desk.keyboard.press("Space")
    expect(desk.locator("#price")).to_contain_text("It costs")
    press_tab_to(desk, "Name")
    desk.keyboard.type("A caller")
    press_tab_to(desk, "Phone")
    desk.keyboard.type("98765 43210")
    press_tab_to(desk, "Book")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")

    expect(desk.get_by_role("status").first).to_have_text("A caller is booked in.")
    assert booking_of(shop).customer.name == "A caller"


@pytest.mark.spec("DESK-1")
def test_a_known_customer_is_found_as_one_types(shop: Shop, desk: Page, member: User) -> None:
    opened = shop.book()
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303
    sit_down(desk, shop, member, f"/desk/book/?date={shop.day}")

    desk.get_by_label("Find a customer").press_sequentially(shop.customer.email[:6])
    desk.get_by_role("radio", name=re.compile("A customer")).check()
    desk.get_by_label("12:00").check(force=True)
    expect(desk.locator("#price")).to_contain_text("It costs")
    follow(desk.get_by_role("button", name="Book", exact=True))

    made = Booking.objects.filter(business=shop.practice.business).order_by("pk")
    assert [one.customer.user for one in made] == [shop.customer, shop.customer]


@pytest.mark.spec("DESK-2")
@pytest.mark.spec("WEB-8")
def test_an_afternoon_is_blocked_after_seeing_what_it_would_touch(
    shop: Shop, desk: Page, member: User
) -> None:
    opened = shop.book(at="14:00")
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303
    sit_down(desk, shop, member)

    follow(desk.get_by_role("link", name="Block time"))
    desk.get_by_label("First day").fill(shop.day)
    desk.get_by_label("From").fill("13:00")
    desk.get_by_label("Until").fill("18:00")
    expect(desk.locator("#touched")).to_contain_text("Gemstone Consultation, A customer")
    expect(desk.locator("#touched").get_by_role("link")).to_have_text(booking_of(shop).reference)
    desk.get_by_label("From").fill("15:00")
    expect(desk.locator("#touched")).to_contain_text("Nothing is in the way.")
    follow(desk.get_by_role("button", name="Block it"))

    expect(desk.locator("#blocks")).to_contain_text("15:00")
    made = Block.objects.get(resource=shop.practice.person)
    assert made.created_by == f"staff:{member.pk}"

    follow(desk.get_by_role("button", name=re.compile("Lift")))

    made.refresh_from_db()
    assert made.lifted_by == f"staff:{member.pk}"


@pytest.mark.spec("DESK-2")
def test_a_day_is_blocked_by_the_keyboard_alone(shop: Shop, page: Page, member: User) -> None:
    sit_down(page, shop, member, f"/desk/block/?first={shop.day}")

    page.get_by_label("Why").focus()
    page.keyboard.type("Holiday")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show what it would touch")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Block it")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.locator("#blocks")).to_contain_text("Holiday")
    assert Block.objects.filter(resource=shop.practice.person).count() == 1


@pytest.mark.spec("DESK-4")
@pytest.mark.spec("WEB-8")
def test_a_link_is_copied_given_away_and_paid(shop: Shop, desk: Page, page: Page, member: User) -> None:
    sit_down(desk, shop, member, f"/desk/book/?date={shop.day}")
    desk.get_by_label("16:00").check(force=True)
    desk.get_by_label("Name", exact=True).fill("A caller")
    desk.get_by_label("Phone", exact=True).fill("98765 43210")
    desk.get_by_label("Later, by a link").check()
    follow(desk.get_by_role("button", name="Book", exact=True))
    assert booking_of(shop).state == "pending_payment"

    desk.get_by_role("button", name="Make a link to pay").click()
    address = desk.get_by_label("Whoever has this link can pay").input_value()
    page.goto(address)
    expect(page.locator("main")).to_contain_text("16:00–16:30 (Asia/Kolkata time)")
    follow(page.get_by_role("button", name="Go on to pay ₹1,999.00"))
    follow(page.get_by_role("link", name="Pay ₹1,999.00"))
    page.locator("button[name=outcome][value=pay]").click()
    page.wait_for_url("**/pay/done/*/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: it is paid")
    assert booking_of(shop).state == "confirmed"
    desk.reload()
    expect(desk.locator("#dues")).to_contain_text("paid")
    expect(desk.get_by_role("button", name="Make a link to pay")).to_have_count(0)


@pytest.mark.spec("DESK-3")
def test_the_agenda_says_what_is_paid_and_a_week_fits_a_phone(shop: Shop, desk: Page, member: User) -> None:
    opened = shop.book()
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303
    sit_down(desk, shop, member)

    desk.get_by_label("Date").fill(shop.day)
    follow(desk.get_by_role("button", name="Show"))
    expect(desk.locator(".agenda")).to_contain_text("paid")
    desk.get_by_label("Show").select_option("week")
    follow(desk.get_by_role("button", name="Show"))
    follow(desk.locator(".week").get_by_role("link", name=re.compile("10:00")))

    assert desk.url == shop.address(f"/desk/bookings/{booking_of(shop).reference}/")


@pytest.mark.spec("DESK-3")
def test_one_press_on_the_agenda_accepts_and_the_agenda_follows(shop: Shop, desk: Page, member: User) -> None:
    shop.practice.offering.terms = {"needs_approval": True}
    shop.practice.offering.save()
    opened = shop.book()
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303
    sit_down(desk, shop, member, f"/desk/?date={shop.day}")
    expect(desk.locator(".agenda")).to_contain_text("pending approval")

    desk.locator("#agenda").get_by_role("button", name=re.compile("Accept")).click()

    expect(desk.locator("#said")).to_contain_text("It is accepted")
    expect(desk.locator(".agenda")).to_contain_text("confirmed")
    assert desk.url == shop.address(f"/desk/?date={shop.day}")
    assert booking_of(shop).state == "confirmed"


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


def check(page: Page) -> None:
    """Nothing scrolls sideways, and nobody is shut out."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.spec("WEB-8")
def test_the_pages_of_the_desk_fit_and_shut_nobody_out(shop: Shop, screen: Page, member: User) -> None:
    opened = shop.book()
    shop.stack.sandbox.settle(opened.reference)
    assert shop.http.get(shop.waiting(opened)).status_code == 303
    sit_down(screen, shop, member, f"/desk/?date={shop.day}")
    check(screen)
    screen.goto(shop.address(f"/desk/?date={shop.day}&view=week"))
    check(screen)
    screen.goto(shop.address(f"/desk/book/?date={shop.day}&time=11:00"))
    check(screen)
    screen.get_by_role("button", name="Book", exact=True).evaluate("button => button.form.noValidate = true")
    follow(screen.get_by_role("button", name="Book", exact=True))
    expect(screen.get_by_role("alert")).to_be_visible()
    check(screen)
    screen.goto(shop.address(f"/desk/block/?first={shop.day}"))
    expect(screen.locator("#touched")).to_contain_text("Gemstone Consultation")
    check(screen)


@pytest.mark.spec("DESK-4")
@pytest.mark.spec("WEB-8")
def test_the_pages_of_a_link_fit_and_shut_nobody_out(shop: Shop, screen: Page, member: User) -> None:
    sit_down(screen, shop, member, f"/desk/book/?date={shop.day}&time=11:00")
    screen.get_by_label("Name", exact=True).fill("A caller")
    screen.get_by_label("Phone", exact=True).fill("98765 43210")
    screen.get_by_label("Later, by a link").check()
    follow(screen.get_by_role("button", name="Book", exact=True))
    screen.get_by_role("button", name="Make a link to pay").click()
    address = screen.get_by_label("Whoever has this link can pay").input_value()
    check(screen)

    screen.goto(address)
    check(screen)
    follow(screen.get_by_role("button", name="Go on to pay ₹1,999.00"))
    check(screen)
    follow(screen.get_by_role("link", name="Pay ₹1,999.00"))
    screen.locator("button[name=outcome][value=fail]").click()
    screen.wait_for_url("**/pay/done/*/")
    expect(screen.get_by_role("heading", level=1)).to_have_text("The payment did not go through")
    check(screen)
