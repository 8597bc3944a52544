"""What the console asks of the rest of the program; the gateway gives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.core.messages import Reply


class Clock(Protocol):
    """Tells the moment."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""


class Firm(Protocol):
    """What the console shows of the firm."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def timezone(self) -> str:
        """The time zone in which its staff read times."""

    @property
    def retention_days(self) -> int:
        """For how many days a conversation is kept after its last message."""


@dataclass(frozen=True, slots=True)
class Window:
    """How a person can be written to: ``until`` is None on the web, where no window closes."""

    channel: str
    until: datetime | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How news comes to a person: ``page`` (open now), ``left`` (on the page, if they come back to it), ``window``
    (WhatsApp, until then), ``template`` (WhatsApp, once they have written), ``stopped`` or ``closed`` (not at all)."""

    way: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What came of erasing; ``cannot`` holds codes: firm_has_booking, whatsapp_copy, engine_later."""

    done: bool
    held: bool
    cannot: tuple[str, ...]


class Desk(Protocol):
    """Where staff take part in a conversation; the person is told each time."""

    async def claim(self, conversation_id: str, staff_id: str, staff_name: str) -> str:
        """``claimed``, ``taken`` (by somebody else) or ``gone``."""

    async def release(self, conversation_id: str, staff_id: str | None) -> str:
        """``released``, ``not_held`` or ``gone``; None releases it whoever holds it."""

    async def write(self, conversation_id: str, staff_id: str, staff_name: str, text: str, key: str) -> str:
        """``sent``, ``window_closed``, ``stopped``, ``not_held``, ``personal`` (it holds a number from somebody's
        papers) or ``gone``; the same ``key`` sends once."""

    async def correct(
        self, conversation_id: str, key: str, reply: Reply, settled: Callable[[], Awaitable[str]]
    ) -> str:
        """Tells a person that something has changed; the same ``key`` tells once. ``sent``, ``left`` (on a page that
        is not open), ``asked`` (they are asked to write first), ``stopped``, ``window_closed``, ``gone``, ``personal``,
        ``too_long``, ``empty``, or ``later``: it may be tried again. ``settled`` is asked last: when it says something,
        that is the answer, and nobody is told."""

    async def reach(self, conversation_id: str, channel: str) -> Reach:
        """How news would come to the person of a conversation of that channel now."""

    async def window(self, conversation_id: str) -> Window:
        """How the person can be written to now."""

    async def arrivals(self, conversation_id: str) -> Mapping[str, str]:
        """What became of messages to a person on WhatsApp, by their id: ``waiting``, ``sent``, ``delivered``, ``read``,
        ``failed``, ``unknown``, ``blocked`` (until they write again) or ``dropped``; only of what is still known."""

    async def erase(self, conversation_id: str) -> Erasure:
        """Erases everything of the conversation that can be erased."""


class OtherLanguage(Protocol):
    """A bot's message in the other language."""

    def other(self, reply: Mapping[str, Any]) -> str | None:
        """Its text there; None when the content no longer has it."""


class RaiseAlarm(Protocol):
    """Tells whoever looks after the program that something is wrong; codes only."""

    def __call__(self, kind: str, code: str, conversation: str | None) -> None: ...
