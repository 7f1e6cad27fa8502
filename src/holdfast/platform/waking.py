"""What wakes live: nothing but SQL, so that the notifier need load nothing else."""

from __future__ import annotations

WAKING = "holdfast_live"  # what the notifier sends, and nobody else does
# Of transactions that have all ended, so that nothing can appear there any more.
BELOW = "t.xid < pg_snapshot_xmin(pg_current_snapshot())"
# The last transition of a booking that can be read. It is found by the index of those, bookings_to_follow.
LATEST = f"""
    SELECT t.xid::text, t.id FROM holdfast_platform_transition t
    WHERE t.subject = 'booking' AND {BELOW} ORDER BY t.xid DESC, t.id DESC LIMIT 1
"""
