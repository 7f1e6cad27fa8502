"""What Stripe's objects say, in our words."""

from __future__ import annotations

from holdfast.kernel.money import EXPONENTS, Money

from .base import (
    About,
    Became,
    Dispute,
    DisputeBecame,
    Notice,
    Outcome,
    RefundBecame,
    RefundOutcome,
    Unclear,
    Unknown,
)
from .reading import Json, id_of, moment_of, text_of, whole_of

# PaymentIntent's status. ``canceled`` is looked at more closely.
STATES = {
    "requires_payment_method": Became.PENDING,
    "requires_confirmation": Became.PENDING,
    "requires_action": Became.PENDING,
    "processing": Became.PENDING,
    "requires_capture": Became.AUTHORIZED,
    "succeeded": Became.CAPTURED,
}
AMOUNTS = {Became.AUTHORIZED: "amount_capturable", Became.CAPTURED: "amount_received"}
# A session that nobody has paid has no PaymentIntent.
UNPAID = {"open": Became.PENDING, "expired": Became.EXPIRED}
LAPSED = {"expired", "automatic"}  # cancellation_reason; the second by versions before 2025-03-31
REASONS = {Became.CANCELED: "canceled", Became.EXPIRED: "expired"}
REFUND_STATES = {
    "pending": RefundBecame.PENDING,
    "requires_action": RefundBecame.PENDING,
    "succeeded": RefundBecame.SUCCEEDED,
    "failed": RefundBecame.FAILED,
    "canceled": RefundBecame.FAILED,
}
# A dispute's status, where it has money withdrawn: an inquiry (warning_…) and a prevented one have not.
DISPUTES = {
    "needs_response": DisputeBecame.OPEN,
    "under_review": DisputeBecame.OPEN,
    "won": DisputeBecame.WON,
    "lost": DisputeBecame.LOST,
    "appeal_needs_response": DisputeBecame.LOST,
    "appeal_under_review": DisputeBecame.LOST,
}


def outcome_of(intent: Json, session: Json | None = None) -> Outcome:
    """A payment by its PaymentIntent, or by its session while there is none; but for disputes."""
    became, word = _became(intent, session)
    amount = _money(intent, AMOUNTS[became]) if became in AMOUNTS else None
    if became in AMOUNTS and amount is None:
        became = Became.UNRECOGNIZED
    charge = part_of(intent, "latest_charge")
    card = part_of(part_of(charge, "payment_method_details"), "card")
    return Outcome(
        became,
        word=word,
        amount=amount,
        reference=_reference(session) or _reference(intent),
        gateway_reference=id_of(session or {}, "id"),
        transaction_reference=id_of(intent, "id"),
        reason=REASONS.get(became),
        capture_before=moment_of(card, "capture_before") if became is Became.AUTHORIZED else None,
        refunded=_given_back(charge) if became is Became.CAPTURED else None,
    )


def _became(intent: Json, session: Json | None) -> tuple[Became, str]:
    """What a payment is in our words, and in Stripe's."""
    status = text_of(intent, "status")
    whole = text_of(session or {}, "status")
    if status is None:
        if whole is None:
            raise Unknown("An answer without a status")
        return UNPAID.get(whole, Became.UNRECOGNIZED), whole
    if status == "canceled":
        reason = text_of(intent, "cancellation_reason")
        lapsed = reason in LAPSED or whole == "expired"
        return Became.EXPIRED if lapsed else Became.CANCELED, f"canceled, {reason}" if reason else status
    became = STATES.get(status, Became.UNRECOGNIZED)
    if became is Became.PENDING and whole == "expired":
        return Became.EXPIRED, whole
    if status == "requires_payment_method" and whole == "complete":
        # Declined after it was processed for a while: nobody can pay on that page any more.
        return Became.FAILED, f"{status}, session {whole}"
    return became, status


def part_of(body: Json, name: str) -> Json:
    """The object in a field; empty if there is none."""
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _reference(body: Json | None) -> str | None:
    """Our payment's reference, where it is written on one of Stripe's objects."""
    if body is None:
        return None
    return text_of(body, "client_reference_id") or text_of(part_of(body, "metadata"), "reference")


def _money(body: Json, name: str) -> Money | None:
    amount, currency = whole_of(body, name), (text_of(body, "currency") or "").upper()
    return Money(amount, currency) if amount is not None and currency in EXPONENTS else None


def _given_back(charge: Json) -> Money | None:
    """What has gone back of what was taken. Before 2025-03-31 what was let go counts as given back too."""
    back, taken, whole = (
        whole_of(charge, "amount_refunded"),
        whole_of(charge, "amount_captured"),
        whole_of(charge, "amount"),
    )
    if back is None or taken is None or whole is None or (money := _money(charge, "amount")) is None:
        return None
    let_go = whole - taken
    return Money(back - let_go if back >= let_go else back, money.currency)


def dispute_of(body: Json) -> Dispute | None:
    word, amount, reference = text_of(body, "status") or "", _money(body, "amount"), id_of(body, "id")
    became = DISPUTES.get(word)
    if became is None or amount is None or reference is None:
        return None
    return Dispute(reference, became, word=word, amount=amount)


def refund_outcome_of(refund: Json, *, of: About) -> RefundOutcome:
    word = text_of(refund, "status")
    if word is None:
        raise Unknown("An answer without a status")
    if word not in REFUND_STATES:
        raise Unclear(f"A refund that is {word}: a word that we do not know")
    why = text_of(refund, "failure_reason")
    return RefundOutcome(
        REFUND_STATES[word],
        word=f"{word}, {why}" if why else word,
        amount=_money(refund, "amount"),
        gateway_reference=id_of(refund, "id"),
        payment_reference=of.reference,  # it is among the refunds of that payment
    )


def notice_of(told: Json) -> Notice:
    """An event tells of an object. A dispute, and a refund made elsewhere, names only the PaymentIntent."""
    event, event_id = text_of(told, "type"), id_of(told, "id")
    if event is None or event_id is None:
        raise Unknown("An event without a type or an id")
    about = part_of(part_of(told, "data"), "object")
    return Notice(
        event=event,
        dedupe_key=event_id,
        reference=_reference(about),
        refund_reference=text_of(part_of(about, "metadata"), "refund"),
        gateway_reference=id_of(about, "payment_intent", "id"),
    )
