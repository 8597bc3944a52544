"""What delivery needs from its surroundings: somewhere to send to, and a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

REQUESTED = "consultation.requested"
UPDATED = "consultation.updated"
CANCELLED = "consultation.cancelled"

#: The levels that a person of the firm must hear of at once.
PRESSING = ("emergency", "urgent")


class Clock(Protocol):
    """Tells the moment."""

    def now(self) -> datetime:
        """This moment, aware."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event.

    kind, of a sending: ``delivered`` (the firm's system said so), ``later`` (try again), ``dead`` (refused for good)
    or ``staff`` (that system cannot take it, so that staff do it from the console); told by the firm afterwards:
    ``confirmed``, ``moved`` or ``cancelled``.
    ``code`` says why in one word, such as ``http_503``, ``timeout`` or ``gone``. ``retry_after`` is how long the
    receiver asked us to wait. ``booking_id`` is the receiver's own id; ``start`` is aware; ``join_url`` is https.
    ``status`` is the receiver's word (``received``, ``pending``, ``confirmed``), ``type`` the event it is about.
    """

    kind: str
    code: str = ""
    retry_after: timedelta | None = None
    booking_id: str | None = None
    start: datetime | None = None
    join_url: str | None = None
    status: str | None = None
    type: str = ""


class Destination(Protocol):
    """The firm's system, behind whatever it speaks."""

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        """Sends one event and waits for the answer.

        ``message_id`` stays the same when an event is sent again, so that the receiver can tell. Raises nothing
        that is about the network: that is an outcome.
        """

    async def close(self) -> None:
        """Closes connections."""
