"""How often one address, and one name, may try to sign in; kept in memory, hashed."""

from __future__ import annotations

import hashlib
import secrets

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

#: An office shares one address, so an address may fail more often than a name.
PER_NAME = "8/minute; 40/hour"
PER_ADDRESS = "30/minute; 200/hour"


class Throttle:
    """Counts tries in moving windows. Names that nobody has are counted like those that somebody has."""

    def __init__(self, per_name: str = PER_NAME, per_address: str = PER_ADDRESS) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._key = secrets.token_bytes(32)
        self._items = (("name", parse_many(per_name)), ("address", parse_many(per_address)))

    def take(self, name: str, address: str) -> bool:
        """Whether one more try may be made now; it is counted either way."""
        given = (name, address)
        allowed = [
            self._limiter.hit(item, kind, self._hashed(value))
            for (kind, items), value in zip(self._items, given, strict=True)
            for item in items
        ]
        return all(allowed)

    def _hashed(self, value: str) -> str:
        return hashlib.blake2s(value.encode("utf-8", "replace"), key=self._key).hexdigest()
