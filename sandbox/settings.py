"""What the sandbox reads from its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where to listen, where to keep the books, and where the default merchants want their webhooks."""

    host: str = "127.0.0.1"
    port: int = 8001
    data: Path | None = None  # None keeps everything in memory
    webhook_urls: Mapping[str, str] = field(default_factory=dict)  # gateway → its default merchant's URL

    @classmethod
    def from_environment(cls, gateways: tuple[str, ...]) -> Settings:
        """Read ``SANDBOX_HOST``, ``SANDBOX_PORT``, ``SANDBOX_DATA``, ``SANDBOX_<GATEWAY>_WEBHOOK_URL``."""
        data = os.environ.get("SANDBOX_DATA")
        urls = {name: os.environ.get(f"SANDBOX_{name.upper()}_WEBHOOK_URL", "") for name in gateways}
        return cls(
            host=os.environ.get("SANDBOX_HOST", cls.host),
            port=int(os.environ.get("SANDBOX_PORT", cls.port)),
            data=Path(data) if data else None,
            webhook_urls={name: url for name, url in urls.items() if url},
        )
