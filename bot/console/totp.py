"""Codes that change every half minute (RFC 6238, SHA-1, six digits), as every authenticator app makes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
#: Steps before and after now whose code is taken: clocks of phones are off by some seconds, and people are slow.
_DRIFT = 1


def new_secret() -> str:
    """160 random bits in base32, as apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    key = base64.b32decode(secret)
    # RFC 6238 builds on HMAC-SHA-1, where the weakness of SHA-1 does not matter; many apps know nothing else.
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_at(moment: datetime) -> int:
    """The step that a moment falls in."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, now: datetime, used: int | None) -> int | None:
    """The step whose code this is, after the last that was ``used``; None when it is no code of now."""
    typed = code.replace(" ", "").encode()
    found = None
    for step in range(step_at(now) - _DRIFT, step_at(now) + _DRIFT + 1):
        # Every step is compared, so that time tells nothing.
        same = hmac.compare_digest(code_at(secret, step).encode(), typed)
        if same and (used is None or step > used):
            found = step
    return found


def address(secret: str, login: str, firm: str) -> str:
    """What the picture says to the app."""
    issuer = quote(f"Faro {firm}", safe="")
    return f"otpauth://totp/{issuer}:{quote(login, safe='')}?secret={secret}&issuer={issuer}"


def in_groups(secret: str) -> str:
    """The secret as people copy it by hand."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
