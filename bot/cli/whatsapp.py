"""``faro whatsapp``: how messages stand, and trying WhatsApp out without WhatsApp."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.core.errors import BotError
from bot.settings import (
    CloudSettings,
    Settings,
    kept_secret,
    load_settings,
    with_demo_secrets,
)

if TYPE_CHECKING:
    from bot.core.content import Library
    from bot.gateway.whatsapp.store import WhatsAppStore
    from bot.simulator.phone import Phone
    from bot.simulator.standin import Message, Option, StandIn

app = typer.Typer(help="Messages by WhatsApp.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)
#: The phone's screen: what is wider is wrapped, as on a phone.
screen = Console(highlight=False)

CLOUD_WEBHOOK, TWILIO_WEBHOOK = "/webhooks/whatsapp/cloud", "/webhooks/whatsapp/twilio"
#: The simulator listens this far from the gateway's port.
_BESIDE = 9
#: Numbers that nobody has; the digits of ids are made up as well.
_NUMBER, _NUMBER_ID, _ACCOUNT = "15550109999", "106540352242922", "AC" + "0" * 32
_YOU = "15550100001"
#: The number behind links from the page, of those that are kept for examples.
_SHOWN = "+12025550199"
#: Templates that only the simulator knows.
_TEMPLATES = ",".join(
    f"{use}_{lang}={name}:{lang}"
    for use, name in (("reminder", "date_reminder"), ("window", "answer_waiting"))
    for lang in ("en", "es")
)
_CONTENTS = ",".join(
    f"{use}=HX{number:032x}"
    for number, use in enumerate(("reminder_en", "reminder_es", "window_en", "window_es"), start=1)
)

_MARKED = re.compile(r"(?<!\w)([*_])(\S|\S[^\n]*?\S)\1(?!\w)")

#: How long an answer may take, and the quiet after which it is taken to be whole (seconds).
ANSWER_WITHIN, QUIET = 75.0, 2.5
#: How long an answer is waited for while the provider is made to fail.
FAILING_WITHIN = 8.0
#: How long ago a message was written whose answer meets a closed window.
_LONG_AGO = timedelta(hours=25)
#: Ways in which the provider can be made to fail.
_FAULTS = ("429", "500", "503", "500 after", "cut before", "cut after", "garbage after")

HELP = (
    "Write and press Enter. /1 presses button or row 1. /voice /photo [words] /document /location /sticker /contact "
    "send that. /edit WORDS changes your last message (without WORDS, it is only told that it changed), /delete takes "
    "it back, /react 👍 reacts. /new makes you somebody else, /new id somebody without a phone number. /late WORDS is "
    "written a day ago, so that only a template can answer; do it as somebody new. /fail 500 has the provider refuse "
    f"Faro's messages until /ok ({', '.join(_FAULTS)}). Enter alone shows what has come since. /quit ends."
)
_FILES = {
    "/voice": "voice",
    "/photo": "image",
    "/video": "video",
    "/document": "document",
    "/location": "location",
    "/sticker": "sticker",
    "/contact": "contacts",
}


def simulator_url(settings: Settings) -> str:
    """Where the stand-in for a provider's API listens, beside the gateway of these settings."""
    port = settings.port + _BESIDE
    return f"http://127.0.0.1:{port if port <= 65535 else settings.port - _BESIDE}"


def simulator_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What a demo's gateway is given so that ``faro whatsapp simulate`` works beside it.

    Nothing in production, and nothing where WhatsApp is configured. The secrets are made once and kept in FARO_VAR.
    """
    if settings.production or settings.cloud is not None or settings.twilio is not None:
        return {}
    secret, url = _secret(settings.var), simulator_url(settings)
    return {
        "FARO_WHATSAPP": "cloud,twilio",
        "FARO_WHATSAPP_APP_SECRET": secret,
        "FARO_WHATSAPP_VERIFY_TOKEN": secret,
        "FARO_WHATSAPP_TOKEN": secret,
        "FARO_WHATSAPP_PHONE_ID": _NUMBER_ID,
        "FARO_WHATSAPP_API_URL": url,
        "FARO_WHATSAPP_NUMBER": _SHOWN,
        "FARO_WHATSAPP_TEMPLATES": _TEMPLATES,
        "FARO_TWILIO_ACCOUNT": _ACCOUNT,
        "FARO_TWILIO_AUTH_TOKEN": secret,
        "FARO_TWILIO_FROM": f"+{_NUMBER}",
        "FARO_TWILIO_API_URL": url,
        "FARO_TWILIO_TEMPLATES": _CONTENTS,
        "FARO_PUBLIC_URL": environ.get("FARO_PUBLIC_URL", "") or gateway_address(settings),
    }


def _secret(var: Path) -> str:
    return kept_secret(var / "whatsapp_simulator_secret")


def gateway_address(settings: Settings) -> str:
    """Where the gateway of these settings is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}"


