"""The gateway as it is started, on the project's own words, law and lists, with only the engine standing in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer, unused_port

from bot.gateway import main
from bot.settings import load_settings
from tests.gateway.conftest import CONVERSATIONS, Talk, checked
from tests.gateway.standin import SECRET, StandInEngine


@pytest.fixture
async def client(tmp_path: Path, engine: StandInEngine) -> AsyncIterator[TestClient]:
    settings = load_settings(
        {"FARO_VAR": str(tmp_path), "FARO_ENGINE_URL": engine.url, "FARO_ENGINE_SECRET": SECRET}
    )
    async with TestClient(TestServer(await main.build(settings))) as opened:
        yield opened


async def _begin(client: TestClient, language: str) -> Talk:
    data = await checked(await client.post(CONVERSATIONS, json={"language": language}))
    return Talk(client, data["conversation"], data["token"], data)


@pytest.mark.parametrize(
    ("text", "language", "kind", "words"),
    [
        ("ICE is at my door right now", "en", "emergency", "judge"),
        ("la migra está tocando mi puerta ahora", "es", "emergency", "juez"),
        ("i want to kill myself", "en", "emergency", "988"),
        ("quiero matarme", "es", "emergency", "988"),
        ("ayuda", "es", "emergency", ""),
        ("Eu gostaria de saber como posso pedir asilo nos Estados Unidos, obrigado", "en", "notice", ""),
    ],
)
async def test_what_the_gateway_says_by_itself(
    client: TestClient, text: str, language: str, kind: str, words: str
) -> None:
    talk = await _begin(client, language)
    (message,) = (await talk.send(text))["messages"]
    assert message["kind"] == kind
    assert words in message["text"]
    assert "{{" not in message["text"]


async def test_consent_and_erasure_in_both_languages(client: TestClient) -> None:
    for language, yes in (("en", "yes"), ("es", "sí")):
        talk = await _begin(client, language)
        assert (await talk.send(yes))["messages"][0]["language"] == language
        await talk.send("mi teléfono es 305-555-0123" if language == "es" else "my phone is 305-555-0123")
        # To its owner it is shown as written; what is kept and sent on holds a token.
        assert "305-555-0123" in str(await talk.read())
        assert (await talk.erase()).status == 204


async def test_it_serves_until_it_is_stopped(tmp_path: Path, engine: StandInEngine) -> None:
    port = unused_port()
    settings = load_settings(
        {"FARO_VAR": str(tmp_path), "FARO_ENGINE_URL": engine.url, "FARO_PORT": str(port)}
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(main.run(settings, stop))
    async with ClientSession() as session, asyncio.timeout(20):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz") as response:
                    assert response.status == 200
                    break
            except OSError:
                await asyncio.sleep(0.01)
    stop.set()
    async with asyncio.timeout(5):
        await serving


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [("my A number is A 099 555 321", "en", "ID numbers"), ("mi seguro social es 123-45-6789", "es", "Tapé")],
)
async def test_who_writes_an_identity_number_is_asked_not_to(
    client: TestClient, text: str, language: str, words: str
) -> None:
    talk = await _begin(client, language)
    first, *rest = (await talk.send(text))["messages"]
    assert words in first["text"]
    assert rest, "the question is still answered"
    assert not {"099", "6789"} & set(first["text"].replace("-", " ").split())


async def test_a_phone_number_is_covered_without_a_word(client: TestClient) -> None:
    talk = await _begin(client, "en")
    assert all("ID numbers" not in m["text"] for m in (await talk.send("call me 305-555-0123"))["messages"])
