"""The databases of the booking tests."""

from __future__ import annotations

from tests.booking.conftest import postgres_database, url

__all__ = ["postgres_database", "url"]
