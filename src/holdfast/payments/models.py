from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from holdfast.catalog.models import Business
from holdfast.kernel.money import Money
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Order
from holdfast.platform.moves import Lived, one_of
from holdfast.platform.secrets import EncryptedJSONField
from holdfast.platform.triggers import frozen, lifecycle_triggers, never_leaves

from .lifecycle import PAYMENT, TRANSACTION


class GatewayAccount(models.Model):
    """A business's credentials and mode at one gateway. The secrets are encrypted."""

    class Mode(models.TextChoices):
        TEST = "test"
        LIVE = "live"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="gateway_accounts")
    gateway = models.CharField(max_length=20)
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.TEST)
    credentials = EncryptedJSONField(default=dict)
    # Where the gateway answers, when that is not its published address: {"pg": "…", "oauth": "…"}.
    base_urls = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="the first one is the default")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "gateway", "mode"], name="one_account_a_gateway_and_mode"
            )
        ]

    def __str__(self) -> str:
        return f"{self.business} at {self.gateway} ({self.mode})"


class GatewayToken(models.Model):
    """The access token of a gateway account, shared by all processes and refreshed by one at a time."""

    account = models.OneToOneField(
        GatewayAccount, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    value = EncryptedJSONField(null=True)
    refresh_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)


class PayLink(models.Model):
    """An address under which whoever holds it pays one due. Its key is kept as a digest, and told once."""

    due = models.ForeignKey(Due, on_delete=models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=60)
    created_at = models.DateTimeField()

    class Meta:
        triggers = [frozen("due_id", "digest"), *never_leaves()]

    def __str__(self) -> str:
        return f"link to {self.due}"


# A booking was made of it: it wins, or has won and was given back, in full or set free, since.
HAS_WON = Q(won_at__isnull=False)
# Something was taken that has not gone back, nor is on its way; and it pays for nothing.
IS_LEFT = Q(captured__gt=F("refunding") + F("refunded") + F("reversed"))
PAYS_NOTHING = Q(IS_LEFT, wins=False)


