"""What the booking store takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.booking.ports import Outcome


@dataclass(frozen=True, slots=True)
class Saved:
    """An event is in the database, and only now may the person be told so.

    ``type`` is the event; ``repeated`` says that this very effect had been saved before.
    """

    request_id: str
    reference: str
    type: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """One request as it stands.

    state: ``requested`` or ``cancelled`` (by the person, or by the firm when ``appointment`` says so too).
    delivery, of all its events together: ``waiting`` (for staff, who read it in the console: no system is configured,
    or it cannot take this), ``queued``, ``retrying``, ``delivered`` (the firm's system said so), or ``dead`` (refused,
    or given up).
    appointment: ``none``, ``pending`` (the firm must still confirm), ``confirmed``, ``moved`` or ``cancelled``;
    with ``start`` and ``end`` aware, and ``timezone`` as the firm named it.
    ``conversation_id`` is None after an erasure, and ``erased`` is true. ``corrected_at`` is when the person last
    corrected it; ``handled_at`` when ``handled_by`` of the firm was in touch. It is without a name where that was not
    noted in those days.
    """

    request_id: str
    reference: str
    conversation_id: str | None
    created_at: datetime
    updated_at: datetime
    state: str
    level: str
    language: str
    delivery: str
    appointment: str = "none"
    firm_booking_id: str | None = None
    firm_at: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    join_url: str | None = None
    note_code: str | None = None
    corrected_at: datetime | None = None
    handled_by: str | None = None
    handled_at: datetime | None = None
    erased: bool = False

    @property
    def is_handled(self) -> bool:
        """Whether somebody of the firm was in touch since the person last asked."""
        return self._is_answered(self.handled_at)

    @property
    def waits(self) -> bool:
        """Whether somebody of the firm has still to deal with it: the same as ``tables.WAITING``."""
        open = self.state == "requested" and self.delivery != "delivered" and not self.erased
        return open and not self.is_handled and not self._is_answered(self.firm_at)

    def _is_answered(self, at: datetime | None) -> bool:
        return at is not None and (self.corrected_at is None or at >= self.corrected_at)


@dataclass(frozen=True, slots=True)
class Event:
    """One event on its way, without what it holds."""

    id: str
    request_id: str
    reference: str
    type: str
    level: str
    state: str
    attempts: int
    next_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """An event that one worker holds until ``lease_until``; ``body`` is None when it cannot be decrypted."""

    id: str
    request_id: str
    type: str
    level: str
    conversation_id: str | None
    body: dict[str, Any] | None
    failures: int
    leased_by: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class News:
    """Something that the person has not been told yet; ``source`` is ``sent``, ``late`` or ``firm``."""

    id: str
    source: str
    booking: Booking
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that staff have not been alarmed about yet; ``source`` is ``late``, ``dead`` or ``staff``."""

    id: str
    source: str
    code: str
    request_id: str
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did, as references.

    ``removed`` never left this machine and is gone. ``beyond`` was sent, or may have been: here it is gone but
    for its reference; with the firm it is not.
    """

    removed: tuple[str, ...]
    beyond: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """How delivery stands: events by state, and those that are not delivered, oldest first."""

    states: dict[str, int]
    open: tuple[Event, ...]
