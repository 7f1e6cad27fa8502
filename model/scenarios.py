"""The bounds that are explored. Each is explored whole; together they are what ``make model`` runs."""

from __future__ import annotations

from .rules import Bounds

ALL_TROUBLES = frozenset(
    {
        "lost starts",
        "wrong amount",
        "cancel",
        "slow bank",
        "late success",
        "strange answers",
        "webhooks",
        "refunds",
        "release",
    }
)
ONE = ((0,),)
RIVALS = ((0,), (0, 1))

DEFAULT = (
    Bounds(
        "a slow gateway",
        wants=ONE,
        troubles=frozenset({"lost starts", "slow bank", "late success", "cancel"}),
    ),
    Bounds("strange money", wants=ONE, troubles=frozenset({"wrong amount", "strange answers", "release"})),
    Bounds("webhooks", wants=ONE, troubles=frozenset({"webhooks", "late success"})),
    Bounds("refunds", wants=ONE, troubles=frozenset({"refunds", "slow bank"})),
    Bounds("rivals", wants=RIVALS, at_once=1, troubles=frozenset({"slow bank"})),
    Bounds("the same again", wants=ONE, orders_each=2, at_once=1, troubles=frozenset({"late success"})),
    Bounds(
        "an old tab",
        wants=ONE,
        attempts=2,
        at_once=1,
        failed_payment_frees=False,
        troubles=frozenset({"late success"}),
    ),
)
DEEP = ()
