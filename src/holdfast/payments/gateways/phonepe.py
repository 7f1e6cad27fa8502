"""PhonePe's payment gateway, Standard Checkout v2: a page of theirs, captures at once, refunds later.

Sources: the pages of PhonePe's documentation named below, and its Python SDK 3.0.1; where they disagree,
every variant is taken. An order is believed only from the order status API, and only its root ``state``
and ``amount``: a failed attempt leaves it open for another, and fees are between PhonePe and the payer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from holdfast.kernel.money import Money

from .base import (
    About,
    BadCredentials,
    BadSignature,
    Became,
    Can,
    Gateway,
    Notice,
    Outcome,
    Redirect,
    RefundBecame,
    RefundOutcome,
    RefundRequest,
    Refused,
    Start,
    Token,
    Unclear,
    Unknown,
)
from .deadline import deadline
from .reading import Json, id_of, moment_of, read_object, text_of, whole_of
from .tokens import read_token, usable_token
from .transport import PATIENCE, Answer, call, scrub_text

# (sandbox, live). In production tokens are had elsewhere than all the rest (SDK 3.0.1, base_urls).
SANDBOX = "https://api-preprod.phonepe.com/apis/pg-sandbox"
HOSTS = {
    "pg": (SANDBOX, "https://api.phonepe.com/apis/pg"),
    "oauth": (SANDBOX, "https://api.phonepe.com/apis/identity-manager"),
}

# Order status API: the root state, when it stands for itself. FAILED is looked at more closely.
STATES = {
    "PENDING": Became.PENDING,
    "COMPLETED": Became.CAPTURED,
    "FAILED": Became.FAILED,
    "EXPIRED": Became.EXPIRED,  # only in a fixture of the SDK's tests
}
# Refund status API. CONFIRMED is not final yet; ACCEPTED is the word of one webhook.
REFUND_STATES = {
    "PENDING": RefundBecame.PENDING,
    "CONFIRMED": RefundBecame.PENDING,
    "ACCEPTED": RefundBecame.PENDING,
    "COMPLETED": RefundBecame.SUCCEEDED,
    "FAILED": RefundBecame.FAILED,
}
# Why an order failed, by its error code: an open vocabulary, so whatever is not here is "declined".
REASONS = {"TRANSACTION_TIMEOUT": "expired", "BANK_ERROR": "error", "INTERNAL_SERVER_ERROR": "error"}

# With HTTP 400 by the documentation, 404 as seen by others. For refunds the code is not documented.
NO_ENTRY = re.compile(r"no entry found", re.IGNORECASE)
NO_SUCH = {"INVALID_MERCHANT_ORDER_ID", "INVALID_MERCHANT_REFUND_ID", "REFUND_NOT_FOUND"}
# A refusal that may only mean "this reference has been used", perhaps by ourselves a moment ago:
# the pay API says BAD_REQUEST, the error table and the change log of PhonePe's integration guide say 417
# with one of two codes. EXCESS_REFUND_AMOUNT is also how a repeat of an accepted refund is refused.
UNCLEAR_CODES = NO_SUCH | {"BAD_REQUEST", "INVALID_TRANSACTION_ID", "EXCESS_REFUND_AMOUNT"}
UNCLEAR_STATUSES = {408, 409, 417, 425}

SHORTEST, LONGEST = timedelta(seconds=300), timedelta(seconds=3600)  # of expireAfter (pay API)


class PhonePe(Gateway):
    """Standard Checkout v2. INR only: the protocol has no currency field."""

    name = "phonepe"
    label = "PhonePe"
    can = frozenset({Can.REFUND, Can.READ_WEBHOOK})
    currencies = frozenset({"INR"})
    minimum = 100
    reference_format = re.compile(r"[A-Za-z0-9_-]{1,63}")
    credentials = ("client_id", "client_secret", "client_version", "webhook_username", "webhook_password")
    # (until this age, ask every …), in seconds. The first hour is PhonePe's mandatory schedule; after the
    # latest expiry it is ours: a bank may answer late, and then no webhook comes.
    ladder = tuple(
        (timedelta(seconds=until), timedelta(seconds=every))
        for until, every in (
            *((20, 22), (52, 3), (112, 6), (172, 10), (232, 30), (3_600, 60)),
            *((3 * 3_600, 300), (8 * 3_600, 900), (26 * 3_600, 3_600)),
        )
    )

    def start(self, wanted: Start, *, now: datetime) -> Redirect:
        """Create an order (pay API). Its expiry is always given, between 5 and 60 minutes."""
        self.must_take(wanted.reference, wanted.amount)
        order = {
            "merchantOrderId": wanted.reference,
            "amount": wanted.amount.amount,
            "expireAfter": int(min(max(wanted.pay_within, SHORTEST), LONGEST).total_seconds()),
            "paymentFlow": {
                "type": "PG_CHECKOUT",
                "merchantUrls": {"redirectUrl": wanted.return_url},
                "message": wanted.description or None,
            },
        }
        made = _granted(self._ask("POST", "/checkout/v2/pay", payload=order, now=now))
        url, order_id = text_of(made, "redirectUrl", longest=4096), id_of(made, "orderId")
        if url is None or order_id is None or not url.startswith(("https://", "http://")):
            raise Unknown("An order without a page to pay on")
        return Redirect(url, gateway_reference=order_id, expires_at=moment_of(made, "expireAt", "expiryAt"))

    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        """Order status API."""
        path = f"/checkout/v2/order/{quote(payment.reference, safe='')}/status"
        answer = self._ask("GET", path, query={"details": "false", "errorContext": "true"}, now=now)
        order = answer.json()
        if _unheard_of(order):
            return Outcome(Became.NOT_FOUND, word=text_of(order, "code") or "")
        return _outcome(_believed(answer, order), now=now)

    def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
        """Refund API: asynchronous, so the usual answer is pending."""
        self.must_take(wanted.refund_reference, wanted.amount)
        refund = {
            "merchantRefundId": wanted.refund_reference,
            "originalMerchantOrderId": wanted.payment.reference,
            "amount": wanted.amount.amount,
        }
        return _refund_outcome(_granted(self._ask("POST", "/payments/v2/refund", payload=refund, now=now)))

    def look_up_refund(self, refund_reference: str, *, of: About, now: datetime) -> RefundOutcome:
        """Refund status API."""
        answer = self._ask("GET", f"/payments/v2/refund/{quote(refund_reference, safe='')}/status", now=now)
        refund = answer.json()
        if _unheard_of(refund):
            return RefundOutcome(RefundBecame.NOT_FOUND, word=text_of(refund, "code") or "")
        return _refund_outcome(_believed(answer, refund))

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The header is the bare lower-case SHA-256 of ``username:password`` (SDK 3.0.1), always the same."""
        pair = [self.account.credentials.get(name, "") for name in ("webhook_username", "webhook_password")]
        expected = hashlib.sha256(":".join(pair).encode()).hexdigest().encode()
        given = headers.get("authorization", "").encode(errors="replace")
        # With a half of the pair empty, the other half would be all there is to guess.
        if not all(pair) or not hmac.compare_digest(given, expected):
            raise BadSignature("The Authorization header is not this account's.")
        return _notice(body)

    def _ask(
        self, method: str, path: str, *, now: datetime, query: Json | None = None, payload: Json | None = None
    ) -> Answer:
        """One question with a token. If that is refused, once more with a new one; then BadCredentials.

        A 401 means that the question was not heard, so what keeps us from repeating it is still NotSent.
        """
        token = partial(usable_token, self.account.tokens, fetch=partial(self._fetch, now), now=now)
        ask = partial(call, method, self.address("pg") + path, query=query, payload=payload)
        with deadline(PATIENCE):
            first = token()
            answer = ask(headers={"Authorization": first})
            if answer.status == 401:
                answer = ask(headers={"Authorization": token(refused=first)})
        if answer.status == 401:
            raise BadCredentials("PhonePe refuses a token that it has just issued.")
        return answer

    def _fetch(self, now: datetime) -> Token:
        """Authorization API. Its ``expires_in`` is null; the times are in seconds."""
        form = {field: self.credential(field) for field in ("client_id", "client_secret", "client_version")}
        form["grant_type"] = "client_credentials"
        answer = call("POST", self.address("oauth") + "/v1/oauth/token", form=form)
        body = answer.json()
        if answer.good:
            return read_token(body, now=now, kind="O-Bearer")
        trouble = BadCredentials if answer.status in {400, 401, 403} else Unknown
        raise trouble(f"PhonePe issues no token: {_refusal(answer, body)}")

    def address(self, which: str) -> str:
        """The account's own address (``pg`` serves for tokens too, if it is alone) or the published one."""
        own = self.account.base_urls
        return (own.get(which) or own.get("pg") or HOSTS[which][self.account.live]).rstrip("/")


