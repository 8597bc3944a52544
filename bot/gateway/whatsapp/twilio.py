"""Twilio's WhatsApp on the wire: signatures, what comes in, what goes out, what is answered. Pure.

Written against twilio.com/docs (messaging/guides/webhook-request, usage/security, content, api/errors), read in stored
copies on 2026-11-22; names of fields for people without a phone number (``ExternalUserId``) as open-source senders
use them since May 2026. Signatures are checked against ``twilio.request_validator`` (tests/whatsapp). That package is
not used here: it brings 39 MB and four more packages for twenty lines, and its comparison ends early on a wrong length.

Buttons, lists and links are Content resources with Twilio: made once, sent by id. Ours hold nothing but placeholders:
each line of a text, each title and each id is a variable, because a resource stays with Twilio until somebody deletes
it and a text can hold a name or a date; and there is one resource for every shape and not for every text. A value may
be neither empty nor broken into lines (error 21656), so line breaks are part of the shape.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from bot.gateway.whatsapp.answers import may_have_taken, not_sent, turned_away, without_code
from bot.gateway.whatsapp.limits import TWILIO, length
from bot.gateway.whatsapp.model import (
    Event,
    Inbound,
    Option,
    Outbound,
    Refused,
    Sender,
    SendError,
    Status,
    Unsure,
    WindowClosed,
    WireError,
)
from bot.gateway.whatsapp.parts import aliases, clean, error_code, identifier, own_row, referred

SIGNATURE_HEADER = "X-Twilio-Signature"
#: Twilio sends some thirty.
MOST_FIELDS = 500

_CHANNEL = "whatsapp:"
_MESSAGE_ID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_PORTS = {"https": 443, "http": 80}
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
}

#: What ``MessageType`` says, where it is there.
_TYPES = {
    "image": "image",
    "video": "video",
    "document": "document",
    "audio": "voice",
    "voice": "voice",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contacts",
    "contact": "contacts",
    "order": "order",
    "reaction": "reaction",
    "unsupported": "unsupported",
}
#: What a file is by its media type; the first that it begins with. WhatsApp's stickers are WebP, its photos never are.
_FILES = (
    ("audio/", "voice"),
    ("image/webp", "sticker"),
    ("image/", "image"),
    ("video/", "video"),
    ("text/vcard", "contacts"),
    ("text/x-vcard", "contacts"),
)

_FILE_NAME = re.compile(r".{1,255}\.[A-Za-z0-9]{2,5}")

#: 63016: the person's 24 hours are over, and it is no template.
_WINDOW_CLOSED = ("63016",)
#: Too fast for the number or for one person: Meta did not take it from Twilio, which a failed status tells.
TOO_FAST = frozenset({"63018"})
#: Codes of errors that pass, with the seconds to wait at least.
_PASSING = {
    "20429": 1.0,
    "14107": 1.0,
    # Too fast for the number, or for one person.
    "63018": 6.0,
    # Too many messages of ours wait at Twilio.
    "21611": 30.0,
    "30001": 30.0,
    # Twilio, or Meta behind it, has an error of its own.
    "20500": 1.0,
    "20503": 5.0,
    "63010": 5.0,
    "63012": 5.0,
    # The token or its rights: staff renew them, and what waits then goes out.
    "20003": 60.0,
    "20403": 60.0,
}
#: Of those, errors after which a message may have been taken all the same: Twilio's own, and of Meta behind it.
_ANYTHING = frozenset({"20500", "63010", "63012"})
#: The Content resource is gone, or Twilio does not take it or its variables.
CONTENT_REFUSED = ("20404", "21654", "21655", "21656", "21657", "21658", "21661", "63013", "63027", "63028")

_MOST_VARIABLES = 100
#: Every character that ends a line or moves a carriage, for values must hold none; then runs that are too long.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RUN = re.compile(r" {5,}")
_HOST = re.compile(r"(https?://[^/?#]+/?)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Content:
    """A Content resource and what stands in it this time. Two messages of one shape have the same ``name``."""

    name: str
    resource: dict[str, Any]
    variables: dict[str, str]


def public_url(base: str, path: str, query: str) -> str:
    """The address that Twilio called, as it signed it.

    ``base`` is where the gateway is reached from outside, with the path that a proxy takes away if there is one; path
    and query are those of the request, still percent-encoded. No header of the request is used.
    """
    return base.rstrip("/") + path + (f"?{query}" if query else "")


def verified(raw: bytes, url: str, signature: str | None, tokens: Sequence[str]) -> bool:
    """Whether Twilio signed this body for this address with one of the tokens; two are allowed while one is changed.

    Like Twilio's own validator, with and without the port in the address, and with repeated parameters once for each
    value. Constant in time. False without a signature, and without a token.
    """
    try:
        # Broken UTF-8 stays as it is: what is signed are the bytes.
        pairs = _pairs(raw, "surrogateescape")
        given = base64.b64decode((signature or "").encode("ascii"), validate=True)
        addresses = _spellings(url)
    except (ValueError, WireError):
        return False
    signed = "".join(name + value for name, value in sorted(set(pairs))).encode("utf-8", "surrogateescape")
    valid = False
    for token in tokens:
        for address in addresses:
            made = hmac.digest(
                token.encode(), address.encode("utf-8", "surrogateescape") + signed, hashlib.sha1
            )
            valid |= bool(token) and hmac.compare_digest(made, given)
    return valid


def parse(raw: bytes, query: str, now: datetime) -> tuple[Event, ...]:
    """The event in one POST: a message, or the status of one of ours; nothing for text messages by phone.

    ``query`` is that of the address, where our own id of a message stands. Twilio tells no times: it is ``now``, when
    it came. Raises WireError.
    """
    fields: dict[str, str] = {}
    for name, value in _pairs(raw, "replace"):
        fields.setdefault(name, value)
    id = identifier(fields.get("MessageSid") or fields.get("SmsMessageSid"))
    status = fields.get("MessageStatus", "")
    if status and status != "received":
        state = _STATES.get(status)
        if state is None:
            return ()
        code = error_code(fields.get("ErrorCode", "")) if state == "failed" else ""
        return (Status(id, state, now, _row(query), code),)
    if not fields.get("From", "").startswith(_CHANNEL):
        return ()
    sender = _sender(fields)
    if sender is None:
        raise WireError("a message has no sender")
    return (
        Inbound(
            id, sender, now, **_read(fields), refers_to=referred(fields.get("OriginalRepliedMessageSid"))
        ),
    )


def render(
    message: Outbound, address: str, sender: str, status_url: str, row: str, content_sid: str = ""
) -> dict[str, str]:
    """The form of ``POST /2010-04-01/Accounts/{account}/Messages.json``.

    ``sender`` is our number, such as whatsapp:+12025550100. ``content_sid`` is the id of the message's Content
    resource; without one, buttons, lists and links go as the text that stands in for them. A template carries its own.
    """
    form = {
        "From": sender,
        "To": address,
        "StatusCallback": f"{status_url}{'&' if '?' in status_url else '?'}row={quote(row, safe='')}",
    }
    if message.kind == "template":
        form["ContentSid"] = message.template
        if message.values:
            form["ContentVariables"] = _json({str(n): value for n, value in enumerate(message.values, 1)})
    elif content_sid and (made := content(message)):
        form["ContentSid"] = content_sid
        form["ContentVariables"] = _json(made.variables)
    else:
        form["Body"] = stand_in(message)
    return form


def content(message: Outbound) -> Content | None:
    """The Content resource for buttons, a list or a link; None for other kinds and for texts with too many lines."""
    values = _Values()
    body = "\n".join(values.put(line, "text") if _value(line) else "" for line in message.text.splitlines())
    types: dict[str, Any]
    match message.kind:
        case "buttons":
            actions = [
                {"type": "QUICK_REPLY", "title": values.put(o.title, "title"), "id": values.put(o.id, "id")}
                for o in message.options
            ]
            types = {"twilio/quick-reply": {"body": body, "actions": actions}}
        case "list":
            label = values.put(message.label, "label")
            items = [_item(option, values) for option in message.options]
            types = {"twilio/list-picker": {"body": body, "button": label, "items": items}}
        case "link":
            # The address up to its path must be part of the resource.
            found = _HOST.fullmatch(message.url)
            if found is None:
                return None
            url = found[1] + (values.put(found[2], "path") if found[2] else "")
            action = {"type": "URL", "title": values.put(message.label, "title"), "url": url}
            types = {"twilio/call-to-action": {"body": body, "actions": [action]}}
        case _:
            return None
    if len(values.now) > _MOST_VARIABLES:
        return None
    name = "faro_" + hashlib.sha256(_json(types).encode()).hexdigest()[:32]
    # The language is that of what stands in it, which is nothing but placeholders.
    resource = {"friendly_name": name, "language": "en", "variables": values.samples, "types": types}
    return Content(name, resource, values.now)


def stand_in(message: Outbound) -> str:
    """The message as plain text: choices numbered as they are typed, a link spelled out.

    The descriptions of rows are left out where they would make it longer than Twilio takes.
    """
    if message.kind == "link":
        return f"{message.text}\n\n{message.label}: {message.url}"
    if message.kind not in ("buttons", "list"):
        return message.text
    titles = [f"{number}. {option.title}" for number, option in enumerate(message.options, 1)]
    full = [
        f"{title}: {option.description}" if option.description else title
        for title, option in zip(titles, message.options, strict=True)
    ]
    text = "\n".join((message.text, "", *full))
    return text if length(text) <= TWILIO.text else "\n".join((message.text, "", *titles))


def read_answer(status: int, body: bytes, retry_after: float | None = None) -> str:
    """The id that Twilio gave to a message. Raises NotSent, Unsure, WindowClosed or Refused.

    ``retry_after`` are the seconds that the answer asks to wait.
    """
    read = read_object(body)
    if 200 <= status < 300:
        found = read.get("sid")
        if isinstance(found, str) and _MESSAGE_ID.fullmatch(found):
            return found
        # It was taken, and nobody knows under which id.
        raise Unsure("answer")
    code = error_code(read.get("code"))
    if not code:
        raise without_code(status, retry_after)
    if may_have_taken(status, retry_after) and (code not in _PASSING or code in _ANYTHING):
        raise Unsure(code)
    if turned_away(status, retry_after) and code not in _PASSING:
        raise not_sent(code, retry_after)
    raise failure(code, retry_after)


def failure(code: str, retry_after: float | None = None) -> SendError:
    """What an error code of Twilio means, in an answer as in a failed status."""
    if code in _WINDOW_CLOSED:
        return WindowClosed(code)
    if code in _PASSING:
        return not_sent(code, retry_after, _PASSING[code])
    return Refused(code)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


class _Values:
    """Numbers the variables of one resource; ``now`` holds their values, ``samples`` what stands there by default."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.samples: dict[str, str] = {}

    def put(self, value: str, sample: str) -> str:
        number = str(len(self.now) + 1)
        self.now[number] = _value(value)
        self.samples[number] = f"{sample}{number}"
        return "{{" + number + "}}"


