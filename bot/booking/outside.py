"""Values that another system sent and that a person may be shown: taken when they are exactly right."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_LONGEST_LINK = 2_000
_LINK = re.compile(r"https://[^\s<>\"'\\]+")


def aware(value: Any) -> datetime | None:
    """The moment that an ISO 8601 text with time zone says; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def link(value: Any) -> str | None:
    """An https address of at most 2,000 characters; None for anything else."""
    fits = isinstance(value, str) and len(value) <= _LONGEST_LINK and _LINK.fullmatch(value)
    return value if fits else None