def _granted(answer: Answer) -> Json:
    """The body of a yes. Raises Refused for a definite no, and Unclear where it may be none."""
    body = answer.json()
    if answer.good:
        return body
    code, detail = text_of(body, "code", "errorCode"), text_of(body, "errorCode")
    if code is None or {code, detail} & UNCLEAR_CODES or answer.status in UNCLEAR_STATUSES:
        raise Unclear(_refusal(answer, body))
    raise Refused(code, scrub_text(text_of(body, "message") or ""))


def _unheard_of(body: Json) -> bool:
    """Whether PhonePe says that it has no such thing: by its code, whatever the HTTP status."""
    if "state" in body:
        return False
    said = text_of(body, "message") or ""
    return text_of(body, "code", "errorCode") in NO_SUCH or NO_ENTRY.match(said) is not None


def _believed(answer: Answer, body: Json) -> Json:
    if not answer.good:
        raise Unclear(_refusal(answer, body))
    return body


def _refusal(answer: Answer, body: Json) -> str:
    return f"HTTP {answer.status}, {text_of(body, 'code', 'errorCode') or 'no code'}"


def _outcome(order: Json, *, now: datetime) -> Outcome:
    word = _state(order)
    became = STATES.get(word, Became.UNRECOGNIZED)
    paid = whole_of(order, "amount") if became is Became.CAPTURED else None
    if became is Became.CAPTURED and paid is None:
        became = Became.UNRECOGNIZED
    attempt = _latest_attempt(order)
    reason = "expired" if became is Became.EXPIRED else None
    if became is Became.FAILED:
        became, reason = _why_failed(order, attempt)
    return Outcome(
        became,
        word=word,
        amount=None if paid is None else Money(paid, "INR"),
        reference=id_of(order, "merchantOrderId"),
        gateway_reference=id_of(order, "orderId"),
        transaction_reference=id_of(attempt, "transactionId"),
        reason=reason,
    )


