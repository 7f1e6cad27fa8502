"""One stack from its start to its end, with Django of this process set up on its database."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from .stack import Stack


@contextmanager
def running_stack(home: Path, *, database: Path | None = None) -> Iterator[Stack]:
    """A stack whose database is there and empty; whoever has it starts its programs. Stopped in the end.

    A process sets Django up once, so it has one stack.
    """
    stack = Stack(home, database=database)
    try:
        stack.start_database()
        os.environ.update(stack.environment | {"HOLDFAST_POOL": "0", "HOLDFAST_LOG_LEVEL": "CRITICAL"})
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        django.setup()
        logging.disable(logging.CRITICAL)
        yield stack
    finally:
        stack.stop()
