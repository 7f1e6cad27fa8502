"""One way in which a gateway may misbehave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """``weight``: how often it is drawn. ``extra`` goes with it to the sandbox."""

    name: str
    weight: int
    extra: dict[str, Any] = field(default_factory=dict)
