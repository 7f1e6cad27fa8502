"""What nobody does on purpose: time, the network, ill gateways, and processes that die."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from holdfast.flows.webhooks import Call, receive, store_forged
from tests.stateful.story import Story, some_sale
from tests.support.clockwork import Clockwork

# None of them adds up to any deadline, so that a second more or less decides nothing.
JUMPS = {
    "seconds": timedelta(seconds=17),
    "minutes": timedelta(minutes=4, seconds=10),
    "a hold": timedelta(minutes=13),
    "hours": timedelta(hours=5, minutes=7),
    "a day": timedelta(hours=26, minutes=3),
    "days": timedelta(days=3, hours=1),
    "a week": timedelta(days=7, hours=2),
}
Fault = tuple[str, str, dict[str, Any]]
# What the gateways do wrong once, at the next occasion: gateway, name, and what is said besides.
FAULTS: tuple[Fault, ...] = (
    ("phonepe", "token_500_before", {}),
    ("phonepe", "pay_500_before", {}),
    ("phonepe", "pay_500_after", {}),
    ("phonepe", "pay_reset_after", {}),
    ("phonepe", "status_500_before", {}),
    ("phonepe", "status_truncated", {}),
    ("phonepe", "status_lag", {}),
    ("phonepe", "status_unknown_state", {}),
    ("phonepe", "status_not_found", {}),
    ("phonepe", "status_of_another_order", {}),
    ("phonepe", "amount_lower", {}),
    ("phonepe", "amount_higher", {}),
    ("phonepe", "pending_then_completed", {}),
    ("phonepe", "failed_then_completed", {"seconds": 400}),
    ("phonepe", "success_after_expiry", {}),
    ("phonepe", "late_success", {}),
    ("phonepe", "refund_500_before", {}),
    ("phonepe", "refund_500_after", {}),
    ("phonepe", "refund_not_eligible", {}),
    ("phonepe", "refund_excess", {}),
    ("phonepe", "refund_fails", {}),
    ("phonepe", "refund_stuck", {}),
    ("phonepe", "refund_not_found", {}),
    ("phonepe", "refund_status_reset_before", {}),
    ("reserving", "start_500_before", {}),
    ("reserving", "start_reset_after", {}),
    ("reserving", "look_up_500_before", {}),
    ("reserving", "look_up_lag", {}),
    ("reserving", "look_up_unknown_state", {}),
    ("reserving", "look_up_another_payment", {}),
    ("reserving", "amount_lower", {}),
    ("reserving", "amount_higher", {}),
    ("reserving", "pay_pending", {}),
    ("reserving", "late_success", {}),
    ("reserving", "authorization_short", {"seconds": 9_000}),
    ("reserving", "authorization_lapses_early", {"seconds": 400}),
    ("reserving", "capture_declined", {}),
    ("reserving", "capture_declined", {"then": "lapsed"}),
    ("reserving", "capture_500_before", {}),
    ("reserving", "capture_500_after", {}),
    ("reserving", "capture_pending", {}),
    ("reserving", "capture_pending", {"ends": "authorized"}),
    ("reserving", "void_500_before", {}),
    ("reserving", "void_500_after", {}),
    ("reserving", "captured_outside", {}),
    ("reserving", "voided_outside", {}),
    ("reserving", "refund_500_after", {}),
    ("reserving", "refund_refused", {}),
    ("reserving", "refund_pending", {}),
    ("reserving", "refund_fails", {}),
    ("reserving", "refund_fails_after_success", {}),
)
UNKNOWN = {("stripe", "capture_pending")}  # a card is charged, or not, at once


class Surroundings(Story):
    """Everything that a story has to bear."""

    @rule(jump=st.sampled_from(sorted(JUMPS)))
    def wait(self, jump: str) -> None:
        with self.step(f"time passes: {jump}"):
            self.clockwork.wait(JUMPS[jump])

    @rule(who=st.sampled_from(["the worker", "the reconciler", "the sweeper", "everybody", "everybody"]))
    def processes_run(self, who: str) -> None:
        """Some process of ours has its turn; or each of them, until nothing is due at this moment."""
        run = {
            "the worker": self.clockwork.deliver,
            "the reconciler": self.clockwork.reconcile,
            "the sweeper": self.clockwork.sweep,
            "everybody": self.clockwork.run_down,
        }
        with self.step(f"{who} does what is due") as came:
            came(run[who]())

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=4), dies_in=st.integers(0, 45))
    def troubles_come(self, faults: list[Fault], dies_in: int) -> None:
        """Gateways are about to misbehave, and a process of ours is to die after so many statements."""
        for gateway, name, extra in faults:
            with self.step(f"{gateway} is about to misbehave: {name} {extra or ''}"):
                if (self.called[gateway], name) not in UNKNOWN:
                    self.clockwork.at[self.called[gateway]].arm(name, **extra)
        if dies_in:
            with self.step(f"the next process is to die at its statement {dies_in}"):
                self.clockwork.die_in(dies_in)

    @precondition(lambda self: self.sales)
    @rule(nth=some_sale, manner=st.sampled_from(["once", "twice", "backwards", "forged"]))
    def webhooks_arrive(self, nth: int, manner: str) -> None:
        """All that was sent about a sale so far arrives, in some manner; or what somebody makes up."""
        sale = self.pick(nth, self.has_a_page)
        with self.step(f"the webhooks about {sale} arrive, {manner}"):
            for payment in self.payments_of(sale):
                sent = webhooks_about(self.clockwork, payment.account.gateway, payment.reference)
                for call in MANNERS[manner](sent):
                    assert receive(call, now=self.clockwork.now), "it is the gateway's own"
                if manner == "forged":
                    self._forge(payment.reference)

    def _forge(self, reference: str) -> None:
        """Somebody says that it was paid, and does not know the secret."""
        body = f'{{"event": "checkout.order.completed", "payload": {{"merchantOrderId": "{reference}"}}}}'
        forged = Call("phonepe", None, {"authorization": "0" * 64}, body.encode())
        assert not receive(forged, now=self.clockwork.now), "it is nobody's"
        store_forged(forged, now=self.clockwork.now)


MANNERS: dict[str, Callable[[list[Call]], list[Call]]] = {
    "once": lambda sent: sent,
    "twice": lambda sent: sent * 2,
    "backwards": lambda sent: sent[::-1],
    "forged": lambda sent: [],
}


def webhooks_about(clockwork: Clockwork, gateway: str, reference: str) -> list[Call]:
    """What a gateway has sent about one of our payments, oldest first."""
    return [
        Call(
            gateway,
            None,
            {name.lower(): value for name, value in sent["headers"].items()},
            sent["body"].encode(),
        )
        for sent in clockwork.at[gateway].webhooks(reference)
        if sent["gateway"] == gateway
    ]
