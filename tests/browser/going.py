"""From one page to the next."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from holdfast.platform.models import User
from tests.browser.shop import Shop
from tests.support.practice import PASSWORD


def follow(link: Locator) -> None:
    """Press a link or a button that leads to another page, and come back when that page is all there."""
    with link.page.expect_navigation():
        link.click()


def sit_down(page: Page, shop: Shop, user: User, path: str = "/desk/") -> None:
    """Ask for a page of the desk, and sign in on the way."""
    page.goto(shop.address(path))
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
