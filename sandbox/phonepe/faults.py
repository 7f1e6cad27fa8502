"""Every way in which PhonePe can be made to misbehave: a name, and a sentence.

Each part of the folder declares its own beside the code that plays it; this is where they come together.
"""

from __future__ import annotations

from sandbox.courier import DELIVERY_FAULTS
from sandbox.phonepe.notices import BYTE_FLAWS, EXTRA_NOTICES, HASH_FLAWS, NOTICE_FLAWS
from sandbox.phonepe.orders import DUPLICATES, EARLY, NOT_FOUND
from sandbox.phonepe.page import PAGE_FAULTS
from sandbox.phonepe.refunds import REFUND_FAULTS
from sandbox.phonepe.stories import DASHBOARD, LATE_SUCCESS, REFUND_STORY_FAULTS, STORY_FAULTS
from sandbox.phonepe.tokens import TOKEN_FAULTS
from sandbox.phonepe.twists import PAY_TWISTS, STATUS_TWISTS
from sandbox.troubles import faults_of

CALLS = ("token", "pay", "status", "refund", "refund_status", "transaction_status")

FAULTS: dict[str, str] = {
    **DELIVERY_FAULTS,
    **{name: flaw.sentence for name, flaw in NOTICE_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in BYTE_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in HASH_FLAWS.items()},
    **EXTRA_NOTICES,
    **EARLY,
    **PAGE_FAULTS,
    **STORY_FAULTS,
    **LATE_SUCCESS,
    **{name: twist.sentence for name, twist in STATUS_TWISTS.items()},
    **{name: twist.sentence for name, twist in PAY_TWISTS.items()},
    **DUPLICATES,
    **NOT_FOUND,
    **TOKEN_FAULTS,
    **REFUND_STORY_FAULTS,
    **REFUND_FAULTS,
    **DASHBOARD,
    **faults_of(CALLS),
}
