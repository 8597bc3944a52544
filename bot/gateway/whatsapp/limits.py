"""How large a message may be with each provider, and every way in which one breaks that. Pure.

Sources, read in stored copies on 2026-11-22:

- Cloud API: developers.facebook.com/documentation/business-messaging/whatsapp/messages (text, interactive reply
  buttons, interactive list, interactive CTA URL, templates), and the documentation of pywa 4.5.0, which repeats Meta's
  numbers beside each type (``Button``, ``SectionRow``, ``SectionList``, ``URLButton``, ``send_message``).
- Twilio: twilio.com/docs/content (quick-reply, list-picker, call-to-action, using-variables-with-content-api),
  twilio.com/docs/api/errors/21617 and 21656.

Where the two sources of a number differ, or one is silent, the smaller one stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.gateway.whatsapp.model import Option, Outbound


@dataclass(frozen=True, slots=True)
class Shape:
    """The most that one provider takes, in what ``length`` counts; ``buttons`` and ``rows`` are how many of them."""

    name: str
    #: A plain text. Cloud: 4,096. Twilio: 1,600, longer ones fail with 21617.
    text: int
    #: What stands above buttons, a list or a link. 1,024 with both.
    body: int
    #: Reply buttons. Twilio allows ten in an approved template and three in a session.
    buttons: int = 3
    button_title: int = 20
    #: Cloud: 256. Twilio says nothing of a button's id, and 200 of a row's.
    button_id: int = 256
    rows: int = 10
    row_title: int = 24
    row_description: int = 72
    row_id: int = 200
    #: What opens a list, and what stands on a link.
    label: int = 20
    #: No limit of a link's address is published; 2,000 is what every browser opens.
    url: int = 2_000
    #: One value of a template.
    value: int = 1_024
    values: int = 20
    #: Our own id of a message. ``biz_opaque_callback_data`` takes 512; in a StatusCallback address there is room.
    row: int = 128


CLOUD = Shape("cloud", text=4_096, body=1_024)
TWILIO = Shape("twilio", text=1_600, body=1_024, button_id=200, value=1_600)
SHAPES = {shape.name: shape for shape in (CLOUD, TWILIO)}

_TEMPLATES = {
    # Meta: lower case letters, digits and underscores, at most 512.
    "cloud": re.compile(r"[a-z0-9_]{1,512}"),
    # The id of an approved Content resource.
    "twilio": re.compile(r"HX[0-9a-fA-F]{32}"),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
#: Meta refuses values with such white space (132018), Twilio too (21656).
_BROKEN_VALUE = re.compile(r"[\r\n\t]| {5}")


def length(text: str) -> int:
    """UTF-16 units. No provider says what it calls a character, and none can count more than this."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def breaches(message: Outbound, shape: Shape) -> tuple[str, ...]:
    """Every way in which the provider would refuse the message, in words that quote nothing of it; empty if it fits."""
    return tuple(_breaches(message, shape))


def _breaches(message: Outbound, shape: Shape) -> Iterator[str]:
    match message.kind:
        case "text":
            yield from _sized("text", message.text, shape.text)
        case "buttons":
            yield from _sized("text", message.text, shape.body)
            yield from _counted("buttons", len(message.options), shape.buttons)
            for number, option in enumerate(message.options, 1):
                yield from _sized(
                    f"title of button {number}", option.title, shape.button_title, one_line=True
                )
                yield from _sized(f"id of button {number}", option.id, shape.button_id, one_line=True)
                if option.description:
                    yield f"button {number} has a description, which no button shows"
            yield from _distinct(message.options)
        case "list":
            yield from _sized("text", message.text, shape.body)
            yield from _sized("label", message.label, shape.label, one_line=True)
            yield from _counted("rows", len(message.options), shape.rows)
            for number, option in enumerate(message.options, 1):
                yield from _sized(f"title of row {number}", option.title, shape.row_title, one_line=True)
                yield from _sized(f"id of row {number}", option.id, shape.row_id, one_line=True)
                if option.description:
                    place = f"description of row {number}"
                    yield from _sized(place, option.description, shape.row_description, one_line=True)
            yield from _distinct(message.options)
        case "link":
            yield from _sized("text", message.text, shape.body)
            yield from _sized("label", message.label, shape.label, one_line=True)
            yield from _sized("address", message.url, shape.url, one_line=True)
            if not _opens(message.url):
                yield "address is no http(s) address without spaces"
        case "template":
            if not _TEMPLATES[shape.name].fullmatch(message.template):
                yield "template is no name that the provider gives"
            if shape is CLOUD and not _LANGUAGE.fullmatch(message.language):
                yield "language is no code such as es or es_MX"
            if len(message.values) > shape.values:
                yield f"values are {len(message.values)}, and {shape.values} is the most"
            for number, value in enumerate(message.values, 1):
                yield from _sized(f"value {number}", value, shape.value)
                if _BROKEN_VALUE.search(value):
                    yield f"value {number} has a line break, a tab or more than four spaces in a row"
        case _:
            yield "kind is unknown"
    if message.kind not in ("buttons", "list") and message.options:
        yield f"a {message.kind} has no room for options"


def _sized(name: str, text: str, most: int, *, one_line: bool = False) -> Iterator[str]:
    if not text.strip():
        yield f"{name} is empty"
    elif (found := length(text)) > most:
        yield f"{name} has {found} characters, and {most} is the most"
    if one_line and (text != text.strip() or len(text.splitlines()) > 1):
        yield f"{name} begins or ends with a space, or has a line break"


def _counted(name: str, found: int, most: int) -> Iterator[str]:
    if not 1 <= found <= most:
        yield f"{name} are {found}, and may be 1 to {most}"


def _distinct(options: tuple[Option, ...]) -> Iterator[str]:
    for name, found in (
        ("titles", [option.title.casefold() for option in options]),
        ("ids", [option.id for option in options]),
    ):
        if len(set(found)) < len(found):
            yield f"{name} are not all different"


def _opens(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", url)
