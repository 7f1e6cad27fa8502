"""Every way in which Stripe can be made to misbehave: a name, and a sentence.

Each part of the folder declares its own beside the code that plays it; this is where they come together.
"""

from __future__ import annotations

from sandbox.courier import DELIVERY_FAULTS
from sandbox.stripe.bank import AUTHORIZATION_FAULTS
from sandbox.stripe.intents import CAPTURE_FAULTS
from sandbox.stripe.keys import KEY_FAULTS, POSTS
from sandbox.stripe.money_back import REFUND_FAULTS
from sandbox.stripe.notices import BODY_FLAWS, HEADER_FLAWS, NOTICE_FLAWS, SEAL_FLAWS
from sandbox.stripe.outside import OUTSIDE
from sandbox.stripe.page import PAGE_FAULTS
from sandbox.stripe.sessions import SESSION_FAULTS
from sandbox.stripe.stories import LATE_SUCCESS, PAY_FAULTS
from sandbox.stripe.twists import TWISTS
from sandbox.troubles import faults_of

READS = (
    "retrieve_session",
    "list_sessions",
    "retrieve_intent",
    "list_intents",
    "retrieve_refund",
    "list_refunds",
    "retrieve_charge",
    "retrieve_dispute",
    "list_disputes",
    "retrieve_event",
    "list_events",
    "balance",
    "account",
)

FAULTS: dict[str, str] = {
    **DELIVERY_FAULTS,
    **{name: flaw.sentence for name, flaw in NOTICE_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in BODY_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in SEAL_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in HEADER_FLAWS.items()},
    **SESSION_FAULTS,
    **PAGE_FAULTS,
    **PAY_FAULTS,
    **LATE_SUCCESS,
    **AUTHORIZATION_FAULTS,
    **CAPTURE_FAULTS,
    **REFUND_FAULTS,
    **OUTSIDE,
    **{name: twist.sentence for name, twist in TWISTS.items()},
    **KEY_FAULTS,
    **faults_of((*POSTS, *READS)),
}
