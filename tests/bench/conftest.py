"""A gateway that reserves money, for what is counted of reserved money."""

from __future__ import annotations

from tests.support.toy import toy_gateway  # noqa: F401 - a fixture, for pytest to find here
from tests.support.ways import reserving  # noqa: F401 - a fixture, as above
