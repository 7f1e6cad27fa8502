"""Beside the practice: a gateway that reserves money."""

from __future__ import annotations

from tests.support.toy import toy_gateway  # noqa: F401 - a fixture, for pytest to find here
