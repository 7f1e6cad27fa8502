"""Payments and the movements of their money: nobody edits them, and what goes back is asked for here."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from holdfast.flows.reconciliation import look_at
from holdfast.flows.refunds import give_back_what_waits, leave_to_a_person, record_refund, refund_some
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import PayLink, Payment, Transaction

from .acting import ask, do_to_each, only_one
from .asking_forms import RefundForm
from .common import ReadOnlyInline, ReadOnlyPage, Rows, StateFilter, money, who
from .timeline import WithTimeline


class PaymentAmounts:
    """A payment's columns as money; the columns themselves are minor units."""

    @admin.display(description="amount", ordering="amount")
    def asked(self, payment: Payment) -> str:
        return str(payment.money)

    @admin.display(description="reserved", ordering="authorized")
    def reserved(self, payment: Payment) -> str:
        return money(payment.authorized, payment.currency)

    @admin.display(description="captured", ordering="captured")
    def took(self, payment: Payment) -> str:
        return money(payment.captured, payment.currency)

    @admin.display(description="being refunded", ordering="refunding")
    def gives_back(self, payment: Payment) -> str:
        return money(payment.refunding, payment.currency)

    @admin.display(description="refunded", ordering="refunded")
    def gave_back(self, payment: Payment) -> str:
        return money(payment.refunded, payment.currency)

    @admin.display(description="left without us", ordering="reversed")
    def left_without_us(self, payment: Payment) -> str:
        return money(payment.reversed, payment.currency)


class TransactionAmounts:
    @admin.display(description="amount", ordering="amount")
    def moved(self, transaction: Transaction) -> str:
        return str(transaction.money)


class PaymentInline(PaymentAmounts, ReadOnlyInline):
    model = Payment
    fields = ("reference", "state", "asked", "reserved", "took", "gave_back", "wins", "quarantined")


class TransactionInline(TransactionAmounts, ReadOnlyInline):
    model = Transaction
    fields = ("kind", "state", "moved", "by_hand", "key", "gateway_reference", "word", "reason", "created_at")
    reads_with = ("payment",)


@admin.register(Payment)
class PaymentPage(PaymentAmounts, WithTimeline):
    list_display = ("reference", "business", "gateway", "asked", "took", "gave_back", "state", "wins")
    list_filter = (
        StateFilter,
        "wins",
        "quarantined",
        "account__gateway",
        "account__mode",
        "order__business",
        "created_at",
        "capture_before",
        ("recorded_by", admin.EmptyFieldListFilter),
    )
    list_select_related = ("account", "order__business")
    search_fields = ("reference", "gateway_reference", "transactions__key", "order__customer__email")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        "reference",
        "gateway_reference",
        "uuid",
        "order",
        "due",
        "account",
        "recorded_by",
        "state",
        "reason",
        "asked",
        "reserved",
        "capture_before",
        "took",
        "gives_back",
        "gave_back",
        "left_without_us",
        "wins",
        "won_at",
        "quarantined",
        "created_at",
        "expires_at",
        "looked_at",
        "next_look_at",
    )
    inlines = (TransactionInline,)
    actions = ("look_now", "refund_part", "give_back")

    @admin.action(description="Look at the gateway now")
    def look_now(self, request: HttpRequest, payments: Rows) -> None:
        """Settle the chosen payments by their gateway's word, as the reconciler would."""

        def act(payment: Payment) -> str:
            look_at(payment.pk, now=utc_now())
            payment.refresh_from_db()
            return f"{payment.reference} is {payment.state}."

        do_to_each(self, request, payments, act, done="Looked at the gateway")

    @admin.action(description="Refund a part; the booking stands")
    def refund_part(self, request: HttpRequest, payments: Rows) -> HttpResponse | None:
        """Give back a part of what pays for a booking that stands."""
        payment = only_one(self, request, payments)
        if payment is None:
            return None
        title = f"How much of {payment} goes back?"
        told = ask(self, request, payments, RefundForm, action="refund_part", title=title)
        if isinstance(told, HttpResponse):
            return told

        def act(payment: Payment) -> str:
            amount, why = told.money_in(payment.currency), told.cleaned_data["reason"]
            refund_some(payment.pk, amount, reason=why, by=who(request), now=utc_now())
            return f"{amount} of {payment.reference} goes back."

        do_to_each(self, request, payments, act, done="Refunded a part")
        return None

    @admin.action(description="Give back money that pays nothing")
    def give_back(self, request: HttpRequest, payments: Rows) -> None:
        """Send back what the chosen payments have taken without paying for anything: quarantined, mostly."""

        def act(payment: Payment) -> str:
            amount = give_back_what_waits(payment.pk, by=who(request), now=utc_now())
            return f"{amount} of {payment.reference} goes back."

        do_to_each(self, request, payments, act, done="Gave back what paid nothing")

    @admin.display(ordering="order__business")
    def business(self, payment: Payment) -> str:
        return payment.order.business.name

    @admin.display(ordering="account__gateway")
    def gateway(self, payment: Payment) -> str:
        return f"{payment.account.gateway} ({payment.account.mode})"


@admin.register(Transaction)
class TransactionPage(TransactionAmounts, ReadOnlyPage):
    list_display = ("key", "payment", "kind", "moved", "state", "by_hand", "word", "created_at")
    list_filter = (
        StateFilter,
        "kind",
        "by_hand",
        "payment__account__gateway",
        "payment__order__business",
        "created_at",
    )
    list_select_related = ("payment",)
    search_fields = ("key", "payment__reference", "gateway_reference")
    fields = (
        "payment",
        "kind",
        "moved",
        "state",
        "by_hand",
        "word",
        "reason",
        "key",
        "gateway_reference",
        "created_at",
    )
    date_hierarchy = "created_at"
    ordering = ("-id",)
    actions = ("refund_was_made", "leave_to_somebody")

    @admin.action(description="This refund was made by hand")
    def refund_was_made(self, request: HttpRequest, movements: Rows) -> None:
        """Say that somebody has given the money back whose gateway cannot."""

        def act(refund: Transaction) -> str:
            record_refund(refund.pk, by=who(request), now=utc_now())
            return f"{refund.key} is done: {refund.money} has been given back."

        do_to_each(self, request, movements, act, done="Recorded as given back by hand")

    @admin.action(description="Give this failed refund back by hand")
    def leave_to_somebody(self, request: HttpRequest, movements: Rows) -> None:
        """Owe by hand what the gateway has refused for good to give back."""

        def act(refund: Transaction) -> str:
            leave_to_a_person(refund.pk, by=who(request), now=utc_now())
            return f"{refund.money} of {refund.payment} is now to be given back by hand."

        do_to_each(self, request, movements, act, done="Left to a person")


@admin.register(PayLink)
class PayLinkPage(ReadOnlyPage):
    list_display = ("id", "due", "made_by", "created_at")
    list_filter = ("due__order__business", "created_at")
    list_select_related = ("due",)
    search_fields = ("=due__order__id",)
    fields = ("due", "made_by", "created_at")
    ordering = ("-id",)
