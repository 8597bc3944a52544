"""Meta's Cloud API on the wire: signatures, the handshake, what comes in, what goes out, what is answered. Pure.

Written against developers.facebook.com/documentation/business-messaging/whatsapp (webhooks/reference/messages, also
its pages on edits, revokes and system messages; business-scoped-user-ids; support/error-codes), read in stored copies
on 2026-11-22, and checked against pywa 4.5.0 (tests/whatsapp/test_pywa_oracle.py). No code is taken from either.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.gateway.whatsapp.answers import TOKEN_SECONDS, may_have_taken, not_sent, turned_away, without_code
from bot.gateway.whatsapp.model import (
    Event,
    Inbound,
    NotSent,
    Outbound,
    Refused,
    Renamed,
    Sender,
    SendError,
    Status,
    Unsure,
    WindowClosed,
    WireError,
)
from bot.gateway.whatsapp.parts import (
    aliases,
    clean,
    error_code,
    identifier,
    is_business_scoped,
    own_row,
    referred,
)

SIGNATURE_HEADER = "X-Hub-Signature-256"

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
#: What Meta asks to have said back is a number; nothing longer or stranger is echoed.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,256}")

_FILES = {
    "image": "image",
    "video": "video",
    "document": "document",
    "audio": "voice",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contacts",
    "order": "order",
}
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    # A voice message of ours was listened to.
    "played": "read",
    "failed": "failed",
}

#: Too fast, for the number or for one person: "message failed to send". A failed status may say it after a 200, too.
TOO_FAST = frozenset({"130429", "131056"})
_WINDOW_CLOSED = ("131047",)
#: Codes of errors that pass, with the seconds to wait at least.
_PASSING = {
    "1": 1.0,
    "2": 1.0,
    # Limits of calls, of the account and of the number.
    "4": 60.0,
    "80007": 60.0,
    "130429": 2.0,
    # Messages to one person: one in six seconds over a longer time.
    "131056": 6.0,
    # Too many people blocked or reported the number; it passes in hours, not in seconds.
    "131048": 900.0,
    "131000": 1.0,
    "131016": 5.0,
    "131057": 60.0,
    # The token or its rights: staff renew them, and what waits then goes out.
    "0": 60.0,
    "3": 60.0,
    "10": 60.0,
    "190": 60.0,
    "131005": 60.0,
    # The number's registration or the account's payment.
    "131042": 300.0,
    "131045": 300.0,
    "133010": 300.0,
}
#: The rights of a token (200 to 299).
_RIGHTS = re.compile(r"2[0-9]{2}")
#: Codes of errors that Meta does not know either ("possible server error", "unknown error").
_ANYTHING = frozenset({"1", "131000"})


def verified(raw: bytes, signature: str | None, secrets: Sequence[str]) -> bool:
    """Whether Meta signed these very bytes with one of the app's secrets; two are allowed while one is changed.

    Constant in time. False without a signature, and without a secret.
    """
    found = _SIGNATURE.fullmatch(signature or "")
    if found is None:
        return False
    given = bytes.fromhex(found[1])
    valid = False
    for secret in secrets:
        made = hmac.digest(secret.encode(), raw, hashlib.sha256)
        valid |= bool(secret) and hmac.compare_digest(made, given)
    return valid


def challenge(query: Mapping[str, str], tokens: Sequence[str]) -> str | None:
    """What to say back to Meta when it asks whether this address is ours; None when it is not Meta that asks."""
    said = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    valid = False
    for token in tokens:
        valid |= bool(token) and hmac.compare_digest(token.encode(), said)
    asked = query.get("hub.challenge", "")
    if not valid or query.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(asked):
        return None
    return asked


def parse(raw: bytes, number: str) -> tuple[Event, ...]:
    """All events in one POST for our number, in its order; ``number`` is its id at Meta (phone_number_id).

    Left out are messages to other numbers of the account, those in groups, where an answer would be read by others,
    and notices that are no message of a person. A kind that is not known is ``unsupported``. Raises WireError.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise WireError("the body is no JSON") from None
    if _dict(body, "body").get("object") != "whatsapp_business_account":
        raise WireError("the body is not of a WhatsApp business account")
    return tuple(_events(body, number))


def render(message: Outbound, address: str, row: str) -> dict[str, Any]:
    """The body of ``POST /{version}/{number}/messages``; ``row`` comes back with the message's statuses.

    Raises ValueError for a kind that does not exist.
    """
    # A business-scoped id under "to" is dropped without an error.
    to = "recipient" if is_business_scoped(address) else "to"
    kind, content = _content(message)
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        to: address,
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": row,
    }


def seen(message_id: str, typing: bool) -> dict[str, Any]:
    """The body of the call that marks a person's message as read, to the same address as ``render``'s.

    ``typing`` also shows, for up to 25 seconds, that an answer is being written.
    """
    body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return body


