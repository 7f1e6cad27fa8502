"""The page where Stripe's customer pays, is declined, or goes back to the shop."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.errors import Closed
from sandbox.gateway import OUTCOMES
from sandbox.pages import facts, notice, page
from sandbox.stripe.books import COMPLETE, EXPIRED, UNPAID, Session
from sandbox.stripe.money import written
from sandbox.stripe.stories import Stories

PAGE = "/stripe/pay/{id}"
BRAND = "Stripe Checkout"
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"

PAGE_FAULTS = {
    "webhook_before_redirect": "The webhooks are delivered before the browser is sent back.",
    "page_down": "The hosted page answers 503.",
}
CLOSED = {
    COMPLETE: ("You have paid", "There is nothing left to do. You can close this page."),
    EXPIRED: ("This page has expired", "Nothing has been taken. Please go back and try again."),
}
DECLINED = "<p><strong>Your card was declined.</strong> Please try another one.</p>"


class Page:
    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self._world = stories.world

    async def show(self, request: Request) -> Response:
        """The session, and what can be done with it."""
        session = self._session(request)
        if session is None:
            return unknown_page()
        if self._stories.take("page_down", session):
            return notice(brand=BRAND, title="We will be back soon", text="Please try later.", status=503)
        session = self._stories.aged(session)
        if not self._stories.can_be_paid(session):
            return closed_page(session)
        return payment_page(session, was_declined=self._was_declined(session))

    async def choose(self, request: Request) -> Response:
        """Do what the customer chose; after a payment, or to go back, send the browser to the shop."""
        session = self._session(request)
        if session is None:
            return unknown_page()
        outcome = (await request.form()).get("outcome")
        if outcome not in OUTCOMES:
            return notice(brand=BRAND, title="Please choose", text="Pay, fail or cancel.", status=400)
        try:
            session = self._stories.settle(session, str(outcome))
        except Closed:
            return closed_page(self._stories.aged(session), status=409)
        if self._stories.take("webhook_before_redirect", session):
            courier = self._world.courier
            await courier.tried(courier.about(self._stories.gateway, session.reference))
        if session.status == COMPLETE:
            way_back = session.success_url.replace(PLACEHOLDER, session.id)
            return RedirectResponse(way_back, status_code=303)
        if outcome == "cancel" and session.cancel_url:
            return RedirectResponse(session.cancel_url, status_code=303)
        return RedirectResponse(str(request.url), status_code=303)

    def _session(self, request: Request) -> Session | None:
        return self._stories.books.sessions.one("id = ?", request.path_params["id"])

    def _was_declined(self, session: Session) -> bool:
        intent = self._stories.books.intents.get(session.intent_id) if session.intent_id else None
        return intent is not None and intent.status == UNPAID and bool(intent.last_payment_error)


def payment_page(session: Session, *, was_declined: bool) -> Response:
    price = written(session.amount, session.currency)
    until = datetime.fromtimestamp(session.expires_at / 1000, tz=UTC)
    rows = {"Order": session.reference or session.id, "Card": "4242 4242 4242 4242, any name"}
    rows |= {"Pay until": f"{until:%d %B %Y, %H:%M:%S} UTC"}
    manual = session.capture_method == "manual"
    say = "<p>Your card is only authorized. The shop takes the money later, or lets it go.</p>"
    body = (
        f"<h1>{escape(price)}</h1>{DECLINED if was_declined else ''}{facts(rows)}{say if manual else ''}"
        f'<form method="post"><button class="main" name="outcome" value="pay">Pay {escape(price)}</button>'
        '<button name="outcome" value="fail">Let the bank decline the card</button>'
        '<button name="outcome" value="cancel">Go back to the shop</button></form>'
    )
    return page(brand=BRAND, title=f"Pay {price}", body=body)


def closed_page(session: Session, *, status: int = 200) -> Response:
    title, text = CLOSED.get(session.status, ("Please try again", "Nothing has been taken."))
    back = session.success_url.replace(PLACEHOLDER, session.id)
    if session.status != COMPLETE:
        back = session.cancel_url
    return notice(brand=BRAND, title=title, text=text, back=back or None, status=status)


def unknown_page() -> Response:
    return notice(brand=BRAND, title="Unknown payment", text="This link leads to no session.", status=404)