def _settings() -> Settings:
    return with_demo_secrets(load_settings(os.environ))


# How messages stand.


def open_store(settings: Settings) -> WhatsAppStore:
    """The store of these settings, for looking."""
    from bot.gateway.whatsapp.names import Names
    from bot.gateway.whatsapp.store import WhatsAppStore
    from bot.transcripts.sealing import Keys

    return WhatsAppStore(settings.database_url, Keys(settings.data_keys), Names(settings.secret_key))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what waits, what was set aside and what did not go out. No names, no numbers, no texts."""
    view = asyncio.run(_view(_settings()))
    if as_json:
        console.file.write(json.dumps(view, indent=2, default=_plain) + "\n")
        return
    console.print(f"Waiting for an answer: {view['waiting']} messages of {view['people']} people.")
    if view["oldest"] is not None:
        console.print(f"  the oldest came at {view['oldest']:%Y-%m-%d %H:%M:%S} UTC")
    out = ", ".join(f"{count} {state}" for state, count in sorted(view["out"].items()) if count)
    console.print(f"Waiting to go out, or not gone out: {out or 'none'}.")
    if view["oldest_out"] is not None:
        console.print(f"  the oldest is from {view['oldest_out']:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"Reminders to come: {view['reminders']}.")
    console.print(f"Set aside for staff: {view['aside']}.")
    if view["not_reached"]:
        _show_not_reached(view["not_reached"])
    if not view["set_aside"]:
        return
    table = Table(title="Set aside", title_justify="left")
    for heading in ("message", "kind", "why", "tried", "came (UTC)"):
        table.add_column(heading)
    for one in view["set_aside"]:
        received = f"{one['received_at']:%Y-%m-%d %H:%M}"
        table.add_row(one["id"][:16], one["kind"], one["code"], str(one["attempts"]), received)
    console.print(table)
    console.print(
        "Each is answered again with: faro whatsapp again MESSAGE (for 24 hours after it was set aside)"
    )


@app.command()
def again(
    message: Annotated[str, typer.Argument(help="As faro whatsapp status shows it.")],
) -> None:
    """Have a message answered that was set aside, once what broke it is mended."""
    if not asyncio.run(_again(_settings(), message)):
        raise BotError(
            f"No message {message!r} is set aside, or its 24 hours are over. See faro whatsapp status."
        )
    console.print("It waits for its answer again.")


@app.command()
def person(
    message: Annotated[str, typer.Argument(help="As faro whatsapp status shows it.")],
) -> None:
    """Show whom to call about a message that was set aside or did not go out: number, language, request."""
    number, language, reference = asyncio.run(_person(_settings(), message))
    console.print(number or "No number: WhatsApp has given only an id, and nobody can be called by it.")
    console.print(f"Writes in: {language or 'not known yet'}.")
    if reference is not None:
        console.print(f"Asked for a consultation: faro booking show {reference} tells how to call.")


def _show_not_reached(rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(title="Not reached", title_justify="left")
    for heading in ("message", "state", "why", "since (UTC)", "request"):
        table.add_column(heading)
    for one in rows:
        since = f"{one['since']:%Y-%m-%d %H:%M}"
        table.add_row(one["id"][:16], one["state"], one["code"], since, one["request"] or "")
    console.print(table)
    console.print("Whom to call: faro booking show REQUEST; without a request, faro whatsapp person MESSAGE")


def _number(address: str) -> str:
    """The phone number behind an address of either provider, to be dialled; empty where it is an id."""
    digits = address.removeprefix("whatsapp:").removeprefix("+")
    return f"+{digits}" if digits.isdigit() else ""


async def _person(settings: Settings, beginning: str) -> tuple[str, str, str | None]:
    """Number and language (empty where there is none), and the reference of a request. Raises BotError."""
    from bot.gateway.clock import SystemClock

    store = open_store(settings)
    try:
        await store.prepare()
        found = [one for one in await store.unreached() if one.id.startswith(beginning)]
        if len(found) != 1:
            raise BotError(
                f"No message {beginning!r}, or more than one, was set aside or not sent. See faro whatsapp status."
            )
        whom = found[0].person_id
        known = None if whom is None else await store.person(whom, SystemClock().now())
        if known is None:
            raise BotError("That person has erased everything; nothing of them is left here.")
        if not known.address:
            raise BotError("It cannot be read: put the old key back behind the new one in FARO_DATA_KEY.")
        return _number(known.address), known.language, found[0].reference
    finally:
        await store.dispose()


async def _view(settings: Settings) -> dict[str, Any]:
    store = open_store(settings)
    try:
        await store.prepare()
        overview = asdict(await store.overview())
        return overview | {
            "set_aside": [asdict(one) for one in await store.aside()],
            "not_reached": [
                {
                    "id": one.id,
                    "state": one.state,
                    "code": one.code,
                    "since": one.since,
                    "request": one.reference,
                }
                for one in await store.unreached()
            ],
        }
    finally:
        await store.dispose()


async def _again(settings: Settings, beginning: str) -> bool:
    from bot.gateway.clock import SystemClock

    store = open_store(settings)
    try:
        await store.prepare()
        found = [one.id for one in await store.aside() if one.id.startswith(beginning)]
        return len(found) == 1 and await store.resume(found[0], SystemClock().now())
    finally:
        await store.dispose()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


# Trying it out.


@app.command()
def simulate(
    provider: Annotated[str, typer.Option("--provider", help="cloud (Meta's own API) or twilio.")] = "cloud",
) -> None:
    """Write to a running Faro as a person on WhatsApp would, in this terminal. Nothing leaves this machine."""
    if provider not in ("cloud", "twilio"):
        raise BotError(f"{provider!r} is no provider. Use cloud or twilio.")
    asyncio.run(_simulate(_settings(), provider))


def configured(settings: Settings) -> Settings:
    """The settings with those of the simulator where WhatsApp is not configured. Raises BotError."""
    if settings.production:
        raise BotError("Faro is in production here: people's messages must not meet a simulator.")
    if settings.cloud is not None or settings.twilio is not None:
        return settings
    given = simulator_environment(settings, os.environ)
    there = load_settings({"FARO_VAR": str(settings.var), **given})
    return replace(
        settings,
        cloud=there.cloud,
        twilio=there.twilio,
        public_url=there.public_url,
        whatsapp_number=there.whatsapp_number,
    )


def stand_in(settings: Settings, provider: str) -> tuple[StandIn, str, int]:
    """The stand-in that fits these settings, and where it has to listen. Raises BotError."""
    from bot.simulator.cloud import CloudStandIn, Template
    from bot.simulator.twilio import TwilioStandIn

    gateways = [gateway_address(settings)]
    of = settings.cloud if provider == "cloud" else settings.twilio
    if of is None:
        raise BotError(
            f"Faro is configured without {provider}. Add it to FARO_WHATSAPP, or leave out all settings of WhatsApp: "
            "a demo then works with this simulator by itself."
        )
    where = urlsplit(of.api_url)
    if where.hostname not in ("127.0.0.1", "localhost", "::1") or where.port is None:
        name = "FARO_WHATSAPP_API_URL" if provider == "cloud" else "FARO_TWILIO_API_URL"
        raise BotError(
            f"Faro sends its messages to {of.api_url or 'Twilio'}. For the simulator, start it with "
            f"{name}={simulator_url(settings)}, or without any setting of WhatsApp."
        )
    made: StandIn
    if isinstance(of, CloudSettings):
        made = cloud = CloudStandIn(
            gateways,
            webhook=CLOUD_WEBHOOK,
            access_token=of.token,
            app_secret=of.app_secrets[0],
            number_id=of.phone_id,
        )
        for use, template in of.templates.items():
            name, _, code = template.partition(":")
            cloud.templates[name, code or language_of(use)] = Template(template_text(settings, use))
    else:
        made = twilio = TwilioStandIn(
            gateways,
            public_url=settings.public_url or gateways[0],
            webhook=TWILIO_WEBHOOK,
            account=of.account,
            auth_token=of.auth_tokens[0],
            number=of.sender.removeprefix("+"),
        )
        for use, sid in of.templates.items():
            twilio.add_template(template_text(settings, use), language_of(use), sid)
    return made, where.hostname, where.port


def language_of(use: str) -> str:
    """The language of a template, which its use names last: en of ``window_en``."""
    return use.rpartition("_")[2]


def template_text(settings: Settings, use: str) -> str:
    """The words of an approved template, as docs/operations.md has them handed in; the value is {{1}}."""
    name, _, language = use.rpartition("_")
    values: dict[str, Any] = {"days": "{{1}}"} if name == "reminder" else {}
    return _library(settings.firm).notice(f"whatsapp_template_{name}", language, **values).text


@cache
def _library(firm: Path) -> Library:
    from bot.cli.paths import ROOT
    from bot.core.content import load_library
    from bot.core.firm import load_firm
    from bot.core.law import load_parameters

    bot = ROOT / "bot"
    return load_library(bot / "content", load_parameters(bot / "law" / "parameters"), load_firm(firm))


async def _simulate(settings: Settings, provider: str) -> None:
    from bot.simulator.phone import Phone

    settings = configured(settings)
    there, host, port = stand_in(settings, provider)
    await _check(settings, provider)
    try:
        await there.start(host, port)
    except OSError as exc:
        raise BotError(
            f"{host}:{port} is taken: does another simulator run? Only one can at a time."
        ) from exc
    try:
        there.statuses = ("sent", "delivered", "read")
        there.tries = 20
        phone = Phone(there, _YOU, name="Visitor")
        console.print(
            f"You are a person on WhatsApp ({provider}). Nothing leaves this machine.", style="bold"
        )
        console.print(HELP, style="dim", markup=False)
        await Terminal(phone, screen).talk()
    finally:
        await there.stop()


async def _check(settings: Settings, provider: str) -> None:
    """Whether Faro runs, is ready, and takes messages of this provider with these secrets. Raises BotError."""
    import aiohttp

    gateway = gateway_address(settings)
    timeout = aiohttp.ClientTimeout(total=20)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            async with session.get(gateway + "/readyz") as response:
                ready = response.status == 200
            if provider == "cloud":
                assert settings.cloud is not None
                query = {
                    "hub.mode": "subscribe",
                    "hub.verify_token": settings.cloud.verify_token,
                    "hub.challenge": "1158201444",
                }
                async with session.get(gateway + CLOUD_WEBHOOK, params=query) as response:
                    known = response.status == 200
            else:
                async with session.post(gateway + TWILIO_WEBHOOK, data=b"") as response:
                    known = response.status == 401
    except (aiohttp.ClientError, TimeoutError):
        raise BotError(
            f"Faro does not run at {gateway}. Start it in another terminal with: make run (or faro up)"
        ) from None
    if not known:
        raise BotError(
            f"Faro at {gateway} takes no WhatsApp messages with these settings. Start it again with faro up in this "
            "folder, with the same FARO_ variables as here."
        )
    if not ready:
        raise BotError(
            f"Faro at {gateway} is still starting, or a part of it is down. Try again in a moment."
        )


class Terminal:
    """The phone's screen in a terminal."""

    def __init__(self, phone: Phone, to: Console) -> None:
        self._phone = phone
        self._console = to
        self._options: list[Option] = []
        self._last = ""
        self._failing = ""

    async def talk(self) -> None:
        """Until the person ends it, or there is nothing more to read."""
        from bot.simulator.phone import NotPassedOn, Silence

        while True:
            self._show(await self._late())
            line = await asyncio.to_thread(self._read)
            if line is None or line.strip() == "/quit":
                return
            if not line.strip():
                continue
            try:
                sent = await self._send(line.strip())
            except (NotPassedOn, BotError) as exc:
                self._console.print(str(exc), style="yellow", markup=False)
                continue
            if sent is None:
                continue
            try:
                with self._console.status("…", spinner="dots"):
                    within = FAILING_WITHIN if self._failing else ANSWER_WITHIN
                    heard = await self._phone.hears_out(QUIET, within)
            except Silence:
                self._console.print(self._why_silent(), style="yellow" if self._failing else "red")
                continue
            tick = "[blue]✓✓[/] read" if self._phone.has_read(sent) else "✓✓ delivered"
            self._console.print(Padding(tick, (0, 0, 0, 30)), style="dim")
            self._show(heard)

    def _why_silent(self) -> str:
        if self._failing:
            return (
                f"Nothing came: the provider fails ({self._failing}). Faro tries again; /ok lets it through."
            )
        return "No answer came. faro whatsapp status and var/log/gateway.log may say why."

    def _become(self, known_by: str) -> None:
        """Somebody new, with a number or by an id alone. Raises BotError."""
        from bot.simulator.phone import Phone, new_bsuid

        if known_by not in ("", "id"):
            raise BotError("Write /new, or /new id for somebody without a phone number.")
        there = self._phone.stand_in
        self._phone = Phone(there, bsuid=new_bsuid() if known_by else "", name="Visitor")
        self._options, self._last = [], ""
        self._console.print(
            "You are somebody new, without a phone number." if known_by else "You are somebody new.",
            style="bold",
        )

    def _fail(self, kind: str) -> None:
        """The provider fails in this way from now on; empty: no more. Raises BotError."""
        from bot.simulator.standin import Fault

        if kind and kind not in _FAULTS:
            raise BotError(f"/fail takes one of: {', '.join(_FAULTS)}.")
        self._failing = kind
        self._phone.stand_in.trouble = lambda row: Fault(kind) if kind else None
        said = (
            f"The provider fails now ({kind}), until /ok."
            if kind
            else "The provider works. What waits comes within seconds: press Enter."
        )
        self._console.print(said, style="bold")

    async def _long_ago(self, words: str) -> str:
        """A text that was written longer ago than a provider lets free words answer."""
        if self._phone.stand_in.provider != "cloud":
            raise BotError("Twilio tells no times, so there is no /late here. Use --provider cloud.")
        if not words:
            raise BotError("Write /late and some words.")
        sent = self._phone.prepare("text", text=words, at=datetime.now(UTC) - _LONG_AGO)
        await self._phone.deliver(sent)
        return sent.id

    def _read(self) -> str | None:
        try:
            if sys.stdin.isatty():
                return self._console.input("[bold]you>[/] ")
            line = sys.stdin.readline()
        except EOFError:
            return None
        if line:
            self._console.print(f"you> {line.rstrip()}", markup=False)
        return line or None

    async def _late(self) -> Sequence[Message]:
        from bot.simulator.phone import Silence

        try:
            return await self._phone.hears(1, within=0.05)
        except Silence:
            return ()

    async def _send(self, line: str) -> str | None:
        """The id of what was sent; None when there was nothing to send."""
        word, _, rest = line.partition(" ")
        phone = self._phone
        if word == "/help":
            self._console.print(HELP, style="dim", markup=False)
            return None
        if word in ("/new", "/fail", "/ok"):
            if word == "/new":
                self._become(rest.strip())
            else:
                self._fail((rest.strip() or "500") if word == "/fail" else "")
            return None
        if word == "/late":
            self._last = await self._long_ago(rest)
            return self._last
        if word[1:].isdigit() and word.startswith("/"):
            number = int(word[1:])
            if not 1 <= number <= len(self._options):
                raise BotError(f"There are {len(self._options)} buttons or rows now.")
            self._last = await phone.presses(self._options[number - 1].title)
        elif word in _FILES:
            self._last = await phone.sends(_FILES[word], rest)
        elif word == "/edit":
            return await phone.edits(self._own(), rest)
        elif word == "/delete":
            return await phone.deletes(self._own())
        elif word == "/react":
            if not phone.sees:
                raise BotError("There is no message yet to react to.")
            return await phone.reacts(rest or "👍")
        elif word.startswith("/"):
            raise BotError(f"{word} is not known here. {HELP}")
        else:
            self._last = await phone.says(line)
        return self._last

    def _own(self) -> str:
        if not self._last:
            raise BotError("You have not written anything yet.")
        return self._last

    def _show(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.options:
                self._options = list(message.options)
            self._console.print(bubble(message))


def bubble(message: Message) -> Padding:
    """A message as WhatsApp shows it, as far as a terminal can: what can be pressed is numbered."""
    parts: list[Text | str] = [formatted(message.text)]
    if message.kind == "template":
        parts.append(Text("an approved template", style="dim"))
    if message.kind == "list":
        parts += ["", Text(f"≡ {message.label}", style="bold green")]
    for number, option in enumerate(message.options, start=1):
        more = f"\n      {option.description}" if option.description else ""
        parts.append(Text.assemble((f"  /{number}  ", "dim"), (option.title, "bold cyan"), (more, "dim")))
    if message.url:
        parts.append(Text(f"> {message.label}: {message.url}", style="bold cyan"))
    return Padding(Panel(Group(*parts), width=76, border_style="green"), (0, 0, 0, 1))


def formatted(words: str) -> Text:
    """WhatsApp's own marks as a terminal shows them: *bold* and _italic_."""
    text = Text()
    end = 0
    for found in _MARKED.finditer(words):
        text.append(words[end : found.start()])
        text.append(found[2], style="bold" if found[1] == "*" else "italic")
        end = found.end()
    return text.append(words[end:])
