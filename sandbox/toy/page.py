"""The page where Toy's customer pays, is declined, or thinks better of it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.errors import Closed
from sandbox.gateway import OUTCOMES
from sandbox.pages import facts, notice, page
from sandbox.toy.books import OPEN, Payment
from sandbox.toy.stories import Stories

PAGE = "/toy/pay/{token}"
BRAND = "Toy"

PAGE_FAULTS = {
    "page_down": "The hosted page answers 503.",
}


class Page:
    def __init__(self, stories: Stories) -> None:
        self._stories = stories

    async def show(self, request: Request) -> Response:
        """The payment, and what can be done with it."""
        payment = self._payment(request)
        if payment is None:
            return unknown_page()
        if self._stories.take("page_down", payment):
            return notice(brand=BRAND, title="We will be back soon", text="Please try later.", status=503)
        payment = self._stories.aged(payment)
        return payment_page(payment) if self._stories.can_be_paid(payment) else closed_page(payment)

    async def choose(self, request: Request) -> Response:
        """Do what the customer chose, and send the browser back to the merchant."""
        payment = self._payment(request)
        if payment is None:
            return unknown_page()
        outcome = (await request.form()).get("outcome")
        if outcome not in OUTCOMES:
            return notice(brand=BRAND, title="Please choose", text="Pay, fail or cancel.", status=400)
        try:
            payment = self._stories.settle(payment, str(outcome))
        except Closed:
            return closed_page(self._stories.aged(payment), status=409)
        return RedirectResponse(payment.return_url, status_code=303)

    def _payment(self, request: Request) -> Payment | None:
        return self._stories.books.payment("page_token = ?", request.path_params["token"])


def payment_page(payment: Payment) -> Response:
    price = f"{payment.currency} {payment.amount / 100:,.2f}"
    until = datetime.fromtimestamp(payment.expires_at / 1000, tz=UTC)
    rows = {"Payment": payment.reference, "Pay until": f"{until:%d %B %Y, %H:%M:%S} UTC"}
    verb = "Reserve" if payment.manual else "Pay"
    body = (
        f"<h1>{escape(price)}</h1>{facts(rows)}"
        f'<form method="post"><button class="main" name="outcome" value="pay">{verb} {escape(price)}</button>'
        '<button name="outcome" value="fail">Let the bank decline</button>'
        '<button name="outcome" value="cancel">Cancel</button></form>'
    )
    return page(brand=BRAND, title=f"{verb} {price}", body=body)


def closed_page(payment: Payment, *, status: int = 200) -> Response:
    text = f"It is {payment.state}. There is nothing left to do here."
    title = "This payment is closed" if payment.state != OPEN else "Please try again"
    return notice(brand=BRAND, title=title, text=text, back=payment.return_url, status=status)


def unknown_page() -> Response:
    return notice(brand=BRAND, title="Unknown payment", text="This link leads to no payment.", status=404)
