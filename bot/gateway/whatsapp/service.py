"""WhatsApp on one gateway: the webhooks, the two workers, the tidying, and news for people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

from aiohttp import web

from bot.core.messages import LANGUAGES
from bot.gateway.alarms import Alarms
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.masking import shown_reply
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Firm, Reading
from bot.gateway.turns import Turns
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.cloud_api import CloudApi
from bot.gateway.whatsapp.handlers import TWILIO_STATUS, WhatsAppApi
from bot.gateway.whatsapp.handover import Handovers
from bot.gateway.whatsapp.inbox import Inbox
from bot.gateway.whatsapp.limits import SHAPES
from bot.gateway.whatsapp.loop import STOP_SECONDS
from bot.gateway.whatsapp.model import Outbound, Provider
from bot.gateway.whatsapp.people import People
from bot.gateway.whatsapp.reminders import Reminders
from bot.gateway.whatsapp.rendering import render
from bot.gateway.whatsapp.sender import Sender
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.twilio_api import Addresses, TwilioApi
from bot.gateway.whatsapp.words import Words
from bot.settings import Settings
from bot.transcripts.records import MessageRecord
from bot.transcripts.store import TranscriptStore

#: How many people past their time go at once.
EXPIRED_AT_ONCE = 500
#: A cursor behind every message.
_NO_MESSAGES = 2**31 - 1


def providers_of(settings: Settings) -> dict[str, Provider]:
    """The configured providers by name. Raises SettingsError for values that cannot be theirs."""
    found: dict[str, Provider] = {}
    if settings.cloud is not None:
        found["cloud"] = CloudApi(
            settings.cloud.token,
            settings.cloud.phone_id,
            url=settings.cloud.api_url,
            https_only=settings.production,
        )
    if settings.twilio is not None:
        own = settings.twilio.api_url
        # In a demo behind a proxy the public address is not known here; then no statuses come.
        public = settings.public_url or f"http://{settings.host}:{settings.port}"
        found["twilio"] = TwilioApi(
            settings.twilio.account,
            settings.twilio.auth_tokens[0],
            f"whatsapp:{settings.twilio.sender}",
            f"{public}{TWILIO_STATUS}",
            addresses=Addresses.all_at(own) if own else None,
            https_only=settings.production,
        )
    return found


class Tidying:
    """What has to go in time, also where WhatsApp is not in use any more."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        keeper: Keeper,
        transcripts: TranscriptStore,
        firm: Firm,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._transcripts = transcripts
        self._firm = firm
        self._clock = clock
        self._limits = limits
        self._metrics = metrics

    async def work(self) -> None:
        """Sweeps until cancelled."""
        while True:
            await asyncio.sleep(self._limits.sweep_seconds)
            try:
                await self.sweep()
            except Exception as exc:  # The sweeping must outlive whatever one sweep does.
                logger().error("whatsapp_sweep_broke", **fault(exc))

    async def sweep(self) -> None:
        """One round: what is past its time goes, the engine forgets, and what waits is counted."""
        now = self._clock.now()
        swept = await self._store.sweep(now)
        for conversation_id in swept.idle:
            if await self._is_over(conversation_id):
                await self._keeper.forget(conversation_id)
        # Whoever has neither a kept conversation nor a request is gone before.
        longest = max(self._firm.retention_days, self._firm.request_retention_days)
        before = now - timedelta(days=longest)
        for conversation_id in await self._store.expire_people(before, EXPIRED_AT_ONCE):
            await self._keeper.forget(conversation_id)
        await self._count()

    async def _is_over(self, conversation_id: str) -> bool:
        """Whether nobody looks at the conversation, and it is not kept."""
        if self._keeper.registry.has(conversation_id):
            return False
        return await self._transcripts.load(conversation_id, _NO_MESSAGES) is None

    async def _count(self) -> None:
        now, view = self._clock.now(), await self._store.overview()
        waiting = {"messages": view.waiting, "people": view.people, "aside": view.aside}
        for what in ("queued", "sending", "unsure", "failed", "unknown", "blocked"):
            waiting[f"out_{what}"] = view.out.get(what, 0)
        for what, number in waiting.items():
            self._metrics.whatsapp_waiting.labels(what).set(number)
        age = 0.0 if view.oldest is None else (now - view.oldest).total_seconds()
        self._metrics.whatsapp_oldest.set(max(0.0, age))


