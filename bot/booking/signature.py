"""Signatures of Standard Webhooks 1.0.0, for what is sent and what comes back.

The library signs; the clock is an argument here, and its ``verify`` reads the machine's. Its ``sign`` takes the
digits of a moment for UTC whatever the time zone says (1.1.0), so only moments in UTC reach it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from bot.core.errors import BotError

#: How far the time of a message may be from ours, either way, inclusive.
TOLERANCE = timedelta(minutes=5)


class SignatureError(BotError):
    """A message does not prove who sent it.

    ``code``: ``headers`` (one is missing), ``timestamp`` (not a number), ``old``, ``new``, ``body`` (not UTF-8) or
    ``signature`` (none fits).
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def signed(secrets: Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers for a body. With two secrets there are two signatures: receivers can change at their own time.

    Raises ValueError for a moment without time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    moment = at.astimezone(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, moment, body) for secret in secrets),
    }


def verified(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message that was signed with one of the secrets no more than five minutes from ``now``.

    Raises SignatureError.
    """
    known = {name.lower(): value for name, value in headers.items()}
    message_id, moment = known.get("webhook-id", ""), known.get("webhook-timestamp", "")
    given = known.get("webhook-signature", "")
    if not (message_id and moment and given):
        raise SignatureError("headers")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 11):
        raise SignatureError("timestamp")
    sent = datetime.fromtimestamp(int(moment), UTC)
    if sent < now - TOLERANCE:
        raise SignatureError("old")
    if sent > now + TOLERANCE:
        raise SignatureError("new")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureError("body") from None
    ours = [Webhook(secret).sign(message_id, sent, text).encode() for secret in secrets]
    fits = [hmac.compare_digest(one, theirs.encode()) for theirs in given.split(" ")[:10] for one in ours]
    if not any(fits):
        raise SignatureError("signature")
    return message_id
