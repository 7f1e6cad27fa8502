"""What PhonePe does wrong, and how often."""

from __future__ import annotations

from .fault import Fault

# Before there is a reference to limit them to: they happen to whoever comes next.
ANYBODYS = (
    Fault("pay_500_before", 4),
    Fault("pay_500_after", 4),
    Fault("pay_timeout_before", 2, {"seconds": 3}),
    Fault("pay_timeout_after", 1, {"seconds": 17}),
    Fault("pay_reset_after", 3),
    Fault("pay_429", 2),
    Fault("pay_truncated", 2),
    Fault("token_500_before", 1),
    Fault("token_timeout_before", 1, {"seconds": 2}),
    Fault("status_500_before", 6),
    Fault("status_reset_after", 3),
    Fault("status_timeout_before", 2, {"seconds": 3}),
    Fault("status_timeout_after", 1, {"seconds": 17}),
    Fault("status_html", 2),
    Fault("refund_500_before", 4),
    Fault("refund_500_after", 4),
    Fault("refund_timeout_after", 2, {"seconds": 3}),
    Fault("refund_reset_after", 3),
    Fault("refund_status_500_before", 3),
    Fault("refund_not_found", 2),
)
# Of this booking alone. PhonePe tells of a refund made in its dashboard by webhook only, so that one which is
# lost as well cannot be found out: it is not among them.
ITS_OWN = (
    Fault("webhook_lost", 10),
    Fault("webhook_doubled", 8, {"copies": 3}),
    Fault("webhook_burst", 2, {"copies": 20}),
    Fault("webhook_delayed", 8, {"seconds": 6}),
    Fault("webhook_reordered", 8),
    Fault("webhook_wrong_hash", 2),
    Fault("webhook_wrong_amount", 2),
    Fault("webhook_malformed_json", 2),
    Fault("webhook_before_pay_answer", 1),
    Fault("webhook_forged_completed", 2),
    Fault("status_lag", 4, {"times": 2}),
    Fault("status_flap", 2, {"times": 3}),
    Fault("status_not_found", 2),
    Fault("status_unknown_state", 2),
    Fault("status_of_another_order", 2),
    Fault("amount_higher", 2),
    Fault("amount_lower", 2),
    Fault("pending_then_completed", 4),
    Fault("attempt_failed_then_completed", 3, {"seconds": 4}),
    Fault("failed_then_completed", 4),
    Fault("success_after_expiry", 3),
    Fault("late_success", 6),
    Fault("redirect_with_parameters", 3),
    Fault("refund_fails", 8),
)