class WhatsApp:
    """Everything that runs where a provider is configured."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: WhatsAppStore,
        people: People,
        providers: Mapping[str, Provider],
        words: Words,
        keeper: Keeper,
        turns: Turns,
        voice: Voice,
        reading: Reading,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
        alarms: Alarms,
        reminders: Reminders,
        handovers: Handovers | None,
    ) -> None:
        """Without ``handovers`` no conversation comes over from the page."""
        self._settings = settings
        self.reminders = reminders
        self.handovers = handovers
        self._store = store
        self._words = words
        self._clock = clock
        self._ended = asyncio.Event()

        self._alarm = alarm = partial(alarms.raise_about, "whatsapp")
        self.sender = Sender(
            store=store, providers=providers, template=self._template, clock=clock, metrics=metrics
        )
        self.inbox = Inbox(
            store=store,
            people=people,
            keeper=keeper,
            turns=turns,
            providers=providers,
            words=words,
            voice=voice,
            reading=reading,
            clock=clock,
            limits=limits,
            metrics=metrics,
            alarm=alarm,
            wake_sender=self.sender.wake,
            reminders=reminders,
            handovers=handovers,
        )
        reminders.wake_sender = self.sender.wake
        self._api = WhatsAppApi(
            cloud_settings=settings.cloud,
            twilio_settings=settings.twilio,
            public_url=settings.public_url,
            trusted_proxies=settings.trusted_proxies,
            store=store,
            keeper=keeper,
            reading=reading,
            clock=clock,
            metrics=metrics,
            wake=self._wake,
        )

    def routes(self) -> list[web.RouteDef]:
        """The webhooks, and what the page asks for."""
        page = [] if self.handovers is None else self.handovers.routes()
        return [*self._api.routes(), *page]

    async def work(self) -> None:
        """Answers, sends and reminds until stopped or cancelled."""
        reminding = asyncio.create_task(self.reminders.work())
        try:
            await asyncio.gather(self.inbox.work(), self.sender.work())
        finally:
            # What it has not queued by now, the next gateway does.
            reminding.cancel()
            await asyncio.gather(reminding, return_exceptions=True)
            self._ended.set()

    async def stop(self) -> None:
        """Has the workers end what they are doing, for as long as that may take; whoever calls this cancels them."""
        self.inbox.stop()
        self.sender.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * STOP_SECONDS):
                await self._ended.wait()

    async def close(self) -> None:
        """Closes the providers' connections, once nothing is under way any more."""
        await asyncio.gather(self.inbox.ended(), self.sender.ended())
        await self.sender.close()

    async def tell(self, conversation: Conversation, message: MessageRecord, key: str) -> None:
        """Has news reach the person of a conversation, also one that they have left; nobody who sent STOP.

        Once for each key.
        """
        if message.reply is None:
            return
        now = self._clock.now()
        person = await self._store.of_conversation(conversation.id, now)
        person = person or await self._store.who_left(conversation.id, now)
        if person is None:
            # Nobody is known whom it could reach: somebody has to call.
            self._alarm("news_nobody", conversation.id)
            return
        shown = shown_reply(dict(message.reply), conversation.values)
        rendered = render([shown], SHAPES[person.provider], self._words, conversation.language)
        if await self._store.queue(person.id, key, rendered.messages, self._clock.now()):
            self.sender.wake()

    def _wake(self) -> None:
        self.inbox.wake()
        self.sender.wake()

    def _template(self, provider: str, language: str) -> Outbound | None:
        """The approved template that asks a person to write again."""
        return approved(self._settings, "window", provider, language)


def reminders_can_be_sent(settings: Settings) -> bool:
    """Whether every provider in use has a template for reminders: nearly all of them need one."""
    used = [of.templates for of in (settings.cloud, settings.twilio) if of is not None]
    return all(template(templates, "reminder", LANGUAGES[0], ()) is not None for templates in used)


def approved(
    settings: Settings, use: str, provider: str, language: str, values: tuple[str, ...] = ()
) -> Outbound | None:
    """A provider's approved template for a use; None where there is none."""
    of = settings.cloud if provider == "cloud" else settings.twilio
    return None if of is None else template(of.templates, use, language, values)


def template(
    templates: Mapping[str, str], use: str, language: str, values: tuple[str, ...]
) -> Outbound | None:
    """The template for a use in a language, in the other language where there is none in this one."""
    for candidate in (language, "es", "en"):
        found = templates.get(f"{use}_{candidate}")
        if found is not None:
            name, _, code = found.partition(":")
            return Outbound("template", template=name, language=code or candidate, values=values)
    return None
