"""One claim of a person's messages while it is worked through: what is left, and what is being answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.gateway.whatsapp.records import Waiting, Work


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that are answered together: by a ``command`` of the gateway, or ``notice``, ``text`` and ``choice``."""

    messages: tuple[Waiting, ...]
    command: str = ""
    notice: str = ""
    text: str = ""
    choice: str = ""

    @property
    def ids(self) -> list[str]:
        return [waiting.id for waiting in self.messages]

    @property
    def turn(self) -> str:
        """The name under which engine and store know this turn, also when it is asked again."""
        return self.messages[0].id

    @property
    def again(self) -> bool:
        return self.messages[0].attempts > 1 or bool(self.messages[0].turn)

    @property
    def is_joined(self) -> bool:
        """Whether a try has noted already that these messages are one turn."""
        return bool(self.messages[0].turn)


@dataclass(slots=True)
class Course:
    """What has come of one piece of work so far.

    What waited while this gateway was away has waited only since it ``began``; the engine is asked again for
    ``patience``.
    """

    work: Work
    left: list[Waiting]
    conversation_id: str
    began: datetime
    patience: timedelta
    #: Greeted in this very work, and with which words: ``first``, ``back`` or not at all.
    greeting: str = ""
    greeted_at: datetime | None = None
    may_ask: bool | None = None
    #: Told in this very work that their new number is known.
    renaming_told: bool = False
    noticed: set[str] = field(default_factory=set)
    #: What is being answered right now, for when it breaks.
    step: Step | None = None
    written: int = 0
    #: What became of codes from the page: by message, the notice that tells it.
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        return self.work.person.provider

    def waited(self, step: Step, now: datetime) -> timedelta:
        """For how long the engine has been asked for an answer to this step."""
        return now - max(step.messages[0].received_at, self.began)

    def is_over(self, step: Step, now: datetime) -> bool:
        """Whether the engine has had its time."""
        return self.waited(step, now) >= self.patience

    def behind(self, step: Step) -> list[Waiting]:
        """What waits behind a step."""
        return self.left[len(step.messages) :]

    def done(self, step: Step) -> None:
        """The step has come to an end."""
        del self.left[: len(step.messages)]
        self.step = None
