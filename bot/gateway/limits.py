"""How much one person and one address may send, and how much of anything is held."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from dataclasses import dataclass, replace

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.core.errors import RequestError


@dataclass(frozen=True, slots=True)
class Limits:
    """Every number that bounds what the gateway takes and holds. Times are in seconds."""

    text_characters: int = 4_000
    #: The longest text that WhatsApp lets a person send.
    whatsapp_characters: int = 4_096
    body_bytes: int = 262_144
    per_conversation: str = "20/minute; 300/hour"
    #: A shelter or an office shares one address, so an address may do much more than a conversation.
    per_client: str = "240/minute"
    new_conversations: str = "20/minute; 120/hour"
    #: Dates worked out for one address; the facts of one are a few hundred bytes.
    deadlines: str = "60/minute; 600/hour"
    deadline_bytes: int = 16_384
    #: Wrong codes that one person on WhatsApp may bring, and all together at one gateway.
    wrong_codes: str = "5/10minutes"
    wrong_codes_in_all: str = "300/hour"
    turn_seconds: float = 5.0
    conversations_in_memory: int = 5_000
    messages_in_memory: int = 400
    idle_seconds: float = 7_200.0
    idle_kept_seconds: float = 1_800.0
    streams_per_conversation: int = 6
    heartbeat_seconds: float = 15.0
    sweep_seconds: float = 30.0
    #: How often conversations past their time are looked for, and how many one sweep erases at most.
    retention_seconds: float = 3_600.0
    expired_at_once: int = 50
    ready_seconds: float = 10.0
    forget_retry_seconds: float = 60.0
    alarm_rows: str = "30/minute"
    alarm_posts: str = "1/minute"

    def times(self, factor: int) -> Limits:
        """The same with every rate of requests multiplied."""
        return replace(
            self,
            per_conversation=_multiplied(self.per_conversation, factor),
            per_client=_multiplied(self.per_client, factor),
            new_conversations=_multiplied(self.new_conversations, factor),
            deadlines=_multiplied(self.deadlines, factor),
        )


def _multiplied(rates: str, factor: int) -> str:
    """``20/minute; 300/hour`` with each count multiplied."""
    parts = (part.strip().partition("/") for part in rates.split(";"))
    return "; ".join(f"{int(count) * factor}/{span}" for count, _, span in parts)


class RateLimiter:
    """Counts requests in moving windows; addresses stay in memory, hashed with a key of this process."""

    def __init__(self, limits: Limits) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._key = secrets.token_bytes(32)
        self._per_conversation = parse_many(limits.per_conversation)
        self._per_client = parse_many(limits.per_client)
        self._new_conversations = parse_many(limits.new_conversations)
        self._deadlines = parse_many(limits.deadlines)

    def conversation(self, conversation: str) -> None:
        """Counts one message of a conversation. Raises RequestError (429)."""
        self._hit(self._per_conversation, "conversation", conversation)

    def client(self, address: str) -> None:
        """Counts one request from an address. Raises RequestError (429)."""
        self._hit(self._per_client, "client", self._hashed(address))

    def new_conversation(self, address: str) -> None:
        """Counts one conversation begun from an address. Raises RequestError (429)."""
        self._hit(self._new_conversations, "new", self._hashed(address))

    def deadline(self, address: str) -> None:
        """Counts one date worked out for an address. Raises RequestError (429)."""
        self._hit(self._deadlines, "deadline", self._hashed(address))

    def _hashed(self, address: str) -> str:
        return hashlib.blake2s(address.encode(), key=self._key).hexdigest()

    def _hit(self, items: list[RateLimitItem], *names: str) -> None:
        for item in items:
            if not self._limiter.test(item, *names):
                reset = self._limiter.get_window_stats(item, *names).reset_time
                wait = max(1, math.ceil(reset - time.time()))
                raise RequestError("too_many_requests", 429, {"seconds": wait})
        for item in items:
            self._limiter.hit(item, *names)


class Allowance:
    """Whether something that repeats may happen once more now."""

    def __init__(self, rate: str) -> None:
        self._items = parse_many(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def has(self, name: str) -> bool:
        """Whether ``name`` may; nothing is counted."""
        return all(self._limiter.test(item, name) for item in self._items)

    def take(self, name: str) -> bool:
        """Whether ``name`` may; if so, it is counted."""
        return all(self._limiter.hit(item, name) for item in self._items)
