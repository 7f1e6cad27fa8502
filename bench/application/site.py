"""A business that sells over HTTP: the demo's web server, and the sandbox that it takes money at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections

from bench.server import settle_down
from bench.sizes import Place
from bench.web import running_sandbox, running_web

from .practice import Person, new_business, new_people, with_tokens

# What the sandbox's merchant is called there.
MERCHANT = {
    "client_id": "HOLDFAST_DEMO",
    "client_secret": "holdfast-demo-secret",
    "client_version": "1",
    "webhook_username": "simuser",
    "webhook_password": "Sim12345",
}


@dataclass(frozen=True)
class Site:
    """Where it answers, what it sells, and customers with tokens."""

    url: str
    offerings: Sequence[int]
    people: Sequence[Person]


@contextmanager
def running_site(place: Place, slug: str, *, customers: int, **at: int) -> Iterator[Site]:
    """A business of this name with so many customers, at the addresses that ``new_people`` gives them."""
    with running_sandbox(place.logs / f"{slug}-sandbox.log") as sandbox:
        phonepe = f"{sandbox.url}/phonepe/apis"
        addresses = {"pg": f"{phonepe}/pg-sandbox", "oauth": f"{phonepe}/identity-manager"}
        offerings = new_business(slug, gateway="phonepe", credentials=MERCHANT, base_urls=addresses)
        people = with_tokens(new_people(customers, prefix=f"{slug}-", **at))
        leave_the_database()
        with running_web(os.environ, log=place.logs / f"{slug}-web.log") as url:
            yield Site(url, offerings, people)


def leave_the_database() -> None:
    """What has been filled in is there to be measured; this process is none of the clients."""
    connections.close_all()
    settle_down(os.environ["DATABASE_URL"])
