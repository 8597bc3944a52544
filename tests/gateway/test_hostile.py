"""What must be refused, each with its own problem document in the person's language."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.gateway.conftest import CONVERSATIONS, Gateway, Start, checked, ids

EMOJI = "\U0001f64f\U0001f1fb\U0001f1ea"


async def _refused(gateway: Gateway, talk: Any, body: Any, **headers: str) -> tuple[int, str]:
    response = await gateway.client.post(
        f"{talk.path}/messages",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={**talk.headers, "Content-Type": "application/json", **headers},
    )
    data = await checked(response)
    assert data["status"] == response.status
    assert data["type"] == f"/problems/{data['code']}"
    return response.status, data["code"]


async def test_20000_characters_are_refused_with_advice(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    status, data = await talk.post({"client_message_id": "a", "text": "a" * 20_000})
    assert (status, data["code"]) == (413, "text_too_long")
    assert data["title"] == "Este mensaje es demasiado largo"
    assert "4000" in data["detail"]
    assert "555-0100" in data["detail"]
    assert gateway.engine.turns == []


async def test_4000_characters_are_taken(gateway: Gateway) -> None:
    talk = await gateway.begin()
    assert (await talk.send("x" * 4_000))["messages"]


async def test_20000_emoji_are_too_long_and_not_too_large(gateway: Gateway) -> None:
    talk = await gateway.begin()
    assert await _refused(gateway, talk, {"client_message_id": "a", "text": EMOJI[0] * 20_000}) == (
        413,
        "text_too_long",
    )


async def test_emoji_only_is_a_message(gateway: Gateway) -> None:
    talk = await gateway.begin()
    assert (await talk.send(EMOJI))["messages"][0]["kind"] == "answer"
    assert gateway.engine.typed == [EMOJI]


@pytest.mark.parametrize(
    ("typed", "reaches"),
    [
        ("/restart", "restart"),
        ('/greet{"language":"xx"}', 'greet{"language":"xx"}'),
        (" / /book", "book"),
        ("\u200b/deny", "deny"),
        ("\x00\x07hello\ud800", "hello?"),
    ],
)
async def test_typed_commands_and_broken_characters_reach_the_engine_as_plain_text(
    gateway: Gateway, typed: str, reaches: str
) -> None:
    talk = await gateway.begin()
    await talk.agree()
    assert (await talk.send(typed))["messages"][0]["kind"] == "answer"
    assert gateway.engine.typed == [reaches]


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "/", "///", "\u200b\u200d\ufeff", "\x00"])
async def test_an_empty_message_is_refused(gateway: Gateway, text: str) -> None:
    talk = await gateway.begin()
    assert await _refused(gateway, talk, {"client_message_id": "a", "text": text}) == (400, "empty_message")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"null",
        b"[" * 100_000,
        b'{"text": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_broken_json_is_refused(gateway: Gateway, body: bytes) -> None:
    talk = await gateway.begin()
    assert await _refused(gateway, talk, body) == (400, "bad_json")


async def test_a_huge_body_is_refused(gateway: Gateway) -> None:
    talk = await gateway.begin()
    body = json.dumps({"client_message_id": "a", "text": "a" * 400_000}).encode()
    assert await _refused(gateway, talk, body) == (413, "body_too_large")


async def test_a_form_post_from_another_page_is_refused(gateway: Gateway) -> None:
    talk = await gateway.begin()
    body = {"client_message_id": "a", "text": "hi"}
    assert await _refused(gateway, talk, body, **{"Content-Type": "text/plain"}) == (415, "not_json")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"client_message_id": "a"}, "bad_field"),
        ({"text": "hi"}, "bad_field"),
        ({"client_message_id": "", "text": "hi"}, "bad_field"),
        ({"client_message_id": "a b", "text": "hi"}, "bad_field"),
        ({"client_message_id": "a" * 65, "text": "hi"}, "bad_field"),
        ({"client_message_id": 7, "text": "hi"}, "bad_field"),
        ({"client_message_id": "a", "text": 7}, "bad_field"),
        ({"client_message_id": "a", "text": ["hi"]}, "bad_field"),
        ({"client_message_id": "a", "choice": {}}, "bad_field"),
        ({"client_message_id": "a", "text": "hi", "choice": "k"}, "bad_field"),
        ({"client_message_id": "a", "text": "hi", "payload": "/restart"}, "unknown_field"),
        ({"client_message_id": "a", "text": "hi", "consent": True}, "unknown_field"),
    ],
)
async def test_wrong_fields_are_refused(gateway: Gateway, body: dict[str, Any], code: str) -> None:
    talk = await gateway.begin()
    assert await _refused(gateway, talk, body) == (400, code)


@pytest.mark.parametrize("choice", ["k_0000000000000000", "/restart", "gateway:erase_yes", ""])
async def test_a_choice_that_was_not_offered_is_refused(gateway: Gateway, choice: str) -> None:
    talk = await gateway.begin()
    assert await _refused(gateway, talk, {"client_message_id": "a", "choice": choice}) == (
        422,
        "unknown_choice",
    )


async def test_a_choice_of_another_conversation_is_refused(gateway: Gateway) -> None:
    mine, other = await gateway.begin(), await gateway.begin()
    choice = other.started["messages"][0]["choices"][0]["id"]
    body = {"client_message_id": "a", "choice": choice}
    assert await _refused(gateway, mine, body) == (422, "unknown_choice")


@pytest.mark.parametrize("language", ["fr", "EN", 7, ["en"]])
async def test_a_conversation_in_another_language_is_refused(gateway: Gateway, language: Any) -> None:
    response = await gateway.client.post(CONVERSATIONS, json={"language": language})
    assert (await checked(response))["code"] == "bad_field"


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 401, "token_missing"),
        ("", 401, "token_missing"),
        ("Bearer", 401, "token_missing"),
        ("Basic abc", 401, "token_missing"),
        ("Bearer abc", 401, "token_unknown"),
        ("Bearer ñ", 401, "token_unknown"),
        ("Bearer foreign", 403, "token_foreign"),
        ("Bearer tampered", 401, "token_unknown"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/messages"),
        ("POST", "/messages"),
        ("GET", "/events"),
        ("DELETE", ""),
        ("POST", "/messages/m_1/rating"),
    ],
)
async def test_every_route_of_a_conversation_wants_its_own_token(
    gateway: Gateway, header: str | None, status: int, code: str, method: str, path: str
) -> None:
    talk = await gateway.begin()
    if header == "Bearer foreign":
        header = f"Bearer {(await gateway.begin()).token}"
    if header == "Bearer tampered":
        body, _, signature = talk.token.rpartition(".")
        header = f"Bearer {body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    headers = {} if header is None else {"Authorization": header}
    response = await gateway.client.request(
        method, f"{talk.path}{path}", headers={**headers, "Accept-Language": "es"}
    )
    data = await checked(response)
    assert (response.status, data["code"]) == (status, code)
    assert "llave" in data["title"]


async def test_a_token_signed_with_another_key_is_unknown(start: Start) -> None:
    first, second = await start(), await start({"FARO_SECRET_KEY": "z" * 40})
    talk = await first.begin()
    response = await second.client.get(f"{talk.path}/messages", headers=talk.headers)
    assert (await checked(response))["code"] == "token_unknown"


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9999999999", "١"])
async def test_a_wrong_cursor_is_refused(gateway: Gateway, after: str) -> None:
    talk = await gateway.begin()
    response = await gateway.client.get(
        f"{talk.path}/messages", params={"after": after}, headers=talk.headers
    )
    assert (await checked(response))["code"] == "bad_field"


async def test_the_same_message_twice_is_answered_once(gateway: Gateway) -> None:
    talk = await gateway.begin()
    first, second = await talk.send("work permit", "same"), await talk.send("work permit", "same")
    assert first["messages"] == second["messages"]
    assert len(gateway.engine.turns) == 1


async def test_the_same_message_twice_at_the_same_time_is_answered_once(gateway: Gateway) -> None:
    talk = await gateway.begin()
    answers = await asyncio.gather(*(talk.send("work permit", "same") for _ in range(5)))
    assert all(answer["messages"] == answers[0]["messages"] for answer in answers)
    assert len(gateway.engine.turns) == 1
    assert len((await talk.read())["messages"]) == 5


async def test_a_choice_pressed_twice_with_the_same_id_is_carried_out_once(gateway: Gateway) -> None:
    talk = await gateway.begin()
    choice = talk.started["messages"][2]["choices"][1]["id"]
    body = {"client_message_id": "same", "choice": choice}
    assert await talk.post(body) == await talk.post(body)
    assert len((await talk.read())["messages"]) == 5


async def test_a_typed_yes_sent_twice_with_the_same_id_is_carried_out_once(gateway: Gateway) -> None:
    talk = await gateway.begin()
    assert await talk.send("yes", "same") == await talk.send("yes", "same")
    assert gateway.engine.turns == []


async def test_another_message_under_the_same_id_is_refused(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("work permit", "same")
    status, data = await talk.post({"client_message_id": "same", "text": "another"})
    assert (status, data["code"]) == (409, "message_id_reused")
    choice = talk.started["messages"][2]["choices"][0]["id"]
    assert (await talk.post({"client_message_id": "same", "choice": choice}))[0] == 409


async def test_the_same_id_in_two_conversations_is_two_messages(gateway: Gateway) -> None:
    one, two = await gateway.begin(), await gateway.begin()
    await one.send("work permit", "same")
    await two.send("another", "same")
    assert len({turn["message_id"] for turn in gateway.engine.turns}) == 2


async def test_too_many_messages_of_a_conversation_wait(start: Start) -> None:
    gateway = await start(per_conversation="2/minute")
    talk = await gateway.begin()
    await talk.send("one")
    await talk.send("two")
    response = await gateway.client.post(
        f"{talk.path}/messages", json={"client_message_id": "c", "text": "three"}, headers=talk.headers
    )
    data = await checked(response)
    assert (response.status, data["code"]) == (429, "too_many_requests")
    wait = response.headers["Retry-After"]
    assert 1 <= int(wait) <= 60
    assert f"wait {wait} seconds" in data["detail"]


async def test_an_emergency_is_answered_even_when_too_many_messages_came(start: Start) -> None:
    gateway = await start(per_conversation="1/minute")
    talk = await gateway.begin()
    await talk.send("one")
    assert ids(await talk.send("ICE is at my door")) == ["[emergency_agents en]"]


async def test_too_many_conversations_from_one_address_wait(start: Start) -> None:
    gateway = await start(new_conversations="1/minute")
    await gateway.begin()
    assert (await gateway.client.post(CONVERSATIONS)).status == 429


async def test_a_proxy_is_believed_only_when_it_is_trusted(start: Start) -> None:
    strict = await start(new_conversations="1/minute")
    trusting = await start({"FARO_TRUSTED_PROXIES": "127.0.0.1"}, new_conversations="1/minute")
    for gateway, expected in ((strict, 429), (trusting, 201)):
        statuses = []
        for address in ("203.0.113.1", "203.0.113.2"):
            response = await gateway.client.post(CONVERSATIONS, headers={"X-Forwarded-For": address})
            statuses.append(response.status)
        assert statuses == [201, expected]


@pytest.mark.parametrize("path", ["/nothing", "/api/chat/v1/nothing", "/static/../settings.py", "/static/"])
async def test_unknown_addresses_have_a_problem_document(gateway: Gateway, path: str) -> None:
    response = await gateway.client.get(path)
    assert response.status in (403, 404)
    assert response.content_type == "application/problem+json"


async def test_a_wrong_method_has_a_problem_document(gateway: Gateway) -> None:
    response = await gateway.client.put(CONVERSATIONS)
    assert response.status == 405
    assert (await response.json(content_type=None))["code"] == "method_not_allowed"
    assert "POST" in response.headers["Allow"]
