"""Throttles count for all processes together, and say how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from holdfast.kernel.errors import TooMany
from holdfast.platform.models import Throttle
from holdfast.platform.throttling import throttle
from holdfast.platform.tidying import tidy_up
from tests.support.racing import kinds, race

pytestmark = [pytest.mark.spec("GEN-6"), pytest.mark.usefixtures("db")]

NOW = datetime(2030, 1, 7, 4, 30, 20, tzinfo=UTC)


def test_one_more_than_the_limit_is_refused_until_the_window_ends() -> None:
    for _ in range(3):
        throttle({"look_up/192.0.2.1": 3}, now=NOW)

    with pytest.raises(TooMany) as refused:
        throttle({"look_up/192.0.2.1": 3}, now=NOW)

    assert refused.value.retry_after == 40
    throttle({"look_up/192.0.2.1": 3}, now=NOW + timedelta(seconds=40))


def test_one_key_does_not_use_up_another() -> None:
    throttle({"look_up/192.0.2.1": 1}, now=NOW)

    throttle({"look_up/192.0.2.2": 1}, now=NOW)
    throttle({"sign_in/192.0.2.1": 1}, now=NOW)


def test_a_limit_of_nothing_is_no_limit() -> None:
    for _ in range(100):
        throttle({"look_up/192.0.2.1": 0}, now=NOW)

    assert not Throttle.objects.exists()


def test_of_a_crowd_exactly_as_many_get_through_as_may() -> None:
    crowd = [partial(throttle, {"a/1": 20, "b/1": 10}, now=NOW) for _ in range(30)]

    assert kinds(race(crowd)) == {"NoneType": 10, "TooMany": 20}


def test_old_windows_are_forgotten_and_the_present_one_is_not() -> None:
    throttle({"look_up/192.0.2.1": 3}, now=NOW - timedelta(hours=2))
    throttle({"look_up/192.0.2.2": 3}, now=NOW)

    tidy_up(now=NOW)

    assert [row.key for row in Throttle.objects.all()] == ["look_up/192.0.2.2"]
