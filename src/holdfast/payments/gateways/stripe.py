"""Stripe: a Checkout Session for a card, which reserves the money or takes it, by the ``stripe`` package.

Sources: Stripe's documentation and its Python package 16.1.0. A payment is believed only from its session,
read with the PaymentIntent and the charge in it: a session that is complete may still be unpaid, which is how
one with manual capture looks until the money is taken. Stripe goes by ids of its own, so our reference is
written on the session and on its PaymentIntent, and an answer is checked against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import stripe
from stripe import RequestOptions
from stripe.params.checkout import SessionCreateParams

from holdfast.kernel.clock import utc_now
from holdfast.kernel.money import EXPONENTS, Money

from .base import (
    About,
    BadCredentials,
    BadSignature,
    Became,
    Can,
    Dispute,
    Gateway,
    Notice,
    Outcome,
    Redirect,
    RefundBecame,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Unclear,
    Unknown,
)
from .reading import Json, id_of, moment_of, read_object, text_of
from .stripe_wire import PUBLISHED, StoredError, all_of, client_of, in_our_words
from .stripe_words import dispute_of, notice_of, outcome_of, part_of, refund_outcome_of

# Of expires_at, which Stripe takes from 30 minutes to 24 hours ahead by its own clock: ours may differ.
SHORTEST, LONGEST = timedelta(minutes=40), timedelta(hours=23, minutes=50)
# How far from when we wrote a payment down, by our clock, its session may have been opened by Stripe's.
AROUND = timedelta(minutes=10)
TOLERANCE = timedelta(seconds=300)  # of a webhook's signature, both ways: the package lets the future pass
# The first time that stands there, for it is the one that the package makes its signature of.
SIGNED_AT = re.compile(r"(?:(?!t=)[^,]*+,)*+t=([0-9]{1,12})(?:,|\Z)", re.ASCII)
MODES = re.compile(r"[a-z]{2}_(test|live)_")
WHOLE_SESSION = ["payment_intent.latest_charge"]
WHOLE_INTENT = ["latest_charge"]
# How often Stripe may fail at one call and keep its error, before the call has to wait until it forgets one.
FAILS_AT_MOST = 30


class Stripe(Gateway):
    """Checkout in ``payment`` mode, for cards, in the currency of the order and no other."""

    name = "stripe"
    label = "Stripe"
    can = frozenset({Can.CAPTURE, Can.VOID, Can.REFUND, Can.READ_WEBHOOK})
    currencies = frozenset(EXPONENTS)
    minimum = 50
    reference_format = re.compile(r"[A-Za-z0-9_-]{1,63}")
    credentials = ("secret_key", "webhook_secret")
    # (until this age, ask every …), in minutes. Webhooks tell of most of it sooner.
    ladder = tuple(
        (timedelta(minutes=until), timedelta(minutes=every))
        for until, every in ((5, 1), (60, 5), (3 * 60, 15), (26 * 60, 60))
    )
    # A charge may be disputed for 120 days, and the event that tells of it may be lost.
    sweeps = tuple(timedelta(days=days) for days in (1, 7, 30, 60, 121))

    def start(self, wanted: Start, *, now: datetime) -> Redirect:
        """Open a session. Stripe keeps it open for 40 minutes at least: a look-up closes it in time."""
        self.must_take(wanted.reference, wanted.amount)
        until = now + min(max(wanted.pay_within, SHORTEST), LONGEST)
        sessions = self._client().v1.checkout.sessions
        options: RequestOptions = {"idempotency_key": _key(wanted.reference, "create", wanted.amount)}
        with in_our_words():
            made = sessions.create(_session_for(wanted, until=until), options).to_dict()
        url, session_id = text_of(made, "url", longest=4096), id_of(made, "id")
        if url is None or session_id is None or not url.startswith(("https://", "http://")):
            raise Unknown("A session without a page to pay on")
        closes = min(moment_of(made, "expires_at") or until, now + wanted.pay_within)
        return Redirect(url, gateway_reference=session_id, expires_at=closes)

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        """The session as it stands. One that is open though its time to be paid is over is closed first."""
        session = self._session(payment)
        if session is None:
            return Outcome(Became.NOT_FOUND, word="no such session")
        is_over = payment.pay_until is not None and payment.pay_until <= now
        if is_over and session.get("status") == "open":
            session = self._closed(session)
        return self._outcome(part_of(session, "payment_intent"), session)

    def capture(self, payment: About, amount: Money, *, key: str, now: datetime) -> Outcome:
        """Take it, or a part, which lets the rest go. What was taken before is refused: a look-up tells."""
        intent_id = self._intent_of(payment)
        intents = self._client().v1.payment_intents

        def take(key: str) -> Json:
            with in_our_words():
                return intents.capture(
                    intent_id,
                    {"amount_to_capture": amount.amount, "expand": WHOLE_INTENT},
                    {"idempotency_key": key},
                ).to_dict()

        # The PaymentIntent is in no state to be captured twice, so that another key takes nothing twice.
        return self._outcome(_afresh(take, _key(key, "capture", amount)))

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        """Cancel the PaymentIntent. One that has been canceled already answers as it stands."""
        intent_id = self._intent_of(payment)
        intents = self._client().v1.payment_intents

        def cancel(key: str) -> Json:
            with in_our_words():
                return intents.cancel(intent_id, {"expand": WHOLE_INTENT}, {"idempotency_key": key}).to_dict()

        try:
            return self._outcome(_afresh(cancel, _key(key, "cancel")))
        except Refused:
            with in_our_words():
                found = intents.retrieve(intent_id, {"expand": WHOLE_INTENT}).to_dict()
            if text_of(found, "status") != "canceled":
                raise
            return self._outcome(found)

    def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
        """Give some of it back, at once or when there is money enough in the account."""
        self.must_take(wanted.refund_reference, wanted.amount, least=1)
        intent_id = self._intent_of(wanted.payment)
        refunds = self._client().v1.refunds

        def give_back(key: str) -> Json:
            with in_our_words():
                return refunds.create(
                    {
                        "payment_intent": intent_id,
                        "amount": wanted.amount.amount,
                        "metadata": {
                            "refund": wanted.refund_reference,
                            "reference": wanted.payment.reference,
                        },
                    },
                    {"idempotency_key": key},
                ).to_dict()

        key = _key(wanted.refund_reference, "refund", wanted.amount)
        # Another key would give back a second time what has been given back: so it is looked for before.
        made = _afresh(give_back, key, unless=lambda: self._refund_of(wanted.refund_reference, intent_id))
        return refund_outcome_of(made, of=wanted.payment)

    def look_up_refund(self, refund_reference: str, *, of: About, now: datetime) -> RefundOutcome:
        """Found among the refunds of its payment, by our name on it or by Stripe's id."""
        session = self._session(of)
        intent_id = id_of(part_of(session or {}, "payment_intent"), "id")
        found = None if intent_id is None else self._refund_of(refund_reference, intent_id)
        if found is None:
            return RefundOutcome(RefundBecame.NOT_FOUND, word="no such refund")
        return refund_outcome_of(found, of=of)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Signed with the endpoint's secret, within five minutes of now, and of the account's own mode."""
        secret = self.account.credentials.get("webhook_secret", "")
        header = headers.get("stripe-signature", "")
        signed_at = SIGNED_AT.match(header)
        if not secret.strip() or signed_at is None or not header.isascii():
            raise BadSignature("There is no signature that could be checked.")
        try:
            stripe.WebhookSignature.verify_header(body, header, secret)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            raise BadSignature("The signature is not this account's.") from None
        if abs(utc_now().timestamp() - int(signed_at[1])) > TOLERANCE.total_seconds():
            raise BadSignature("The signature is not of now.")
        told = read_object(body)
        if told.get("livemode") is not self.account.live:
            raise BadSignature("The event is of another mode than the account.")
        return notice_of(told)

    # ---- asking -----------------------------------------------------------------------------------------

    def _client(self) -> stripe.StripeClient:
        """Raises BadCredentials for a key of the other mode too: test money must never stand for real."""
        key = self.credential("secret_key")
        mode = MODES.match(key)
        if mode is not None and (mode[1] == "live") is not self.account.live:
            raise BadCredentials("The key is of another mode than the account.")
        return client_of(key, self.account.base_urls.get("api") or PUBLISHED)

    def _session(self, payment: About) -> Json | None:
        """The session of a payment with its PaymentIntent and charge; None if Stripe has none."""
        session_id = payment.gateway_reference or self._session_named(payment)
        return self._session_by(session_id) if session_id else None

    def _session_by(self, session_id: str) -> Json | None:
        try:
            with in_our_words():
                found = self._client().v1.checkout.sessions.retrieve(session_id, {"expand": WHOLE_SESSION})
        except Refused as no:
            if no.code == "resource_missing":
                return None
            raise Unclear(str(no)) from no
        return found.to_dict()

    def _session_named(self, payment: About) -> str | None:
        """The session with our reference, where Stripe's answer was lost: among those of that time."""
        first, last = payment.created_at - AROUND, payment.created_at + AROUND
        created = {"gte": int(first.timestamp()), "lte": int(last.timestamp())}
        sessions = self._client().v1.checkout.sessions
        for session in all_of(sessions.list, created=created):
            if text_of(session, "client_reference_id") == payment.reference:
                return id_of(session, "id")
        return None

    def _closed(self, session: Json) -> Json:
        """The same when it has been closed; or as it is when it could not be, for it has just been paid."""
        session_id = id_of(session, "id") or ""
        with suppress(Refused), in_our_words():
            self._client().v1.checkout.sessions.expire(session_id)
        return self._session_by(session_id) or session

    def _intent_of(self, payment: About) -> str:
        """Stripe's id of the PaymentIntent. Raises Refused where there is none: nobody has paid."""
        session = None if payment.transaction_reference else self._session(payment)
        intent_id = payment.transaction_reference or id_of(part_of(session or {}, "payment_intent"), "id")
        if intent_id is None:
            raise Refused("NOT_PAID", "There is no money of this payment.")
        return intent_id

    def _refund_of(self, refund_reference: str, intent_id: str) -> Json | None:
        refunds = self._client().v1.refunds
        for refund in all_of(refunds.list, payment_intent=intent_id):
            if refund_reference in (text_of(part_of(refund, "metadata"), "refund"), id_of(refund, "id")):
                return refund
        return None

    def _disputes_of(self, intent: Json) -> tuple[Dispute, ...]:
        """Those for which money has been withdrawn, by their latest word."""
        intent_id = id_of(intent, "id")
        if part_of(intent, "latest_charge").get("disputed") is not True or intent_id is None:
            return ()
        disputes = self._client().v1.disputes
        listed = all_of(disputes.list, payment_intent=intent_id)
        return tuple(found for one in listed if (found := dispute_of(one)) is not None)

    def _outcome(self, intent: Json, session: Json | None = None) -> Outcome:
        """Stripe's word on a payment, and on the disputes about it."""
        said = outcome_of(intent, session)
        if said.became is not Became.CAPTURED:
            return said
        return replace(said, disputes=self._disputes_of(intent))


