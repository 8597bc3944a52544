"""A small Cloud API of Meta's: the part that sends messages, and the webhooks, as strict as its pages say.

Read on developers.facebook.com/documentation/business-messaging/whatsapp in November 2026: messages/text-messages,
messages/interactive-{reply-buttons,list,cta-url}-messages, messages/template-messages, typing-indicators,
business-scoped-user-ids, throughput, support/error-codes, webhooks/reference/messages. Where two pages differ, the
smaller number holds here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import random
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web

from bot.simulator.standin import (
    Message,
    Option,
    Person,
    Post,
    Refusal,
    Sent,
    StandIn,
    json_body,
    now,
    size,
    token,
)

TEXT = 4096
#: The pages of buttons and links say 1,024; that of lists 4,096, the reference of the interactive object 1,024.
BODY = 1024
HEADER = FOOTER = 60
BUTTONS, BUTTON_TITLE, BUTTON_ID = 3, 20, 256
SECTIONS, SECTION_TITLE = 10, 24
ROWS, ROW_TITLE, ROW_DESCRIPTION, ROW_ID = 10, 24, 72, 200
LABEL = 20
CALLBACK = 512
#: A person may get this many messages at once, and from then on one in six seconds ("pair rate").
BURST = 45
PER_SECOND = 80

AUTH = 190
NO_OBJECT = 100
PARAMETER = 131009
MISSING = 131008
UNDELIVERABLE = 131026
WINDOW_CLOSED = 131047
PAIR_RATE = 131056
THROUGHPUT = 130429
NO_TEMPLATE = 132001
TEMPLATE_COUNT = 132000
TEMPLATE_TOO_LONG = 132005
TEMPLATE_FORMAT = 132018

_TITLES = {
    AUTH: "Invalid OAuth access token - Cannot parse access token",
    NO_OBJECT: "(#100) Invalid parameter",
    PARAMETER: "(#131009) Parameter value is not valid",
    MISSING: "(#131008) Required parameter is missing",
    UNDELIVERABLE: "Message undeliverable",
    WINDOW_CLOSED: "Re-engagement message",
    PAIR_RATE: "(#131056) (Business Account, Consumer Account) pair rate limit hit",
    THROUGHPUT: "(#130429) Rate limit hit",
    NO_TEMPLATE: "(#132001) Template name does not exist in the translation",
    TEMPLATE_COUNT: "(#132000) Number of parameters does not match the expected number of params",
    TEMPLATE_TOO_LONG: "(#132005) Translated text too long",
    TEMPLATE_FORMAT: "(#132018) Template parameter has an invalid format",
}


_UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template that Meta has approved; ``body`` holds {{1}}, {{2}} and so on."""

    body: str

    @property
    def parameters(self) -> int:
        """How many values it takes."""
        return len(set(re.findall(r"\{\{\d+\}\}", self.body)))


