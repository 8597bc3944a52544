"""Sends what is queued: in order for each person, several people at once, nothing more than twice.

Outside the 24 hours that follow a person's message nothing of our own words is sent: an approved template asks them to
write, or staff are told.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.whatsapp.loop import Loop
from bot.gateway.whatsapp.model import NotSent, Outbound, Provider, Refused, Unsure, WindowClosed
from bot.gateway.whatsapp.records import GIVEN_UP_AFTER, LONGEST_WAIT, OutRow, wait_after
from bot.gateway.whatsapp.store import WhatsAppStore

#: Longer than any sending: a row whose lease has run out is being sent by nobody.
HOLD = timedelta(seconds=60)
#: A wait becomes longer by up to this share, so that what failed together does not come back together.
JITTER = 0.2
#: A little before the providers close the window, because their clocks are not ours.
MARGIN = timedelta(minutes=1)

#: The template that asks a person to write, for a provider and a language; None where there is none.
Template = Callable[[str, str], Outbound | None]


class Sender(Loop[OutRow]):
    """One worker; any number may run at once, in one process or several."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        providers: Mapping[str, Provider],
        template: Template,
        clock: Clock,
        metrics: Metrics,
        hold: timedelta = HOLD,
        at_once: int = 20,
        pause: float = 1.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__("sender_broke", clock, at_once, pause)
        self._store = store
        self._providers = providers
        self._template = template
        self._metrics = metrics
        self._hold = hold
        self._chance = chance
        self._worker = f"s_{secrets.token_hex(8)}"

    async def close(self) -> None:
        """Closes the providers' connections."""
        for provider in self._providers.values():
            await provider.close()

    async def _claim(self) -> OutRow | None:
        return await self._store.next_out(self._worker, self._clock.now(), self._hold)

    async def _next_due(self) -> datetime | None:
        return await self._store.next_out_due()

    async def _serve(self, row: OutRow) -> None:
        """Sends one message and writes down what became of it. When that fails, the lease runs out."""
        try:
            outcome = await self._send(row)
        except STORE_FAULTS as exc:
            logger().error("sending_not_noted", row=row.id, **fault(exc))
            return
        except Exception as exc:  # One message must not stop the others.
            logger().error("sending_broke", row=row.id, **fault(exc))
            return
        self._metrics.whatsapp_sent.labels(outcome).inc()

    async def _send(self, row: OutRow) -> str:
        store, message = self._store, row.message
        if message is None or not row.address:
            await store.failed(row, "unreadable", self._clock.now())
            return "failed"
        if message.kind != "template" and self._is_closed(row):
            return await self._block(row, "window")
        provider = self._providers.get(row.provider)
        if provider is None:
            return await self._again(row, NotSent("not_configured", LONGEST_WAIT))
        try:
            provider_id = await provider.send(message, row.address, row.id)
        except WindowClosed as exc:
            return await self._block(row, exc.code)
        except NotSent as exc:
            return await self._again(row, exc)
        except Unsure as exc:
            await store.unsure(row, self._clock.now(), exc.code)
            return "unsure"
        except Refused as exc:
            await store.failed(row, exc.code, self._clock.now())
            return "failed"
        except Exception as exc:
            # Nobody can say how far it came.
            logger().error("provider_broke", row=row.id, **fault(exc))
            await store.unsure(row, self._clock.now(), "broke")
            return "unsure"
        await store.sent(row, provider_id, self._clock.now())
        return "sent"

    def _is_closed(self, row: OutRow) -> bool:
        until = row.window_until
        return until is None or self._clock.now() >= until - MARGIN

    async def _block(self, row: OutRow, code: str) -> str:
        template = self._template(row.provider, row.language)
        await self._store.blocked(row, code, self._clock.now(), instead=template)
        return "blocked"

    async def _again(self, row: OutRow, error: NotSent) -> str:
        now = self._clock.now()
        if now - row.created_at >= GIVEN_UP_AFTER:
            await self._store.failed(row, f"gave_up_{error.code}"[:64], now)
            return "failed"
        wait = wait_after(row.attempts) * (1 + JITTER * self._chance())
        await self._store.again(row, now + timedelta(seconds=max(wait, error.seconds)), error.code, now)
        return "again"
