"""Thinks up the conversations of ``faro demo-data``, the same ones for the same seed.

What visitors say comes from the examples that train the model, what the bot says from the content as it stands. Nobody
in them is a person: names are numbers, telephone numbers are those set aside for fiction.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.booking.reference import ALPHABET, LENGTH
from bot.cli.demo_rows import Batch, Lines, add_request
from bot.cli.demo_words import CONTACT, GIBBERISH, HUMAN, KINDS, MEANT, SAID, TRIAGE, URGENCIES
from bot.cli.paths import ROOT
from bot.console.pages.filters import LABELS
from bot.core import yaml12
from bot.core.content import Library
from bot.core.messages import Reply
from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord
from bot.transcripts.rows import Seal, conversation_row, message_row, told_rows
from bot.transcripts.sealing import Keys

#: Over how many days the conversations are spread, the last one just before now.
DAYS = 60
_ANNOTATION = re.compile(r"\[([^\]]*)\](?:\{[^}]*\}|\([^)]*\))")
_NATIONALITIES = ("GT", "HN", "SV", "VE", "NI", "CO", "EC", "CU", "MX", "PE")
_ALARMS = (
    ("engine", "unreachable"),
    ("turn", "empty_turn"),
    ("booking", "late"),
    ("whatsapp", "window_closed"),
)


_UNSEEN = {"looked_at": None, "looked_by": None}


class Author:
    """Thinks up conversations."""

    def __init__(
        self, library: Library, keys: Keys, chance: random.Random, staff: Sequence[str], now: datetime
    ) -> None:
        self._library = library
        self._seal, self._keys = Seal(keys), keys
        self._chance = chance
        self._staff = tuple(staff)
        self._now, self._today = now, now.date()
        self._examples = _examples(ROOT / "data" / "nlu")
        self._topics = sorted(library.topics)
        self._chance.shuffle(self._topics)
        # A few topics are asked about far more often than the others.
        self._weights = [1 / (1 + place) for place in range(len(self._topics))]
        self._used: set[str] = set()
        self._contents: dict[tuple[str | None, ...], dict[str, Any]] = {}
        self._reply, self._answer = cache(self._notice), cache(self._article)

    def write(self, batch: Batch, number: int, count: int) -> None:
        """Adds conversation ``number`` of ``count``; the higher, the later it took place."""
        chance = self._chance
        lang = "es" if chance.random() < 0.62 else "en"
        # Most are of the last days, as in a list that staff look at. The longest lasts some twenty minutes.
        ago = timedelta(minutes=30) + timedelta(days=DAYS) * (1 - (number + chance.random()) / count) ** 3
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        channel = "whatsapp" if chance.random() < 0.3 else "web"
        lines = Lines(self._id("c_"), lang, channel, self._now - ago)
        begun = lines.at
        self._say(lines, self._reply("greeting", lang), None)
        head: dict[str, Any] = getattr(self, f"_{kind}")(lines, batch)
        record = ConversationRecord(
            id=lines.id,
            channel=channel,
            language=lang,
            created_at=begun,
            last_at=lines.at,
            last_seq=len(lines.messages),
            consent=ConsentRecord("2026-11", lang, begun + timedelta(seconds=20)),
            topic=lines.topic,
            **head,
        )
        row = conversation_row(record, self._seal)
        self._worked_on(lines, head, row)
        batch.conversations.append(row)
        for message in lines.messages:
            looked = lines.looked.get(message.id, _UNSEEN)
            batch.messages.append({**message_row(message, lines.id, self._seal), **looked})
            batch.told.extend(told_rows(message, lines.id))
        if chance.random() < 0.08:
            batch.labels.append({"conversation_id": lines.id, "label": chance.choice(LABELS)})
        if kind == "apology" or chance.random() < 0.01:
            self._alarm(batch, lines)

    # The kinds of conversation. Each gives what else the conversation's row has.

    def _questions(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        for _ in range(self._chance.choices((1, 2, 3, 4, 6, 9), (30, 28, 20, 12, 7, 3))[0]):
            self._question(lines)
        return {"outcome": "answered"}

    def _lost(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        if self._chance.random() < 0.5:
            self._question(lines)
        for _ in range(self._chance.randint(1, 2)):
            self._fallback(lines)
        return {"outcome": "unanswered"}

    def _person(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        if self._chance.random() < 0.7:
            self._question(lines)
        self._asks(lines, self._example("talk_to_human", lines.lang), "talk_to_human", "answer_human")
        return {"outcome": "person"}

    def _apology(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        asked = self._ask(lines, self._example(self._topics[0], lines.lang), None, None)
        self._say(lines, self._reply("apology_engine", lines.lang), asked)
        return {"outcome": "apology"}

    def _emergency(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        at = lines.at
        self._asks(lines, self._example("emergency", lines.lang), "emergency", "emergency_agents")
        return {"outcome": "answered", "urgency": "emergency", "urgent_at": at}

    def _triage(self, lines: Lines, _batch: Batch) -> dict[str, Any]:
        if self._chance.random() < 0.6:
            self._question(lines)
        lines.topic = lines.topic or "start_triage"
        facts: dict[str, Any] = {"nationality": self._chance.choice(_NATIONALITIES)}
        self._asks(lines, self._example("start_triage", lines.lang), "start_triage", "triage_intro")
        for slot in TRIAGE:
            self._say(lines, self._reply(f"triage_ask_{slot}", lines.lang), lines.messages[-1].reply_to)
            number = self._chance.randrange(len(SAID[lines.lang][slot]))
            said = SAID[lines.lang][slot][number]
            facts[slot] = _arrival(number, lines.at.date()) if slot == "arrival" else MEANT[slot][number]
            self._ask(lines, said, "inform", 0.9)
        level = self._chance.choice(URGENCIES)
        self._say(lines, self._reply(f"triage_level_{level}", lines.lang), lines.messages[-1].id)
        return {"outcome": "triaged", "urgency": level, "urgent_at": lines.at, "facts": facts}

    def _booking(self, lines: Lines, batch: Batch) -> dict[str, Any]:
        head = self._triage(lines, batch)
        asked = self._asks(
            lines, self._example("book_consultation", lines.lang), "book_consultation", "booking_intro"
        )
        for question, said in zip(("name", "phone", "safe_message"), CONTACT[lines.lang], strict=True):
            self._say(lines, self._reply(f"booking_ask_{question}", lines.lang), asked)
            asked = self._ask(lines, said, "inform", 0.9)
        reference = self._reference()
        add_request(
            batch, lines, head["urgency"], reference, len(self._used), self._keys, self._chance, self._now
        )
        saved = self._library.notice(
            f"booking_saved_{head['urgency']}", lines.lang, today=self._today, reference=reference
        )
        self._say(lines, saved, asked)
        return {**head, "outcome": "booked"}

    # What is said.

    def _question(self, lines: Lines) -> None:
        topic = self._chance.choices(self._topics, self._weights)[0]
        said = self._example(topic, lines.lang)
        unsure = self._chance.random() < 0.06
        sure = self._chance.uniform(0.3, 0.45) if unsure else self._chance.betavariate(9, 1.5)
        asked = self._ask(lines, said, topic, sure, "unsure" if unsure else None)
        message = self._say(lines, self._answer(topic, lines.lang), asked)
        lines.topic = topic
        rated = self._chance.random()
        if rated < 0.12:
            lines.rate(message, "down" if rated < 0.03 else "up")

    def _fallback(self, lines: Lines) -> None:
        lost = self._chance.random() < 0.5
        said = (
            self._chance.choice(GIBBERISH[lines.lang]) if lost else self._example("out_of_scope", lines.lang)
        )
        asked = self._ask(lines, said, "nlu_fallback", self._chance.uniform(0.05, 0.3), "fallback")
        self._say(lines, self._reply("not_understood" if lost else "out_of_scope", lines.lang), asked)

    def _asks(self, lines: Lines, said: str, intent: str, notice: str) -> str:
        asked = self._ask(lines, said, intent, self._chance.betavariate(9, 1.5))
        self._say(lines, self._reply(notice, lines.lang), asked)
        return asked

    def _ask(
        self, lines: Lines, said: str, intent: str | None, sure: float | None, look: str | None = None
    ) -> str:
        """The id of what the visitor says."""
        lines.at += timedelta(seconds=self._chance.lognormvariate(3.2, 0.8))
        ranking = None
        if intent is not None and sure is not None and intent != "inform":
            others = self._chance.sample(self._topics, 4)
            shares = sorted((self._chance.random() * (1 - sure) for _ in others), reverse=True)
            ranked = [(intent, sure), *zip(others, shares, strict=True)]
            ranking = tuple({"name": name, "confidence": round(share, 4)} for name, share in ranked)
        return lines.add(
            MessageRecord(
                id=self._id("m_"),
                seq=len(lines.messages) + 1,
                created_at=lines.at,
                author="visitor",
                kind="text",
                language=lines.lang,
                text=said,
                client_message_id=f"d{len(lines.messages)}",
                intent=intent,
                confidence=None if sure is None else round(sure, 4),
                latency_ms=int(self._chance.lognormvariate(4.3, 0.4)),
                ranking=ranking,
                look=look,
            )
        )

    def _say(self, lines: Lines, reply: Reply, asked: str | None) -> str:
        """The id of what the bot says."""
        lines.at += timedelta(milliseconds=self._chance.randint(60, 400))
        content = self._content(reply)
        choices = [{"id": self._id("k_")[:18], **choice} for choice in content["choices"]]
        return lines.add(
            MessageRecord(
                id=self._id("m_"),
                seq=len(lines.messages) + 1,
                created_at=lines.at,
                author="bot",
                kind=reply.kind,
                language=reply.lang,
                text=reply.text,
                reply_to=asked,
                reply={**content, "choices": choices},
                versions={"content": "demo", "law": self._today.isoformat()},
            )
        )

    def _example(self, intent: str, lang: str) -> str:
        return self._chance.choice(self._examples[intent, lang])

    # What stands beside the conversation.

    def _worked_on(self, lines: Lines, head: Mapping[str, Any], row: dict[str, Any]) -> None:
        """Lets staff read, call, write and mark, as far as there is any."""
        chance = self._chance
        for column in ("human_at", "claimed_by", "claimed_at", "reviewed_by", "reviewed_at"):
            row[column] = None
        if not self._staff:
            return
        someone, age = chance.choice(self._staff), self._now - lines.at
        if head.get("urgency") in ("urgent", "emergency") and chance.random() < min(
            0.95, age / timedelta(days=2)
        ):
            row["human_at"] = lines.at + min(age, timedelta(minutes=chance.lognormvariate(3.5, 1)))
        if head["outcome"] == "person" and chance.random() < 0.6:
            lines.at += timedelta(minutes=2)
            row |= {"human_at": lines.at, "last_at": lines.at, "last_seq": len(lines.messages) + 1}
            lines.add(
                MessageRecord(
                    id=self._id("m_"),
                    seq=len(lines.messages) + 1,
                    created_at=lines.at,
                    author="staff",
                    kind="staff",
                    language=lines.lang,
                    text=HUMAN[lines.lang],
                    staff_id=someone,
                )
            )
            if age < timedelta(days=1):
                row |= {"claimed_by": someone, "claimed_at": lines.at - timedelta(minutes=2)}
        if chance.random() < 0.35:
            row |= {"reviewed_by": someone, "reviewed_at": min(self._now, lines.at + timedelta(hours=5))}
            for message in lines.messages:
                if message.look is not None or message.rating == "down":
                    lines.looked[message.id] = {"looked_at": row["reviewed_at"], "looked_by": someone}

    def _alarm(self, batch: Batch, lines: Lines) -> None:
        kind, code = self._chance.choice(_ALARMS)
        settled = self._staff and self._chance.random() < 0.5
        batch.alarms.append(
            {
                "id": self._id("a_"),
                "created_at": lines.at,
                "kind": kind,
                "code": code,
                "conversation_id": lines.id,
                "settled_by": self._chance.choice(self._staff) if settled else None,
                "settled_at": lines.at if settled else None,
            }
        )

    def _reference(self) -> str:
        while True:
            letters = "".join(self._chance.choice(ALPHABET) for _ in range(LENGTH))
            if letters not in self._used:
                self._used.add(letters)
                return letters

    def _id(self, prefix: str) -> str:
        return f"{prefix}{self._chance.getrandbits(128):032x}"

    def _content(self, reply: Reply) -> dict[str, Any]:
        key = (reply.id, reply.section, reply.lang, reply.text)
        if key not in self._contents:
            self._contents[key] = reply.as_dict()
        return self._contents[key]

    def _notice(self, id: str, lang: str) -> Reply:
        return self._library.notice(id, lang, today=self._today)

    def _article(self, topic: str, lang: str) -> Reply:
        return self._library.answer(topic, lang, None, self._today)


def _examples(folder: Path) -> dict[tuple[str, str], list[str]]:
    """What people say, by intent and language, without the marks of entities."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(folder.rglob("*.yml")):
        for block in yaml12.load_file(path)["nlu"]:
            lines = [
                _ANNOTATION.sub(r"\1", line.removeprefix("- ").strip())
                for line in block["examples"].splitlines()
            ]
            found.setdefault((block["intent"], path.parent.name), []).extend(lines)
    return found


def _arrival(number: int, today: date) -> dict[str, str]:
    """The days that an answer about the arrival means: in March, last year, 8 months ago."""
    year = today.year if today.month > 3 else today.year - 1
    spans = (
        (date(year, 3, 1), date(year, 3, 31)),
        (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        (today - timedelta(days=260), today - timedelta(days=230)),
    )
    earliest, latest = spans[number]
    return {"earliest": earliest.isoformat(), "latest": latest.isoformat()}