class CloudStandIn(StandIn):
    """Meta's side of one business number. ``templates`` are known by name and language."""

    provider: ClassVar[str] = "cloud"
    passes: ClassVar[frozenset[str]] = frozenset(
        (
            "text",
            "choice",
            "voice",
            "image",
            "video",
            "document",
            "sticker",
            "location",
            "contacts",
            "reaction",
            "order",
            "edited",
            "deleted",
            "unsupported",
        )
    )

    def __init__(
        self,
        gateways: Sequence[str],
        *,
        webhook: str,
        access_token: str,
        app_secret: str,
        number_id: str,
        number: str = "15550109999",
        account: str = "102290129340398",
        clock: Callable[[], datetime] = now,
        chance: random.Random | None = None,
        burst: float = BURST,
        per_second: float = PER_SECOND,
    ) -> None:
        super().__init__(gateways, clock=clock, chance=chance, burst=burst, per_second=per_second)
        self.webhook = webhook
        self.access_token, self.app_secret = access_token, app_secret
        self.number_id, self.number, self.account = number_id, number, account
        self.templates: dict[tuple[str, str], Template] = {}

    # The API.

    def _add_routes(self, app: web.Application) -> None:
        for path in ("/{version:v\\d+\\.\\d+}/{number}/messages", "/{number}/messages"):
            app.router.add_post(path, self._messages)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.headers.get("Authorization") != f"Bearer {self.access_token}":
                raise Refusal(401, AUTH, "")
            if request.match_info["number"] != self.number_id:
                raise Refusal(400, NO_OBJECT, "Object with this ID does not exist")
            if request.content_type != "application/json":
                raise Refusal(400, NO_OBJECT, "The parameter messaging_product is required.")
            body = await json_body(request)
            if body is None or body.get("messaging_product") != "whatsapp":
                raise Refusal(400, NO_OBJECT, "The parameter messaging_product is required.")
            if "status" in body:
                return self._mark(body)
        except Refusal as refusal:
            return self._say_no(refusal)

        async def take() -> web.StreamResponse:
            try:
                return self._take(body)
            except Refusal as refusal:
                return self._say_no(refusal)

        return await self._faulty(request, str(body.get("biz_opaque_callback_data", "")), take)

    def _mark(self, body: dict[str, Any]) -> web.Response:
        _only(body, {"messaging_product", "status", "message_id", "typing_indicator"}, "read")
        person = next((one for one in self.people if body.get("message_id") in one.sent), None)
        if body["status"] != "read" or person is None:
            raise Refusal(400, NO_OBJECT, "Invalid message id")
        if "typing_indicator" in body:
            if body["typing_indicator"] != {"type": "text"}:
                raise Refusal(400, NO_OBJECT, "typing_indicator.type must be one of text")
            person.typing_since = self.clock().timestamp()
        # Reading a message reads all before it.
        for id in person.sent:
            person.read.add(id)
            if id == body["message_id"]:
                break
        return web.json_response({"success": True})

    def _take(self, body: dict[str, Any]) -> web.Response:
        known = {
            "messaging_product", "recipient_type", "to", "recipient", "type", "text", "interactive", "template",
            "context", "biz_opaque_callback_data",
        }  # fmt: skip
        _only(body, known, "message")
        if body.get("recipient_type", "individual") != "individual":
            raise Refusal(400, PARAMETER, "recipient_type must be individual")
        to, recipient = body.get("to"), body.get("recipient")
        if not to and not recipient:
            raise Refusal(400, MISSING, "The parameter to is required.")
        row = body.get("biz_opaque_callback_data", "")
        _text(row, "biz_opaque_callback_data", 0, CALLBACK)
        id = self.new_id()
        message = Message(id=id, kind="", text="", at=self.clock(), row=row)
        match body.get("type", "text"):
            case "text":
                self._text_message(body, message)
            case "interactive":
                _interactive(_object(body, "interactive"), message)
            case "template":
                self._template_message(_object(body, "template"), message)
            case _:
                raise Refusal(400, PARAMETER, "type is not one that this stand-in knows")
        # With both, the number counts.
        person = self._person(to.lstrip("+")) if isinstance(to, str) and to else self._person(str(recipient))
        code = 0
        if person is None:
            raise Refusal(400, UNDELIVERABLE, "Unable to deliver message.")
        if message.kind != "template" and not self._window_open(person):
            code = WINDOW_CLOSED
        if code and code not in self.late:
            raise Refusal(
                400,
                code,
                "Message failed to send because more than 24 hours have passed since the customer last replied "
                "to this number.",
            )
        self._count(
            person,
            Refusal(400, PAIR_RATE, "Message failed to send because there were too many messages sent"),
            Refusal(400, THROUGHPUT, "Cloud API message throughput has been reached."),
        )
        if code:
            self._fail_later(person, message, code)
        else:
            self._show(person, message)
        contact = {"input": to or recipient}
        if to:
            contact["wa_id"] = person.number
        if person.bsuid:
            contact["user_id"] = person.bsuid
        sent = {"id": id} | ({"message_status": "accepted"} if message.kind == "template" else {})
        return web.json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]})

    def _text_message(self, body: dict[str, Any], message: Message) -> None:
        text = _only(_object(body, "text"), {"body", "preview_url"}, "text")
        message.kind, message.text = "text", _text(text.get("body"), "text['body']", 1, TEXT)
        if not isinstance(text.get("preview_url", False), bool):
            raise Refusal(400, PARAMETER, "text['preview_url'] must be a boolean")

    def _template_message(self, template: dict[str, Any], message: Message) -> None:
        _only(template, {"name", "language", "components"}, "template")
        language = _object(template, "language")
        name, code = str(template.get("name")), str(language.get("code"))
        known = self.templates.get((name, code))
        if known is None:
            raise Refusal(404, NO_TEMPLATE, f"template name ({name}) does not exist in {code}")
        values: list[str] = []
        for component in template.get("components", []):
            if component.get("type") != "body":
                raise Refusal(400, PARAMETER, "this template has a body only")
            for parameter in component.get("parameters", []):
                if parameter.get("type") != "text":
                    raise Refusal(400, PARAMETER, "parameters of a body are text")
                value = _text(parameter.get("text"), "text", 1, BODY)
                if re.search(r"[\n\t]| {5}", value):
                    raise Refusal(
                        400, TEMPLATE_FORMAT,
                        "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
                    )  # fmt: skip
                values.append(value)
        if len(values) != known.parameters:
            details = f"body: number of localizable_params ({len(values)}) does not match the expected number"
            raise Refusal(400, TEMPLATE_COUNT, details)
        text = known.body
        for number, value in enumerate(values, start=1):
            text = text.replace(f"{{{{{number}}}}}", value)
        if size(text) > BODY:
            raise Refusal(400, TEMPLATE_TOO_LONG, "body text too long")
        message.kind, message.text, message.template = "template", text, name

    def _say_no(self, refusal: Refusal) -> web.Response:
        self.refused.append(refusal)
        error: dict[str, Any] = {
            "message": _TITLES[refusal.code],
            "type": "OAuthException",
            "code": refusal.code,
            "fbtrace_id": "A" + token(20),
        }
        if refusal.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": refusal.details}
        headers = {"Retry-After": str(math.ceil(refusal.retry_after))} if refusal.retry_after else {}
        return web.json_response({"error": error}, status=refusal.status, headers=headers)

    # The webhooks.

    def new_id(self) -> str:
        return "wamid." + b64encode(b"\x1d\x06\x0b" + bytes.fromhex(token(64))).decode()

    def signed(self, body: dict[str, Any]) -> Post:
        """A request as Meta posts it: ASCII, slashes escaped, signed over the bytes."""
        raw = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")
        signature = hmac.new(self.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return Post(self.webhook, raw, headers)

    def envelope(self, *values: dict[str, Any]) -> dict[str, Any]:
        """A body with an entry for each value."""
        metadata = {"display_phone_number": self.number, "phone_number_id": self.number_id}
        return {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": self.account,
                    "changes": [
                        {
                            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
                            "field": "messages",
                        }
                    ],
                }
                for value in values
            ],
        }

    def inbound(self, person: Person, messages: Sequence[Sent]) -> list[Post]:
        return [self.signed(self.envelope(self.value(person, messages)))]

    def value(self, person: Person, messages: Sequence[Sent]) -> dict[str, Any]:
        """What one change of an envelope holds about messages of a person."""
        contact: dict[str, Any] = {"profile": {"name": person.name}}
        who: dict[str, str] = {}
        if person.number:
            contact["wa_id"] = who["from"] = person.number
        else:
            contact["profile"]["username"] = "somebody"
        if person.bsuid:
            contact["user_id"] = who["from_user_id"] = person.bsuid
        return {"contacts": [contact], "messages": [who | self._content(one) for one in messages]}

    def _content(self, one: Sent) -> dict[str, Any]:
        common: dict[str, Any] = {"id": one.id, "timestamp": str(int(one.at.timestamp()))}
        file = {"mime_type": "application/octet-stream", "sha256": token(44), "id": "2754859441498128"}
        match one.kind:
            case "text":
                return common | {"type": "text", "text": {"body": one.text}}
            case "choice":
                reply = {"id": one.choice, "title": one.title}
                kind = "list_reply" if one.pressed_on == "list" else "button_reply"
                reply |= {"description": one.description} if one.description else {}
                context = {"from": self.number, "id": one.refers_to}
                return common | {
                    "context": context, "type": "interactive", "interactive": {"type": kind, kind: reply},
                }  # fmt: skip
            case "voice":
                audio = file | {"mime_type": "audio/ogg; codecs=opus", "voice": True}
                return common | {"type": "audio", "audio": audio}
            case "image" | "video" | "document":
                caption = {"caption": one.text} if one.text else {}
                name = {"filename": "papeles.pdf"} if one.kind == "document" else {}
                return common | {"type": one.kind, one.kind: file | caption | name}
            case "sticker":
                sticker = file | {"mime_type": "image/webp", "animated": False}
                return common | {"type": "sticker", "sticker": sticker}
            case "location":
                return common | {
                    "type": "location",
                    "location": {"latitude": 29.7604, "longitude": -95.3698},
                }
            case "contacts":
                card = {"name": {"formatted_name": "Oficina"}, "phones": [{"phone": "+1 555 010 0000"}]}
                return common | {"type": "contacts", "contacts": [card]}
            case "reaction":
                return common | {
                    "type": "reaction",
                    "reaction": {"message_id": one.refers_to, "emoji": one.text},
                }
            case "order":
                return common | {"type": "order", "order": {"catalog_id": "1", "product_items": []}}
            case "edited" if not one.text:
                # As numbers hear of it that are not on a phone as well.
                return common | {
                    "type": "unsupported", "unsupported": {"type": "edit"}, "errors": [_UNSUPPORTED],
                }  # fmt: skip
            case "edited":
                edit = {
                    "original_message_id": one.refers_to,
                    "message": {"type": "text", "text": {"body": one.text}},
                }
                return common | {"type": "edit", "edit": edit}
            case "deleted":
                return common | {"type": "revoke", "revoke": {"original_message_id": one.refers_to}}
            case "unsupported":
                return common | {"type": "unsupported", "errors": [_UNSUPPORTED]}
        raise ValueError(one.kind)

    def renamed(self, person: Person, number: str, bsuid: str, id: str, at: datetime) -> list[Post]:
        system: dict[str, str] = {"body": "User changed"}
        message: dict[str, Any] = {"id": id, "timestamp": str(int(at.timestamp())), "type": "system"}
        if number:
            message["from"] = person.number
            system |= {"type": "user_changed_number", "wa_id": number}
        else:
            system |= {"type": "user_changed_user_id"}
        if bsuid:
            system |= {"user_id": bsuid, "previous_user_id": person.bsuid}
        return [self.signed(self.envelope({"messages": [message | {"system": system}]}))]

    def _status(self, person: Person, message: Message, state: str, code: int) -> Post:
        status: dict[str, Any] = {
            "id": message.id,
            "status": state,
            "timestamp": str(int(self.clock().timestamp())),
        }
        if person.number:
            status["recipient_id"] = person.number
        if person.bsuid:
            status["recipient_user_id"] = person.bsuid
        if message.row:
            status["biz_opaque_callback_data"] = message.row
        if state == "failed":
            title = _TITLES.get(code, "Message undeliverable")
            status["errors"] = [
                {"code": code, "title": title, "message": title, "error_data": {"details": title}}
            ]
        else:
            status["pricing"] = {"billable": False, "pricing_model": "PMP", "category": "service"}
        return self.signed(self.envelope({"statuses": [status]}))