def read_answer(status: int, body: bytes, retry_after: float | None = None) -> str:
    """The id that Meta gave to a message. Raises NotSent, Unsure, WindowClosed or Refused.

    ``retry_after`` are the seconds that the answer asks to wait.
    """
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    read = read if isinstance(read, dict) else {}
    if 200 <= status < 300:
        messages = read.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        found = first.get("id") if isinstance(first, dict) else None
        if isinstance(found, str) and _MESSAGE_ID.fullmatch(found):
            return found
        # It was taken, and nobody knows under which id.
        raise Unsure("answer")
    error = read.get("error")
    error = error if isinstance(error, dict) else {}
    code = error_code(error.get("code"))
    if not code:
        raise without_code(status, retry_after)
    if may_have_taken(status, retry_after) and not _is_told_untaken(code):
        raise Unsure(code)
    if error.get("is_transient") is True or turned_away(status, retry_after):
        raise _passing(code, retry_after)
    raise failure(code, retry_after)


def failure(code: str, retry_after: float | None = None) -> SendError:
    """What an error code of Meta means, in an answer as in a failed status: most are only told by the latter."""
    if code in _WINDOW_CLOSED:
        return WindowClosed(code)
    if code in _PASSING or _RIGHTS.fullmatch(code):
        return _passing(code, retry_after)
    return Refused(code)


def _is_told_untaken(code: str) -> bool:
    """Whether Meta's page says of a code that the message did not get as far as being sent."""
    return (code in _PASSING or bool(_RIGHTS.fullmatch(code))) and code not in _ANYTHING


def _passing(code: str, retry_after: float | None) -> NotSent:
    wait = TOKEN_SECONDS if _RIGHTS.fullmatch(code) else _PASSING.get(code, 1.0)
    return not_sent(code, retry_after, wait)


def _content(message: Outbound) -> tuple[str, dict[str, Any]]:
    match message.kind:
        case "text":
            return "text", {"body": message.text, "preview_url": False}
        case "buttons":
            buttons = [
                {"type": "reply", "reply": {"id": option.id, "title": option.title}}
                for option in message.options
            ]
            return _interactive("button", message, {"buttons": buttons})
        case "list":
            rows = [
                {"id": option.id, "title": option.title}
                | ({"description": option.description} if option.description else {})
                for option in message.options
            ]
            # One section needs no title; ten rows are the most in all of them.
            return _interactive("list", message, {"button": message.label, "sections": [{"rows": rows}]})
        case "link":
            parameters = {"display_text": message.label, "url": message.url}
            return _interactive("cta_url", message, {"name": "cta_url", "parameters": parameters})
        case "template":
            template: dict[str, Any] = {"name": message.template, "language": {"code": message.language}}
            if message.values:
                values = [{"type": "text", "text": value} for value in message.values]
                template["components"] = [{"type": "body", "parameters": values}]
            return "template", template
    raise ValueError(f"no message of kind {message.kind}")


