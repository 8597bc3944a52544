"""A small Twilio: the part of its Messages, Content and Indicators resources that WhatsApp needs, and its webhooks.

Read on twilio.com/docs in November 2026: messaging/api/message-resource, messaging/guides/webhook-request,
usage/webhooks/webhooks-security, content/{twilio-quick-reply,twiliolist-picker,twilio-call-to-action},
content/content-api-resources, whatsapp/api/typing-indicators-resource, whatsapp/key-concepts, api/errors. The titles
of buttons and rows are WhatsApp's own limits (20 and 24), which hold for Twilio too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

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

TEXT = 1600
BODY = 1024
#: Without an approved template; the Content resource itself takes ten.
BUTTONS = 3
ACTIONS, BUTTON_TITLE, BUTTON_ID = 10, 20, 200
ROWS, ROW_TITLE, ROW_DESCRIPTION, ROW_ID = 10, 24, 72, 200
LABEL = 20
BURST = 45
#: Requests a second to the API; more get 429.
PER_SECOND = 100

AUTH = 20003
NOT_FOUND = 20404
TOO_MANY = 20429
INVALID_TO = 21211
MISSING_TO = 21604
INVALID_CALLBACK = 21609
NO_BODY = 21619
TOO_LONG = 21617
NO_CONTENT = 21655
BAD_VARIABLES = 21656
BAD_CONTENT = 20001
NO_SENDER = 63007
NOT_ACCEPTED = 63005
WINDOW_CLOSED = 63016
PAIR_RATE = 63018
NO_RECIPIENT = 63024

#: What Twilio tells only after it has taken the message, by a failed status.
LATE = frozenset((NOT_ACCEPTED, WINDOW_CLOSED, PAIR_RATE, NO_RECIPIENT))

_MESSAGE_ID = re.compile(r"(SM|MM)[0-9a-f]{32}")
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_TYPES = {"voice": "audio/ogg", "image": "image/jpeg", "video": "video/mp4", "document": "application/pdf",
          "sticker": "image/webp", "contacts": "text/vcard"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """A Content resource; ``approved`` ones may be sent at any time."""

    sid: str
    language: str
    variables: Mapping[str, str]
    types: Mapping[str, Any]
    approved: bool = False
    friendly_name: str = ""


class TwilioStandIn(StandIn):
    """Twilio's side of one WhatsApp sender. ``contents`` are known by sid.

    ``public_url`` is the address under which Twilio believes to reach our gateway: signatures are made over it.
    """

    provider: ClassVar[str] = "twilio"
    #: Twilio passes on no edits, deletions or reactions.
    passes: ClassVar[frozenset[str]] = frozenset(
        ("text", "choice", "voice", "image", "video", "document", "sticker", "location", "contacts")
    )

    def __init__(
        self,
        gateways: Sequence[str],
        *,
        public_url: str,
        webhook: str,
        account: str,
        auth_token: str,
        number: str = "15550109999",
        clock: Callable[[], datetime] = now,
        chance: random.Random | None = None,
        burst: float = BURST,
        per_second: float = PER_SECOND,
    ) -> None:
        super().__init__(gateways, clock=clock, chance=chance, burst=burst, per_second=per_second)
        self.public_url, self.webhook = public_url.rstrip("/"), webhook
        self.account, self.auth_token, self.number = account, auth_token, number
        #: API keys by id, beside the account's own token.
        self.keys: dict[str, str] = {}
        self.late = LATE
        self.contents: dict[str, Content] = {}

    def add_template(self, body: str, language: str = "es", sid: str = "") -> str:
        """The sid of a template that WhatsApp has approved; ``body`` holds {{1}}, {{2}} and so on."""
        sid = sid or "HX" + token(32)
        self.contents[sid] = Content(sid, language, {}, {"twilio/text": {"body": body}}, approved=True)
        return sid

    # The API.

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", self._messages)
        app.router.add_post("/v1/Content", self._create_content)
        app.router.add_get("/v1/Content", self._list_contents)
        app.router.add_get("/v1/Content/{sid}", self._get_content)
        app.router.add_delete("/v1/Content/{sid}", self._delete_content)
        app.router.add_post("/v2/Indicators/Typing.json", self._typing)

    def _authenticate(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        known = {self.account: self.auth_token, **self.keys}.items()
        if given not in [f"Basic {base64.b64encode(f'{id}:{key}'.encode()).decode()}" for id, key in known]:
            raise Refusal(401, AUTH, "Authenticate")

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authenticate(request)
            if request.match_info["account"] != self.account:
                raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")
            form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        except Refusal as refusal:
            return self._say_no(refusal)

        async def take() -> web.StreamResponse:
            try:
                return self._take(form)
            except Refusal as refusal:
                return self._say_no(refusal)

        return await self._faulty(request, _row(form), take)

    def _take(self, form: dict[str, str]) -> web.Response:
        known = {
            "To",
            "From",
            "Body",
            "ContentSid",
            "ContentVariables",
            "StatusCallback",
            "MessagingServiceSid",
        }
        if unknown := set(form) - known:
            raise Refusal(400, BAD_CONTENT, f"this stand-in does not know {sorted(unknown)}")
        to = form.get("To", "")
        if not to:
            raise Refusal(400, MISSING_TO, "A 'To' phone number is required.")
        if form.get("From") != f"whatsapp:+{self.number}":
            raise Refusal(400, NO_SENDER, "Twilio could not find a Channel with the specified From address")
        callback = form.get("StatusCallback", "")
        if callback and not callback.startswith(self.public_url + "/"):
            raise Refusal(400, INVALID_CALLBACK, "The 'StatusCallback' URL is not a valid URL.")
        scheme, _, address = to.partition(":")
        if scheme != "whatsapp" or not re.fullmatch(
            r"\+[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9.]{1,132}", address
        ):
            raise Refusal(400, INVALID_TO, f"The 'To' number {to} is not a valid phone number.")
        message = Message(self.new_id(), "", "", self.clock(), callback=callback)
        message.row = _row(form)
        late: Refusal | None = None
        approved = False
        if "ContentSid" in form:
            approved, late = self._content_message(form, message)
        else:
            message.kind, message.text = "text", form.get("Body", "")
            if not message.text.strip():
                raise Refusal(400, NO_BODY, "A text message body or media urls must be specified.")
            if size(message.text) > TEXT:
                details = "The concatenated message body exceeds the 1600 character limit."
                raise Refusal(400, TOO_LONG, details)
        person = self._person(address.lstrip("+"))
        if late is None and person is None:
            late = Refusal(400, NO_RECIPIENT, "Invalid message recipient")
        elif late is None and person is not None and not approved and not self._window_open(person):
            late = Refusal(400, WINDOW_CLOSED, "Failed to send freeform message: outside the allowed window")
        stranger = person or Person("15550000000", "", "nobody")
        try:
            pair = Refusal(400, PAIR_RATE, "Rate limit exceeded for Channel")
            self._count(stranger, pair, Refusal(429, TOO_MANY, "Too Many Requests"))
        except Refusal as refusal:
            if refusal.code != PAIR_RATE:
                raise
            late = late or (refusal if person is not None else None)
        if late is not None and late.code not in self.late:
            raise late
        if late is not None:
            self.refused.append(late)
            self._fail_later(stranger, message, late.code)
        else:
            self._show(stranger, message)
        return web.json_response(
            {
                "sid": message.id, "account_sid": self.account, "api_version": "2010-04-01", "status": "queued",
                "to": to, "from": form["From"], "body": message.text, "direction": "outbound-api",
                "error_code": None, "error_message": None, "num_media": "0", "num_segments": "1",
                "date_created": f"{message.at:%a, %d %b %Y %H:%M:%S} +0000",
                "uri": f"/2010-04-01/Accounts/{self.account}/Messages/{message.id}.json",
            },
            status=201,
        )  # fmt: skip

    def _content_message(self, form: dict[str, str], message: Message) -> tuple[bool, Refusal | None]:
        """Fills the message from a Content resource; whether that is approved, and what WhatsApp says no to."""
        if "Body" in form:
            raise Refusal(400, BAD_CONTENT, "Body and ContentSid cannot go together")
        content = self.contents.get(form["ContentSid"])
        if content is None:
            raise Refusal(400, NO_CONTENT, "The ContentSid is invalid.")
        try:
            given = json.loads(form.get("ContentVariables", "{}"))
        except ValueError:
            given = None
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise Refusal(400, BAD_VARIABLES, "The Content Variables parameter is invalid.")
        values = {**content.variables, **given}
        missing: set[str] = set()

        def fill(raw: Any) -> str:
            found = _VARIABLE.findall(str(raw or ""))
            missing.update(name for name in found if name not in values)
            return _VARIABLE.sub(lambda match: values.get(match[1], ""), str(raw or ""))

        kind, body = next(iter(content.types.items()))
        message.text = fill(body.get("body"))
        match kind:
            case "twilio/text":
                message.kind = "template" if content.approved else "text"
                message.template = content.sid if content.approved else ""
            case "twilio/quick-reply":
                message.kind = "buttons"
                message.options = tuple(Option(fill(a.get("id")), fill(a["title"])) for a in body["actions"])
            case "twilio/list-picker":
                message.kind, message.label = "list", fill(body["button"])
                message.options = tuple(
                    Option(fill(item["id"]), fill(item["item"]), fill(item.get("description")))
                    for item in body["items"]
                )
            case "twilio/call-to-action":
                message.kind = "link"
                action = body["actions"][0]
                message.label, message.url = fill(action["title"]), fill(action["url"])
        if missing:
            details = f"The Content Variables parameter is invalid: {sorted(missing)} have no value."
            raise Refusal(400, BAD_VARIABLES, details)
        wrong = _breach(message, content.approved)
        return content.approved, None if wrong is None else Refusal(400, NOT_ACCEPTED, wrong)

    async def _create_content(self, request: web.Request) -> web.Response:
        try:
            self._authenticate(request)
            body = await json_body(request)
            if body is None or request.content_type != "application/json":
                raise Refusal(400, BAD_CONTENT, "the body must be JSON")
            content = _content(body)
        except Refusal as refusal:
            return self._say_no(refusal)
        self.contents[content.sid] = content
        return web.json_response(self._resource(content), status=201)

    async def _list_contents(self, request: web.Request) -> web.Response:
        try:
            self._authenticate(request)
        except Refusal as refusal:
            return self._say_no(refusal)
        page, most = int(request.query.get("Page", "0")), int(request.query.get("PageSize", "50"))
        contents = list(self.contents.values())[page * most :]
        more = f"https://content.twilio.com/v1/Content?PageSize={most}&Page={page + 1}&PageToken=x"
        meta = {
            "page": page, "page_size": most, "next_page_url": more if len(contents) > most else None,
            "key": "contents",
        }  # fmt: skip
        found = [self._resource(content) for content in contents[:most]]
        return web.json_response({"contents": found, "meta": meta})

    async def _get_content(self, request: web.Request) -> web.Response:
        try:
            self._authenticate(request)
            return web.json_response(self._resource(self._known(request)))
        except Refusal as refusal:
            return self._say_no(refusal)

    async def _delete_content(self, request: web.Request) -> web.Response:
        try:
            self._authenticate(request)
            del self.contents[self._known(request).sid]
        except Refusal as refusal:
            return self._say_no(refusal)
        return web.Response(status=204)

    def _known(self, request: web.Request) -> Content:
        content = self.contents.get(request.match_info["sid"])
        if content is None:
            raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")
        return content

    def _resource(self, content: Content) -> dict[str, Any]:
        return {
            "sid": content.sid, "account_sid": self.account,
            "friendly_name": content.friendly_name, "language": content.language,
            "variables": dict(content.variables), "types": dict(content.types),
            "url": f"https://content.twilio.com/v1/Content/{content.sid}",
        }  # fmt: skip

    async def _typing(self, request: web.Request) -> web.Response:
        try:
            self._authenticate(request)
            form = dict(parse_qsl((await request.read()).decode()))
            person = next((one for one in self.people if form.get("messageId") in one.sent), None)
            if form.get("channel") != "whatsapp" or person is None:
                raise Refusal(400, BAD_CONTENT, "messageId must be a message of a WhatsApp conversation")
        except Refusal as refusal:
            return self._say_no(refusal)
        person.typing_since = self.clock().timestamp()
        for id in person.sent:
            person.read.add(id)
            if id == form["messageId"]:
                break
        return web.json_response({"success": True})

    def _say_no(self, refusal: Refusal) -> web.Response:
        self.refused.append(refusal)
        body = {
            "code": refusal.code,
            "message": refusal.details,
            "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
            "status": refusal.status,
        }
        return web.json_response(body, status=refusal.status)

    # The webhooks.

    def new_id(self) -> str:
        return "SM" + token(32)

    def signed(self, url: str, form: Mapping[str, str]) -> Post:
        """A request as Twilio posts it to a public address."""
        text = url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.new(self.auth_token.encode(), text.encode(), hashlib.sha1).digest())
        public = urlsplit(self.public_url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "Host": public.netloc,
            "X-Forwarded-Proto": public.scheme,
            "X-Twilio-Signature": signature.decode(),
        }
        return Post(url.removeprefix(self.public_url), urlencode(form).encode(), headers)

    def inbound(self, person: Person, messages: Sequence[Sent]) -> list[Post]:
        return [self.signed(self.public_url + self.webhook, self.form(person, one)) for one in messages]

    def form(self, person: Person, one: Sent) -> dict[str, str]:
        """What is posted about a message of a person."""
        form = {
            "SmsMessageSid": one.id, "SmsSid": one.id, "MessageSid": one.id, "AccountSid": self.account,
            "ApiVersion": "2010-04-01", "SmsStatus": "received", "NumMedia": "0", "NumSegments": "1",
            "ReferralNumMedia": "0", "To": f"whatsapp:+{self.number}", "ProfileName": person.name,
            "From": f"whatsapp:+{person.number}" if person.number else f"whatsapp:{person.bsuid}",
            "Body": one.text, "MessageType": one.kind,
        }  # fmt: skip
        if person.number:
            form["WaId"] = person.number
        match one.kind:
            case "choice" if one.pressed_on == "list":
                form |= {"MessageType": "interactive", "ListId": one.choice, "ListTitle": one.title}
                form |= {"Body": one.title}
            case "choice":
                form |= {"MessageType": "button", "ButtonPayload": one.choice, "ButtonText": one.title}
                form |= {"Body": one.title}
            case "location":
                form |= {"Latitude": "29.7604", "Longitude": "-95.3698"}
            case kind if kind in _TYPES:
                form |= {
                    "MessageType": "audio" if kind == "voice" else kind,
                    "NumMedia": "1",
                    "MediaContentType0": _TYPES[kind],
                    "MediaUrl0": f"https://api.twilio.com/2010-04-01/Accounts/{self.account}/Messages/{one.id}/Media/ME"
                    + token(32),
                }
        if one.refers_to:
            form |= {"OriginalRepliedMessageSid": one.refers_to}
            form |= {"OriginalRepliedMessageSender": f"whatsapp:+{self.number}"}
        return form

    def renamed(self, person: Person, number: str, bsuid: str, id: str, at: datetime) -> list[Post]:
        return []

    def _status(self, person: Person, message: Message, state: str, code: int) -> Post:
        to = f"whatsapp:+{person.number}" if person.number else f"whatsapp:{person.bsuid}"
        channel = to.partition(":")[2]
        form = {
            # Twilio itself covers the end of this one.
            "ChannelToAddress": f"{channel[:-4]}XXXX",
            "SmsSid": message.id, "MessageSid": message.id, "SmsStatus": state, "MessageStatus": state,
            "AccountSid": self.account, "From": f"whatsapp:+{self.number}", "To": to, "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
        }  # fmt: skip
        if state == "read":
            form["EventType"] = "READ"
        if code:
            form["ErrorCode"] = str(code)
        return self.signed(message.callback, form)

    async def _tell(self, person: Person, message: Message, states: Sequence[str], code: int = 0) -> None:
        if message.callback:
            await super()._tell(person, message, states, code)


def _content(body: Mapping[str, Any]) -> Content:
    """The resource that a body asks for. Raises Refusal."""
    types = body.get("types")
    if not isinstance(body.get("language"), str) or not isinstance(types, dict) or len(types) != 1:
        raise Refusal(400, BAD_CONTENT, "language and one of types are required")
    variables = body.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise Refusal(400, BAD_CONTENT, "variables must be texts by name")
    kind, inner = next(iter(types.items()))
    if not isinstance(inner, dict) or not isinstance(inner.get("body"), str) or not inner["body"]:
        raise Refusal(400, BAD_CONTENT, f"{kind} needs a body")
    match kind:
        case "twilio/text":
            _has_only(inner, {"body"}, kind)
        case "twilio/quick-reply":
            _has_only(inner, {"body", "actions"}, kind)
            _each(inner.get("actions"), ACTIONS, {"title", "id", "type"}, {"title"}, kind)
        case "twilio/list-picker":
            _has_only(inner, {"body", "button", "items"}, kind)
            if not inner.get("button"):
                raise Refusal(400, BAD_CONTENT, f"{kind} needs a button")
            _each(inner.get("items"), ROWS, {"item", "id", "description"}, {"item", "id"}, kind)
        case "twilio/call-to-action":
            _has_only(inner, {"body", "actions"}, kind)
            _each(inner.get("actions"), 1, {"type", "title", "url"}, {"type", "title", "url"}, kind)
            if inner["actions"][0]["type"] != "URL":
                raise Refusal(400, BAD_CONTENT, "this stand-in knows links only")
        case _:
            raise Refusal(400, BAD_CONTENT, f"{kind} is not a type that this stand-in knows")
    name = str(body.get("friendly_name", ""))
    return Content("HX" + token(32), body["language"], variables, types, friendly_name=name)


def _has_only(inner: Mapping[str, Any], known: set[str], kind: str) -> None:
    if unknown := set(inner) - known:
        raise Refusal(400, BAD_CONTENT, f"{kind} has no {sorted(unknown)}")


def _each(items: Any, most: int, known: set[str], needed: set[str], kind: str) -> None:
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise Refusal(400, BAD_CONTENT, f"{kind} takes 1 to {most}")
    for item in items:
        if not isinstance(item, dict) or set(item) - known or not all(item.get(name) for name in needed):
            raise Refusal(400, BAD_CONTENT, f"{kind} takes {sorted(known)} and needs {sorted(needed)}")


def _breach(message: Message, approved: bool) -> str | None:
    """What WhatsApp does not take of a message made from a Content resource; None when it is well."""
    row = message.kind == "list"
    most_id, most_title = (ROW_ID, ROW_TITLE) if row else (BUTTON_ID, BUTTON_TITLE)
    titles = [option.title for option in message.options]
    ids = [option.id for option in message.options if option.id]
    checks = {
        "body": 1 <= size(message.text) <= (TEXT if message.kind == "text" else BODY),
        "number of buttons": message.kind != "buttons" or approved or len(titles) <= BUTTONS,
        "number of rows": len(titles) <= ROWS,
        "label": size(message.label) <= LABEL,
        "title": all(title.strip() and size(title) <= most_title for title in titles),
        "title twice": row or len(set(titles)) == len(titles),
        "id": all(size(id) <= most_id for id in ids) and len(set(ids)) == len(ids),
        "description": all(size(option.description) <= ROW_DESCRIPTION for option in message.options),
        "url": message.kind != "link" or urlsplit(message.url).scheme in ("http", "https"),
    }
    return next((name for name, well in checks.items() if not well), None)


def _row(form: dict[str, str]) -> str:
    """What the sender put into the address for statuses, to know the message by."""
    return dict(parse_qsl(urlsplit(form.get("StatusCallback", "")).query)).get("row", "")
