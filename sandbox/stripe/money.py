"""Which currencies Stripe takes, how little of each, and how an amount is written."""

from __future__ import annotations

from sandbox.stripe.errors import StripeError, bad_parameter

ALL = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr
ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur
mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr
sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg
xof xpf yer zar zmw
"""
WITHOUT_CENTS = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
CURRENCIES = frozenset(ALL.split())
WHOLE = frozenset(WITHOUT_CENTS.split())
THOUSANDTHS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
ROUND = dict.fromkeys(THOUSANDTHS, 10) | {"isk": 100}  # an amount is a multiple of this
# The least that can be charged. Of a currency that is not here it is about what 0.50 USD are worth.
LEAST = {"usd": 50, "eur": 50, "cad": 50, "aud": 50, "gbp": 30, "inr": 50, "jpy": 50, "aed": 200, "hkd": 400}
LEAST_OF_OTHERS = 50
MOST = 99_999_999


def check_currency(currency: str, *, param: str) -> str:
    if currency not in CURRENCIES:
        raise bad_parameter(param, f"Invalid currency: {currency}. Stripe does not support it.")
    return currency


def check_amount(amount: int, currency: str, *, param: str) -> int:
    """An amount that can be charged. Raises StripeError."""
    least = LEAST.get(currency, LEAST_OF_OTHERS)
    if amount < least:
        raise too_small(least, currency, param=param)
    if amount > MOST:
        limit = f"Amount must be no more than {written(MOST, currency)}"
        raise bad_parameter(param, limit, code="amount_too_large")
    if amount % ROUND.get(currency, 1):
        raise bad_parameter(param, f"Invalid amount: {currency} is not divided as finely as {amount}")
    return amount


def too_small(least: int, currency: str, *, param: str) -> StripeError:
    limit = f"The total amount due must add up to at least {written(least, currency)}"
    return bad_parameter(param, limit, code="amount_too_small")


def written(amount: int, currency: str) -> str:
    """An amount for people.

    >>> written(1_234_550, "usd"), written(500, "jpy"), written(1_500, "kwd")
    ('USD 12,345.50', 'JPY 500', 'KWD 1.500')
    """
    digits = 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2
    return f"{currency.upper()} {amount / 10**digits:,.{digits}f}"
