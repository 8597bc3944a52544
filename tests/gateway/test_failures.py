"""When a part is down: always a reply, never silence, and somebody is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from standardwebhooks.webhooks import Webhook

from tests.gateway.conftest import Gateway, Start, ids
from tests.gateway.standin import answer

SENTINEL = "xylophone-sentinel-4711"


@pytest.mark.parametrize("mode", ["garbage", "not_json", "error", "unloaded"])
async def test_an_unusable_answer_of_the_engine_becomes_an_apology_and_an_alarm(
    gateway: Gateway, mode: str
) -> None:
    gateway.engine.mode = mode
    talk = await gateway.begin("es")
    data = await talk.send("work permit")
    assert ids(data) == ["[apology_engine es]"]
    assert data["messages"][0]["kind"] == "apology"
    await gateway.alarms.settled()
    (alarm,) = await gateway.store.alarms()
    assert (alarm.kind, alarm.code, alarm.conversation_id) == ("engine", "no_turn", None)
    assert gateway.metric("faro_alarms_total", kind="engine") == 1
    assert gateway.metric("faro_apologies_total", code="no_turn") == 1
    assert '"event": "alarm"' in gateway.log.getvalue()


@pytest.mark.parametrize(("mode", "code"), [("empty", "empty_turn"), ("blank", "empty_message")])
async def test_a_turn_that_says_nothing_becomes_an_apology_and_an_alarm(
    gateway: Gateway, mode: str, code: str
) -> None:
    gateway.engine.mode = mode
    talk = await gateway.begin()
    await talk.agree()
    assert ids(await talk.send("work permit")) == ["[apology_turn en]"]
    await gateway.alarms.settled()
    (alarm,) = await gateway.store.alarms()
    assert (alarm.kind, alarm.code, alarm.conversation_id) == ("turn", code, talk.id)


async def test_a_failed_action_keeps_what_was_said_and_apologises_after_it(gateway: Gateway) -> None:
    gateway.engine.mode = "failed"
    talk = await gateway.begin()
    data = await talk.send("work permit")
    assert [message["kind"] for message in data["messages"]] == ["answer", "apology"]
    await gateway.alarms.settled()
    assert (await gateway.store.alarms())[0].code == "failed_action:action_answer_topic"


async def test_an_engine_that_is_down_becomes_an_apology_and_then_answers_again(start: Start) -> None:
    gateway = await start(url=f"http://127.0.0.1:{unused_port()}")
    talk = await gateway.begin()
    assert ids(await talk.send("work permit")) == ["[apology_engine en]"]
    await gateway.alarms.settled()
    assert (await gateway.store.alarms())[0].code == "unreachable"


async def test_a_slow_engine_is_given_up_on_in_time(start: Start) -> None:
    gateway = await start(turn_seconds=0.05)
    gateway.engine.mode = "slow"
    talk = await gateway.begin()
    async with asyncio.timeout(3):
        assert ids(await talk.send("work permit", "same")) == ["[apology_engine en]"]
    gateway.engine.mode = "ok"
    gateway.engine.release.set()
    assert (await talk.send("again"))["messages"][0]["kind"] == "answer"
    assert ids(await talk.send("work permit", "same")) == ["[apology_engine en]"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ICE is at my door!", "[emergency_agents en]"),
        ("la migra está en la puerta", "[emergency_agents es]"),
        ("ayuda", "[emergency_unclear es]"),
    ],
)
async def test_an_emergency_is_answered_with_the_engine_down(start: Start, text: str, said: str) -> None:
    gateway = await start(url=f"http://127.0.0.1:{unused_port()}")
    talk = await gateway.begin("es" if said.endswith("es]") else "en")
    data = await talk.send(text)
    assert ids(data) == [said]
    assert data["messages"][0]["kind"] == "emergency"
    kind = said.split("_")[1].split(" ")[0]
    assert gateway.metric("faro_emergencies_total", kind=kind) == 1


async def test_an_emergency_never_reaches_the_engine(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("they are at my door")
    assert gateway.engine.turns == []


async def test_an_unclear_emergency_offers_four_kinds_that_need_no_engine(start: Start) -> None:
    gateway = await start(url=f"http://127.0.0.1:{unused_port()}")
    talk = await gateway.begin()
    data = await talk.send("help")
    assert len(data["messages"][0]["choices"]) == 4
    assert ids(await talk.press(data["messages"], "emergency_violence")) == ["[emergency_violence en]"]
    await talk.send("help")
    assert ids(await talk.press(data["messages"], "emergency_suicide")) == ["[emergency_suicide en]"]


async def test_a_third_language_gets_its_sentence_and_the_way_to_a_person(gateway: Gateway) -> None:
    talk = await gateway.begin()
    data = await talk.send("muito obrigado pela ajuda com meu pedido")
    assert ids(data) == ["[third_language_pt pt]"]
    assert gateway.engine.turns == []
    await talk.press(data["messages"], "Falar")
    assert gateway.engine.turns[-1]["payload"] == "/talk_to_human"


async def test_a_language_without_a_sentence_goes_to_the_engine(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("zzzz zzzz")
    assert gateway.engine.typed == ["zzzz zzzz"]


async def test_the_alarm_webhook_is_signed_and_not_sent_too_often(start: Start) -> None:
    received: list[tuple[bytes, dict[str, str]]] = []

    async def receive(request: web.Request) -> web.Response:
        received.append((await request.read(), dict(request.headers)))
        return web.Response()

    app = web.Application()
    app.router.add_post("/alarm", receive)
    server = TestServer(app)
    await server.start_server()
    secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="
    gateway = await start({"FARO_ALARM_URL": str(server.make_url("/alarm")), "FARO_ALARM_SECRET": secret})
    gateway.clock.moment = gateway.clock.moment.now(gateway.clock.moment.tzinfo)
    gateway.engine.mode = "empty"
    talk = await gateway.begin()
    for _ in range(3):
        await talk.send(SENTINEL)
    await gateway.alarms.settled()
    await server.close()
    ((body, headers),) = received
    verified: Any = Webhook(secret).verify(body, headers)
    assert verified == json.loads(body)
    assert verified["type"] == "alarm.raised"
    assert verified["data"]["kind"] == "turn"
    assert verified["data"]["conversation"] is None
    assert verified["timestamp"].endswith("+00:00")
    assert SENTINEL.encode() not in body


async def test_an_alarm_that_cannot_be_posted_or_kept_harms_nobody(start: Start) -> None:
    gateway = await start(
        {
            "FARO_ALARM_URL": f"http://127.0.0.1:{unused_port()}/alarm",
            "FARO_ALARM_SECRET": "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=",
        }
    )

    async def broken(*_args: object) -> None:
        raise OSError("disk full")

    gateway.store.add_alarm = broken  # type: ignore[method-assign]
    gateway.engine.mode = "empty"
    talk = await gateway.begin()
    assert ids(await talk.send("work permit")) == ["[apology_turn en]"]
    await gateway.alarms.settled()
    assert "alarm_post_failed" in gateway.log.getvalue()
    assert "alarm_row_lost" in gateway.log.getvalue()


async def test_rows_of_alarms_are_bounded_while_the_metric_counts_all(start: Start) -> None:
    gateway = await start(alarm_rows="2/minute")
    gateway.engine.mode = "empty"
    talk = await gateway.begin()
    for _ in range(5):
        await talk.send("work permit")
    await gateway.alarms.settled()
    assert len(await gateway.store.alarms()) == 2
    assert gateway.metric("faro_alarms_total", kind="turn") == 5


async def test_no_log_ever_holds_what_a_person_wrote_nor_a_token(
    gateway: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    talk = await gateway.begin()
    await talk.agree()
    for mode in ("ok", "garbage", "not_json", "error", "empty", "failed"):
        gateway.engine.mode = mode
        await talk.send(f"{mode} {SENTINEL}")
    gateway.engine.mode = "ok"
    gateway.engine.replies = [answer(SENTINEL)]
    save = gateway.store.save

    async def broken(*_args: object, **_options: object) -> None:
        raise OSError(f"cannot write {SENTINEL}")

    gateway.store.save = broken  # type: ignore[method-assign]
    await talk.send(SENTINEL)
    gateway.store.save = save  # type: ignore[method-assign]
    for body in (b"{" + SENTINEL.encode(), json.dumps({SENTINEL: SENTINEL}).encode()):
        await gateway.client.post(
            f"{talk.path}/messages",
            data=body,
            headers={**talk.headers, "Content-Type": "application/json"},
        )
    await gateway.client.get(f"/{SENTINEL}", params={"q": SENTINEL}, headers={"X-Odd": SENTINEL})
    await gateway.client.request(SENTINEL.replace("-", "").upper(), f"/{SENTINEL}")
    await gateway.client.get(f"{talk.path}/messages?after={SENTINEL}", headers=talk.headers)
    await gateway.client.get(f"{talk.path}/messages", headers={"Authorization": f"Bearer {SENTINEL}"})

    async def raising(*_args: object, **_options: object) -> None:
        raise ValueError(SENTINEL)

    gateway.keeper.flush = raising
    status, data = await talk.post({"client_message_id": "last", "text": SENTINEL})
    assert (status, data["code"]) == (500, "internal")
    await gateway.alarms.settled()
    out, err = capfd.readouterr()
    everything = gateway.log.getvalue() + out + err
    assert SENTINEL not in everything
    assert SENTINEL.replace("-", "").upper() not in everything
    assert talk.token not in everything
    assert '"event": "turn"' in everything
    for line in gateway.log.getvalue().splitlines():
        json.loads(line)


async def test_a_message_is_answered_when_the_emergency_list_breaks(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_text: str, _language: str | None) -> str | None:
        raise ValueError(SENTINEL)

    monkeypatch.setattr("tests.gateway.conftest._emergency", broken)
    gateway = await start()
    talk = await gateway.begin()
    assert (await talk.send("work permit"))["messages"][0]["kind"] == "answer"
    await gateway.alarms.settled()
    assert (await gateway.store.alarms())[0].code == "reading_failed"


async def test_a_message_that_cannot_be_masked_goes_nowhere(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> str:
        raise ValueError(SENTINEL)

    monkeypatch.setattr("bot.core.redact.mask", broken)
    gateway = await start()
    talk = await gateway.begin()
    response = await gateway.client.post(
        f"{talk.path}/messages", json={"client_message_id": "a", "text": SENTINEL}, headers=talk.headers
    )
    assert (response.status, (await response.json(content_type=None))["code"]) == (500, "internal")
    assert gateway.engine.turns == []
    assert SENTINEL not in gateway.log.getvalue()
