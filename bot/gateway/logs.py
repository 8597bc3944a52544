"""Structured logs in JSON that hold ids, codes and durations, and never what a person wrote, nor tokens.

An exception is logged by its class and place. Its message stays out: drivers and parsers like to quote.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

import structlog

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Sends this process's structured logs to ``stream`` (standard error) as one JSON object a line.

    Libraries that log by themselves are let through from WARNING on, without message arguments or traces.
    """
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").disabled = True


class _Foreign(logging.Handler):
    """Passes on that a library logged something, and where; not the text, which may quote a person."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[1] is not None:
            fields.update(fault(record.exc_info[1]))
        name = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(logger(), name)("library", **fields)


def logger() -> Any:
    """The logger of the gateway."""
    return structlog.get_logger()


def fault(exc: BaseException) -> dict[str, str]:
    """Class and place of an exception, for a log line."""
    frames = traceback.extract_tb(exc.__traceback__)
    ours = [frame for frame in frames if f"{Path('bot')}" in Path(frame.filename).parts] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return {"error": type(exc).__name__, "at": place}
