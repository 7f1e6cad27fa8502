"""The account's pages in a real browser: they can be gone through, fit a small phone, and shut nobody out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, Page, ViewportSize, expect

from holdfast.kernel.clock import utc_now
from holdfast.platform.links import RESET, VERIFY, key_for
from holdfast.platform.models import SecondFactor, User
from tests.browser.going import follow
from tests.support.accounts import App
from tests.support.practice import PASSWORD, new_user
from tests.support.processes import Stack

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.spec("GEN-1"),
    pytest.mark.spec("WEB-8"),
]
NEW = "a quite different password"


@pytest.fixture
def somebody(stack: Stack) -> User:
    return new_user()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return "light" if request.param == "light" else "dark"


@pytest.fixture
def phone(chromium: Browser, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """A small phone with JavaScript, which the pages do not use, and the scan does."""
    viewport = ViewportSize(width=360, height=740)
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)
    yield context.new_page()
    context.close()


def sign_in(page: Page, stack: Stack, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{stack.url}/sign-in/?next=/account/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    follow(page.get_by_role("button", name="Sign in"))


def set_up(page: Page, stack: Stack, user: User) -> App:
    """From the account's page to the recovery codes."""
    follow(page.get_by_role("link", name="Set it up"))
    page.get_by_label("Your password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Begin"))
    app = App(SecondFactor.objects.get(user=user).secret, [])
    page.get_by_label("Code", exact=True).fill(app.code(steps=-1))
    follow(page.get_by_role("button", name="Turn it on"))
    expect(page.locator(".codes li")).to_have_count(10)
    return app


def check(page: Page) -> None:
    """Nothing sticks out, and axe finds nothing that shuts anybody out."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_account_is_made_and_protected_by_an_app_without_a_line_of_script(
    page: Page, stack: Stack
) -> None:
    page.goto(f"{stack.url}/sign-in/?next=/account/")
    follow(page.get_by_role("link", name="Make an account"))
    page.get_by_label("Email").fill("journey@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Make my account"))
    app = set_up(page, stack, User.objects.get(email="journey@example.com"))
    follow(page.get_by_role("link", name="I have kept them"))
    follow(page.get_by_role("button", name="Sign out"))

    sign_in(page, stack, "journey@example.com")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill(app.code())
    follow(page.get_by_role("button", name="Sign in"))

    expect(page).to_have_url(f"{stack.url}/account/")


def test_a_mailed_link_is_followed_and_its_form_is_accepted(page: Page, stack: Stack, somebody: User) -> None:
    page.goto(f"{stack.url}/verify-email/{key_for(somebody, VERIFY, now=utc_now())}/")
    follow(page.get_by_role("button", name="Yes, verify my address"))
    expect(page.get_by_role("heading", name="Your address is verified")).to_be_visible()
    page.goto(f"{stack.url}/reset-password/{key_for(somebody, RESET, now=utc_now())}/")
    page.get_by_label("New password", exact=True).fill(NEW)
    follow(page.get_by_role("button", name="Set this password"))
    expect(page.get_by_role("heading", name="Your password is set")).to_be_visible()

    sign_in(page, stack, somebody.email, NEW)

    expect(page.get_by_text("Verified: mail from us reaches you.")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/register/", "/reset-password/", "/reset-password/x/", "/account/done/asked/"]
)
def test_a_page_for_strangers_shuts_nobody_out(phone: Page, stack: Stack, path: str) -> None:
    phone.goto(f"{stack.url}{path}")

    check(phone)


def test_a_form_with_its_errors_shuts_nobody_out(phone: Page, stack: Stack) -> None:
    phone.goto(f"{stack.url}/register/")
    phone.get_by_label("Email").fill("weak@example.com")
    phone.get_by_label("Password").fill("weak")
    follow(phone.get_by_role("button", name="Make my account"))

    assert phone.title().startswith("Please check: New account")
    check(phone)


def test_the_pages_behind_mailed_links_shut_nobody_out(phone: Page, stack: Stack, somebody: User) -> None:
    for path, purpose in (("verify-email", VERIFY), ("reset-password", RESET)):
        phone.goto(f"{stack.url}/{path}/{key_for(somebody, purpose, now=utc_now())}/")

        check(phone)


def test_the_pages_of_ones_own_account_shut_nobody_out(phone: Page, stack: Stack, somebody: User) -> None:
    sign_in(phone, stack, somebody.email)
    check(phone)
    follow(phone.get_by_role("link", name="Set it up"))
    check(phone)
    phone.get_by_label("Your password").fill(PASSWORD)
    follow(phone.get_by_role("button", name="Begin"))
    check(phone)
    app = App(SecondFactor.objects.get(user=somebody).secret, [])
    phone.get_by_label("Code", exact=True).fill(app.code())
    follow(phone.get_by_role("button", name="Turn it on"))
    check(phone)
    for path in ("/account/", "/account/password/", "/account/two-factor/off/"):
        phone.goto(f"{stack.url}{path}")
        check(phone)


def test_the_step_for_the_code_shuts_nobody_out(phone: Page, stack: Stack, somebody: User) -> None:
    sign_in(phone, stack, somebody.email)
    set_up(phone, stack, somebody)
    phone.context.clear_cookies()
    sign_in(phone, stack, somebody.email)
    check(phone)
    phone.get_by_label("Code").fill("000000")
    follow(phone.get_by_role("button", name="Sign in"))

    check(phone)
