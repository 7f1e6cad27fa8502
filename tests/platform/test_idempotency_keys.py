"""A key is claimed by one, whoever comes at the same moment, and taken over only from who has died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection

from holdfast.kernel.errors import KeyUsed, StillAnswering
from holdfast.platform.idempotency import KEPT_FOR, LEASE, Answer, Asked, Claim, claim, keep, let_go
from holdfast.platform.models import IdempotencyKey
from holdfast.platform.tidying import tidy_up
from tests.support.racing import kinds, race
from tests.support.without import without

pytestmark = [pytest.mark.spec("GEN-4"), pytest.mark.usefixtures("db")]

NOW = datetime(2030, 1, 7, 4, 30, tzinfo=UTC)
ASKED = Asked(actor="user:1", route="POST /api/x/", key="a-key-of-16-chars", fingerprint="f" * 64)
OTHER = Asked(actor="user:1", route="POST /api/x/", key="a-key-of-16-chars", fingerprint="0" * 64)
ANSWER = Answer(201, {"Content-Type": "application/json"}, b'{"name": "\xff\x00\xc3\xa9"}')
CROWD = 20


def claimed(*, now: datetime = NOW) -> Claim:
    found = claim(ASKED, now=now)
    assert isinstance(found, Claim)
    return found


def test_what_was_answered_is_answered_again_byte_by_byte() -> None:
    keep(claimed(), ANSWER)

    assert claim(ASKED, now=NOW) == ANSWER


def test_another_request_under_the_same_key_is_refused_in_flight_and_answered() -> None:
    first = claimed()
    with pytest.raises(KeyUsed):
        claim(OTHER, now=NOW)
    keep(first, ANSWER)

    with pytest.raises(KeyUsed):
        claim(OTHER, now=NOW + LEASE)


def test_a_key_that_was_let_go_may_be_used_by_another_request() -> None:
    let_go(claimed())

    assert isinstance(claim(OTHER, now=NOW), Claim)


def test_of_a_crowd_with_one_key_one_may_run() -> None:
    results = race([partial(claim, ASKED, now=NOW) for _ in range(CROWD)])

    assert kinds(results) == {"Claim": 1, "StillAnswering": CROWD - 1}
    assert IdempotencyKey.objects.count() == 1


def test_without_the_unique_constraint_all_of_them_may_run() -> None:
    """The negative control: it is the constraint that lets one through, nothing else."""
    with without(IdempotencyKey, "one_answer_a_key"):
        results = race([partial(claim, ASKED, now=NOW) for _ in range(CROWD)])

    assert kinds(results) == {"Claim": CROWD}


def test_until_the_lease_ends_nobody_takes_over() -> None:
    claimed()

    with pytest.raises(StillAnswering):
        claim(ASKED, now=NOW + LEASE - timedelta(seconds=1))


def test_of_a_crowd_that_finds_a_lease_ended_one_takes_over() -> None:
    claimed()

    results = race([partial(claim, ASKED, now=NOW + LEASE) for _ in range(CROWD)])

    assert kinds(results) == {"Claim": 1, "StillAnswering": CROWD - 1}
    assert IdempotencyKey.objects.get().attempt == 2


def test_whoever_was_overtaken_neither_answers_nor_lets_go() -> None:
    slow = claimed()
    second = claimed(now=NOW + LEASE)

    let_go(slow)
    keep(slow, ANSWER)
    assert IdempotencyKey.objects.get().status is None

    keep(second, Answer(409, {}, b"{}"))
    keep(slow, ANSWER)
    assert claim(ASKED, now=NOW + LEASE) == Answer(409, {}, b"{}")


def test_an_answer_is_not_let_go_by_who_gave_it() -> None:
    first = claimed()
    keep(first, ANSWER)

    let_go(first)

    assert claim(ASKED, now=NOW) == ANSWER


def test_answers_are_forgotten_after_a_day_and_not_before() -> None:
    keep(claimed(), ANSWER)
    tidy_up(now=NOW + KEPT_FOR)
    assert IdempotencyKey.objects.count() == 1

    tidy_up(now=NOW + KEPT_FOR + timedelta(seconds=1))

    assert IdempotencyKey.objects.count() == 0
    assert isinstance(claim(OTHER, now=NOW + KEPT_FOR), Claim)


def test_what_is_being_run_is_not_forgotten_however_old_the_key() -> None:
    claimed()
    claimed(now=NOW + KEPT_FOR)

    tidy_up(now=NOW + KEPT_FOR + timedelta(seconds=1))

    assert IdempotencyKey.objects.get().attempt == 2


def test_the_database_and_its_backups_see_answers_only_encrypted() -> None:
    keep(claimed(), Answer(200, {"X-Said": "in a header"}, b"in the body"))

    with connection.cursor() as cursor:
        cursor.execute(f'SELECT answer FROM "{IdempotencyKey._meta.db_table}"')
        (kept,) = cursor.fetchone()

    assert "in a header" not in kept
    assert "in the body" not in kept


def test_half_an_answer_is_refused_by_the_database() -> None:
    claimed()

    with pytest.raises(IntegrityError, match="answered_whole_or_not_at_all"):
        IdempotencyKey.objects.update(status=200)