def _interactive(interactive: dict[str, Any], message: Message) -> None:
    _only(interactive, {"type", "header", "body", "footer", "action"}, "interactive")
    if "header" in interactive:
        header = _only(_object(interactive, "header"), {"type", "text"}, "header")
        if header.get("type") != "text":
            raise Refusal(400, PARAMETER, "header must be of type text")
        _text(header.get("text"), "header['text']", 1, HEADER)
    if "footer" in interactive:
        _text(_only(_object(interactive, "footer"), {"text"}, "footer").get("text"), "footer", 1, FOOTER)
    body = _only(_object(interactive, "body"), {"text"}, "body")
    message.text = _text(body.get("text"), "interactive['body']['text']", 1, BODY)
    action = _object(interactive, "action")
    match interactive.get("type"):
        case "button":
            message.kind, message.options = "buttons", _buttons(action)
        case "list":
            message.kind, message.options = "list", _rows(action)
            message.label = _text(action.get("button"), "action['button']", 1, LABEL)
        case "cta_url":
            _only(action, {"name", "parameters"}, "action")
            parameters = _only(_object(action, "parameters"), {"display_text", "url"}, "parameters")
            if action.get("name") != "cta_url":
                raise Refusal(400, PARAMETER, "action['name'] must be cta_url")
            message.kind = "link"
            message.label = _text(parameters.get("display_text"), "display_text", 1, LABEL)
            message.url = web_address(parameters.get("url"))
        case _:
            raise Refusal(400, PARAMETER, "interactive['type'] is not one that this stand-in knows")


