"""A guest at the pages of a hotel, in a real browser on a small phone: no account is needed, no script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.booking.models import Booking
from tests.browser.going import follow
from tests.support.hotel import day
from tests.support.live import start_live, start_notifier
from tests.support.lobby import Lobby, new_lobby
from tests.support.processes import Stack, start_stack
from tests.support.sandbox import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


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


@pytest.fixture(scope="module")
def lobby(stack: Stack) -> Lobby:
    return new_lobby(stack.sandbox)


@pytest.mark.spec("HOT-1", "HOT-2", "HOT-8")
def test_a_guest_finds_a_room_pays_after_a_refusal_and_awaits_the_hotels_confirmation(
    stack: Stack, lobby: Lobby, page: Page
) -> None:
    page.goto(f"{stack.url}/hotels/lake-view/")
    page.get_by_label("Arrival").fill(str(day(10)))
    page.get_by_label("Departure").fill(str(day(12)))
    page.get_by_label("Guests").fill("2")
    follow(page.get_by_role("button", name="Show the price"))
    follow(page.get_by_role("link", name="Double room"))
    page.get_by_label("Your name").fill("A guest")
    page.get_by_label("Your email address").fill("guest@example.com")
    follow(page.get_by_role("button", name="Keep a room and go on to pay"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Please pay for your room")
    expect(page.locator("main")).to_contain_text("Your card is only authorized now")

    follow(page.get_by_role("button", name="Go on to pay €200.00"))
    follow(page.get_by_role("link", name="Pay €200.00"))
    follow(page.get_by_role("button", name="Let the bank decline the card"))
    expect(page.locator("body")).to_contain_text("Your card was declined.")
    page.locator("button[name=outcome][value=pay]").click()
    page.wait_for_url("**/stays/HB-*/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Awaiting the hotel’s confirmation")
    expect(page.locator("main")).to_contain_text("has not been charged")
    assert Booking.objects.get().state == "pending_approval"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.spec("HOT-7")
def test_a_guest_who_waits_sees_the_hotels_answer_without_a_reload(
    stack: Stack, lobby: Lobby, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740))
    booking, page = lobby.authorized(first=70, last=72), context.new_page()
    with page.expect_response("**/live/**"):
        page.goto(f"{stack.url}/stays/{booking}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Awaiting the hotel’s confirmation")

    lobby.decide(booking, "approve")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your booking is confirmed")
    context.close()


@pytest.mark.spec("WEB-8", "HOT-8")
def test_a_hotels_pages_fit_a_small_phone_and_shut_nobody_out_in_light_and_dark(
    stack: Stack, lobby: Lobby, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=ViewportSize(width=360, height=740))
    screen, nights = context.new_page(), f"?check_in={day(20)}&check_out={day(22)}&guests=2"
    held, paid = lobby.held(first=30, last=32), lobby.authorized(first=40, last=42)
    key = f"?key={lobby.key(paid)}"

    for path, title in {
        f"/hotels/lake-view/{nights}": "Lake-View",
        f"/rooms/{lobby.hotel.offering.pk}/{nights}": "Double room",
        f"/rooms/{lobby.hotel.offering.pk}/?check_in={day(22)}&check_out={day(20)}": "Double room",
        f"/stays/{held}/?tried": "Please pay for your room",
        f"/stays/{paid}/{key}": "Awaiting the hotel’s confirmation",
        f"/stays/{paid}/cancel/{key}": "Cancel your booking?",
        f"/stays/{paid}/cancel/": "There is nothing here",
    }.items():
        screen.emulate_media(color_scheme="light")
        screen.goto(f"{stack.url}{path}")
        expect(screen.get_by_role("heading", level=1)).to_have_text(title)
        assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        seen_by_day = Axe().run(screen)
        screen.emulate_media(color_scheme="dark")
        seen_by_night = Axe().run(screen, options={"runOnly": ["color-contrast"]})

        for found in (seen_by_day, seen_by_night):
            assert found.violations_count == 0, (path, found.generate_report())
    context.close()
