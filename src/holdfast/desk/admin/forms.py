"""The admin's forms, where a model alone would take what the engine cannot work with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from holdfast.catalog.models import Business, Offering, Resource, Season, StayFee, StayRules
from holdfast.desk import checks
from holdfast.flows.gateways import credential_fields, gateway_labels
from holdfast.notifications.models import PusherAccount
from holdfast.orders.models import PromoCode
from holdfast.payments.models import GatewayAccount

from .unfolded import PasswordWidget, SelectWidget

CHANGED = "credential_"  # a credential's field in the form is named so


def checked(value: Any, check: Callable[[Any], list[str]]) -> Any:
    """The value, if the check finds nothing wrong with it."""
    if problems := check(value):
        raise ValidationError(problems)
    return value


def refuse_strangers(form: forms.ModelForm[Any], field: str, found: dict[str, Any]) -> None:
    """Whatever is chosen in this field must be of the business that the form is about."""
    business = found.get("business")
    strangers = [str(row) for row in found.get(field) or () if business and row.business_id != business.pk]
    if strangers:
        form.add_error(field, f"Not of this business: {', '.join(strangers)}.")


def refuse_no_pool(form: forms.ModelForm[Any], found: dict[str, Any]) -> None:
    """A room type has one pool of rooms, and needs nothing else."""
    needed = [resource.kind for resource in found.get("resources") or ()]
    if found.get("by_night") and needed != [Resource.Kind.PLACE]:
        form.add_error("resources", "What is sold by the night needs one pool of rooms, and nothing else.")


class StayFeeForm(forms.ModelForm[StayFee]):
    class Meta:
        model = StayFee
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        offering, business = found.get("offering"), found.get("business")
        if offering and business and offering.business_id != business.pk:
            self.add_error("offering", f"Not of this business: {offering}.")
        return found


class StayRulesForm(forms.ModelForm[StayRules]):
    class Meta:
        model = StayRules
        fields = "__all__"

    def has_changed(self) -> bool:
        """Whoever adds rules and leaves them as they are proposed has added them."""
        return self.instance.offering_id is None or super().has_changed()


class SeasonFormSet(forms.BaseInlineFormSet[Season, Offering, forms.ModelForm[Season]]):
    """The table compares each with those that are kept; seasons that are written together, only this does."""

    def clean(self) -> None:
        super().clean()
        written = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        spans = sorted((one["first_night"], one["last_night"]) for one in written if not one.get("DELETE"))
        if any(following[0] <= one[1] for one, following in pairwise(spans)):
            raise ValidationError("Two of these seasons have a night in common.")


class BusinessForm(forms.ModelForm[Business]):
    class Meta:
        model = Business
        fields = "__all__"

    def clean_timezone(self) -> str:
        return str(checked(self.cleaned_data["timezone"], checks.wrong_zone))

    def clean_currency(self) -> str:
        return str(checked(self.cleaned_data["currency"].upper(), checks.wrong_currency))

    def clean_country(self) -> str:
        country = str(self.cleaned_data["country"]).upper()
        if not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise ValidationError("Two letters, such as IN.")
        return country

    def clean_return_origins(self) -> list[str]:
        return list(checked(self.cleaned_data["return_origins"] or [], checks.wrong_origins))


class OfferingForm(forms.ModelForm[Offering]):
    class Meta:
        model = Offering
        fields = "__all__"

    def clean_languages(self) -> list[str]:
        return list(checked(self.cleaned_data["languages"] or [], checks.wrong_languages))

    def clean_terms(self) -> dict[str, Any]:
        return dict(checked(self.cleaned_data["terms"] or {}, checks.wrong_terms))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        refuse_strangers(self, "resources", found)
        refuse_no_pool(self, found)
        return found


class PromoCodeForm(forms.ModelForm[PromoCode]):
    """What a code must be, the table says itself; that its offerings are of its business, only a form can."""

    class Meta:
        model = PromoCode
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["business"].disabled = True

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        refuse_strangers(self, "offerings", found)
        return found


class NewGatewayAccountForm(forms.ModelForm[GatewayAccount]):
    """Which gateway first; what it needs to know is asked on the next page."""

    gateway = forms.ChoiceField(choices=lambda: gateway_labels().items(), widget=SelectWidget())

    class Meta:
        model = GatewayAccount
        fields = ("business", "gateway", "mode", "position", "base_urls")

    def clean_base_urls(self) -> dict[str, str]:
        return dict(checked(self.cleaned_data["base_urls"] or {}, checks.wrong_addresses))


class GatewayAccountForm(forms.ModelForm[GatewayAccount]):
    """Secrets go in and never come out: what is left empty stays as it is."""

    class Meta:
        model = GatewayAccount
        fields = ("active", "position", "base_urls")

    def clean_base_urls(self) -> dict[str, str]:
        return dict(checked(self.cleaned_data["base_urls"] or {}, checks.wrong_addresses))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        missing = [
            name for name in credential_fields(self.instance.gateway) if not self.credentials.get(name)
        ]
        if found.get("active") and missing:
            raise ValidationError(f"It cannot be active without {', '.join(missing)}.")
        return found

    def save(self, commit: bool = True) -> GatewayAccount:
        self.instance.credentials = self.credentials
        return super().save(commit)

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials as they are to be kept: the old ones, with what was typed anew."""
        typed = {
            name: self.cleaned_data.get(CHANGED + name, "").strip()
            for name in credential_fields(self.instance.gateway)
        }
        return {**self.instance.credentials, **{name: value for name, value in typed.items() if value}}


def account_form(account: GatewayAccount) -> type[GatewayAccountForm]:
    """The form of one account, with a write-only field for each credential of its gateway."""
    secrets = {CHANGED + name: _secret(account, name) for name in credential_fields(account.gateway)}
    return type("GatewayAccountForm", (GatewayAccountForm,), secrets)


def _secret(account: GatewayAccount, name: str) -> forms.CharField:
    is_set = bool(account.credentials.get(name))
    return forms.CharField(
        label=name.replace("_", " ").capitalize(),
        required=False,
        max_length=4000,
        help_text="Set. Leave empty to keep it." if is_set else "Not set yet.",
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
    )


class PusherAccountForm(forms.ModelForm[PusherAccount]):
    """The secret goes in and never comes out: left empty, it stays as it is."""

    secret = forms.CharField(
        required=False,
        max_length=200,
        help_text="Left empty, it stays as it is.",
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = PusherAccount
        fields = ("business", "app_id", "key", "secret", "cluster", "base_url", "is_open", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("secret", None)

    def clean_secret(self) -> str:
        typed = str(self.cleaned_data["secret"]).strip() or self.instance.secret
        if not typed:
            raise ValidationError("Pusher wants to see its secret's signature.")
        return str(typed)

    def clean_base_url(self) -> str:
        url = str(self.cleaned_data["base_url"]).strip()
        checked({"api": url} if url else {}, checks.wrong_addresses)
        return url
