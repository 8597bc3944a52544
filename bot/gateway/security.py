"""Headers that every answer carries, who may call from another site, and whose address a request has."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import web

from bot.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    # A date to print is asked for by a form, so that its facts stand in no address.
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
OTHER_POLICY = "default-src 'none'; frame-ancestors 'none'"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Robots-Tag": "noindex",
}
_API = "/api/"
_STATIC = "/static/"
#: Pages with the chat must be able to close the sheets that they open: somebody may have to leave fast.
_OPENERS = ("/", "/embed/preview")
#: What any site may load; whether it may also show it, the widget asks.
_WIDGET = "/widget/"


def add_headers(request: web.Request, response: web.StreamResponse, origins: Sequence[str]) -> None:
    """Puts the security headers on a response, and CORS ones for the origins that were allowed."""
    headers = response.headers
    if request.path in _OPENERS:
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    is_page = request.path == "/" or request.path.startswith(_STATIC)
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else OTHER_POLICY)
    headers.setdefault("Cache-Control", "no-cache" if is_page else "no-store")
    headers.pop("Server", None)
    if request.path.startswith(_WIDGET):
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Access-Control-Allow-Origin"] = "*"
        return
    if not request.path.startswith(_API):
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return
    if not origins:
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return
    headers["Vary"] = "Origin"
    origin = request.headers.get("Origin", "").lower()
    if origin in origins:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Access-Control-Allow-Origin"] = origin
        # The name of a calendar file is in the language of the answer.
        headers["Access-Control-Expose-Headers"] = "Content-Disposition, Retry-After"


def preflight(request: web.Request, origins: Sequence[str]) -> web.Response | None:
    """The answer to a browser that asks before a call from another site; None when this is not that."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or asked is None or not request.path.startswith(_API):
        return None
    response = web.Response(status=204)
    if request.headers.get("Origin", "").lower() in origins:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Last-Event-ID"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def is_own_origin(request: web.Request) -> bool:
    """Whether a page of the gateway itself asks: it then names no origin, or its own.

    A browser names the origin of every other site that wants to read the answer.
    """
    origin = request.headers.get("Origin")
    return origin is None or origin.lower() in (
        f"https://{request.host.lower()}",
        f"http://{request.host.lower()}",
    )


def is_forged(request: web.Request) -> bool:
    """Whether a form was sent by another site than this one, as far as the browser tells."""
    site = request.headers.get("Sec-Fetch-Site")
    return site not in ("same-origin", "none") if site else not is_own_origin(request)


def is_trusted(request: web.Request, trusted: Sequence[Network]) -> bool:
    """Whether the request comes straight from a trusted proxy, whose headers are believed."""
    peer = _parse(request.remote)
    return peer is not None and _within(peer, trusted)


def client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """The address that a request comes from; what a proxy says is believed only when the proxy is trusted.

    IPv6 addresses are shortened to their network of 64 bits, which is what one customer gets.
    """
    address = _parse(request.remote)
    if address is None:
        return "unknown"
    hops = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    for hop in reversed(hops):
        if not _within(address, trusted):
            break
        before = _parse(hop)
        if before is None:
            break
        address = before
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def may_read_metrics(request: web.Request, allowed: Sequence[Network], trusted: Sequence[Network]) -> bool:
    """Whether the request comes straight, or through a trusted proxy, from an allowed address."""
    peer = _parse(request.remote)
    if peer is None:
        return False
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))
    if not forwarded:
        return _within(peer, allowed)
    # Behind a proxy that nobody named, everybody would look like the proxy itself.
    if not _within(peer, trusted):
        return False
    origin = _parse(client_address(request, trusted))
    return origin is not None and origin != peer and _within(origin, allowed)


def _parse(raw: str | None) -> Address | None:
    try:
        address = ipaddress.ip_address((raw or "").strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
