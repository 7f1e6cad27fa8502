"""Everything can be found in the admin: each list is searched and filtered, and the searches work."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import reverse

from tests.desk.conftest import Books

pytestmark = pytest.mark.spec("GEN-16")

PAGES = {model._meta.label: page for model, page in django_admin.site._registry.items()}
# What a filter's link adds to the list's address, as it stands in the page.
CHOICE = re.compile(r'href="\?([^"]*(?:__|=)[^"]*)"')


def list_of(label: str) -> str:
    meta = PAGES[label].model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def test_every_list_has_a_search_and_filters() -> None:
    bare = [label for label, page in PAGES.items() if not (page.search_fields and page.list_filter)]

    assert bare == []


@pytest.mark.parametrize("said", ["ASTRO", "1", "a@example.com", "'; --", "%"])
def test_whatever_is_searched_for_the_list_answers(books: Books, admins_browser: Client, said: str) -> None:
    answers = {label: admins_browser.get(list_of(label), {"q": said}).status_code for label in PAGES}

    assert answers == dict.fromkeys(PAGES, 200)


def test_every_filter_that_a_list_offers_can_be_chosen(books: Books, admins_browser: Client) -> None:
    chosen = {choice: admins_browser.get(choice).status_code for choice in choices(admins_browser)}

    assert len(chosen) > len(PAGES)
    assert set(chosen.values()) == {200}


def choices(browser: Client) -> Iterator[str]:
    """One choice of each filter: the last that it offers."""
    for label in PAGES:
        page = browser.get(list_of(label)).content.decode()
        offered = sorted(query.replace("&amp;", "&") for query in CHOICE.findall(page))
        for query in {query.partition("=")[0]: query for query in offered}.values():
            yield f"{list_of(label)}?{query}"
