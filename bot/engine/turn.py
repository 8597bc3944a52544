"""The one door between the gateway and Rasa: a turn in, everything that it said and did out."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from sanic import Blueprint, response
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.core.errors import SettingsError
from bot.core.messages import LANGUAGES, Choice, Reply
from bot.engine import rasa_fixes
from bot.engine.encoder import LONGEST, shared_encoder
from bot.engine.language import OTHER_LANGUAGE
from bot.engine.nearest import Asked, NearestCache, Pace
from bot.engine.needs import NEEDS
from bot.engine.requests import BadRequest, NearestRequest, TurnRequest, text_of, texts_of
from bot.engine.state import forget_text, forget_timezone
from bot.engine.tracker import StateTrackerStore, in_turn

rasa_fixes.apply()

log = logging.getLogger("faro.engine")

#: Shorter secrets can be guessed.
SHORTEST_SECRET = 16
#: Texts encoded before the engine looks whether a person is waiting.
VECTORS_AT_ONCE = 4

#: What nobody waits for stands back while a turn goes on.
_pace = Pace()

Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse]]


class NotReady(Exception):
    """The engine cannot do turns; the text says what is missing."""


class ReplyCollector(OutputChannel):
    """Keeps what Rasa says during a turn as replies, one each: nothing is split at blank lines."""

    def __init__(self) -> None:
        self._said: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return "turn"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self._said.append(dict(message))

    def replies(self, language: str) -> list[dict[str, Any]]:
        """Everything said, as JSON of ``Reply``; responses of the domain become notices named after themselves."""
        return [_reply(message, language).as_dict() for message in self._said if _says_something(message)]


def _says_something(message: dict[str, Any]) -> bool:
    return bool(message.get("custom") or message.get("text"))


def _reply(message: dict[str, Any], language: str) -> Reply:
    if message.get("custom"):
        return Reply.from_dict(message["custom"])
    choices = tuple(Choice(button["title"], button["payload"]) for button in message.get("buttons") or ())
    name = str(message.get("utter_action") or "text")
    return Reply(kind="notice", id=name, lang=language, text=message["text"], choices=choices)


class TurnInput(InputChannel):
    """Rasa's input channel ``turn``, for our own parts alone: turns, parses, vectors, nearest questions, forgetting."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @classmethod
    def name(cls) -> str:
        return "turn"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TurnInput:
        secret = (credentials or {}).get("secret")
        if not isinstance(secret, str) or len(secret) < SHORTEST_SECRET or "${" in secret:
            raise SettingsError(
                [
                    f"FARO_ENGINE_SECRET must be set to at least {SHORTEST_SECRET} characters (credentials.yml)."
                ]
            )
        port = str((credentials or {}).get("actions_port"))
        if not port.isdigit():
            # endpoints.yml needs it too, where Rasa would leave the name of the variable in the address.
            raise SettingsError(["FARO_ACTIONS_PORT must be set to the port of the action server."])
        return cls(secret)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("turn_connector")

        async def turn(request: Request) -> HTTPResponse:
            with _pace.turn():
                return response.json(await self._turn(request, on_new_message))

        async def parse(request: Request) -> HTTPResponse:
            processor = _agent(request).processor
            parses = []
            for text in texts_of(_body(request)):
                parses.append(parse_shown(await processor.parse_message(UserMessage(text))))
                await asyncio.sleep(0)  # a person may be waiting
            return response.json({"parses": parses})

        async def vectors(request: Request) -> HTTPResponse:
            body = _body(request)
            return response.json({"vectors": await _vectors(texts_of(body), body.get("kind", "query"))})

        async def nearest(request: Request) -> HTTPResponse:
            asked = NearestRequest.of(_body(request))
            return response.json(await (_prepare(asked) if asked.prepare else _nearest(asked)))

        async def forget(request: Request) -> HTTPResponse:
            conversation = text_of(_body(request), "conversation")
            async with self._alone(conversation):
                await _store(_agent(request)).forget(conversation)
            return response.json({"forgotten": True})

        for handler in (turn, parse, vectors, nearest, forget):
            blueprint.add_route(
                self._guarded(handler), f"/{handler.__name__}", ["POST"], name=handler.__name__
            )

        @blueprint.listener("before_server_stop")
        async def close(app: Any, loop: Any) -> None:
            await rasa_fixes.close_connections()

        return blueprint

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> HTTPResponse:
            sent = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(sent, b"Bearer " + self._secret):
                return response.json({"problem": "wrong secret"}, 401)
            try:
                return await handler(request)
            except BadRequest as exc:
                return response.json({"problem": str(exc)}, 400)
            except NotReady as exc:
                return response.json({"problem": str(exc)}, 503)
            except (
                Exception
            ) as exc:  # the border of the process: an answer without a problem would look like silence
                log.error("turn_failed: %s", rasa_fixes.describe(exc))
                return response.json({"problem": "the engine failed", "error": type(exc).__name__}, 500)

        return guarded

    async def _turn(
        self, request: Request, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> dict[str, Any]:
        asked = TurnRequest.of(_body(request))
        agent = _agent(request)
        store = _store(agent)
        async with self._alone(asked.conversation):
            turn = await store.begin(asked.conversation, asked.message_id, asked.consent)
            if turn.earlier_reply is not None:
                return {**turn.earlier_reply, "replayed": True}
            collector = ReplyCollector()
            message = UserMessage(
                asked.payload or asked.text,
                collector,
                asked.conversation,
                input_channel=asked.channel or self.name(),
                message_id=asked.message_id,
                metadata=asked.metadata,
            )
            with in_turn(turn), rasa_fixes.recording_failures() as failed:
                parse = await _parse(agent, message, asked)
                shown = parse_shown(parse)
                message.parse_data = _with_language(parse, asked.language)
                await on_new_message(message)
            if turn.tracker is None:
                raise NotReady("no model")
            forget_timezone(turn.tracker.events)
            if asked.marker:
                forget_text(turn.tracker.events, asked.marker)
                shown = {**shown, NEEDS: []}
            slots = dict(turn.tracker.current_slot_values())
            # A restart empties the slots; the conversation keeps its language all the same.
            slots["language"] = slots.get("language") or asked.language or LANGUAGES[0]
            answer = {
                "messages": collector.replies(slots["language"]),
                "parse": shown,
                "slots": slots,
                "failed_actions": failed,
                "replayed": False,
            }
            if not failed:
                # A turn in which an action failed has not happened: asked again, it is done again from where the
                # conversation stood, and no half-filled form stays behind.
                await store.commit(turn, answer)
            return answer

    @asynccontextmanager
    async def _alone(self, conversation: str) -> AsyncIterator[None]:
        """One turn of a conversation at a time; the next begins at once, where Rasa's own lock polls each second."""
        lock, users = self._locks.get(conversation, (asyncio.Lock(), 0))
        self._locks[conversation] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[conversation]
            if users == 1:
                del self._locks[conversation]
            else:
                self._locks[conversation] = (lock, users - 1)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except InvalidUsage as exc:
        raise BadRequest("the body is no JSON") from exc
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _agent(request: Request) -> Any:
    agent = getattr(request.app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        raise NotReady("no model")
    return agent


def _store(agent: Any) -> StateTrackerStore:
    if not isinstance(agent.tracker_store, StateTrackerStore):
        # Rasa replaces a store that it cannot import by one in memory, with a warning only.
        raise NotReady("the tracker store of endpoints.yml is not in use")
    return agent.tracker_store


async def _parse(agent: Any, message: UserMessage, asked: TurnRequest) -> dict[str, Any]:
    if not asked.payload:
        parse: dict[str, Any] = await agent.processor.parse_message(message)
        parse.pop("text_tokens", None)
        return parse
    # A payload says what it means: encoding and classifying it would be wasted.
    known = YAMLStoryReader.unpack_regex_message(
        Message({TEXT: asked.payload}), agent.domain, TurnInput.__name__
    )
    if not known.get(INTENT):
        raise BadRequest("the payload names an unknown intent")
    return dict(known.as_dict(only_output_properties=True))


def _with_language(parse: dict[str, Any], language: str | None) -> dict[str, Any]:
    """The parse with the conversation's language where the message itself names none."""
    if language is None or any(entity["entity"] == "language" for entity in parse["entities"]):
        return parse
    told = {"entity": "language", "value": language, "start": 0, "end": 0, "extractor": "gateway"}
    return {**parse, "entities": [*parse["entities"], told]}


def parse_shown(parse: dict[str, Any]) -> dict[str, Any]:
    """The part of a parse that the gateway and an evaluation see."""
    found = [entity["value"] for entity in parse["entities"] if entity["entity"] == "language"]
    return {
        "intent": {name: parse["intent"].get(name) for name in ("name", "confidence")},
        "intent_ranking": parse.get("intent_ranking", []),
        "entities": parse["entities"],
        "language": found[0] if found else None,
        OTHER_LANGUAGE: parse.get(OTHER_LANGUAGE),
        NEEDS: parse.get(NEEDS, []),
    }


async def _vectors(texts: list[str], kind: Any) -> list[list[float]]:
    if kind not in LONGEST:
        raise BadRequest("kind must be one of " + ", ".join(LONGEST))
    rows: list[list[float]] = []
    for start in range(0, len(texts), VECTORS_AT_ONCE):
        part = texts[start : start + VECTORS_AT_ONCE]
        found = await asyncio.get_running_loop().run_in_executor(None, shared_encoder().encode, part, kind)
        rows.extend(found.tolist())
    return rows


@lru_cache(maxsize=1)
def _nearest_cache() -> NearestCache:
    return NearestCache(shared_encoder())


async def _nearest(asked: NearestRequest) -> dict[str, Any]:
    """The score of each group of each topic for a text, and the topics whose questions are not known."""
    cache = _nearest_cache()

    def work() -> dict[str, dict[str, float]]:
        text = Asked(asked.text, shared_encoder())
        found = {t: cache.get(groups, asked.names.get(t)) for t, groups in asked.topics.items()}
        for topic, name in asked.names.items():
            if topic not in found and (known := cache.known(name)) is not None:
                found[topic] = known
        return {topic: nearest.scores_of(text) for topic, nearest in found.items()}

    scores = await asyncio.get_running_loop().run_in_executor(None, work)
    unknown = [topic for topic in asked.names if topic not in scores]
    return {"scores": scores, **({"unknown": unknown} if unknown else {})}


#: Learns what nobody waits for: one topic at a time, so that the other threads are free for people.
_aside = ThreadPoolExecutor(max_workers=1)


async def _prepare(asked: NearestRequest) -> dict[str, Any]:
    """Learn the questions that came along; the topics of those that are still not known."""
    cache = _nearest_cache()
    for topic, groups in asked.topics.items():
        work = partial(cache.prepare, groups, asked.names[topic], _pace.pause)
        await asyncio.get_running_loop().run_in_executor(_aside, work)
    return {"unknown": [topic for topic, name in asked.names.items() if cache.known(name) is None]}
