"""What every engine behind the gateway must do, as a class that each test module for an engine inherits.

A subclass gives the fixtures ``engine_url`` and ``engine_secret``; the engine must know the topic of work permits.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.core.messages import Reply
from bot.gateway.engine import EngineClient
from bot.gateway.ports import Turn


def turn(**changes: Any) -> Turn:
    """A turn of a fresh conversation."""
    given: dict[str, Any] = {
        "conversation": f"c_{secrets.token_hex(16)}",
        "message_id": f"m_{secrets.token_hex(16)}",
        "language": "en",
        "today": date(2026, 11, 21),
        "now": datetime(2026, 11, 21, 17, tzinfo=UTC),
        "timezone": "",
        "firm_timezone": "America/New_York",
        "consent": False,
        **changes,
    }
    return Turn(**given)


class EngineContract:
    """Inherited by the tests of the stand-in and of the real engine."""

    @pytest.fixture
    async def client(self, engine_url: str, engine_secret: str) -> AsyncIterator[EngineClient]:
        client = EngineClient(engine_url, engine_secret, 30.0)
        yield client
        await client.close()

    @pytest.fixture
    async def raw(self) -> AsyncIterator[ClientSession]:
        async with ClientSession() as session:
            yield session

    async def test_a_question_is_answered_in_its_language(self, client: EngineClient) -> None:
        english = await client.turn(turn(text="When can I get a work permit?"))
        spanish = await client.turn(turn(text="¿Cuándo puedo pedir el permiso de trabajo?"))
        assert english.replies[0].kind == spanish.replies[0].kind == "answer"
        assert (english.replies[0].lang, spanish.replies[0].lang) == ("en", "es")
        assert spanish.slots["language"] == "es"
        assert english.intent
        assert 0.0 <= (english.confidence or 0.0) <= 1.0
        assert english.failed_actions == ()
        assert english.replayed is False

    async def test_a_reply_survives_the_wire(self, client: EngineClient) -> None:
        for reply in (await client.turn(turn(text="When can I get a work permit?"))).replies:
            assert Reply.from_dict(reply.as_dict()) == reply

    async def test_a_turn_asked_again_gives_the_same_reply(self, client: EngineClient) -> None:
        first = turn(text="When can I get a work permit?")
        answered, again = await client.turn(first), await client.turn(first)
        assert again.replies == answered.replies
        assert again.replayed is True

    async def test_a_payload_is_answered_in_the_language_of_the_conversation(
        self, client: EngineClient
    ) -> None:
        result = await client.turn(turn(payload="/work_permit", language="es"))
        assert result.replies
        assert result.replies[0].lang == "es"

    @pytest.mark.parametrize("text", ["🙏🇻🇪", "x" * 4_000, "/restart", '/greet{"language":"xx"}', "?"])
    async def test_odd_texts_get_a_reply(self, client: EngineClient, text: str) -> None:
        result = await client.turn(turn(text=text))
        assert any(reply.text for reply in result.replies)
        assert result.slots.get("language") in ("en", "es")

    async def test_a_forgotten_conversation_is_answered_anew(self, client: EngineClient) -> None:
        first = turn(text="When can I get a work permit?")
        await client.turn(first)
        await client.forget(first.conversation)
        assert (await client.turn(first)).replayed is False

    async def test_forgetting_what_was_never_known_is_no_error(self, client: EngineClient) -> None:
        await client.forget(f"c_{secrets.token_hex(16)}")

    @pytest.mark.parametrize("what", ["turn", "parse", "vectors", "nearest", "forget"])
    async def test_a_wrong_secret_is_refused(self, raw: ClientSession, engine_url: str, what: str) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            async with raw.post(f"{engine_url}/webhooks/turn/{what}", json={}, headers=headers) as response:
                assert response.status == 401

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"conversation": "c_1", "message_id": "m_1"},
            {"conversation": "c_1", "message_id": "m_1", "text": ""},
            {"conversation": "c_1", "message_id": "m_1", "text": "hi", "payload": "/greet"},
        ],
    )
    async def test_a_bad_turn_is_refused(
        self, raw: ClientSession, engine_url: str, engine_secret: str, body: dict[str, Any]
    ) -> None:
        common = {
            "language": "en", "today": "2026-11-21", "timezone": "UTC", "channel": "web", "consent": False
        }  # fmt: skip
        async with raw.post(
            f"{engine_url}/webhooks/turn/turn",
            json={**common, **body} if body else {},
            headers={"Authorization": f"Bearer {engine_secret}"},
        ) as response:
            assert response.status == 400
            assert (await response.json())["problem"]

    async def test_texts_are_read_without_a_dialogue(
        self, raw: ClientSession, engine_url: str, engine_secret: str
    ) -> None:
        headers = {"Authorization": f"Bearer {engine_secret}"}
        texts = {"texts": ["work permit", "permiso de trabajo"]}
        async with raw.post(f"{engine_url}/webhooks/turn/parse", json=texts, headers=headers) as response:
            parses = (await response.json())["parses"]
        assert [set(parse) >= {"intent", "intent_ranking", "entities", "language"} for parse in parses] == [
            True
        ] * 2
        body = {**texts, "kind": "query"}
        async with raw.post(f"{engine_url}/webhooks/turn/vectors", json=body, headers=headers) as response:
            vectors = (await response.json())["vectors"]
        assert len(vectors) == 2
        assert len(vectors[0]) == len(vectors[1]) > 0

    @pytest.mark.parametrize(
        ("text", "best"),
        [
            ("how much is it", "cost"),
            ("¿Puedo trabajar?", "general"),
            ("/cost", None),
            ("🙏", None),
            ("", None),
        ],
    )
    async def test_the_sections_of_topics_are_scored_for_a_text(
        self, raw: ClientSession, engine_url: str, engine_secret: str, text: str, best: str | None
    ) -> None:
        topics = {
            "work_permit": {"general": ["Can I work?", "¿Puedo trabajar?"], "cost": ["How much is it?"]},
            "travel": {"general": ["Can I travel?"]},
        }
        async with raw.post(
            f"{engine_url}/webhooks/turn/nearest",
            json={"text": text, "topics": topics},
            headers={"Authorization": f"Bearer {engine_secret}"},
        ) as response:
            assert response.status == 200
            scores = (await response.json())["scores"]
        assert {topic: set(found) for topic, found in scores.items()} == {
            topic: set(groups) for topic, groups in topics.items()
        }
        assert all(isinstance(score, float) for found in scores.values() for score in found.values())
        if best is not None:
            assert max(scores["work_permit"], key=scores["work_permit"].__getitem__) == best

    @pytest.mark.parametrize("prepare", [False, True])
    async def test_questions_with_a_name_travel_once(
        self, raw: ClientSession, engine_url: str, engine_secret: str, prepare: bool
    ) -> None:
        async def ask(**others: Any) -> dict[str, Any]:
            async with raw.post(
                f"{engine_url}/webhooks/turn/nearest",
                json={"text": "can i travel", "names": {"travel": name}, **others},
                headers={"Authorization": f"Bearer {engine_secret}"},
            ) as response:
                assert response.status == 200
                answer: dict[str, Any] = await response.json()
                return answer

        name = secrets.token_hex(16)
        assert await ask() == {"scores": {}, "unknown": ["travel"]}
        assert await ask(prepare=True) == {"unknown": ["travel"]}
        await ask(topics={"travel": {"general": ["Can I travel?"]}}, prepare=prepare)
        assert await ask(prepare=True) == {"unknown": []}
        found = await ask()
        assert list(found) == ["scores"]
        assert list(found["scores"]["travel"]) == ["general"]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"text": "hi"},
            {"text": 5, "topics": {"travel": {"general": ["Can I travel?"]}}},
            {"text": "hi", "topics": ["travel"]},
            {"text": "hi", "topics": {"travel": {}}},
            {"text": "hi", "topics": {"travel": {"general": []}}},
            {"text": "hi", "topics": {"travel": {"general": "Can I travel?"}}},
            {"text": "hi", "topics": {"travel": {"general": [" "]}}},
            {"text": "hi", "names": {"travel": 5}},
            {"text": "hi", "names": ["travel"]},
        ],
    )
    async def test_sections_without_questions_are_refused(
        self, raw: ClientSession, engine_url: str, engine_secret: str, body: dict[str, Any]
    ) -> None:
        async with raw.post(
            f"{engine_url}/webhooks/turn/nearest",
            json=body,
            headers={"Authorization": f"Bearer {engine_secret}"},
        ) as response:
            assert response.status == 400
            assert (await response.json())["problem"]
