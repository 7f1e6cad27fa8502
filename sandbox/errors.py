"""What can be wrong with a request to the sandbox's control, or with a customer's choice.

SandboxError
├── UnknownFault       no gateway misbehaves in that way
├── UnknownReference   the gateway has never heard of it
├── Closed             the order can no longer be paid
└── Refused            control answers with this status and body
"""

from __future__ import annotations

from typing import Any


class SandboxError(Exception):
    """Something was asked of the sandbox that it cannot do."""


class UnknownFault(SandboxError):
    """No gateway misbehaves in that way."""


class UnknownReference(SandboxError):
    """The gateway has never heard of that reference."""


class Closed(SandboxError):
    """The order can no longer be paid."""


class Refused(SandboxError):
    """The request makes no sense; the answer says why."""

    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **more}
