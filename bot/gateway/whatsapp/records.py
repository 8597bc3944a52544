"""What the WhatsApp store takes and gives. Moments are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.errors import BotError
from bot.gateway.whatsapp.model import Inbound, Outbound

#: Claims without an end after which a message has to be set aside.
ATTEMPTS = 5
#: How long a message of ours whose fate is unknown waits for a status before it is sent the one time more.
STATUS_WAIT = timedelta(seconds=5)
#: How long what the provider has taken stays here, sealed, in case it is handed back with a rate error.
KEPT_AFTER_SENDING = timedelta(minutes=5)
#: What has not gone out after so long is given up, and staff are told.
GIVEN_UP_AFTER = timedelta(hours=24)
#: The wait after the first failure, in seconds; it doubles up to the longest.
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
#: How long after a person's message the providers take free text for them.
WINDOW = timedelta(hours=24)


class LostLease(BotError):
    """Somebody else has the person by now, or the person is gone: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one POST.

    ``new``: the ids of messages that now wait; ``repeated``: how many had come before; ``statuses``: how many named a
    message of ours; ``dropped``: conversations that nobody carries on, since two people turned out to be one.
    """

    new: tuple[str, ...] = ()
    repeated: int = 0
    statuses: int = 0
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes. ``address`` is empty when its key is lost; ``state`` is None once its time is over.

    ``renamed_at``: since when they have another number, of which nothing has been said yet.
    """

    id: str
    provider: str
    address: str
    conversation_id: str | None
    language: str
    state: str | None
    last_inbound_at: datetime | None
    stopped_at: datetime | None
    greeted_at: datetime | None
    created_at: datetime
    renamed_at: datetime | None = None

    @property
    def window_until(self) -> datetime | None:
        """Until when free text may be sent (exclusive)."""
        return _window(self.last_inbound_at)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for an answer; ``message`` is None when its key is lost.

    ``attempts`` counts every claim that came to no end, and this one. ``caught``: of a ``deleted`` message, whether the
    message that it takes back was still unread; it is wiped, and nobody answers it. ``turn``: the first message of
    those that a try has joined it with, empty when none has.
    """

    id: str
    seq: int
    kind: str
    message: Inbound | None
    received_at: datetime
    attempts: int
    caught: bool = False
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A person with messages in order, held until ``until`` (exclusive) by who has the ``token``."""

    person: Person
    messages: tuple[Waiting, ...]
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Out:
    """A message to be sent. The same ``effect_key`` a second time changes nothing."""

    effect_key: str
    message: Outbound
    inbox_id: str | None = None


@dataclass(frozen=True, slots=True)
class After:
    """A person after the work: all of it replaces what was, but ``greeted_at`` None changes nothing.

    ``renaming_told``: they have been told that their new number is known.
    """

    conversation_id: str | None
    language: str
    state: str | None = None
    state_until: datetime | None = None
    greeted_at: datetime | None = None
    renaming_told: bool = False


@dataclass(frozen=True, slots=True)
class OutRow:
    """A message of ours that is now to be sent, by the holder of ``token`` alone.

    ``message`` is None when its key is lost. With ``unsure`` 1 nobody knows whether it went out before: this is the
    one time more.
    """

    id: str
    person_id: str
    provider: str
    address: str
    message: Outbound | None
    attempts: int
    unsure: int
    effect_key: str
    inbox_id: str | None
    conversation_id: str | None
    language: str
    last_inbound_at: datetime | None
    stopped_at: datetime | None
    created_at: datetime
    token: str

    @property
    def window_until(self) -> datetime | None:
        """Until when free text may be sent (exclusive)."""
        return _window(self.last_inbound_at)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What staff have to hear: ``kind`` is aside, failed, unknown or blocked."""

    kind: str
    id: str
    code: str
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that was set aside."""

    id: str
    kind: str
    code: str
    attempts: int
    received_at: datetime
    aside_at: datetime
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Unreached:
    """A message that was set aside, or one of ours that failed, is held back or has an unknown fate.

    ``person_id`` is None once they are erased; ``reference`` is that of their newest request, None without one.
    """

    id: str
    state: str
    code: str
    since: datetime
    person_id: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Messages and people that wait, the oldest message's arrival, and what has not gone out, by state."""

    waiting: int
    people: int
    oldest: datetime | None
    aside: int
    out: dict[str, int]
    oldest_out: datetime | None
    reminders: int


@dataclass(frozen=True, slots=True)
class Swept:
    """How much was past its time; ``idle``: conversations whose state ran out."""

    wiped: int
    inbox: int
    outbox: int
    people: int
    handovers: int
    reminders: int
    idle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """People by their name under the present secret: ``made`` got it now, ``had`` it before.

    ``taken``: it is that of somebody else, who wrote under the present secret first; ``closed``: their address cannot
    be opened.
    """

    made: int
    had: int
    taken: int
    closed: int


@dataclass(frozen=True, slots=True)
class Handed:
    """A conversation that was brought along."""

    conversation_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """A date of which a person wants to be reminded, next on ``next_on``; ``body`` is None when its key is lost."""

    id: str
    person_id: str
    calculation: str
    body: dict[str, Any] | None
    due_on: date
    next_on: date | None
    language: str
    consent_version: str
    consent_at: datetime
    created_at: datetime
    token: str = ""


def wait_after(attempts: int) -> float:
    """Seconds to wait after that many sendings, the first being 1."""
    return min(FIRST_WAIT * 2.0 ** min(attempts - 1, 16), LONGEST_WAIT)


def _window(last: datetime | None) -> datetime | None:
    return None if last is None else last + WINDOW