def _value(text: str) -> str:
    """A text as a variable may hold it; it must not open a variable of its own either."""
    return _RUN.sub(" ", _CONTROL.sub(" ", text)).strip().replace("{{", "{ {")


def _item(option: Option, values: _Values) -> dict[str, str]:
    item = {"item": values.put(option.title, "title"), "id": values.put(option.id, "id")}
    if option.description:
        item["description"] = values.put(option.description, "text")
    return item


def _read(fields: Mapping[str, str]) -> dict[str, str]:
    """Kind and content of a message. What is not known is ``unsupported``: the person must hear of it."""
    text = clean(fields.get("Body"))
    if payload := fields.get("ButtonPayload"):
        return {"kind": "choice", "choice": clean(payload), "title": clean(fields.get("ButtonText"))}
    if row := fields.get("ListId"):
        return {"kind": "choice", "choice": clean(row), "title": clean(fields.get("ListTitle"))}
    if kind := _TYPES.get(fields.get("MessageType", "").lower()):
        return {"kind": kind, "text": _caption(kind, text)}
    if fields.get("Latitude") and fields.get("Longitude"):
        return {"kind": "location", "text": text}
    if fields.get("NumMedia", "0") not in ("", "0"):
        media = fields.get("MediaContentType0", "").lower()
        return {
            "kind": next((kind for start, kind in _FILES if media.startswith(start)), "document"),
            "text": text,
        }
    if text.strip():
        return {"kind": "text", "text": text}
    return {"kind": "unsupported"}


