"""The life of an allocation: reserve, then take or release."""

from __future__ import annotations

from holdfast.kernel.lifecycle import Lifecycle

ALLOCATION = Lifecycle(
    subject="allocation",
    initial=("held", "taken"),
    rows=(
        ("held", "take", "taken"),
        ("held", "release", "released"),
        ("taken", "hold", "held"),
        ("taken", "release", "released"),
    ),
)
KEEPS_TIME = ("held", "taken")
