"""Serves the widget's script: the current one, every earlier one that a site may still name, and who may show it.

A site that copied a snippet names one version and the digest of its bytes, so an upgrade must not take those bytes
away: each build is kept in ``<FARO_VAR>/widget`` and served from there.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from aiohttp import ETag, web

from bot.core.errors import RequestError
from bot.gateway import bundle
from bot.gateway.bundle import Build
from bot.gateway.logs import fault, logger
from bot.gateway.ports import Firm
from bot.gateway.security import is_own_origin

PREFIX = "/widget"
SCRIPT = "faro-chat.js"
#: So many builds stay on the disk, the ones started last; a script is about 60 kB.
MOST_KEPT = 20

_VERSION = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}-[0-9a-f]{12}"
#: What is named by its digest never changes.
_FOREVER = "public, max-age=31536000, immutable"
_SOON = "public, max-age=300"
_NEVER = re.compile(r"q=0(\.0*)?")


class KeptBuilds:
    """The builds of this and earlier versions, as files; several gateways may share the directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Build] = {}

    def keep(self, build: Build) -> None:
        """Writes a build, whole or not at all, and lets go of the oldest beyond ``MOST_KEPT``.

        A disk that takes nothing is logged and stops nothing: the build itself is served from memory.
        """
        self._known[build.version] = build
        path = self._path(build.version)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(build.script)
                # Also when it is there: that it was started again makes it the newest.
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            builds = sorted(
                self._directory.glob("*.js"), key=lambda file: file.stat().st_mtime_ns, reverse=True
            )
            for old in [file for file in builds if file != path][MOST_KEPT - 1 :]:
                old.unlink(missing_ok=True)
        except OSError as exc:
            logger().warning("widget_not_kept", **fault(exc))

    def find(self, version: str) -> Build | None:
        """The build of a version; None when there is none, or its file is not what it was."""
        if version not in self._known:
            try:
                script = self._path(version).read_bytes()
            except OSError:
                return None
            if hashlib.sha256(script).hexdigest()[:12] != version.rpartition("-")[2]:
                logger().error("widget_damaged", version=version)
                return None
            if len(self._known) > MOST_KEPT:
                self._known.clear()
            self._known[version] = bundle.named(script, version)
        return self._known[version]

    def _path(self, version: str) -> Path:
        return self._directory / f"{version}.js"


class Widget:
    """The routes under ``/widget``. ``current`` is None only where the modules are not there at all."""

    def __init__(
        self,
        *,
        current: Build | None,
        builds: KeptBuilds,
        firm: Firm,
        origins: Sequence[str],
        whatsapp: bool = False,
    ) -> None:
        """``whatsapp``: whether a conversation can be carried over there."""
        self._whatsapp = whatsapp
        self.current = current
        self._builds = builds
        self._firm = firm
        self._origins = origins

    def routes(self) -> list[web.RouteDef]:
        """Every route of the widget."""
        return [
            web.get(f"{PREFIX}/{SCRIPT}", self.script),
            web.get(f"{PREFIX}/{{version:{_VERSION}}}/{SCRIPT}", self.version),
            web.get(f"{PREFIX}/site.json", self.site),
        ]

    async def script(self, request: web.Request) -> web.StreamResponse:
        """The current build."""
        if self.current is None:
            raise RequestError("not_found", 404)
        return _served(request, self.current, _SOON)

    async def version(self, request: web.Request) -> web.StreamResponse:
        """The build of one version."""
        version = request.match_info["version"]
        build = (
            self.current if self.current and self.current.version == version else self._builds.find(version)
        )
        if build is None:
            raise RequestError("not_found", 404)
        return _served(request, build, _FOREVER)

    async def site(self, request: web.Request) -> web.Response:
        """Whether the site that asks may show the widget, and what the widget shows of the firm before it is opened."""
        allowed = is_own_origin(request) or request.headers.get("Origin", "").lower() in self._origins
        body: dict[str, object] = {"allowed": allowed}
        if allowed:
            body |= {"firm": self._firm.name, "phone": self._firm.phone, "whatsapp": self._whatsapp}
            if self._firm.emergency_phone:
                body["emergency_phone"] = self._firm.emergency_phone
        return web.json_response(body, headers={"Cache-Control": "private, max-age=300", "Vary": "Origin"})


def _served(request: web.Request, build: Build, cached: str) -> web.Response:
    # Weak, because one tag names the compressed bytes and the plain ones.
    tag = ETag(build.version, is_weak=True)
    headers = {"Cache-Control": cached, "Vary": "Accept-Encoding"}
    if any(wanted.value in (build.version, "*") for wanted in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        taken = _encodings(request)
        body, encoding = next(
            (body, name)
            for body, name in ((build.brotli, "br"), (build.gzip, "gzip"), (build.script, ""))
            if name in taken
        )
        response = web.Response(
            body=body, headers=headers | ({"Content-Encoding": encoding} if encoding else {})
        )
    if response.status != 304:
        response.content_type, response.charset = "text/javascript", "utf-8"
    response.etag = tag
    return response


def _encodings(request: web.Request) -> set[str]:
    """The compressions that a browser asked for, without those of the weight zero; and none at all, ""."""
    asked = (
        part.partition(";") for part in request.headers.get("Accept-Encoding", "")[:200].lower().split(",")
    )
    return {"", *(name.strip() for name, _, weight in asked if not _NEVER.fullmatch(weight.strip()))}
