"""What the gateway needs from its surroundings, so that tests can pass something small instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from bot.core.deadlines import Deadline, NotCovered
from bot.core.messages import Reply


class Firm(Protocol):
    """The firm's facts that the gateway itself uses."""

    @property
    def name(self) -> str: ...

    @property
    def phone(self) -> str: ...

    @property
    def timezone(self) -> str: ...

    @property
    def retention_days(self) -> int: ...


class Notices(Protocol):
    """The content library, as far as the gateway needs it."""

    def notice(self, id: str, lang: str) -> Reply:
        """The fixed text ``id`` in that language. Raises KeyError or a BotError when there is none."""


class Deadlines(Protocol):
    """The deadline engine with its words, as far as the gateway needs it."""

    def calculate(
        self,
        calculation: str,
        inputs: Mapping[str, object],
        today: date,
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
    today: date
    timezone: str
    consent: bool
    text: str | None = None
    payload: str | None = None
    channel: str = "web"


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


class Engine(Protocol):
    """The dialogue engine. Both calls raise EngineUnreachable or EngineError."""

    async def turn(self, turn: Turn) -> TurnResult: ...

    async def forget(self, conversation: str) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the gateway reads out of a text by itself.

    ``mask`` swaps personal data for tokens; ``emergency`` names the kind of emergency or None; ``language``
    is the answer language when sure; ``other`` the code of a third language when the text is long enough.
    """

    mask: Callable[[str], str]
    emergency: Callable[[str, str | None], str | None]
    language: Callable[[str], str | None]
    other: Callable[[str], str | None]


def core_reading() -> Reading:
    """The reading that ``bot.core`` does."""
    from bot.core import emergency, language, redact

    def kind(text: str, lang: str | None) -> str | None:
        found = emergency.classify(text, lang)
        return None if found is None else str(found.kind)

    return Reading(
        mask=lambda text: redact.mask(text).text,
        emergency=kind,
        language=lambda text: language.detect(text).language,
        other=lambda text: language.detect(text).other,
    )
