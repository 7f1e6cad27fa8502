"""An operator sees how booking requests end, which holds run out, and which gateways do not answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import REGISTRY

from holdfast.kernel.errors import SlotTaken
from holdfast.platform import metrics


def counted(name: str, labels: Mapping[str, str]) -> float:
    return REGISTRY.get_sample_value(name, dict(labels)) or 0


@pytest.mark.spec("GEN-21")
def test_a_booking_request_is_counted_by_how_it_ends() -> None:
    held = {"trade": "astrology", "ended": "held"}
    taken = {"trade": "astrology", "ended": "SlotTaken"}
    before: Any = [counted("holdfast_checkouts_total", labels) for labels in (held, taken)]

    with metrics.checkout_counted("astrology"):
        pass
    with pytest.raises(SlotTaken), metrics.checkout_counted("astrology"):
        raise SlotTaken

    after = [counted("holdfast_checkouts_total", labels) for labels in (held, taken)]
    assert after == [before[0] + 1, before[1] + 1]
