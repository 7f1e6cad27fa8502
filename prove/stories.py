"""What customers do once they hold a time: pay as they should, or one of the other things that people do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .asking import Opened
from .customer import Customer


@dataclass(frozen=True)
class Story:
    """``weight``: how often it is chosen, among all of them."""

    weight: int
    play: Callable[[Customer, Opened, Random], None]


def pays(customer: Customer, opened: Opened, random: Random) -> None:
    customer.come_back(customer.press(opened, "pay"), random)
    customer.outcome(opened, random)


def pays_twice(customer: Customer, opened: Opened, random: Random) -> None:
    """An impatient finger, and then the way back two times over."""
    answers = [customer.press(opened, "pay") for _ in range(2)]
    for answer in answers:
        customer.come_back(answer, random)
    customer.outcome(opened, random)


def pays_and_closes_the_browser(customer: Customer, opened: Opened, random: Random) -> None:
    customer.press(opened, "pay")


def pays_slowly(customer: Customer, opened: Opened, random: Random) -> None:
    time.sleep(random.uniform(1, 5))
    pays(customer, opened, random)


def is_declined(customer: Customer, opened: Opened, random: Random) -> None:
    customer.come_back(customer.press(opened, "fail"), random)


def is_declined_and_pays_after_all(customer: Customer, opened: Opened, random: Random) -> None:
    """The order is over by then. Whether the gateway still takes money is up to its faults."""
    is_declined(customer, opened, random)
    customer.press(opened, "pay")


def thinks_better_of_it(customer: Customer, opened: Opened, random: Random) -> None:
    customer.come_back(customer.press(opened, "cancel"), random)


def goes_away(customer: Customer, opened: Opened, random: Random) -> None:
    """The time stays held until its end."""


def lets_go(customer: Customer, opened: Opened, random: Random) -> None:
    customer.release(opened.reference, random)


def lets_go_and_pays_after_all(customer: Customer, opened: Opened, random: Random) -> None:
    """From another tab."""
    lets_go(customer, opened, random)
    customer.press(opened, "pay")


def cancels(customer: Customer, opened: Opened, random: Random) -> None:
    if booking := _booked(customer, opened, random):
        customer.cancel(booking, random)


def moves(customer: Customer, opened: Opened, random: Random) -> None:
    if booking := _booked(customer, opened, random):
        customer.move(booking, random)


def moves_and_cancels(customer: Customer, opened: Opened, random: Random) -> None:
    if booking := _booked(customer, opened, random):
        customer.move(booking, random)
        customer.cancel(booking, random)


def _booked(customer: Customer, opened: Opened, random: Random) -> str:
    """The booking that was paid for; nothing if it has not come to that."""
    customer.come_back(customer.press(opened, "pay"), random)
    word, booking = customer.outcome(opened, random)
    return booking if word == "SUCCESS" else ""


STORIES = {
    "pays": Story(30, pays),
    "pays twice": Story(10, pays_twice),
    "pays and closes the browser": Story(14, pays_and_closes_the_browser),
    "pays slowly": Story(6, pays_slowly),
    "is declined": Story(5, is_declined),
    "is declined and pays after all": Story(4, is_declined_and_pays_after_all),
    "thinks better of it": Story(4, thinks_better_of_it),
    "goes away": Story(4, goes_away),
    "lets go": Story(3, lets_go),
    "lets go and pays after all": Story(3, lets_go_and_pays_after_all),
    "cancels": Story(9, cancels),
    "moves": Story(5, moves),
    "moves and cancels": Story(3, moves_and_cancels),
}


def chosen(random: Random) -> str:
    return random.choices(list(STORIES), [story.weight for story in STORIES.values()])[0]
