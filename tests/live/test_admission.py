"""Who is let in to a stream, and who is let go when what they may follow has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from holdfast.catalog.models import Member
from holdfast.kernel.errors import Invalid, NotFound, NotSignedIn
from holdfast.live.admission import check_again, let_in
from holdfast.live.tickets import RENEWED_FOR, Ticket
from holdfast.platform.models import User
from tests.live.moves import a_booking
from tests.support.academy import Academy
from tests.support.practice import Practice, new_member

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
DESK = "business-jyoti"


def asked(query: dict[str, str] | bytes, *, user: User | None = None, address: str = "192.0.2.1") -> Any:
    """How an ASGI server hands on a request for a stream."""
    browser = Client()
    if user is not None:
        browser.force_login(user)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    return {
        "type": "http",
        "method": "GET",
        "path": "/live/",
        "query_string": query if isinstance(query, bytes) else urlencode(query).encode(),
        "headers": [(b"cookie", cookies.encode())],
        "client": (address, 50_000),
    }


@pytest.mark.spec("HOT-7", "GEN-2")
def test_who_may_see_only_a_part_from_now_on_is_let_go_and_comes_back_to_that_part(
    academy: Academy, practice: Practice
) -> None:
    manager = new_member(practice, "manager")
    scope = asked({"channel": DESK}, user=manager)
    before, _ = let_in(scope, now=NOW)
    check_again(scope, before, now=NOW)

    Member.objects.filter(user=manager).update(role=Member.Role.PROVIDER)

    with pytest.raises(NotFound):
        check_again(scope, before, now=NOW)
    after, _ = let_in(scope, now=NOW)
    assert (before.scopes[0].providers, after.scopes[0].providers) == (None, frozenset())
    check_again(scope, after, now=NOW)


def test_a_stream_with_a_ticket_ends_when_that_is_renewed_no_more(academy: Academy, customer: User) -> None:
    channel = f"booking-{a_booking(academy, customer).reference}"
    ticket = Ticket.to(channel, user=None, now=NOW)
    scope = asked({"channel": channel, "ticket": ticket.text})
    admission, _ = let_in(scope, now=NOW)

    renewed = check_again(scope, admission, now=NOW + RENEWED_FOR - timedelta(seconds=1))

    assert renewed is not None
    assert renewed.until == NOW + RENEWED_FOR
    with pytest.raises(NotSignedIn):
        check_again(scope, admission, now=NOW + RENEWED_FOR)


def test_an_address_with_too_much_in_it_is_invalid(db: None) -> None:
    with pytest.raises(Invalid):
        let_in(asked(b"&".join([b"a=1"] * 1_001) + b"&channel=business-jyoti"), now=NOW)


def test_who_listens_is_counted_by_the_network_of_a_household(academy: Academy, customer: User) -> None:
    channel = f"booking-{a_booking(academy, customer).reference}"
    addresses = ("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1", "192.0.2.1")

    counted = [let_in(asked({"channel": channel}, address=one), now=NOW)[1] for one in addresses]

    assert counted == ["2001:db8:0:1::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/64", "192.0.2.1"]
