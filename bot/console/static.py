"""The console's style sheets, scripts and icon."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
TYPES = {
    "console.css": "text/css",
    "pages.css": "text/css",
    "articles.css": "text/css",
    "judging.css": "text/css",
    "learning.css": "text/css",
    "insights.css": "text/css",
    "recall.css": "text/css",
    "console.js": "text/javascript",
    "pages.js": "text/javascript",
    "judging.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


#: How long a browser may keep a file without asking: an address with its tag never gives anything else.
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def address(path: str) -> str:
    """The path of one of the files, or of anything else, with which it is asked for: a file's changes with it."""
    folder, _, name = path.rpartition("/")
    return f"{path}?v={_read(name)[1]}" if folder == "/static" and name in TYPES else path


async def file(request: web.Request) -> web.StreamResponse:
    """One of the files, kept by the browser until its content changes; without its tag it asks each time."""
    name = request.match_info["name"]
    if name not in TYPES:
        raise web.HTTPNotFound
    body, tag = _read(name)
    response = web.Response(body=body, content_type=TYPES[name], charset="utf-8")
    kept = _FOR_EVER if request.query.get("v") == tag else "no-cache"
    response.headers["Cache-Control"] = kept
    response.etag = tag
    if request.if_none_match and any(found.value == tag for found in request.if_none_match):
        response = web.Response(status=304, headers={"Cache-Control": kept})
        response.etag = tag
    return response


@cache
def _read(name: str) -> tuple[bytes, str]:
    body = (FOLDER / name).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:16]
