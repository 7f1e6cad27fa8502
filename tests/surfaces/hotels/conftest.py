from __future__ import annotations

import pytest

from tests.support.lobby import Lobby, new_lobby
from tests.support.sandbox import Sandbox


@pytest.fixture
def lobby(db: None, cheap_passwords: None, sandbox: Sandbox) -> Lobby:
    return new_lobby(sandbox)
