"""The action server: what it answers, and what it never repeats."""

from __future__ import annotations

import asyncio
import io
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from rasa_sdk.interfaces import ActionExecutionRejection
from structlog.testing import capture_logs

from actions import server
from actions.server import BODY_LIMIT, EXECUTOR, create_app
from tests.actions.builders import state, told

SECRET_WORDS = "my brother was killed in San Pedro Sula"

Client = TestClient[web.Request, web.Application]


def call(action: str, intent: str = "work_permit", **kwargs: Any) -> dict[str, Any]:
    """What Rasa posts."""
    return {"next_action": action, "sender_id": "c_test", "tracker": state(intent, **kwargs), "domain": {}}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app())) as running:
        yield running


def register(client: Client, name: str, error: Exception | None) -> None:
    """An action that fails with ``error``, or does nothing."""

    def run(dispatcher: object, tracker: object, domain: object) -> list[dict[str, Any]]:
        if error is not None:
            raise error
        return []

    app = client.app
    assert app is not None
    app[EXECUTOR].register_function(name, run)


async def test_health_counts_the_actions(client: Client) -> None:
    answer = await client.get("/health")
    assert answer.status == 200
    assert await answer.json() == {"status": "ok", "actions": 22}


@pytest.mark.usefixtures("words")
async def test_an_action_answers_with_its_events_and_reply(client: Client) -> None:
    answer = await client.post("/webhook", json=call("action_answer_topic", language="es"))
    assert answer.status == 200
    body = await answer.json()
    assert body["events"] == told("work_permit")
    assert [response["custom"]["id"] for response in body["responses"]] == ["work_permit"]
    assert body["responses"][0]["custom"]["lang"] == "es"


@pytest.mark.usefixtures("words")
async def test_a_deflated_call_is_read(client: Client) -> None:
    body = zlib.compress(json.dumps(call("action_say_notice", "help")).encode())
    answer = await client.post("/webhook", data=body, headers={"Content-Encoding": "deflate"})
    assert answer.status == 200
    assert (await answer.json())["responses"][0]["custom"]["id"] == "help"


@pytest.mark.usefixtures("words")
async def test_a_call_without_the_domain_is_answered(client: Client) -> None:
    body = {name: value for name, value in call("action_say_notice", "help").items() if name != "domain"}
    answer = await client.post("/webhook", json=body)
    assert answer.status == 200
    assert (await answer.json())["responses"][0]["custom"]["id"] == "help"


async def test_in_service_the_engine_is_kept_ready_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(server, "keep_engine_ready", keep)
    async with TestClient(TestServer(create_app(in_service=True))):
        await asyncio.wait_for(begun.wait(), 5)
    assert ended.is_set()


async def test_an_unknown_action_is_404_and_logged_by_name(client: Client) -> None:
    with capture_logs() as logs:
        answer = await client.post("/webhook", json=call("action_unheard_of", text=SECRET_WORDS))
    assert answer.status == 404
    assert await answer.json() == {"error": "unknown", "action_name": "action_unheard_of"}
    assert [(entry["event"], entry["action"]) for entry in logs] == [("action_unknown", "action_unheard_of")]


async def test_a_failing_action_is_500_and_neither_body_nor_log_repeats_the_person(
    client: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    register(client, "action_that_fails", ValueError(f"cannot read {SECRET_WORDS}"))
    with capture_logs() as logs:
        answer = await client.post("/webhook", json=call("action_that_fails", text=SECRET_WORDS))
    assert answer.status == 500
    text = await answer.text()
    assert json.loads(text) == {"error": "failed", "action_name": "action_that_fails"}
    assert logs == [
        {
            "event": "action_failed",
            "action": "action_that_fails",
            "error": "ValueError",
            "log_level": "error",
        }
    ]
    assert "brother" not in text + str(answer.headers) + caplog.text + "".join(capsys.readouterr())


async def test_a_missing_gateway_context_fails_the_action_and_not_the_server(client: Client) -> None:
    broken = call("action_answer_topic")
    del broken["tracker"]["latest_message"]["metadata"]
    answer = await client.post("/webhook", json=broken)
    assert answer.status == 500
    assert (await client.get("/health")).status == 200


async def test_a_rejected_action_is_400(client: Client) -> None:
    register(client, "action_that_declines", ActionExecutionRejection("action_that_declines"))
    answer = await client.post("/webhook", json=call("action_that_declines"))
    assert answer.status == 400
    assert await answer.json() == {"error": "rejected", "action_name": "action_that_declines"}


async def test_an_action_that_says_nothing_is_an_empty_answer(client: Client) -> None:
    register(client, "action_silent", None)
    answer = await client.post("/webhook", json=call("action_silent"))
    assert answer.status == 200
    assert await answer.json() == {"events": [], "responses": []}


async def test_a_call_without_action_is_an_empty_answer(client: Client) -> None:
    answer = await client.post("/webhook", json={"tracker": state("greet")})
    assert answer.status == 200
    assert await answer.json() == {"events": [], "responses": []}


async def test_a_body_over_the_limit_is_refused(client: Client) -> None:
    answer = await client.post("/webhook", data=io.BytesIO(b" " * (BODY_LIMIT + 1)))
    assert answer.status == 413
