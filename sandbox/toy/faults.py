"""Every way in which Toy can be made to misbehave: a name, and a sentence."""

from __future__ import annotations

from sandbox.courier import DELIVERY_FAULTS
from sandbox.toy.api import START_FAULTS
from sandbox.toy.bodies import TWISTS
from sandbox.toy.notices import BODY_FLAWS, SIGNATURE_FLAWS
from sandbox.toy.page import PAGE_FAULTS
from sandbox.toy.stories import (
    AUTHORIZATION_FAULTS,
    CAPTURE_FAULTS,
    LATE_SUCCESS,
    OUTSIDE,
    PAY_FAULTS,
    REFUND_FAULTS,
)
from sandbox.troubles import faults_of

CALLS = ("start", "look_up", "capture", "void", "refund", "look_up_refund")

FAULTS: dict[str, str] = {
    **DELIVERY_FAULTS,
    **{name: flaw.sentence for name, flaw in BODY_FLAWS.items()},
    **{name: flaw.sentence for name, flaw in SIGNATURE_FLAWS.items()},
    **START_FAULTS,
    **PAGE_FAULTS,
    **PAY_FAULTS,
    **LATE_SUCCESS,
    **AUTHORIZATION_FAULTS,
    **CAPTURE_FAULTS,
    **OUTSIDE,
    **REFUND_FAULTS,
    **{name: twist.sentence for name, twist in TWISTS.items()},
    **faults_of(CALLS),
}
