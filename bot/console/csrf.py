"""Forms come from our own pages: the token of the session, and what the browser tells about where they stood."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from aiohttp import web

FIELD = "csrf"
#: For the script, which sends no forms.
HEADER = "X-Faro-Form"


def form_token(secret: bytes, session: str) -> str:
    """The token that the forms of a session hold; ``session`` is the hash of its cookie."""
    return hmac.new(secret, f"form:{session}".encode(), hashlib.sha256).hexdigest()


def is_token(expected: str, given: str) -> bool:
    """Whether the form brought the right one."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def is_same_site(request: web.Request, public_url: str) -> bool:
    """Whether the browser says that a page of this very site sends this. Whoever says nothing is refused.

    Every browser since 2020 sends one of the two headers with a form. ``public_url`` is how the world calls this
    site, where a proxy in between calls it otherwise; it may be empty.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    host, public = request.host.lower(), urlsplit(public_url.lower())
    own = {f"https://{host}", f"http://{host}"}
    if public.netloc:
        own.add(f"{public.scheme}://{public.netloc}")
    return request.headers.get("Origin", "").lower() in own
