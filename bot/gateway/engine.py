"""The client of the engine's turn connector: one session, every fault turned into one of two errors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from bot.core.errors import EngineError, EngineUnreachable
from bot.core.messages import DATE, Reply
from bot.gateway.ports import Turn, TurnResult

TURN_SECONDS = 5.0
_MOST_BYTES = 1_000_000
#: How many of the intents are kept: what was understood, and what came close.
_RANKED = 5


class EngineClient:
    """Talks to the connector at ``url``; must be made inside a running event loop."""

    def __init__(self, url: str, secret: str, turn_seconds: float = TURN_SECONDS) -> None:
        self._base = f"{url.rstrip('/')}/webhooks/turn"
        self._turn_seconds = turn_seconds
        self._session = ClientSession(
            headers={"Authorization": f"Bearer {secret}"},
            connector=TCPConnector(limit=100),
            timeout=ClientTimeout(total=turn_seconds),
            trust_env=False,
        )

    async def turn(self, turn: Turn) -> TurnResult:
        """What the engine answers to one message. Raises EngineUnreachable or EngineError."""
        body = {
            "conversation": turn.conversation,
            "message_id": turn.message_id,
            "language": turn.language,
            "today": turn.today.isoformat(),
            "now": turn.now.isoformat(),
            "timezone": turn.timezone,
            "firm_timezone": turn.firm_timezone,
            "channel": turn.channel,
            "consent": turn.consent,
            "at": "" if turn.at is None else turn.at.isoformat(),
            "marker": turn.marker,
            "emergency": turn.emergency or "",
        }
        if turn.payload is not None:
            body["payload"] = turn.payload
        else:
            body["text"] = turn.text or ""
        return read_turn(await self._post("turn", body))

    async def forget(self, conversation: str) -> None:
        """Has the engine delete what it holds of a conversation. Raises EngineUnreachable or EngineError."""
        answer = await self._post("forget", {"conversation": conversation})
        if answer.get("forgotten") is not True:
            raise EngineError("the engine did not say that it forgot")

    async def close(self) -> None:
        """Closes the session."""
        await self._session.close()

    async def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._session.post(f"{self._base}/{what}", json=body) as response:
                if response.status != 200:
                    raise EngineError(f"{what}: status {response.status}")
                raw = b""
                async for part in response.content.iter_chunked(65_536):
                    raw += part
                    if len(raw) > _MOST_BYTES:
                        raise EngineError(f"{what}: answer too long")
                answer = _json(raw, what)
        except TimeoutError as exc:
            raise EngineUnreachable(f"{what}: no answer within {self._turn_seconds:g} s") from exc
        except ClientError as exc:
            raise EngineUnreachable(f"{what}: {type(exc).__name__}") from exc
        if not isinstance(answer, dict):
            raise EngineError(f"{what}: not a JSON object")
        return answer


def read_turn(answer: dict[str, Any]) -> TurnResult:
    """The turn in an engine's answer. Raises EngineError when it is something else."""
    try:
        parse = answer.get("parse") or {}
        intent = parse.get("intent") or {}
        confidence = intent.get("confidence")
        slots = answer.get("slots") or {}
        failed = answer.get("failed_actions") or []
        if not isinstance(slots, dict) or not isinstance(failed, list):
            raise TypeError("slots or failed_actions")
        return TurnResult(
            replies=tuple(_reply(message) for message in answer["messages"]),
            intent=_text_or_none(intent.get("name")),
            confidence=None if confidence is None else float(confidence),
            language=_text_or_none(parse.get("language")),
            slots=slots,
            failed_actions=tuple(str(name) for name in failed),
            replayed=answer.get("replayed") is True,
            ranking=_ranking(parse.get("intent_ranking")),
            entities=_entities(parse.get("entities")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        # The cause is cut off on purpose: its text could repeat what a person wrote.
        raise EngineError(f"turn: not understood ({type(exc).__name__})") from None


def _ranking(found: Any) -> tuple[dict[str, Any], ...]:
    """The best intents. What has another form is left out: without it the answer is still an answer."""
    rows = found if isinstance(found, list) else []
    return tuple(
        {"name": row["name"], "confidence": round(float(row["confidence"]), 4)}
        for row in rows[:_RANKED]
        if isinstance(row, dict)
        and isinstance(row.get("name"), str)
        and isinstance(row.get("confidence"), int | float)
    )


def _entities(found: Any) -> tuple[dict[str, Any], ...]:
    """What was found in the text, without where it stood."""
    rows = found if isinstance(found, list) else []
    return tuple(
        {name: row[name] for name in ("entity", "role", "value") if row.get(name) is not None}
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("entity"), str)
    )


def _reply(message: Any) -> Reply:
    reply = Reply.from_dict(message)
    words = (reply.kind, reply.id, reply.lang, reply.text, reply.full, reply.title)
    if not all(isinstance(value, str) for value in words):
        raise TypeError("reply")
    if not all(isinstance(part, str) for choice in reply.choices for part in (choice.title, choice.payload)):
        raise TypeError("choice")
    # Without its buttons or its picture an answer is still an answer.
    if reply.keep and not _can_be_kept(reply.keep):
        reply = replace(reply, keep={})
    if reply.picture and not _is_picture(reply.picture):
        reply = replace(reply, picture={})
    if reply.expects not in ("", DATE):
        reply = replace(reply, expects="")
    return reply if isinstance(reply.asks, str) else replace(reply, asks="")


def _is_picture(picture: Any) -> bool:
    return (
        isinstance(picture, dict)
        and picture.keys() == {"svg", "svg_dark", "text"}
        and all(isinstance(v, str) for v in picture.values())
    )


def _can_be_kept(keep: Any) -> bool:
    """Whether ``Reply.keep`` has what the page needs to show its buttons."""
    if isinstance(keep, dict) and keep.keys() == {"labels"}:
        labels = keep["labels"]
        return isinstance(labels, dict) and labels.keys() == {"print", "copy"}
    return (
        isinstance(keep, dict)
        and keep.keys() == {"calculation", "inputs", "today", "calendar_until", "labels"}
        and isinstance(keep["inputs"], dict)
        and isinstance(keep["labels"], dict)
        and keep["labels"].keys() == {"calendar", "print", "copy"}
        and all(isinstance(v, str) for v in (keep["calculation"], keep["today"], *keep["labels"].values()))
        and isinstance(keep["calendar_until"], str | None)
    )


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _json(raw: bytes, what: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise EngineError(f"{what}: not JSON") from None
