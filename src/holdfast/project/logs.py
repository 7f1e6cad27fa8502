"""Structured logs: one JSON object a line, with the request's and the order's id where there is one."""

from __future__ import annotations

import logging
import logging.config
import os
from typing import Any

import structlog

SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


# None of it is printed, and to ask the operating system takes as long as to print a line.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def log_from_now_on() -> dict[str, Any]:
    """Configure structlog and the standard library to print alike, and answer the latter's dict."""
    structlog.configure(
        processors=[
            *SHARED,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": structlog.processors.JSONRenderer(),
                "foreign_pre_chain": [*SHARED, structlog.processors.format_exc_info],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["out"], "level": os.environ.get("HOLDFAST_LOG_LEVEL", "INFO")},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
        },
    }
    logging.config.dictConfig(config)
    return config
