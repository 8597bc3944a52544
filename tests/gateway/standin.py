"""A stand-in for the engine that honours the connector's contract, with switches for every way to fail."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.messages import Choice, Reply, Source

SECRET = "engine-secret-engine-secret-engine-secret"
SPANISH = ("puedo", "trabaj", "hola", "cuando", "cuándo", "español", "qué", "que")


class StandInEngine:
    """``mode``: ok, slow (waits for ``release``), empty, blank, failed, garbage, not_json, error, unloaded."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.release = asyncio.Event()
        self.working = asyncio.Event()
        self.turns: list[dict[str, Any]] = []
        self.forgotten: list[str] = []
        self.forgets_fail = False
        self.replies: list[Reply] | None = None
        self.slots: dict[str, Any] = {}
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}
        self._questions: dict[str, dict[str, list[str]]] = {}
        app = web.Application()
        app.router.add_post("/webhooks/turn/{what}", self._serve)
        self._server = TestServer(app)

    async def start(self) -> None:
        await self._server.start_server()

    async def stop(self) -> None:
        self.release.set()
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    @property
    def typed(self) -> list[str]:
        """The texts that reached the engine, without those of the canary."""
        return [turn["text"] for turn in self.turns if "text" in turn and turn["conversation"] != "c_canary"]

    async def _serve(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return web.json_response({"problem": "wrong secret"}, status=401)
        try:
            body = await request.json()
        except ValueError:
            return web.json_response({"problem": "not JSON"}, status=400)
        what = request.match_info["what"]
        if what == "turn":
            return await self._turn(body)
        if what == "forget":
            if self.forgets_fail:
                return web.json_response({"problem": "broken"}, status=500)
            self.forgotten.append(body["conversation"])
            self._known.pop(body["conversation"], None)
            return web.json_response({"forgotten": True})
        if what == "parse":
            return web.json_response({"parses": [_parse(text) for text in body["texts"]]})
        if what == "vectors":
            return web.json_response({"vectors": [[0.5, 0.5] for _ in body["texts"]]})
        if what == "nearest":
            return self._nearest(body)
        return web.json_response({"problem": "unknown"}, status=404)

    async def _turn(self, body: dict[str, Any]) -> web.Response:
        if bool(body.get("text")) == bool(body.get("payload")) or not body.get("conversation"):
            return web.json_response({"problem": "text or payload"}, status=400)
        self.turns.append(body)
        self.working.set()
        if self.mode == "slow":
            await self.release.wait()
        if self.mode == "error":
            return web.json_response({"problem": "broken"}, status=500)
        if self.mode == "unloaded":
            return web.json_response({"problem": "no model"}, status=503)
        if self.mode == "not_json":
            return web.Response(text="<html>sentinel in an error page</html>")
        if self.mode == "garbage":
            return web.json_response({"messages": [{"what": "is this"}, 7]})
        known = self._known.get(body["conversation"])
        if known is not None and known[0] == body["message_id"]:
            return web.json_response({**known[1], "replayed": True})
        answer = self._answer(body)
        self._known[body["conversation"]] = (body["message_id"], answer)
        return web.json_response(answer)

    def _nearest(self, body: dict[str, Any]) -> web.Response:
        text: Any = body.get("text", "")
        names: Any = body.get("names", {})
        topics: Any = body.get("topics", {} if names else None)
        named = isinstance(names, dict) and all(isinstance(name, str) and name for name in names.values())
        if not isinstance(text, str) or not named or not _has_questions(topics):
            return web.json_response({"problem": "text, names or topics"}, status=400)
        self._questions |= {names[topic]: topics[topic] for topic in names if topic in topics}
        known = {topic: self._questions[name] for topic, name in names.items() if name in self._questions}
        unknown = [topic for topic in names if topic not in known]
        if body.get("prepare"):
            return web.json_response({"unknown": unknown})
        scores = {
            topic: {section: max(_in_common(text, q) for q in texts) for section, texts in groups.items()}
            for topic, groups in {**known, **topics}.items()
        }
        return web.json_response({"scores": scores} | ({"unknown": unknown} if unknown else {}))

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        text = body.get("text") or ""
        language = "es" if any(word in text.lower() for word in SPANISH) else body["language"]
        replies = self.replies if self.replies is not None else [answer(language)]
        if self.mode == "empty":
            replies = []
        if self.mode == "blank":
            replies = [Reply("answer", "work_permit", language, " \n ")]
        return {
            "messages": [reply.as_dict() for reply in replies],
            "parse": _parse(text),
            "slots": {"language": language, **self.slots},
            "failed_actions": ["action_answer_topic"] if self.mode == "failed" else [],
            "replayed": False,
        }


def answer(language: str) -> Reply:
    """An answer as the actions give it."""
    return Reply(
        kind="answer",
        id="work_permit",
        lang=language,
        text="Puede pedirlo después." if language == "es" else "You can ask for it later.",
        full="A longer answer.",
        title="Work permit",
        section="general",
        choices=(
            Choice("Fee", '/work_permit{"section": "fee"}'),
            Choice("Renewal", "/work_permit_renewal"),
            Choice("Talk to a person", "/talk_to_human"),
        ),
        sources=(Source("8 CFR 208.7(a)", "https://www.ecfr.gov/", "2026-06-20"),),
        notes=("No lawyer has approved this.",),
        facts_checked="2026-06-20",
        parameters={"ead.file_wait": "150 days"},
    )


def _parse(text: str) -> dict[str, Any]:
    return {
        "intent": {"name": "work_permit", "confidence": 0.93},
        "intent_ranking": [{"name": "work_permit", "confidence": 0.93}],
        "entities": [],
        "language": "es" if any(word in text.lower() for word in SPANISH) else None,
    }


def _has_questions(topics: Any) -> bool:
    """Whether these are topics of sections of questions, and nothing of them is empty."""
    if not isinstance(topics, dict) or not all(
        isinstance(groups, dict) and groups for groups in topics.values()
    ):
        return False
    sections = [questions for groups in topics.values() for questions in groups.values()]
    return all(
        isinstance(questions, list) and questions and all(isinstance(q, str) and q.strip() for q in questions)
        for questions in sections
    )


def _in_common(one: str, other: str) -> float:
    """The share of words that two texts have in common."""
    mine, theirs = (set(re.findall(r"\w+", text.lower())) for text in (one, other))
    return len(mine & theirs) / max(len(mine | theirs), 1)
