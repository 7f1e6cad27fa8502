"""Random businesses: the hours of their people, what they offer, and what happens in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from hypothesis import strategies as st

# Around the days when Berlin and Lord Howe change their clocks, and an ordinary one.
PLACES = (
    ("Europe/Berlin", date(2030, 3, 31)),
    ("Europe/Berlin", date(2030, 10, 27)),
    ("Australia/Lord_Howe", date(2030, 4, 7)),
    ("Asia/Kolkata", date(2030, 1, 8)),
)

quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


def spans(least: int) -> st.SearchStrategy[list[tuple[time, time]]]:
    return st.lists(st.tuples(quarters, quarters), min_size=least, max_size=2)


minutes = st.sampled_from((0, 10, 15, 30))


@dataclass(frozen=True)
class DrawnOffering:
    uses: frozenset[str]
    duration: int
    step: int
    before: int
    after: int
    notice: int


@dataclass(frozen=True)
class Drawn:
    """A business: the hours of its people, what it offers, and what happens in it."""

    place: tuple[str, date]
    may_overlap: bool
    hours: dict[str, list[tuple[time, time]]]
    override: list[tuple[time, time]] | None
    capacity: dict[str, int]
    offerings: list[DrawnOffering]
    events: list[tuple[str, int, int, int]]


offerings = st.builds(
    DrawnOffering,
    uses=st.sampled_from(
        [
            frozenset(names)
            for names in (
                ("coach",),
                ("coach", "mats"),
                ("coach", "room"),
                ("coach", "places"),
                ("coach", "room", "mats", "places"),
                ("guide", "room"),
                ("guide", "mats"),
            )
        ]
    ),
    duration=st.sampled_from((20, 45, 60, 90)),
    step=st.sampled_from((15, 30, 45, 60)),
    before=minutes,
    after=minutes,
    notice=st.sampled_from((0, 90, 1500)),
)
drawn = st.builds(
    Drawn,
    place=st.sampled_from(PLACES),
    may_overlap=st.booleans(),
    hours=st.fixed_dictionaries({"coach": spans(1), "guide": spans(1)}),
    override=st.none() | spans(0),
    capacity=st.fixed_dictionaries({"mats": st.integers(2, 3), "places": st.integers(1, 3)}),
    offerings=st.lists(offerings, min_size=2, max_size=4),
    events=st.lists(
        st.tuples(
            st.sampled_from(("book", "book", "book", "book", "block", "release")),
            st.integers(0, 20),
            st.integers(0, 36),
            st.sampled_from((0, 0, 5, 200)),
        ),
        min_size=8,
        max_size=30,
    ),
)
