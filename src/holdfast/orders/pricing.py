"""What an order costs: discounts split over its services, fees, and tax within the prices or on top of them.

All amounts are whole minor units. Nothing is lost in rounding: the shares of a discount are exactly the
discount, and the total is what the lines add up to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import Money

WHOLE_RATE = 10_000  # a tax rate is in basis points


class Kind(StrEnum):
    """What a line is for. All but a service belong to one, so that one service can be given back."""

    SERVICE = "service"
    FEE = "fee"
    TAX = "tax"
    DISCOUNT = "discount"


@dataclass(frozen=True)
class Priced:
    """A service that is wanted, at its price. ``offering`` is an id, by which a promo code may choose."""

    title: str
    price: int
    tax_rate: int = 0
    offering: int | None = None

    def __post_init__(self) -> None:
        assert self.price >= 0
        assert 0 <= self.tax_rate <= WHOLE_RATE


@dataclass(frozen=True)
class Fee:
    """What is charged besides, for the service of this index. It is never discounted."""

    title: str
    price: int
    of: int
    tax_rate: int = 0

    def __post_init__(self) -> None:
        assert self.price >= 0
        assert 0 <= self.tax_rate <= WHOLE_RATE


@dataclass(frozen=True)
class Promo:
    """What a promo code takes off: a percentage, or else an amount. It applies to the services of these
    offerings, of all if there are none; ``minimum_total`` is what all services must cost before it.
    """

    code: str
    percent: int | None = None
    amount: int | None = None
    applies_to: frozenset[int] = frozenset()
    minimum_total: int = 0

    def __post_init__(self) -> None:
        assert (self.percent is None) != (self.amount is None)
        assert self.percent is None or 1 <= self.percent <= 100
        assert self.amount is None or self.amount >= 0

    def is_for(self, service: Priced) -> bool:
        return not self.applies_to or service.offering in self.applies_to

    def off(self, price: int) -> int:
        """What comes off this price: never more than it is."""
        wanted = half_up(price * self.percent, 100) if self.percent is not None else self.amount or 0
        return min(wanted, price)


@dataclass(frozen=True)
class QuotedLine:
    """A line as it will be written. ``of`` is the index of the service it belongs to, None for a service."""

    kind: Kind
    title: str
    price: int
    of: int | None = None
    tax_rate: int = 0
    tax: int = 0


@dataclass(frozen=True)
class Quote:
    """What is to be paid. ``subtotal`` is the services alone, ``discount`` a positive number, ``tax`` all tax
    whether it is within the prices or on top. The services come first among the lines, in their order.
    """

    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    lines: tuple[QuotedLine, ...]

    @property
    def services(self) -> tuple[QuotedLine, ...]:
        return tuple(line for line in self.lines if line.kind is Kind.SERVICE)

    @property
    def parts(self) -> tuple[QuotedLine, ...]:
        """The lines that belong to a service."""
        return tuple(line for line in self.lines if line.kind is not Kind.SERVICE)


def quote(
    services: Sequence[Priced],
    *,
    currency: str,
    promo: Promo | None = None,
    fees: Sequence[Fee] = (),
    tax_name: str = "",
    prices_include_tax: bool = True,
) -> Quote:
    """What these services cost, line by line.

    Raises Invalid for a promo code that is for none of them, or for dearer orders. Tax is on the price less
    its discount, and on fees.
    """
    lines = [QuotedLine(Kind.SERVICE, one.title, one.price, None, one.tax_rate) for one in services]
    lines += _discounts(services, promo, currency) if promo else []
    lines += [QuotedLine(Kind.FEE, fee.title, fee.price, fee.of, fee.tax_rate) for fee in fees]
    lines += _taxes(lines, tax_name=tax_name, prices_include_tax=prices_include_tax)
    return Quote(
        currency=currency,
        subtotal=sum(one.price for one in services),
        discount=-sum(line.price for line in lines if line.kind is Kind.DISCOUNT),
        tax=sum(line.tax for line in lines),
        total=sum(line.price for line in lines),
        lines=tuple(lines),
    )


def _discounts(services: Sequence[Priced], promo: Promo, currency: str) -> list[QuotedLine]:
    if not any(promo.is_for(one) for one in services):
        raise Invalid({"promo_code": ["This code is not for what you have chosen."]})
    if sum(one.price for one in services) < promo.minimum_total:
        least = Money(promo.minimum_total, currency)
        raise Invalid({"promo_code": [f"This code is for orders of {least} or more."]})
    weights = [one.price if promo.is_for(one) else 0 for one in services]
    shares = split(promo.off(sum(weights)), weights)
    return [
        QuotedLine(Kind.DISCOUNT, promo.code, -share, index, service.tax_rate)
        for index, (service, share) in enumerate(zip(services, shares, strict=True))
        if share
    ]


def _taxes(lines: Iterable[QuotedLine], *, tax_name: str, prices_include_tax: bool) -> list[QuotedLine]:
    """A tax line for each service and each rate at which it, its discount and its fees are taxed."""
    service_index = 0
    taxed: dict[tuple[int, int], int] = {}
    for line in lines:
        of = line.of
        if of is None:
            of, service_index = service_index, service_index + 1
        if line.tax_rate:
            taxed[of, line.tax_rate] = taxed.get((of, line.tax_rate), 0) + line.price
    return [
        tax_line(base, of=of, rate=rate, tax_name=tax_name, prices_include_tax=prices_include_tax)
        for (of, rate), base in sorted(taxed.items())
    ]


def tax_line(base: int, *, of: int | None, rate: int, tax_name: str, prices_include_tax: bool) -> QuotedLine:
    """The tax on ``base``, which may be less than nothing: a discount takes its tax away with it."""
    tax = half_up(base * rate, WHOLE_RATE + rate if prices_include_tax else WHOLE_RATE)
    title = f"{tax_name or 'Tax'} {rate / 100:g}%"
    return QuotedLine(Kind.TAX, title, 0 if prices_include_tax else tax, of, rate, tax)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Share out an amount by weight, to the last unit: what is left over goes to the largest remainders,
    among equals to the earlier.
    """
    whole = sum(weights)
    if not whole:
        assert not amount, "nothing can be shared out among nobody"
        return [0 for _ in weights]
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(amount * weights[index] % whole))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return shares


def half_up(number: int, by: int) -> int:
    """Divide, and round a half away from nothing."""
    magnitude = (2 * abs(number) + by) // (2 * by)
    return magnitude if number >= 0 else -magnitude
