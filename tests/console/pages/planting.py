"""Conversations as the gateway keeps them, put straight into the store."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.console.pages.library import FromLibrary
from bot.core.content.library import Library, load_library
from bot.core.deadlines.calculations import calculate
from bot.core.deadlines.phrases import FILE_NAME, load_phrases
from bot.core.deadlines.rules import load_rules
from bot.core.deadlines.telling import day_in_words, tell
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import Reply
from bot.core.triage.facts import Facts
from bot.core.triage.levels import assess
from bot.core.triage.rules import load as load_triage
from bot.core.triage.telling import tell as tell_triage
from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord
from bot.transcripts.store import TranscriptStore

NOON = datetime(2026, 11, 21, 18, tzinfo=UTC)
TODAY = date(2026, 11, 21)
ROOT = Path(__file__).resolve().parents[3]
CONTENT = ROOT / "bot" / "content"
LAW = ROOT / "bot" / "law"

#: What a person told about the situation.
FACTS: dict[str, Any] = {
    "place": "us",
    "detained": "no",
    "filed": "no",
    "court": "yes",
    "appointment": "hearing",
    "appointment_date": {"earliest": "2026-12-01", "latest": "2026-12-01"},
    "arrival": {"earliest": "2025-12-03", "latest": "2025-12-03"},
}
CONTACT = {
    "name_as_given": "Nombre Apellido",
    "phone_e164": "+12025550142",
    "preferred_channel": "phone",
    "safe_to_leave_message": "no",
}


@cache
def words() -> Library:
    """The project's own words."""
    parameters = load_parameters(LAW / "parameters")
    return load_library(CONTENT, parameters, load_firm(CONTENT / "firm.yml"))


@cache
def beside() -> FromLibrary:
    """What the console looks up, from the project's own words and law."""
    rules = load_rules(LAW / "deadlines", words().parameters)
    triage = load_triage(LAW / "triage" / "levels.yml")
    return FromLibrary(words(), lambda: rules, lambda: triage, load_phrases(CONTENT / FILE_NAME))


def answer(intent: str, lang: str) -> Reply:
    """The general answer of a topic."""
    return words().answer(intent, lang, None, TODAY)


def deadline(lang: str) -> Reply:
    """The one-year deadline, with what it was counted from."""
    inputs = {"last_arrival": "2025-12-03"}
    rules = load_rules(LAW / "deadlines", words().parameters)
    result = calculate("one_year_filing", inputs, rules, TODAY)
    keep = {"calculation": "one_year_filing", "inputs": inputs, "today": TODAY.isoformat()}
    day = day_in_words(date(2025, 12, 3), lang)
    what = words().label("event_arrival", lang)
    below = words().notice("deadline_based_on", lang, today=TODAY, what=what, event=day).text
    return replace(
        tell(words(), rules, result, lang, [below]), keep={**keep, "calendar_until": None, "labels": {}}
    )


def triage(lang: str) -> Reply:
    """What follows from ``FACTS``."""
    rules = load_rules(LAW / "deadlines", words().parameters)
    facts = Facts.from_dict(FACTS)
    found = assess(facts, rules, load_triage(LAW / "triage" / "levels.yml"), TODAY)
    return tell_triage(words(), found, facts, lang, TODAY)


@dataclass(slots=True)
class Planted:
    """A conversation that grows message by message; ``save`` puts it into the store."""

    language: str = "es"
    channel: str = "web"
    began: datetime = NOON - timedelta(hours=3)
    changes: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"c_{secrets.token_hex(16)}")
    messages: list[MessageRecord] = field(default_factory=list)

    def heard(
        self, text: str, intent: str | None = None, confidence: float | None = None, **more: Any
    ) -> str:
        """The id of a message of the person."""
        return self.added(
            "visitor", "text", text, intent=intent, confidence=confidence, latency_ms=84, **more
        )

    def said(self, reply: Reply, **more: Any) -> str:
        """The id of a message of the bot."""
        asked = next((one.id for one in reversed(self.messages) if one.author == "visitor"), None)
        content = reply.as_dict()
        return self.added(
            "bot", reply.kind, reply.text, reply=content, language=reply.lang, reply_to=asked, **more
        )

    def wrote(self, text: str, staff_id: str) -> str:
        """The id of a message of staff."""
        return self.added("staff", "text", text, staff_id=staff_id)

    async def save(self, store: TranscriptStore) -> str:
        """Its id, once it is kept."""
        last = self.messages[-1].created_at if self.messages else self.began
        record = ConversationRecord(
            id=self.id,
            channel=self.channel,
            language=self.language,
            created_at=self.began,
            last_at=last,
            last_seq=len(self.messages),
            consent=ConsentRecord("1a2b3c", self.language, self.began),
        )
        await store.save(replace(record, **self.changes), self.messages)
        return self.id

    def added(self, author: str, kind: str, text: str, *, language: str = "", **more: Any) -> str:
        """The id of a message of anybody."""
        seq = len(self.messages) + 1
        id = f"m_{secrets.token_hex(16)}"
        at = self.began + timedelta(seconds=20 * seq)
        self.messages.append(
            MessageRecord(
                id=id,
                seq=seq,
                created_at=at,
                author=author,
                kind=kind,
                language=language or self.language,
                text=text,
                client_message_id=id if author == "visitor" else None,
                **more,
            )
        )
        return id


def full_conversation(lang: str = "es", **changes: Any) -> Planted:
    """A conversation in which everything happens that a page has to show."""
    facts = {**FACTS, "nationality": "Honduras"}
    told = {"urgency": "urgent", "urgent_at": NOON - timedelta(hours=2, minutes=10), "topic": "one_year_deadline",
            "outcome": "triaged", "facts": facts}  # fmt: skip
    planted = Planted(lang, changes={**told, **changes})
    spanish = lang == "es"
    planted.heard(
        "hola me llamo [NAME_1], mi numero es [PHONE_1]"
        if spanish
        else "hi I am [NAME_1], my number is [PHONE_1]",
        "greet",
        0.97,
        raw="hola me llamo Fulano, mi numero es 202 555 0142",
    )
    planted.said(words().notice("hello", lang))
    planted.heard(
        "cuanto tiempo tengo para pedir asilo" if spanish else "how long do I have to ask for asylum",
        "one_year_deadline",
        0.88,
        ranking=(
            {"name": "one_year_deadline", "confidence": 0.88},
            {"name": "wait_times", "confidence": 0.06},
        ),
        entities=({"entity": "event_date", "value": "2025-12-03"},),
    )
    planted.said(
        answer("one_year_deadline", lang), rating="down", versions={"content": "3", "law": "2026-11-01"}
    )
    planted.heard("[story not kept: 120 words, es]", "tell_story", 0.61)
    planted.said(deadline(lang))
    planted.heard("asdf", "nlu_fallback", 0.31, look="fallback")
    planted.said(words().notice("not_understood", lang))
    planted.said(triage(lang))
    return planted
