"""What may come of asking a gateway, when somebody waits for the answer."""

from __future__ import annotations

from holdfast.kernel.errors import HoldfastError


class StillUnknown(HoldfastError):
    """The gateway has not answered yet."""
