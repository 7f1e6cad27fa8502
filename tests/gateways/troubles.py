"""What can go wrong with any call to any gateway, and what follows for whoever asked."""

from __future__ import annotations

from datetime import timedelta

SHORT = timedelta(milliseconds=500)  # a patience that a gateway which hangs outlasts

# The trouble → whether the gateway has done what it was asked.
UNANSWERED = {
    "500_before": False,
    "500_after": True,
    "reset_before": False,
    "reset_after": True,
    "timeout_before": False,
    "timeout_after": True,
    "429": False,
    "html": True,
    "empty": True,
    "truncated": True,
    "slow": True,
}
