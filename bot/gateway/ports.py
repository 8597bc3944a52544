"""What the gateway needs from its surroundings, so that tests can pass something small instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from bot.core.deadlines import Deadline, NotCovered, Span
from bot.core.messages import Reply
from bot.core.redact import Masked

#: Tokens of a conversation with their values.
Seen = Iterable[tuple[str, str]]


class Firm(Protocol):
    """The firm's facts that the gateway itself uses."""

    @property
    def name(self) -> str: ...

    @property
    def phone(self) -> str: ...

    @property
    def emergency_phone(self) -> str | None: ...

    @property
    def timezone(self) -> str: ...

    @property
    def retention_days(self) -> int: ...

    @property
    def request_retention_days(self) -> int: ...

    @property
    def alarm_retention_days(self) -> int | None: ...


class Notices(Protocol):
    """The content library, as far as the gateway needs it."""

    def notice(self, id: str, lang: str, **values: str) -> Reply:
        """The fixed text ``id`` in that language, with values. Raises KeyError or a BotError when there is none."""


class Deadlines(Protocol):
    """The deadline engine with its words, as far as the gateway needs it."""

    def calculate(
        self,
        calculation: str,
        inputs: Mapping[str, object],
        today: date | Span,
        as_of: date | None,
        include: tuple[str, ...],
    ) -> Deadline | NotCovered:
        """As ``bot.core.deadlines.calculate``. Raises InputError."""

    def tell(self, result: Deadline | NotCovered, lang: str) -> Reply:
        """The result in words."""

    def title(self, calculation: str, lang: str) -> str:
        """A name for the date that gives nothing away."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message on its way to the engine; ``text`` or ``payload``, never both."""

    conversation: str
    message_id: str
    language: str
    #: The first day that it may be where the person is: days that a message names are read by it, so that what is
    #: counted from them ends too early rather than too late. Counts use ``now`` with what is known of the person.
    today: date
    now: datetime
    #: The browser's, when it lies in the U.S., else empty.
    timezone: str
    firm_timezone: str
    consent: bool
    text: str | None = None
    payload: str | None = None
    channel: str = "web"
    #: When the message came, whatever day tests fix for counting.
    at: datetime | None = None
    #: What the engine keeps in the place of a text that tells what happened to a person; empty for all others.
    marker: str = ""
    #: The kind of emergency answered in this conversation, if any.
    emergency: str | None = None


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What the engine made of a turn."""

    replies: tuple[Reply, ...]
    intent: str | None
    confidence: float | None
    language: str | None
    slots: dict[str, Any]
    failed_actions: tuple[str, ...]
    replayed: bool
    #: Intents with their confidence, best first, and what was found in the text: of free text only.
    ranking: tuple[dict[str, Any], ...] = ()
    entities: tuple[dict[str, Any], ...] = ()


class Bookings(Protocol):
    """What the gateway itself does about appointments; each may raise what a database raises."""

    async def keep_values(self, conversation: str, values: Mapping[str, str]) -> None:
        """Puts values where the questions about an appointment can read them, encrypted and for a short time."""

    async def drop_values(self, conversation: str) -> None:
        """Deletes them."""

    async def values(self, conversation: str) -> dict[str, str]:
        """The values kept so, by token."""

    async def erase(self, conversation: str) -> bool:
        """Deletes what is kept of a conversation; whether the firm's system had already received some of it."""


class Engine(Protocol):
    """The dialogue engine. Both calls raise EngineUnreachable or EngineError."""

    async def turn(self, turn: Turn) -> TurnResult: ...

    async def forget(self, conversation: str) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the gateway reads out of a text by itself.

    ``mask`` swaps personal data for tokens, with those that the conversation has used already; ``mask_whole`` makes
    one token of an answer, and ``speaks`` tells whether a text is no answer to what is asked for but a word to the bot.
    ``story`` counts the words of a message that tells what happened to a person, else None. ``emergency`` names the
    first lines that an emergency needs (``bot.core.emergency.Emergency.lines``) or is None; ``language`` is the answer
    language when sure; ``other`` the code of a third language when the text is long enough.
    """

    mask: Callable[[str, Seen], Masked]
    mask_whole: Callable[[str, str, Seen], Masked]
    speaks: Callable[[str, str], bool]
    story: Callable[[str], int | None]
    emergency: Callable[[str, str | None], str | None]
    language: Callable[[str], str | None]
    other: Callable[[str], str | None]


def core_reading() -> Reading:
    """The reading that ``bot.core`` does."""
    from bot.core import emergency, language, redact
    from bot.core.booking.contact import Name, read_name
    from bot.core.booking.control import speaks_to_the_bot
    from bot.core.story import story_in

    def kind(text: str, lang: str | None) -> str | None:
        found = emergency.classify(text, lang)
        return None if found is None else found.lines

    def whole(text: str, kind: str, seen: Seen) -> Masked:
        # "Me llamo Ana" gives the name; the words around it would be read back as part of it.
        name = read_name(text) if kind == "NAME" else None
        if isinstance(name, Name):
            return redact.mask_whole(name.as_given, kind, seen)
        ways = [found for found in redact.mask(text, seen).values if found.kind in ("PHONE", "EMAIL")]
        if kind in ("PHONE", "EMAIL") and len(ways) == 1:
            # Who is asked for a way to be reached names one of either kind: it is that one, without the words around.
            return redact.mask_whole(ways[0].value, ways[0].kind, seen)
        return redact.mask_whole(text, kind, seen)

    return Reading(
        mask=redact.mask,
        mask_whole=whole,
        speaks=speaks_to_the_bot,
        story=story_in,
        emergency=kind,
        language=lambda text: language.detect(text).language,
        other=lambda text: language.detect(text).other,
    )
