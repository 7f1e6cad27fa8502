"""The bounds that are explored, each of them whole. One alone that had every trouble would not end."""

from __future__ import annotations

from .rules import Bounds

ONE = ((0,),)
RIVALS = ((0,), (0, 1))  # B wants A's time too, and takes the next if it cannot be had
COARSE = (0, 1, 13, 180, 3100)  # the gateway's page and our hold end between two looks at the clock

DEFAULT = (
    Bounds(
        "a slow gateway",
        wants=ONE,
        at_once=3,
        troubles=frozenset({"lost starts", "slow bank", "late success", "cancel"}),
    ),
    Bounds(
        "strange money",
        wants=ONE,
        troubles=frozenset({"wrong amount", "strange answers", "release"}),
    ),
    Bounds("webhooks", wants=ONE, troubles=frozenset({"webhooks", "late success"})),
    Bounds("refunds", wants=ONE, troubles=frozenset({"refunds", "slow bank"})),
    Bounds("rivals", wants=RIVALS, at_once=1, moments=COARSE, troubles=frozenset({"slow bank"})),
    Bounds(
        "the same again",
        wants=ONE,
        moments=COARSE,
        orders_each=2,
        at_once=1,
        troubles=frozenset({"late success"}),
    ),
    Bounds(
        "an old tab",
        wants=ONE,
        moments=COARSE,
        attempts=2,
        at_once=1,
        failed_payment_frees=False,
        troubles=frozenset({"late success"}),
    ),
)
DEEP = (
    Bounds(
        "rivals, two steps at once",
        wants=RIVALS,
        moments=COARSE,
        troubles=frozenset({"slow bank"}),
    ),
    Bounds(
        "rivals for times that overlap, who let go",
        wants=((0,), (1, 2)),
        slots=((60, 120), (90, 150), (120, 180)),
        moments=COARSE,
        at_once=1,
        troubles=frozenset({"late success", "release"}),
    ),
    Bounds(
        "the same again, and let go",
        wants=ONE,
        orders_each=2,
        at_once=1,
        troubles=frozenset({"late success", "release", "wrong amount"}),
    ),
    Bounds(
        "webhooks of a slow bank, and refunds",
        wants=ONE,
        moments=COARSE,
        troubles=frozenset({"webhooks", "slow bank", "refunds", "release"}),
    ),
)
