"""Limits for an hour, beside those for a minute."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.kernel.errors import TooMany
from holdfast.platform.models import Throttle
from holdfast.platform.throttling import AN_HOUR, throttle
from holdfast.platform.tidying import tidy_up
from tests.support.practice import NOW

pytestmark = pytest.mark.spec("GEN-6")
ON_THE_HOUR = NOW.replace(minute=0, second=0)


def test_uses_of_one_hour_count_together_and_the_next_hour_begins_anew(db: None) -> None:
    for minute in (0, 30, 59):
        throttle({"mail": 3}, now=ON_THE_HOUR + timedelta(minutes=minute), seconds=AN_HOUR)

    with pytest.raises(TooMany) as refused:
        throttle({"mail": 3}, now=ON_THE_HOUR + timedelta(minutes=59, seconds=30), seconds=AN_HOUR)

    assert refused.value.retry_after == 30
    throttle({"mail": 3}, now=ON_THE_HOUR + timedelta(hours=1), seconds=AN_HOUR)


def test_what_counts_for_this_hour_is_not_tidied_up_before_it_ends(db: None) -> None:
    throttle({"mail": 3}, now=ON_THE_HOUR, seconds=AN_HOUR)

    tidy_up(now=ON_THE_HOUR + timedelta(minutes=59, seconds=59))
    kept = Throttle.objects.count()
    tidy_up(now=ON_THE_HOUR + timedelta(hours=1, minutes=1))

    assert (kept, Throttle.objects.count()) == (1, 0)
