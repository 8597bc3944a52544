"""Whether the service can answer: the process, the database, and a real question through the engine."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from bot.core import yaml12
from bot.core.content.store import WITHHELD
from bot.core.errors import ContentFileError, EngineError, EngineUnreachable
from bot.core.messages import LANGUAGES
from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.ports import Engine, Firm, Turn
from bot.transcripts.store import TranscriptStore

#: A conversation that no visitor can have: ids of visitors are "c_" and 32 hexadecimal digits.
CANARY = "c_canary"
#: Asked word for word; the answer comes from an article, so understanding and actions both had to work. So they
#: had where it is withheld, because nobody approved the article: only the action that answers topics says that.
QUESTIONS = {"en": "When can I get a work permit?", "es": "¿Cuándo puedo pedir el permiso de trabajo?"}


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of each part: ``ok`` or a code."""

    parts: Mapping[str, str]

    @property
    def ready(self) -> bool:
        """Whether every part is well."""
        return all(code == "ok" for code in self.parts.values())


class Health:
    """Answers the questions of monitors and of the page while the service starts."""

    def __init__(
        self,
        store: TranscriptStore,
        engine: Engine,
        clock: Clock,
        firm: Firm,
        limits: Limits,
        status_file: Path,
        steps: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._firm = firm
        self._limits = limits
        self._status_file = status_file
        self._steps = steps
        self._lock = asyncio.Lock()
        self._known: tuple[float, Readiness] | None = None

    async def readiness(self) -> Readiness:
        """The state of each part, asked anew after some seconds; many askers at once cause one question."""
        async with self._lock:
            if self._known is not None:
                asked, readiness = self._known
                # While something is wrong, and so at the start, look again sooner.
                fresh = self._limits.ready_seconds if readiness.ready else self._limits.ready_seconds / 10
                if time.monotonic() - asked < fresh:
                    return readiness
            readiness = Readiness({"database": await self._database(), **await self._dialogue()})
            if not readiness.ready:
                logger().warning("not_ready", **readiness.parts)
            self._known = (time.monotonic(), readiness)
            return readiness

    async def progress(self) -> dict[str, Any]:
        """How far the start has come, for the page: ``ready``, ``progress`` from 0 to 1, ``step``."""
        ready = (await self.readiness()).ready
        if ready:
            return {"ready": True, "progress": 1.0, "step": dict(self._steps["ready"])}
        step, progress = self._written()
        return {"ready": False, "progress": progress, "step": step}

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(self._limits.turn_seconds):
                await self._store.ping()
        except STORE_FAULTS as exc:
            logger().warning("database_check", **fault(exc))
            return "unreachable"
        return "ok"

    async def _dialogue(self) -> dict[str, str]:
        """Engine and actions in one question for each language, stopping at the first that goes wrong."""
        now = self._clock.now_in(self._firm.timezone)
        for language in LANGUAGES:
            turn = Turn(
                conversation=CANARY,
                # A new id each time: a repeated one would be answered from the engine's memory.
                message_id=f"m_{secrets.token_hex(16)}",
                language=language,
                today=now.date(),
                now=now.astimezone(UTC),
                timezone="",
                firm_timezone=self._firm.timezone,
                consent=False,
                text=QUESTIONS[language],
            )
            try:
                async with asyncio.timeout(self._limits.turn_seconds):
                    result = await self._engine.turn(turn)
            except (TimeoutError, EngineUnreachable):
                return {"engine": "unreachable", "actions": "unknown"}
            except EngineError:
                return {"engine": "no_turn", "actions": "unknown"}
            if result.failed_actions or not result.replies:
                return {"engine": "ok", "actions": "failed"}
            if not any(reply.kind == "answer" or reply.id == WITHHELD for reply in result.replies):
                return {"engine": "no_answer", "actions": "ok"}
        return {"engine": "ok", "actions": "ok"}

    def _written(self) -> tuple[dict[str, str], float]:
        """What ``faro up`` last wrote; the first step when it has written nothing that can be read."""
        start = dict(self._steps["starting"])
        try:
            status = json.loads(self._status_file.read_text(encoding="utf-8"))
            step, progress = status["step"], float(status["progress"])
        except (OSError, ValueError, KeyError, TypeError):
            return start, 0.0
        bounded = min(max(progress, 0.0), 0.99)
        if isinstance(step, dict) and all(isinstance(step.get(language), str) for language in LANGUAGES):
            return {language: step[language] for language in LANGUAGES}, bounded
        return dict(self._steps.get(str(step), start)), bounded


def load_steps(path: Path) -> dict[str, dict[str, str]]:
    """What the page says for each step of the start. Raises ContentFileError."""
    steps = yaml12.load_file(path, ContentFileError)
    whole = isinstance(steps, dict) and {"starting", "ready"} <= set(steps)
    if not whole or any(set(step) != set(LANGUAGES) for step in steps.values()):
        raise ContentFileError(
            str(path), None, "a step lacks a language, or starting or ready is missing", "Write it."
        )
    return {str(code): dict(step) for code, step in steps.items()}