def _buttons(action: dict[str, Any]) -> tuple[Option, ...]:
    buttons = _only(action, {"buttons"}, "action").get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS:
        raise Refusal(400, PARAMETER, f"Invalid buttons count. Min allowed buttons: 1, Max: {BUTTONS}")
    options = []
    for button in buttons:
        if _only(button, {"type", "reply"}, "button").get("type") != "reply":
            raise Refusal(400, PARAMETER, "button type must be reply")
        reply = _only(_object(button, "reply"), {"id", "title"}, "reply")
        id = _identifier(reply.get("id"), "Button id", BUTTON_ID)
        options.append(Option(id, _text(reply.get("title"), "Button title", 1, BUTTON_TITLE)))
    if len({option.title for option in options}) < len(options):
        raise Refusal(400, PARAMETER, "Duplicated title: each button of a message needs its own")
    if len({option.id for option in options}) < len(options):
        raise Refusal(400, PARAMETER, "Duplicated button id")
    return tuple(options)


def _rows(action: dict[str, Any]) -> tuple[Option, ...]:
    sections = _only(action, {"button", "sections"}, "action").get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= SECTIONS:
        raise Refusal(400, PARAMETER, f"Invalid sections count. Min: 1, Max: {SECTIONS}")
    options: list[Option] = []
    for section in sections:
        _only(section, {"title", "rows"}, "section")
        if "title" in section or len(sections) > 1:
            _text(section.get("title"), "Section title", 1, SECTION_TITLE)
        rows = section.get("rows")
        if not isinstance(rows, list) or not rows:
            raise Refusal(400, PARAMETER, "A section needs rows")
        for row in rows:
            _only(row, {"id", "title", "description"}, "row")
            id = _identifier(row.get("id"), "Row id", ROW_ID)
            title = _text(row.get("title"), "Row title", 1, ROW_TITLE)
            has = "description" in row
            description = _text(row["description"], "Row description", 1, ROW_DESCRIPTION) if has else ""
            options.append(Option(id, title, description))
    if len(options) > ROWS:
        raise Refusal(400, PARAMETER, f"Total row count exceed max allowed count: {ROWS}")
    if len({option.id for option in options}) < len(options):
        raise Refusal(400, PARAMETER, "Duplicated row id")
    return tuple(options)


def web_address(value: Any) -> str:
    """``value`` where it is an address of the web. Raises Refusal."""
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or len(value) > 2000:
        raise Refusal(400, PARAMETER, "url is not a valid address")
    return str(value)


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refusal(400, MISSING, f"The parameter {name} is required.")
    return value


def _only(body: Any, known: set[str], where: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refusal(400, PARAMETER, f"{where} must be a JSON object")
    for name in body:
        if name not in known:
            raise Refusal(400, NO_OBJECT, f'Unexpected key "{name}" on param "{where}".')
    return body


def _text(value: Any, where: str, least: int, most: int) -> str:
    if not isinstance(value, str) or not least <= size(value) <= most or (least and not value.strip()):
        raise Refusal(400, PARAMETER, f"{where} length invalid. Min length: {least}, Max length: {most}")
    return value


def _identifier(value: Any, where: str, most: int) -> str:
    text = _text(value, where, 1, most)
    if text != text.strip():
        raise Refusal(400, PARAMETER, f"{where} cannot have leading or trailing spaces")
    return text
