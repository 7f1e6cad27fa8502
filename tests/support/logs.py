"""What is logged, as it is printed."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.stdlib import ProcessorFormatter


@contextmanager
def log_printed(level: int = logging.INFO) -> Iterator[io.StringIO]:
    """All that is logged from here on, line by line."""
    lines = io.StringIO()
    root = logging.getLogger()
    before = root.level
    handler = logging.StreamHandler(lines)
    printed = (each.formatter for each in root.handlers)
    handler.setFormatter(next(each for each in printed if isinstance(each, ProcessorFormatter)))
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