def _interactive(kind: str, message: Outbound, action: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "interactive", {"type": kind, "body": {"text": message.text}, "action": action}


def _events(body: dict[str, Any], number: str) -> Iterator[Event]:
    for entry in _dicts(body, "entry"):
        for change in _dicts(entry, "changes"):
            # Other fields tell of templates, calls, or what the firm itself wrote on a phone.
            if change.get("field") != "messages":
                continue
            value = _dict(change.get("value"), "value")
            if _dict(value.get("metadata", {}), "metadata").get("phone_number_id") != number:
                continue
            contacts = _dicts(value, "contacts")
            messages = _dicts(value, "messages")
            writers = {_names(message) for message in messages}
            for message in messages:
                only = contacts[0] if len(contacts) == 1 and len(writers) == 1 else None
                yield from _message(message, contacts, only)
            for status in _dicts(value, "statuses"):
                yield from _status(status)


def _message(
    message: dict[str, Any], contacts: Sequence[dict[str, Any]], only: dict[str, Any] | None
) -> Iterator[Event]:
    kind = message.get("type")
    # The second is sent when somebody opens an empty chat: nobody has written yet.
    if "group_id" in message or kind == "request_welcome":
        return
    if kind == "system":
        yield from _renamed(message)
        return
    sender = _sender(message, contacts, only)
    # Nobody could be answered.
    if sender is None:
        return
    at = _moment(message)
    found = _read(message)
    yield Inbound(identifier(message.get("id")), sender, at, **found)


def _read(message: dict[str, Any]) -> dict[str, str]:
    """Kind and content of a message. What is not as it should be is ``unsupported``: the person must hear of it."""
    kind = message.get("type")
    content = message.get(kind) if isinstance(kind, str) else None
    content = content if isinstance(content, dict) else {}
    context = message.get("context")
    answered = referred(context.get("id")) if isinstance(context, dict) else ""
    if kind == "text" and isinstance(content.get("body"), str):
        return {"kind": "text", "text": clean(content["body"]), "refers_to": answered}
    if kind == "interactive":
        pressed = content.get("button_reply") or content.get("list_reply")
        if isinstance(pressed, dict) and isinstance(pressed.get("id"), str):
            return _choice(pressed["id"], pressed.get("title"), answered)
    if kind == "button" and isinstance(content.get("payload"), str):
        return _choice(content["payload"], content.get("text"), answered)
    if kind == "reaction":
        return {
            "kind": "reaction",
            "text": clean(content.get("emoji")),
            "refers_to": referred(content.get("message_id")),
        }
    if kind == "edit":
        edited = content.get("message")
        inner = _read(edited) if isinstance(edited, dict) and edited.get("type") != "edit" else {}
        return {
            "kind": "edited",
            "text": inner.get("text", ""),
            "refers_to": referred(content.get("original_message_id")),
        }
    if kind == "revoke":
        return {"kind": "deleted", "refers_to": referred(content.get("original_message_id"))}
    # Numbers that are not on a phone as well only hear that something was edited.
    if kind == "unsupported" and content.get("type") == "edit":
        return {"kind": "edited", "refers_to": answered}
    if isinstance(kind, str) and kind in _FILES:
        return {"kind": _FILES[kind], "text": clean(content.get("caption")), "refers_to": answered}
    return {"kind": "unsupported", "refers_to": answered}


def _choice(id: str, title: object, answered: str) -> dict[str, str]:
    return {"kind": "choice", "choice": clean(id), "title": clean(title), "refers_to": answered}


def _renamed(message: dict[str, Any]) -> Iterator[Renamed]:
    """A new number or id; of the other system notices nothing follows.

    ``from`` is the number that was left. ``from_user_id`` is not read: no page says whether it is the old or the new.
    """
    system = _dict(message.get("system"), "system")
    if system.get("type") not in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        return
    new = aliases(system.get(name) for name in ("wa_id", "new_wa_id", "user_id", "parent_user_id"))
    left = (message.get("from"), *(system.get(name) for name in ("customer", *_PREVIOUS)))
    old = tuple(alias for alias in aliases(left) if alias not in new)
    if new and old:
        yield Renamed(identifier(message.get("id")), old, _sender_of(new), _moment(message))


_PREVIOUS = ("previous_user_id", "previous_parent_user_id")


def _status(status: dict[str, Any]) -> Iterator[Status]:
    said = status.get("status")
    state = _STATES.get(said) if isinstance(said, str) else None
    # Such as "deleted" or "warning": nothing that a person could notice.
    if state is None:
        return
    errors = _dicts(status, "errors")
    yield Status(
        identifier(status.get("id")),
        state,
        _moment(status),
        row=own_row(status.get("biz_opaque_callback_data")),
        code=error_code(errors[0].get("code")) if errors and state == "failed" else "",
    )


def _names(message: dict[str, Any]) -> tuple[str, ...]:
    return aliases(message.get(name) for name in ("from", "from_user_id", "from_parent_user_id"))


def _sender(
    message: dict[str, Any], contacts: Sequence[dict[str, Any]], only: dict[str, Any] | None
) -> Sender | None:
    """Who wrote, with the names that the list of contacts adds; None when there is no name at all.

    A contact belongs to a message that shares a name with it. The only one also does where it shares none: in Brazil,
    Mexico and Argentina ``wa_id`` and ``from`` may be two spellings of one number.
    """
    said = _names(message)
    for contact in contacts:
        known = aliases(contact.get(name) for name in ("wa_id", "user_id", "parent_user_id"))
        if known and (contact is only or set(known) & set(said)):
            # The message's own number is where the answer goes.
            return _sender_of(aliases(alias.partition(":")[2] for alias in (*said, *known)), first=said)
    return _sender_of(said) if said else None


def _sender_of(names: tuple[str, ...], first: tuple[str, ...] = ()) -> Sender:
    """A phone number where there is one: every kind of message may go to it. There is at least one name."""
    phones = [name for name in (*first, *names) if name.startswith("phone:")]
    chosen = phones[0] if phones else (*first, *names)[0]
    return Sender(chosen.partition(":")[2], names)


def _moment(part: dict[str, Any]) -> datetime:
    """When it was sent, which Meta says in seconds since 1970, as text."""
    said = part.get("timestamp")
    said = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
    if not isinstance(said, str) or not _SECONDS.fullmatch(said):
        raise WireError("a message has no time")
    try:
        return datetime.fromtimestamp(int(said), UTC)
    except (OverflowError, OSError, ValueError):
        raise WireError("a message has an impossible time") from None


def _dict(part: Any, name: str) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise WireError(f"{name} is no object")
    return part


def _dicts(part: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list; none when it is not there."""
    found = part.get(name, [])
    if not isinstance(found, list):
        raise WireError(f"{name} is no list")
    return [_dict(one, f"part of {name}") for one in found]
