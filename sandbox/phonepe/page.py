"""The page where PhonePe's customer pays, fails, or thinks better of it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.errors import Closed
from sandbox.gateway import OUTCOMES
from sandbox.pages import facts, notice, page
from sandbox.phonepe.books import COMPLETED, FAILED, PENDING, Order
from sandbox.phonepe.stories import Stories

BRAND = "PhonePe"

PAGE_FAULTS = {
    "webhook_before_redirect": "The webhook is delivered before the browser is sent back.",
    "redirect_with_parameters": "The browser comes back with parameters that say the opposite of the truth.",
    "page_down": "The hosted page answers 503.",
    "page_requires_referer": "The hosted page refuses a browser that says not where it comes from.",
    "page_redirect_loop": "The hosted page redirects to itself.",
}
CLOSED = {
    COMPLETED: ("This order has been paid", "There is nothing left to do. You can close this page."),
    FAILED: (
        "This order can no longer be paid",
        "Its time has run out, or the payment was not made. Nothing has been taken. Please order again.",
    ),
    PENDING: ("Your bank is still working on it", "You have done your part; the answer is on its way."),
}


class Page:
    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self._world = stories.world

    async def show(self, request: Request) -> Response:
        """The order, and what can be done with it."""
        order = self._order(request)
        if order is None:
            return unknown_page()
        out_of_order = self._out_of_order(request, order)
        if out_of_order:
            return out_of_order
        order = self._stories.expired(order)
        open_still = self._stories.can_be_paid(order) and not order.under_way
        return order_page(order) if open_still else closed_page(order)

    async def choose(self, request: Request) -> Response:
        """Do what the customer chose, and send the browser back to the merchant."""
        order = self._order(request)
        if order is None:
            return unknown_page()
        outcome = (await request.form()).get("outcome")
        if outcome not in OUTCOMES:
            return notice(brand=BRAND, title="Please choose", text="Pay, fail or cancel.", status=400)
        try:
            order = self._stories.settle(order, str(outcome))
        except Closed:
            return closed_page(self._stories.expired(order), status=409)
        if self._take("webhook_before_redirect", order):
            courier = self._world.courier
            await courier.tried(courier.about(self._stories.gateway, order.merchant_order_id))
        return RedirectResponse(self._way_back(order), status_code=303)

    def _order(self, request: Request) -> Order | None:
        return self._stories.books.order("page_token = ?", request.query_params.get("token", ""))

    def _take(self, name: str, order: Order) -> bool:
        return self._world.faults.take(self._stories.gateway, name, order.merchant_order_id) is not None

    def _out_of_order(self, request: Request, order: Order) -> Response | None:
        if self._take("page_down", order):
            return notice(brand=BRAND, title="We will be back soon", text="Please try later.", status=503)
        if self._take("page_redirect_loop", order):
            return RedirectResponse(str(request.url), status_code=302)
        if not request.headers.get("referer") and self._take("page_requires_referer", order):
            text = "This page must be opened from the merchant's own site."
            return notice(brand=BRAND, title="Unknown origin", text=text, status=403)
        return None

    def _way_back(self, order: Order) -> str:
        if not self._take("redirect_with_parameters", order):
            return order.redirect_url
        claim = "PAYMENT_ERROR" if order.state == COMPLETED else "PAYMENT_SUCCESS"
        parts = urlsplit(order.redirect_url)
        lies = urlencode({"code": claim, "transactionId": "ANOTHER-ORDER-1", "amount": "100"})
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, lies)))))


def order_page(order: Order) -> Response:
    until = datetime.fromtimestamp(order.expire_at / 1000, tz=UTC)
    rows = {"Order": order.merchant_order_id, "Pay until": f"{until:%d %B %Y, %H:%M:%S} UTC"}
    body = (
        f"<h1>{escape(rupees(order.amount))}</h1>{facts(rows)}"
        '<form method="post"><button class="main" name="outcome" value="pay">'
        f"Pay {escape(rupees(order.amount))}</button>"
        '<button name="outcome" value="fail">Let the payment fail</button>'
        '<button name="outcome" value="cancel">Cancel</button></form>'
    )
    return page(brand=BRAND, title=f"Pay {rupees(order.amount)}", body=body)


def closed_page(order: Order, *, status: int = 200) -> Response:
    title, text = CLOSED[order.state]
    return notice(brand=BRAND, title=title, text=text, back=order.redirect_url, status=status)


def unknown_page() -> Response:
    return notice(brand=BRAND, title="Unknown payment", text="This link leads to no order.", status=404)


def rupees(paisa: int) -> str:
    """An amount as it is written in India.

    >>> rupees(12_345_650)
    '₹1,23,456.50'
    """
    whole, rest = divmod(paisa, 100)
    head, tail = str(whole)[:-3], str(whole)[-3:]
    groups = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return f"₹{','.join([*groups, tail])}.{rest:02d}"
