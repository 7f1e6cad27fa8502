"""What all who take part in a story share: the shop, the clock, the sales, and a line for each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.asking import StillUnknown
from holdfast.flows.cancellation import Owed
from holdfast.flows.rescheduling import Rescheduled
from holdfast.kernel.errors import HoldfastError
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from tests.stateful.agreement import Books
from tests.stateful.reference import Place, Sale
from tests.stateful.shop import MINUTES, TIMES, WAYS, Shop, open_shop
from tests.support.clockwork import A_SECOND, Clockwork, Killed
from tests.support.database import empty_database
from tests.support.practice import NOW
from tests.support.sandbox import Sandbox
from tests.support.stripe import in_toys_words

T = TypeVar("T")
GATEWAYS = ("reserving", "phonepe")  # the first reserves money: Toy, or Stripe
PLACES = [Place(offering, time) for offering in MINUTES for time in range(len(TIMES))]

# Which sale something happens to: mostly one that fits, and now and then any, in vain.
some_sale = st.integers(0, 9)
IN_VAIN = 8
MOST_SALES = 7
some_customer = st.integers(0, 2)
some_place = st.sampled_from(PLACES)
promptly = st.booleans()  # whether the worker sees at once to what follows
some_way = st.sampled_from(sorted(WAYS))
some_gateway = st.sampled_from(GATEWAYS)


class EveryRule:
    """Says of each rule that it may be used in this story."""

    def is_enabled(self, name: str) -> bool:
        return True


class Story(RuleBasedStateMachine):
    """One example. Each of its steps takes a second, and says what came of it."""

    def __init__(self, sandbox: Sandbox, *, reserving: str = "toy") -> None:
        super().__init__()
        self.called = {"reserving": reserving, "phonepe": "phonepe"}
        # Hypothesis would leave half of the rules out of each story; then too little happens in it.
        every: Any = EveryRule()
        self._rules_strategy.enabled_rules_strategy = st.just(every)
        empty_database()
        self.shop: Shop = open_shop(sandbox, reserving=reserving)
        self.clockwork = Clockwork(sandbox, start=NOW, gateways=(reserving, "phonepe"))
        if reserving == "stripe":
            self.clockwork.at["stripe"] = in_toys_words(sandbox)
        self.sales: list[Sale] = []
        self.books = Books.read(self.clockwork)  # as they were after the last step
        self.is_broken = False  # something has gone wrong: what comes after says nothing any more

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[object], None]]:
        """A second passes, and something happens. Refusals are among what may come of it, and so is death."""
        self.clockwork.wait(A_SECOND)
        came: list[str] = []
        try:
            yield lambda result: came.append(_in_short(result))
        except (HoldfastError, StillUnknown) as no:
            came.append(f"{type(no).__name__}: {no}")
        except Killed:
            came.append("and its process has died")
        except BaseException:
            self.is_broken = True
            raise
        finally:
            self.clockwork.remember()
            note(f"    # {self.clockwork.now:%d %H:%M:%S} {what}: {'; '.join(came) or 'done'}")

    def follow_up(self, promptly: bool) -> None:
        """The worker delivers what has just been posted, or is busy elsewhere."""
        if promptly:
            with self.step("the worker is prompt") as came:
                came(self.clockwork.deliver())

    def try_to(self, story: Callable[[], T]) -> T | HoldfastError:
        """What came of it, where a refusal has to be looked at."""
        try:
            return story()
        except HoldfastError as no:
            return no

    def adopt(self, customer: int, way: str, place: Place, *, promo: bool) -> Sale | None:
        """The order that a customer has just made, whatever came of it; None if there is none."""
        known = [sale.order for sale in self.sales]
        order = Order.objects.exclude(pk__in=known).first()
        if order is None:
            return None
        sale = Sale(len(self.sales), customer, way, place, promo, order.pk)
        assert order.total == sale.price, f"{sale} costs {order.total}, and should cost {sale.price}"
        self.sales.append(sale)
        return sale

    def pick(self, number: int, fits: Callable[[Sale], object]) -> Sale:
        """One of the sales that fit, or of all."""
        fitting = [sale for sale in self.sales if fits(sale)] if number < IN_VAIN else []
        return (fitting or self.sales)[number % len(fitting or self.sales)]

    def any_sale(self, fits: Callable[[Sale], object]) -> bool:
        """Whether there is one that something fits, as a precondition must know."""
        return any(fits(sale) for sale in self.sales)

    # ---- looking ----------------------------------------------------------------------------------------

    def booking_of(self, sale: Sale) -> Booking | None:
        found = Booking.objects.select_related("line__offering").filter(line__order_id=sale.order)
        return found.first()

    def payments_of(self, sale: Sale) -> list[Payment]:
        """The payments of a sale that some gateway knows of, the latest first."""
        payments = Payment.objects.filter(order_id=sale.order).exclude(account__gateway="offline")
        return list(payments.order_by("-pk"))

    def payment_of(self, sale: Sale, which: int) -> Payment | None:
        payments = self.payments_of(sale)
        return payments[min(which, len(payments) - 1)] if payments else None

    def offering(self, place: Place) -> Offering:
        return Offering.objects.select_related("business").get(pk=self.shop.offerings[place.offering].pk)

    def state_of(self, sale: Sale) -> str:
        """The state of its booking after the last step; empty where there is none."""
        booking = self.books.bookings.get(sale.order)
        return booking.state if booking is not None else ""

    def can_pay(self, sale: Sale) -> bool:
        return self.books.orders[sale.order].state == "placed" or sale.move is not None

    def has_a_page(self, sale: Sale) -> bool:
        return any(one.state in ("created", "pending") for one in self.books.of(sale))

    def lives(self, sale: Sale) -> bool:
        return self.state_of(sale) in ("pending_payment", "pending_approval", "confirmed")

    def is_paid(self, sale: Sale) -> bool:
        return self.state_of(sale) in ("pending_approval", "confirmed")

    def waits_for_an_answer(self, sale: Sale) -> bool:
        return self.state_of(sale) == "pending_approval"

    def who(self, sale: Sale, *, by_business: bool) -> Any:
        return self.shop.staff if by_business else self.shop.customers[sale.customer]

    def others_keep(self, place: Place, *, but: Sale | None = None) -> bool:
        """Whether anybody keeps this time by what we know, a move that waits included."""
        books = Books.read(self.clockwork)
        others = [sale for sale in self.sales if sale is not but]
        waits = any(sale.move is not None and sale.move.to.meets(place) for sale in others)
        return waits or any(books.keeps(sale) and sale.place.meets(place) for sale in others)


def _in_short(result: object) -> str:
    """What came of a step, in a few words."""
    if isinstance(result, HoldfastError):
        return f"{type(result).__name__}: {result}"
    return str(result) if isinstance(result, str | int | Sale | Owed | Rescheduled) else type(result).__name__
