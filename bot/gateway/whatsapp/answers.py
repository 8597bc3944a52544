"""What an answer of a provider says about the message that it was asked to send, beyond the provider's codes. Pure.

After a server error nobody knows whether the message was taken before the error: Twilio says so of its own (20500: a
request that is sent again may reach the person twice), and Meta says nothing. Surely not taken is what a rate or an
unavailable service turned away: 429, and 503 with the time after which it may be asked again (RFC 9110, 15.6.4).
"""

from __future__ import annotations

from bot.gateway.whatsapp.model import NotSent, Refused, SendError, Unsure

#: While staff renew a token that is not accepted.
TOKEN_SECONDS = 60.0
_SHORTEST = 1.0


def turned_away(status: int, retry_after: float | None) -> bool:
    """Whether the answer says that the message was not even looked at, so that it may come again."""
    return status in (425, 429) or (status == 503 and retry_after is not None)


def may_have_taken(status: int, retry_after: float | None) -> bool:
    """Whether an answer leaves open that the message was taken: of the server's errors, and of those between us."""
    return (status == 408 or status >= 500) and not turned_away(status, retry_after)


def not_sent(code: str, retry_after: float | None, seconds: float = _SHORTEST) -> NotSent:
    """It may be sent again after ``seconds``, or after the longer wait that the answer asks for."""
    return NotSent(code, max(retry_after or 0.0, seconds))


def without_code(status: int, retry_after: float | None) -> SendError:
    """What an answer means that is no success and in which the provider names no error."""
    code = f"http_{status}"
    if turned_away(status, retry_after):
        return not_sent(code, retry_after)
    if may_have_taken(status, retry_after):
        return Unsure(code)
    # The token is not accepted; staff renew it.
    if status in (401, 403):
        return not_sent(code, retry_after, TOKEN_SECONDS)
    return Refused(code)
