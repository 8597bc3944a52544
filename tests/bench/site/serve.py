"""The host page of ``make bench-widget``, bare or with a chat in it, and a small bot behind each of the peers.

    .venv-engine/bin/python tests/bench/site/serve.py PORT GATEWAY PICTURE

``/en/with/NAME`` and ``/es/with/NAME`` are the page with ``embed/NAME.html`` put in. Runs in the engine's environment,
which has Socket.IO's server. Everything that can be is compressed once at the start, so that nobody's bytes or times
depend on this server.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import socketio
from aiohttp import WSMsgType, web

HERE = Path(__file__).parent
MARKS = ("<!-- in the page -->", "<!-- at the end -->")
#: What a page asks for, by address. The peers' other files are not needed by anybody.
FILES = {
    "/site.css": HERE / "site.css",
    "/site.js": HERE / "site.js",
    **{
        f"/peers/{name}": HERE / "node_modules" / name
        for name in (
            "deep-chat/dist/deepChat.bundle.js",
            "botframework-webchat/dist/webchat-minimal.js",
            "rasa-webchat/lib/index.js",
        )
    },
}
REPLY = "We can help with that."


def embedded(name: str, lang: str, gateway: str) -> str:
    """The host page with a chat in it."""
    page = (HERE / f"index.{lang}.html").read_text("utf-8")
    pieces = (HERE / "embed" / f"{name}.html").read_text("utf-8").replace("{gateway}", gateway)
    for mark in MARKS:
        _, found, piece = pieces.partition(mark)
        for other in MARKS:
            piece = piece.partition(other)[0]
        page = page.replace(mark, piece.strip() if found else "")
    return page


def answer(body: bytes, kind: str) -> web.Response:
    """``body`` is compressed already."""
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Cache-Control": "max-age=600"}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


class DirectLine:
    """As much of Direct Line 3.0 as one conversation needs: start, a stream, messages."""

    def __init__(self) -> None:
        self._streams: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/directline/conversations", self.start),
            web.get("/directline/conversations/{id}/stream", self.stream),
            web.post("/directline/conversations/{id}/activities", self.take),
        ]

    async def start(self, request: web.Request) -> web.Response:
        name = uuid4().hex
        self._streams[name] = asyncio.Queue()
        stream = f"ws://{request.host}/directline/conversations/{name}/stream"
        return web.json_response(
            {"conversationId": name, "token": "example", "expires_in": 3600, "streamUrl": stream}, status=201
        )

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sending = asyncio.create_task(self._send(socket, self._streams[request.match_info["id"]]))
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
        sending.cancel()
        return socket

    async def _send(self, socket: web.WebSocketResponse, queue: asyncio.Queue[dict[str, Any]]) -> None:
        number = 0
        while True:
            activity = await queue.get()
            number += 1
            await socket.send_json({"activities": [activity], "watermark": str(number)})

    async def take(self, request: web.Request) -> web.Response:
        said = await request.json()
        queue = self._streams[request.match_info["id"]]
        name = uuid4().hex
        now = "2026-11-22T12:00:00.000Z"
        queue.put_nowait({**said, "id": name, "timestamp": now})
        if said["type"] == "message":
            bot = {"id": "bot", "role": "bot"}
            queue.put_nowait(
                {"type": "message", "id": uuid4().hex, "from": bot, "text": REPLY, "timestamp": now}
            )
        return web.json_response({"id": name})


def rasa_socket() -> Any:
    """Rasa's Socket.IO channel as the page sees it."""
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")

    @server.on("session_request")
    async def session(sid: str, data: dict[str, Any] | None) -> None:
        await server.emit("session_confirm", (data or {}).get("session_id") or sid, room=sid)

    @server.on("user_uttered")
    async def uttered(sid: str, data: dict[str, Any]) -> None:
        await server.emit("bot_uttered", {"text": REPLY}, room=sid)

    return server


def application(gateway: str, picture: Path) -> web.Application:
    """Everything that the pages ask for."""
    texts = {
        f"/{lang}/with/{file.stem}": embedded(file.stem, lang, gateway).encode()
        for file in HERE.glob("embed/*.html")
        for lang in ("en", "es")
    }
    texts |= {path: file.read_bytes() for path, file in FILES.items() if file.exists()}
    bodies = {path: gzip.compress(text, 9) for path, text in texts.items()}

    async def file(request: web.Request) -> web.Response:
        if request.path not in bodies:
            raise web.HTTPNotFound
        return answer(bodies[request.path], mimetypes.guess_type(request.path)[0] or "text/html")

    async def image(_: web.Request) -> web.Response:
        return web.Response(body=picture.read_bytes(), content_type="image/png")

    async def deep_chat(_: web.Request) -> web.Response:
        return web.json_response({"text": REPLY})

    app = web.Application()
    rasa_socket().attach(app)
    app.add_routes(
        [
            web.get("/office.png", image),
            web.post("/deep-chat", deep_chat),
            *DirectLine().routes(),
            web.get("/{tail:.*}", file),
        ]
    )
    return app


if __name__ == "__main__":
    _, port, gateway, picture = sys.argv
    web.run_app(
        application(gateway, Path(picture)),
        host="127.0.0.1",
        port=int(port),
        print=None,
        access_log=None,
        shutdown_timeout=1,
    )
