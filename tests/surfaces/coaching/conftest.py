from __future__ import annotations

import pytest

from tests.support.academy import Academy, academy_of
from tests.support.practice import Practice


@pytest.fixture
def academy(practice: Practice) -> Academy:
    return academy_of(practice)
