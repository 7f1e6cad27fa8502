"""The desk in a real browser while things happen: approvals and stays, by keyboard, on a phone, live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Page, expect

from holdfast.booking.models import Booking
from holdfast.flows.approval import approve_booking
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import Money
from holdfast.platform.models import User
from tests.browser.going import follow, sit_down
from tests.browser.shop import Shop
from tests.support.hotel import booking_of, new_hotel
from tests.support.hotel import stay as held
from tests.support.live import start_live, start_notifier
from tests.support.practice import new_member
from tests.support.processes import Stack, start_stack
from tests.support.sandbox import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.spec("WEB-4", "WEB-8")]

APPROVALS = "/desk/approvals/"


@pytest.fixture(scope="module")
def stack(chromium_path: str, db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With a live process beside it."""
    folder, web = tmp_path_factory.mktemp("stack"), free_port()
    live = start_live(folder, HOLDFAST_PUBLIC_URL=f"http://127.0.0.1:{web}")
    notifier = start_notifier(folder)
    running = start_stack(folder, port=web, HOLDFAST_LIVE_URL=live.url)
    yield running
    running.stop()
    notifier.stop()
    live.program.stop()


@pytest.fixture
def member(shop: Shop) -> User:
    return new_member(shop.practice, "staff")


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
        if name in page.evaluate("[document.activeElement.innerText, document.activeElement.name]"):
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
    sit_down(desk, shop, member, APPROVALS)
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
    expect(desk.locator("#queue")).to_contain_text("Nothing waits for an answer.")
    expect(desk.locator("#to-answer .count")).to_have_count(0)
    assert states(shop) == ["confirmed", "declined"]


def test_without_javascript_it_is_a_form_and_its_answer(shop: Shop, page: Page, member: User) -> None:
    asked(shop, at="10:00")
    sit_down(page, shop, member, APPROVALS)

    follow(page.get_by_role("button", name="Accept"))

    expect(page.get_by_role("status")).to_have_text("It is accepted, and its customer is told.")
    assert page.url == shop.address("/desk/approvals/")
    assert states(shop) == ["confirmed"]


@pytest.mark.spec("HOT-7")
def test_what_is_open_follows_what_happens_elsewhere_and_leaves_alone_what_is_being_written(
    shop: Shop, desk: Page, member: User
) -> None:
    sit_down(desk, shop, member, APPROVALS)
    agenda = desk.context.new_page()
    agenda.goto(shop.address(f"/desk/?date={shop.day}"))
    expect(agenda.locator("#agenda")).to_contain_text("Nothing is booked on this day.")

    asked(shop, at="10:00")
    expect(desk.locator("#queue")).to_contain_text("10:00")
    expect(desk.locator("#to-answer .count")).to_contain_text("1")
    expect(agenda.locator("#agenda")).to_contain_text("pending approval")
    desk.locator("summary", has_text="Decline").click()
    desk.get_by_label("Why not?").press_sequentially("We are ")
    asked(shop, at="12:00")
    expect(desk.locator("#queue")).to_contain_text("12:00")
    desk.keyboard.type("full")

    expect(desk.get_by_label("Why not?").first).to_have_value("We are full")
    second = Booking.objects.filter(business=shop.practice.business).latest("starts_at")
    manager = new_member(shop.practice, "manager")
    approve_booking(second.reference, by=manager, trade=second.trade, now=utc_now())
    expect(desk.locator("#queue")).not_to_contain_text("12:00")
    expect(agenda.locator("#agenda")).to_contain_text("confirmed")
    expect(desk.get_by_label("Why not?")).to_have_value("We are full")
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("status")).to_contain_text("It is declined.")
    expect(agenda.locator("#agenda")).to_contain_text("declined")
    assert states(shop) == ["declined", "confirmed"]


@pytest.mark.spec("HOT-8")
def test_guests_are_checked_in_by_the_keyboard_and_the_house_fits_a_phone(shop: Shop, desk: Page) -> None:
    hotel = new_hotel(shop.practice.business.slug + "-rooms")
    shop.practice.business.members.create(user=hotel.staff, role="staff")
    booking = booking_of(held(hotel))
    midnight = datetime.combine(utc_now().astimezone(hotel.business.zone), time(), hotel.business.zone)
    Booking.objects.filter(pk=booking.pk).update(starts_at=midnight, ends_at=midnight + timedelta(days=2))
    cash = Taken(Money(booking.line.order.total, "EUR"), Method.CASH)
    record_payment(booking.reference, cash, by=hotel.staff, trade=booking.trade, now=utc_now())
    approve_booking(booking.reference, by=hotel.staff, trade=booking.trade, now=utc_now())
    sit_down(desk, shop, hotel.staff, f"/desk/stays/?business={hotel.business.slug}")
    check(desk)

    press_tab_to(desk, "Check in")
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("status")).to_have_text("A guest is in room 201.")
    expect(desk.locator("#house")).to_contain_text("in the house")
    follow(desk.get_by_role("link", name="Rooms by night"))
    expect(desk.get_by_role("row", name="Double room")).to_contain_text("3 free")
    check(desk)