def _session_for(wanted: Start, *, until: datetime) -> SessionCreateParams:
    """Our reference goes on the session and on its PaymentIntent, which has nothing of the session's."""
    named, title = {"reference": wanted.reference}, wanted.description or wanted.reference
    return {
        "mode": "payment",
        "client_reference_id": wanted.reference,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wanted.amount.currency.lower(),
                    "unit_amount": wanted.amount.amount,
                    "product_data": {"name": title},
                },
            }
        ],
        "payment_intent_data": {
            "capture_method": "automatic" if wanted.capture else "manual",
            "description": title,
            "metadata": named,
        },
        "metadata": named,
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},  # it would charge in the customer's own currency
        "success_url": wanted.return_url,
        "cancel_url": wanted.return_url,
        "expires_at": int(until.timestamp()),
    }


def _key(reference: str, call: str, amount: Money | None = None) -> str:
    """An idempotency key of our own rows. With another amount it is another call."""
    return f"{reference}:{call}" + (f":{amount.amount}{amount.currency.lower()}" if amount else "")


def _afresh(ask: Callable[[str], Json], key: str, *, unless: Callable[[], Json | None] | None = None) -> Json:
    """The answer under a key; or under the next one, where all that this one answers is a stored error.

    While Stripe is ill there may be many, so they are numbered: a call that is still under way has its key.
    """
    try:
        return ask(key)
    except StoredError:
        done = unless() if unless is not None else None
        if done is not None:
            return done
    for number in range(1, FAILS_AT_MOST):
        with suppress(StoredError):
            return ask(f"{key}:again-{number}")
    return ask(f"{key}:again-{FAILS_AT_MOST}")
