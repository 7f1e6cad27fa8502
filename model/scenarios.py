"""The bounds that are explored, each of them whole. One alone that had every trouble would not end."""

from __future__ import annotations

from dataclasses import replace

from holdfast.catalog.terms import Way

from .rules import PAYMENT_FIRST, Bounds

ONE = ((0,),)
RIVALS = ((0,), (0, 1))  # B wants A's time too, and takes the next if it cannot be had
COARSE = (0, 1, 13, 180, 3100)  # the gateway's page and our hold end between two looks at the clock

# What waits for an answer is answered within 40 minutes, before it begins, and before its money lapses.
# A time that has lost its money is held for another half an hour.
THEN_PAY = replace(
    PAYMENT_FIRST,
    way=Way.HOLD_THEN_PAY,
    needs_approval=True,
    approve_within=40 * 60,
    pay_again_within=30 * 60,
    failed_payment_frees=False,
)
THEN_APPROVE = replace(THEN_PAY, way=Way.AUTHORIZE_THEN_APPROVE)
# What is not paid in time is a cart again.
CART = replace(PAYMENT_FIRST, failed_payment_frees=False, reopens=True)
ANSWERED = (0, 13, 45, 80, 180, 240, 3300)

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
        moments=COARSE,
        troubles=frozenset({"wrong amount", "strange answers", "release"}),
    ),
    Bounds("webhooks", wants=ONE, moments=COARSE, troubles=frozenset({"webhooks", "late success"})),
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
        terms=replace(PAYMENT_FIRST, failed_payment_frees=False),
        troubles=frozenset({"late success", "old tab"}),
    ),
    Bounds(
        "a cart",
        wants=ONE,
        moments=(0, 13, 30, 3100),
        placings=2,
        at_once=1,
        terms=CART,
        troubles=frozenset({"cart", "late success"}),
    ),
    Bounds(
        "a cart, and a rival for its time",
        wants=((0,), (0,)),
        moments=(0, 13, 3100),
        at_once=1,
        terms=CART,
        troubles=frozenset({"cart"}),
    ),
    Bounds(
        "hold, then pay",
        wants=ONE,
        moments=(0, 13, 45, 80, 3300),
        terms=THEN_PAY,
        at_once=1,
        attempts=2,
        troubles=frozenset({"slow bank", "cancellation"}),
    ),
    Bounds(
        "reserve, then approve",
        wants=ONE,
        moments=(0, 45, 80, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=1,
        troubles=frozenset({"cancellation", "slow calls", "refusals"}),
    ),
    Bounds(
        "two of the staff",
        wants=ONE,
        moments=(0, 45, 80, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=2,
        troubles=frozenset({"refusals"}),
    ),
    Bounds(
        "reserved money, and other hands",
        wants=ONE,
        moments=(0, 45, 80, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=1,
        troubles=frozenset({"dashboard", "slow captures", "late success", "cancellation"}),
    ),
    Bounds(
        "slow answers",
        wants=ONE,
        moments=(0, 45, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=2,
        troubles=frozenset({"late success"}),
    ),
    Bounds(
        "paid again",
        wants=ONE,
        moments=(0, 80, 180, 3300),
        terms=replace(THEN_APPROVE, reopens=True),
        reserves=True,
        at_once=1,
        attempts=2,
        troubles=frozenset({"refusals"}),
    ),
    Bounds(
        "nobody reserves, and money leaves",
        wants=ONE,
        moments=(0, 45, 80, 1500, 3300),
        terms=replace(THEN_APPROVE, refund_shares=((10 * 60, 50),)),
        at_once=1,
        troubles=frozenset({"reversals", "cancellation", "wrong amount", "refunds"}),
    ),
    Bounds(
        "a dearer time",
        wants=ONE,
        moments=(0, 13, 45, 3100),
        terms=replace(PAYMENT_FIRST, accept_again=True, approve_within=20 * 60),
        troubles=frozenset({"a dearer time", "cancellation"}),
    ),
    Bounds(
        "a dearer time, and a rival for it",
        wants=((0,), (1,)),
        moments=(0, 13, 3100),
        at_once=1,
        troubles=frozenset({"a dearer time"}),
    ),
    Bounds(
        "pages that we close",
        wants=ONE,
        moments=(0, 11, 13, 45, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=1,
        troubles=frozenset({"long pages", "release", "slow bank"}),
    ),
    Bounds(
        "an authorization that lapses soon",
        wants=ONE,
        moments=(0, 25, 80, 100, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        reserved_for=80,
        at_once=1,
        troubles=frozenset({"refusals", "dashboard", "cancellation"}),
    ),
    Bounds(
        "disputes",
        wants=ONE,
        moments=(0, 13, 45, 1500, 3300),
        terms=replace(THEN_APPROVE, refund_shares=((10 * 60, 100),)),
        at_once=1,
        troubles=frozenset({"disputes", "cancellation", "refunds"}),
    ),
    Bounds(
        "refunds that fail after all",
        wants=ONE,
        moments=(0, 13, 30, 1500, 3100),
        terms=replace(PAYMENT_FIRST, refund_shares=((10 * 60, 100),)),
        troubles=frozenset({"refunds that fail after all", "cancellation", "late success"}),
    ),
    Bounds(
        "webhooks of reserved money",
        wants=ONE,
        moments=(0, 45, 80, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=1,
        troubles=frozenset({"webhooks", "wrong amount"}),
    ),
    Bounds(
        "reserved though it was to be taken",
        wants=ONE,
        moments=(0, 13, 45, 80, 180, 3300),
        reserves=True,
        at_once=1,
        troubles=frozenset({"refusals", "late success"}),
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
    Bounds(
        "hold, then pay, two steps at once",
        wants=ONE,
        moments=(0, 45, 80, 3300),
        terms=THEN_PAY,
        attempts=2,
        troubles=frozenset({"cancellation"}),
    ),
    Bounds(
        "reserve, then approve, with leases that run out",
        wants=ONE,
        moments=(0, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        troubles=frozenset({"slow calls", "refusals", "leases run out"}),
    ),
    Bounds(
        "rivals for what is to be paid again",
        wants=((0,), (0,)),
        slots=((100, 160),),
        moments=(0, 80, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        reserved_for=60,
        at_once=1,
        troubles=frozenset({"refusals"}),
    ),
    Bounds(
        "an old tab of reserved money",
        wants=ONE,
        moments=(0, 45, 180, 3300),
        terms=THEN_APPROVE,
        reserves=True,
        at_once=1,
        attempts=2,
        troubles=frozenset({"old tab", "late success"}),
    ),
)
