"""The storm: customers book and pay, the gateway misbehaves, processes are killed. Then the books tell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random

from django.db import connections

from . import aftermath
from .books import differences
from .checks import After, lost_its_commit
from .crowd import Crowd
from .figures import in_words, percentile
from .killer import Killer
from .mischief import Mischief
from .site import new_site
from .stack import Stack
from .staff import Staff
from .trades import TRADES
from .verdict import count_wrongs, everything_known
from .watch import Watch

KILLS_FROM = 100  # bookings on; then one for every ten
PEOPLE = 12


@dataclass(frozen=True)
class Size:
    """How much is done: for every ten bookings there is a kill, if they are many."""

    bookings: int
    seed: str

    @property
    def kills(self) -> int:
        return self.bookings // 10 if self.bookings >= KILLS_FROM else 0


def fire(stack: Stack, size: Size) -> bool:
    """Whether everything agrees in the end. Prints as it goes."""
    people = min(PEOPLE, size.bookings)
    site = new_site(
        sandbox_url=stack.sandbox.url,
        trades=tuple(TRADES),
        providers=4 + size.bookings // 50,
        customers=people,
    )
    connections.close_all()
    stack.start_programs()
    mischief = Mischief(stack.sandbox, stack.books)
    killer = Killer(stack, bookings=size.bookings, count=size.kills, random=Random(f"{size.seed}:kills"))
    crowd = Crowd(stack.url, site, size.seed, mischief, killer, stack.mailbox)
    watch = Watch(stack)
    with Staff(stack.url, site, seed=size.seed) as staff:
        _storm(crowd, killer, watch, bookings=size.bookings, people=people)
    crowd.seen.answers.update(staff.answers)
    return _after_the_storm(stack, crowd, watch)


def _storm(crowd: Crowd, killer: Killer, watch: Watch, *, bookings: int, people: int) -> None:
    began_at = time.monotonic()
    watch.start()
    killer.start()
    crowd.play(bookings=bookings, people=people)
    killer.join()
    if killer.error is not None:
        raise killer.error
    crowd.mischief.calm()
    print(f"The storm took {time.monotonic() - began_at:.0f} s", flush=True)


def _after_the_storm(stack: Stack, crowd: Crowd, watch: Watch) -> bool:
    took = aftermath.wait_until_the_books_balance(stack)
    watch.stop()
    print(f"The books balanced {took:.0f} s after it; now two days go by", flush=True)
    stack.pause("worker")
    began_at = time.monotonic()
    now = aftermath.let_two_days_pass(stack)
    connections.close_all()
    print(f"They went by in {time.monotonic() - began_at:.0f} s", flush=True)
    stack.bring_back("worker")
    took = aftermath.wait_until_all_is_delivered(stack)
    print(f"All was delivered {took:.0f} s after them", flush=True)
    with everything_known(stack, crowd.seen, crowd.killer.kills, now=now) as after:
        wrongs = count_wrongs(after)
        _report(stack, crowd, watch, after)
    print(f"disagreeing: {wrongs}", flush=True)
    return not wrongs


def _report(stack: Stack, crowd: Crowd, watch: Watch, after: After) -> None:
    killer, faults = crowd.killer, crowd.mischief.happened
    balanced = watch.took(killer.kills)
    mails = after.mailbox.by_id()
    emails, repeats = sum(map(len, mails.values())), sum(len(sent) - 1 for sent in mails.values())
    explained = sum(
        lost_its_commit(mail.taken_at, after.kills) for sent in mails.values() for mail in sent[:-1]
    )
    bookings = after.rows("SELECT state, count(*) FROM holdfast_booking_booking GROUP BY state")
    payments = after.rows("SELECT state, count(*) FROM holdfast_payments_payment GROUP BY state")
    money = sum(differences(after.theirs, after.ours).values())
    print(f"customers: {in_words(crowd.told_stories)}")
    print(f"bookings in the end: {in_words(dict(bookings))}; payments: {in_words(dict(payments))}")
    print(f"answers: {in_words(crowd.seen.answers)}")
    print(f"customers who gave up: {len(crowd.gave_up)}", *crowd.gave_up[:20], sep="\n  ")
    print(f"programs that ended by themselves: {in_words(stack.ended_by_themselves)}")
    print(f"emails: {emails}, repeated {repeats}, of them explained by a kill {explained}")
    print(f"faults: {faults.total()} ({in_words(faults)})")
    print(f"killed: {in_words(killer.counted())}")
    print(
        "books balanced after a restart: "
        f"p50 {percentile(balanced, 50):.1f} s, p99 {percentile(balanced, 99):.1f} s"
    )
    worst = sorted(zip(balanced, killer.kills, strict=True), key=lambda pair: -pair[0])[:3]
    print(f"longest: {', '.join(f'{took:.1f} s after {kill.name}' for took, kill in worst) or 'none'}")
    print(f"money that disagreed: {money / 100:.2f} INR")
    print(f"bookings: {sum(crowd.told_stories.values())}")
    print(f"kills: {len(killer.kills)}")