class Payment(Lived):
    """One attempt to collect one due through one gateway account.

    ``reference`` is ours, minted before any call and never reused. ``amount`` is what we asked for;
    ``authorized`` is what the gateway says it has reserved, until ``capture_before``, and ``captured`` what
    it says it took, whatever we think of it. Of that, ``refunding`` is on its way back, ``refunded`` is
    back, and ``reversed`` has left without us: a refund made in the gateway's dashboard, or a dispute that is
    open or lost.

    ``wins`` says that this payment pays its due: one at most does, and none of which everything goes back.
    ``won_at`` stays. A quarantined payment cannot win until a person has looked. ``reason`` says why it pays
    nothing. ``recorded_by`` is who took the money, when a person did; ``accepted_by`` is who let it count
    though it is not the amount that was asked for.
    """

    lifecycle = PAYMENT

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    due = models.ForeignKey(Due, on_delete=models.PROTECT, related_name="payments")
    account = models.ForeignKey(GatewayAccount, on_delete=models.PROTECT, related_name="payments")
    reference = models.CharField(max_length=63, unique=True)
    gateway_reference = models.CharField(max_length=80, blank=True)
    payment_url = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField()
    authorized = models.PositiveBigIntegerField(default=0)
    capture_before = models.DateTimeField(null=True)
    captured = models.PositiveBigIntegerField(default=0)
    refunding = models.PositiveBigIntegerField(default=0)
    refunded = models.PositiveBigIntegerField(default=0)
    reversed = models.PositiveBigIntegerField(default=0)
    wins = models.BooleanField(default=False)
    won_at = models.DateTimeField(null=True)
    quarantined = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    recorded_by = models.CharField(max_length=60, blank=True)
    accepted_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    expires_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of(PAYMENT),
            models.UniqueConstraint(fields=["due"], condition=Q(wins=True), name="one_payment_wins_a_due"),
            models.CheckConstraint(
                condition=Q(wins=False) | Q(quarantined=False), name="quarantine_forbids_winning"
            ),
            models.CheckConstraint(
                condition=Q(captured__gte=F("refunding") + F("refunded")), name="no_more_back_than_was_taken"
            ),
            models.CheckConstraint(
                condition=Q(wins=False) | Q(won_at__isnull=False), name="what_wins_has_won"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"], name="payments_to_look_at", condition=~Q(next_look_at=None)
            ),
            models.Index(
                fields=["order"],
                name="money_that_pays_nothing",
                condition=Q(PAYS_NOTHING | Q(state="authorized", wins=False)),
            ),
        ]
        triggers = [
            *lifecycle_triggers(PAYMENT),
            frozen("order_id", "due_id", "account_id", "reference", "amount", "currency"),
            *never_leaves(),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def left(self) -> int:
        """What was taken and has not gone back, nor is on its way."""
        return max(0, self.captured - self.refunding - self.refunded - self.reversed)

    @property
    def is_reserved(self) -> bool:
        """Its money is reserved and not taken: it can be captured, or set free."""
        return self.state == "authorized"

    @property
    def is_looked_into(self) -> bool:
        """It is quarantined, and its money is here still: a person is to say what becomes of it."""
        return self.quarantined and (self.left > 0 or self.is_reserved)

    @property
    def kept(self) -> Money:
        """What the customer has given for it so far and does not have back: taken, or only reserved."""
        return Money(self.authorized if self.is_reserved else self.left, self.currency)

    @property
    def has_paid(self) -> bool:
        """It pays its due. What comes later, a balance or a difference, is paid once, and stays so though
        all of it should go back: something that it helped to pay for has ended.
        """
        return self.wins or (self.has_won and self.captured > 0 and self.due.kind in COMES_LATER)

    @property
    def has_won(self) -> bool:
        """As HAS_WON asks."""
        return self.won_at is not None


# Refunds that a person is to make, and those that a gateway has refused to.
BY_HAND_AND_OPEN = Q(kind="refund", by_hand=True, state__in=("owed", "pending", "unknown"))
REFUSED = Q(kind="refund", state="failed")
# What a bank has withdrawn while it looks at what its customer says: somebody is to answer, at the gateway.
DISPUTE_IS_OPEN = Q(kind="dispute", state="pending")
# The first movement of a payment's money, by whose name there its gateway may tell of it.
CAME_FIRST = Q(kind__in=("authorize", "purchase"))


class Transaction(Lived):
    """One movement of money within a payment. It may move along its lifecycle, and never leaves."""

    class Kind(models.TextChoices):
        AUTHORIZE = "authorize"
        CAPTURE = "capture"
        PURCHASE = "purchase"
        VOID = "void"
        REFUND = "refund"
        REFUND_FAILED = "refund_failed", "refund that failed after it had succeeded"
        REVERSAL = "reversal", "money that left without us"
        DISPUTE = "dispute", "money that a bank has withdrawn"
        DISPUTE_WON = "dispute_won", "money of a dispute that has come back"

    lifecycle = TRANSACTION

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="transactions")
    kind = models.CharField(max_length=13, choices=Kind)
    amount = models.PositiveBigIntegerField()
    # Ours: it makes a repeat of the same movement impossible. For a refund it is the gateway's id of it.
    key = models.CharField(max_length=63, unique=True)
    gateway_reference = models.CharField(max_length=80, blank=True)
    word = models.CharField(max_length=60, blank=True, help_text="the gateway's own state")
    reason = models.CharField(max_length=200, blank=True)
    by_hand = models.BooleanField(default=False, help_text="a person sees to it: the gateway cannot")
    in_hand_until = models.DateTimeField(null=True, help_text="until then a worker asks the gateway about it")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of(TRANSACTION),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind="refund", state__in=("pending", "unknown")),
                name="one_open_refund_a_payment",
            ),
            # Under approve and decline: whoever comes second is refused, whatever the code above believes.
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind__in=("capture", "void"), state__in=("pending", "unknown", "succeeded")),
                name="one_capture_or_void_a_payment",
            ),
        ]
        indexes = [
            models.Index(fields=["payment"], name="refunds_by_hand", condition=BY_HAND_AND_OPEN),
            models.Index(fields=["payment"], name="refunds_refused", condition=REFUSED),
            models.Index(fields=["payment"], name="disputes_open", condition=DISPUTE_IS_OPEN),
            models.Index(fields=["gateway_reference"], name="money_at_its_gateway", condition=CAME_FIRST),
        ]
        triggers = [
            *lifecycle_triggers(TRANSACTION),
            frozen("payment_id", "kind", "amount", "key"),
            *never_leaves(),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.payment.currency)
