"""What an action asks before it is done: a reason, an amount."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from holdfast.flows.recording import Method
from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import EXPONENTS, Money

from .unfolded import DecimalWidget, SelectWidget, TextWidget


class ReasonForm(forms.Form):
    """Why; whoever is concerned reads it."""

    reason = forms.CharField(max_length=150, widget=TextWidget(), help_text="The customer is told this.")


class AmountForm(forms.Form):
    """How much, in whole currency units with decimals, as people write it."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"), max_digits=14, decimal_places=2, widget=DecimalWidget()
    )

    def money_in(self, currency: str) -> Money:
        """The amount that was filled in. Raises Invalid where the currency has no such decimals."""
        minor = Decimal(self.cleaned_data["amount"]).scaleb(EXPONENTS[currency])
        if minor != minor.to_integral_value():
            raise Invalid({"amount": [f"This is not an amount in {currency}."]})
        return Money(int(minor), currency)


class MoneyTakenForm(AmountForm):
    """What a person took, which must be what is asked for next."""

    method = forms.TypedChoiceField(
        choices=[(method.value, method.value.capitalize()) for method in Method],
        coerce=Method,
        widget=SelectWidget(),
    )
    note = forms.CharField(
        max_length=80, required=False, widget=TextWidget(), help_text="A receipt's or a transfer's number."
    )


class RefundForm(AmountForm, ReasonForm):
    """How much goes back of a payment whose booking stands, and why."""