def _caption(kind: str, text: str) -> str:
    """What was written below a file: of a document without words, the body is its name."""
    return "" if kind == "document" and _FILE_NAME.fullmatch(text) else text


def _sender(fields: Mapping[str, str]) -> Sender | None:
    named = ("From", "WaId", "ExternalUserId", "ParentExternalUserId")
    every = aliases(fields.get(name, "").removeprefix(_CHANNEL) for name in named)
    # A phone number where there is one: Twilio took no other addresses before the summer of 2026.
    first = aliases([fields["From"].removeprefix(_CHANNEL)])
    phones = [name for name in (*first, *every) if name.startswith("phone:")]
    chosen = phones[0] if phones else next(iter((*first, *every)), None)
    if chosen is None:
        return None
    kind, _, name = chosen.partition(":")
    return Sender(f"{_CHANNEL}{'+' if kind == 'phone' else ''}{name}", every)


def _row(query: str) -> str:
    try:
        found = dict(parse_qsl(query, max_num_fields=MOST_FIELDS)).get("row")
    except ValueError:
        return ""
    return own_row(found)


def _pairs(raw: bytes, errors: str) -> list[tuple[str, str]]:
    """The fields of a form, in order, empty ones too."""
    try:
        form = raw.decode("ascii")
        return parse_qsl(form, keep_blank_values=True, errors=errors, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise WireError("the body is no form") from None


def _spellings(url: str) -> tuple[str, ...]:
    """The address as it is, without its port, and with the usual one. Raises ValueError."""
    parts = urlsplit(url)
    host, _, _ = parts.netloc.rpartition(":") if parts.port else (parts.netloc, "", "")
    without = parts._replace(netloc=host).geturl()
    port = parts.port or _PORTS.get(parts.scheme)
    with_port = parts._replace(netloc=f"{host}:{port}").geturl() if port else url
    return tuple(dict.fromkeys((url, without, with_port)))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
