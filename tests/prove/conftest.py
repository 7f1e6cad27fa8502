from __future__ import annotations

import pytest

from prove.mailbox import Mailbox
from tests.project.conftest import open_folder  # noqa: F401 - a fixture


@pytest.fixture
def mailbox() -> Mailbox:
    """One that nobody is sent to: what it has taken, a test writes there."""
    box = Mailbox()
    box.close()
    return box