def _state(body: Json) -> str:
    word = text_of(body, "state")
    if word is None:
        raise Unknown("An answer without a state")
    return word


def _latest_attempt(order: Json) -> Json:
    """The latest attempt to pay (the only one that we ask for); empty if there was none."""
    attempts = order.get("paymentDetails")
    latest = attempts[-1] if isinstance(attempts, list) and attempts else {}
    return latest if isinstance(latest, dict) else {}


def _why_failed(order: Json, attempt: Json) -> tuple[Became, str]:
    """What a FAILED order comes to in our words. PhonePe has no state for canceled, only error codes."""
    names = ("errorCode", "detailedErrorCode")
    codes = [text_of(of, name) or "" for of in (order, attempt) for name in names]
    if any("CANCEL" in code for code in codes):
        return Became.CANCELED, "canceled"
    if not attempt and not any(codes):  # nobody has tried: whatever our clock says, its time ran out
        return Became.EXPIRED, "expired"
    return Became.FAILED, next((REASONS[code] for code in codes if code in REASONS), "declined")


def _refund_outcome(refund: Json) -> RefundOutcome:
    word = _state(refund)
    amount = whole_of(refund, "amount")
    if word not in REFUND_STATES:
        raise Unclear(f"A refund that is {word}: a word that we do not know")
    return RefundOutcome(
        REFUND_STATES[word],
        word=word,
        amount=None if amount is None else Money(amount, "INR"),
        gateway_reference=id_of(refund, "refundId"),
        payment_reference=id_of(refund, "originalMerchantOrderId"),
    )


def _notice(body: bytes) -> Notice:
    """Bodies come with and without the ``event`` and ``payload`` envelope (webhook pages)."""
    told = read_object(body)
    about = told["payload"] if isinstance(told.get("payload"), dict) else told
    event = text_of(told, "event", "type") or "unnamed"
    refund_reference = id_of(about, "merchantRefundId")
    reference = id_of(about, "originalMerchantOrderId", "merchantOrderId")
    gateway_reference = id_of(about, "refundId", "orderId")
    ids = [refund_reference, reference, gateway_reference]
    # The transaction tells the failed attempts at one order apart.
    change = [event, *ids, text_of(about, "state"), text_of(_latest_attempt(about), "transactionId")]
    told_apart_by = json.dumps(change).encode() if any(ids) else body
    return Notice(
        event=event,
        dedupe_key=hashlib.sha256(told_apart_by).hexdigest(),
        reference=reference,
        refund_reference=refund_reference,
        gateway_reference=gateway_reference,
    )
