"""Health, metrics, status, headers, the page and the published document."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from bot.core.messages import Reply
from tests.gateway.conftest import CONVERSATIONS, DOCUMENT, Gateway, Start, checked


async def test_the_process_says_that_it_lives_with_everything_else_down(gateway: Gateway) -> None:
    await gateway.engine.stop()
    response = await gateway.client.get("/healthz")
    assert await checked(response) == {"alive": True}


async def test_ready_asks_a_question_in_both_languages(gateway: Gateway) -> None:
    response = await gateway.client.get("/readyz")
    assert response.status == 200
    assert await checked(response) == {
        "ready": True,
        "parts": {"database": "ok", "engine": "ok", "actions": "ok"},
    }
    assert [turn["language"] for turn in gateway.engine.turns] == ["en", "es"]
    assert {turn["conversation"] for turn in gateway.engine.turns} == {"c_canary"}
    assert len({turn["message_id"] for turn in gateway.engine.turns}) == 2


async def test_many_askers_cause_one_question(gateway: Gateway) -> None:
    await asyncio.gather(*(gateway.client.get("/readyz") for _ in range(10)))
    assert len(gateway.engine.turns) == 2


@pytest.mark.parametrize(
    ("mode", "parts"),
    [
        ("failed", {"engine": "ok", "actions": "failed"}),
        ("empty", {"engine": "ok", "actions": "failed"}),
        ("garbage", {"engine": "no_turn", "actions": "unknown"}),
        ("unloaded", {"engine": "no_turn", "actions": "unknown"}),
    ],
)
async def test_ready_names_the_part_that_is_not(gateway: Gateway, mode: str, parts: dict[str, str]) -> None:
    gateway.engine.mode = mode
    response = await gateway.client.get("/readyz")
    assert response.status == 503
    assert (await checked(response))["parts"] == {"database": "ok", **parts}


async def test_an_engine_that_answers_with_something_else_is_not_ready(gateway: Gateway) -> None:
    gateway.engine.replies = [Reply("notice", "fallback", "en", "I do not know.")]
    assert (await checked(await gateway.client.get("/readyz")))["parts"]["engine"] == "no_answer"


async def test_an_answer_that_nobody_approved_shows_that_engine_and_actions_work(gateway: Gateway) -> None:
    gateway.engine.replies = [Reply("notice", "answer_withheld", "en", "I have no answer that I may give.")]
    response = await gateway.client.get("/readyz")
    assert response.status == 200
    assert (await checked(response))["parts"] == {"database": "ok", "engine": "ok", "actions": "ok"}


async def test_an_engine_or_database_that_is_down_is_named(gateway: Gateway) -> None:
    await gateway.engine.stop()

    async def broken() -> None:
        raise OSError("down")

    gateway.store.ping = broken  # type: ignore[method-assign]
    data = await checked(await gateway.client.get("/readyz"))
    assert data["parts"] == {"database": "unreachable", "engine": "unreachable", "actions": "unknown"}


async def test_the_status_shows_the_step_that_was_written(start: Start, tmp_path: Path) -> None:
    gateway = await start(ready_seconds=0.0)
    gateway.engine.mode = "unloaded"
    url = "/api/chat/v1/status"
    data = await checked(await gateway.client.get(url))
    assert data == {"ready": False, "progress": 0.0, "step": {"en": "Starting", "es": "Iniciando"}}
    file = tmp_path / "status.json"
    for written, progress, step in (
        ({"step": "training", "progress": 0.4}, 0.4, "Aprendiendo a entender las preguntas"),
        ({"step": {"en": "A", "es": "B"}, "progress": 7}, 0.99, "B"),
        ({"step": "what", "progress": -1}, 0.0, "Iniciando"),
        ({"progress": 0.5}, 0.0, "Iniciando"),
        (["broken"], 0.0, "Iniciando"),
    ):
        file.write_text(json.dumps(written), encoding="utf-8")
        data = await checked(await gateway.client.get(url))
        assert (data["progress"], data["step"]["es"]) == (progress, step)
    gateway.engine.mode = "ok"
    data = await checked(await gateway.client.get(url))
    assert data == {"ready": True, "progress": 1.0, "step": {"en": "Ready", "es": "Listo"}}


async def test_metrics_are_for_allowed_addresses_only(start: Start) -> None:
    local = await start()
    assert (await local.client.get("/metrics")).status == 200
    forwarded = await local.client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert (forwarded.status, (await checked(forwarded))["code"]) == (403, "not_allowed")
    elsewhere = await start({"FARO_METRICS_ALLOWED": "10.0.0.0/8"})
    assert (await elsewhere.client.get("/metrics")).status == 403
    behind = await start({"FARO_METRICS_ALLOWED": "10.0.0.0/8", "FARO_TRUSTED_PROXIES": "127.0.0.1"})
    for address, status in (("10.1.2.3", 200), ("203.0.113.9", 403), ("10.1.2.3, 203.0.113.9", 403)):
        response = await behind.client.get("/metrics", headers={"X-Forwarded-For": address})
        assert response.status == status


async def test_metrics_count_turns_without_naming_anybody(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    await talk.send("puedo trabajar")
    text = await (await gateway.client.get("/metrics")).text()
    assert 'faro_turns_total{by="engine"} 1.0' in text
    assert 'faro_turn_languages_total{language="es"} 1.0' in text
    assert "faro_turn_seconds_bucket" in text
    assert talk.id not in text


async def test_counters_reach_the_database_by_day_without_consent(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    store = gateway.store
    day = gateway.clock.now().date()
    from bot.gateway.app import METRICS
    from bot.gateway.worker import write_counts

    await write_counts(store, gateway.app[METRICS], gateway.clock)
    assert await store.counts(day) == {"conversations": 1, "turn_engine": 1}


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/nothing", "/api/chat/v1/openapi.json", "/static/plain.css"]
)
async def test_every_answer_carries_the_security_headers(gateway: Gateway, path: str) -> None:
    headers = (await gateway.client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "Server" not in headers
    assert "Access-Control-Allow-Origin" not in headers


async def test_the_api_is_never_cached(gateway: Gateway) -> None:
    talk = await gateway.begin()
    response = await gateway.client.get(f"{talk.path}/messages", headers=talk.headers)
    assert response.headers["Cache-Control"] == "no-store"


async def test_the_page_is_served_and_holds_no_inline_script(gateway: Gateway) -> None:
    response = await gateway.client.get("/")
    assert response.status == 200
    assert "<script>" not in await response.text()


async def test_only_named_origins_may_call_from_another_site(start: Start) -> None:
    gateway = await start({"FARO_ALLOWED_ORIGINS": "https://firm.example"})
    ask = {"Access-Control-Request-Method": "POST"}
    friend = await gateway.client.options(CONVERSATIONS, headers={"Origin": "https://firm.example", **ask})
    assert friend.status == 204
    assert friend.headers["Access-Control-Allow-Origin"] == "https://firm.example"
    assert "Authorization" in friend.headers["Access-Control-Allow-Headers"]
    stranger = await gateway.client.options(CONVERSATIONS, headers={"Origin": "https://evil.example", **ask})
    assert "Access-Control-Allow-Origin" not in stranger.headers
    begun = await gateway.client.post(CONVERSATIONS, headers={"Origin": "https://firm.example"})
    assert begun.headers["Access-Control-Allow-Origin"] == "https://firm.example"
    assert begun.headers["Vary"] == "Origin"


async def test_the_published_document_is_valid_openapi(gateway: Gateway) -> None:
    served = await (await gateway.client.get("/api/chat/v1/openapi.json")).json()
    assert served == DOCUMENT
    validate(served)


async def test_every_route_is_in_the_document_and_every_path_is_a_route(gateway: Gateway) -> None:
    routes = set()
    for route in gateway.app.router.routes():
        if route.resource is None or route.method in ("HEAD", "OPTIONS"):
            continue
        path = route.resource.canonical
        path = "/static/{filename}" if path == "/static" else path
        routes.add((path, route.method.lower()))
    methods = ("get", "post", "delete", "put", "patch")
    described = {(path, m) for path, item in DOCUMENT["paths"].items() for m in item if m in methods}
    # Only where WhatsApp is configured (tests/whatsapp/test_handover.py).
    assert routes == described - {(f"{CONVERSATIONS}/{{conversation}}/whatsapp", "post")}


async def test_every_problem_code_of_the_code_has_a_text(gateway: Gateway) -> None:
    import re

    from bot.core import yaml12

    texts = yaml12.load_file(Path("bot/content/problems.yml"))
    used = set()
    for file in Path("bot/gateway").glob("*.py"):
        used |= set(re.findall(r'RequestError\(\s*"([a-z_0-9]+)"', file.read_text(encoding="utf-8")))
    used |= {"not_found", "method_not_allowed", "body_too_large", "bad_request"}
    assert used == set(texts)


def _short(path: str) -> str:
    return path.removeprefix("/api/chat/v1").replace("{conversation}", "{id}")


def test_the_api_page_names_every_problem_and_every_route() -> None:
    page = Path("docs/api.md").read_text(encoding="utf-8")
    from bot.core import yaml12

    for code in yaml12.load_file(Path("bot/content/problems.yml")):
        assert f"`{code}`" in page, code
    for path in DOCUMENT["paths"]:
        assert path in ("/", "/static/{filename}") or _short(path) in page, path
