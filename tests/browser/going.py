"""From one page to the next."""

from __future__ import annotations

from playwright.sync_api import Locator


def follow(link: Locator) -> None:
    """Press a link or a button that leads to another page, and come back when that page is all there."""
    with link.page.expect_navigation():
        link.click()
