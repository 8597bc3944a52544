"""Brings conversations from memory or the store, writes them through after consent, and erases them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import EngineError, RequestError
from bot.gateway.alarms import Alarms
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation, Registry, restored
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Bookings, Engine
from bot.transcripts.errors import Held
from bot.transcripts.review import Review
from bot.transcripts.store import TranscriptStore

#: What a database that cannot be used may raise.
STORE_FAULTS = (SQLAlchemyError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure has reached: the rows, and the engine. What it has not reached is tried again.

    ``sent``: the firm's system has received a request for an appointment, which cannot be recalled from here.
    ``held``: the firm has to keep the conversation for now, so that nothing was deleted.
    """

    rows: bool
    engine: bool
    sent: bool = False
    held: bool = False


class Elsewhere(Protocol):
    """Where conversations are that no gateway holds in memory. Both may raise what a database raises."""

    async def find(self, conversation_id: str) -> Conversation | None:
        """A conversation that was not kept, as its last turn left it."""

    async def erase(self, conversation_id: str) -> bool:
        """Deletes what is held of a conversation, kept or not, and of earlier ones of the same person; whether the
        firm's system already had a request of those."""


class Keeper:
    """Holds the conversations of one gateway."""

    def __init__(
        self,
        store: TranscriptStore,
        engine: Engine,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
        alarms: Alarms,
        bookings: Bookings,
    ) -> None:
        self._bookings = bookings
        self.registry = Registry(limits.conversations_in_memory)
        self._store = store
        self._review = Review(store)
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._alarms = alarms
        #: What else knows conversations, such as WhatsApp: asked for one that is neither in memory nor kept.
        self.elsewhere: Elsewhere | None = None
        # Deletions that even the table of pending ones could not take; lost only if the process ends first.
        self._unqueued: set[str] = set()

    def begin(self, conversation: Conversation) -> None:
        """Takes in a new conversation. Raises RequestError when memory is full of busy ones."""
        for old in self.registry.put(conversation, time.monotonic()):
            old.gone = old.consent is None and not old.is_whatsapp
            old.wake()
        if len(self.registry) > self._limits.conversations_in_memory:
            self.registry.remove(conversation.id)
            raise RequestError("too_busy", 503, {"seconds": 60})
        self._metrics.conversations.set(len(self.registry))

    @asynccontextmanager
    async def use(self, conversation_id: str, *, briefly: bool = False) -> AsyncIterator[Conversation]:
        """The conversation, which stays in memory meanwhile.

        ``briefly``: for what nobody in it asked for. One that was not in memory pushes no other out, and does not stay
        unless somebody else has come to it meanwhile. Raises RequestError: conversation_gone when there is none,
        storage_unavailable when nobody can tell.
        """
        brought = briefly and not self.registry.has(conversation_id)
        conversation = await self._open(conversation_id, briefly=briefly)
        came = conversation.touched
        conversation.users += 1
        try:
            yield conversation
        finally:
            conversation.users -= 1
            brought = brought and conversation.touched == came
            conversation.touched = time.monotonic()
            if brought or (conversation.is_whatsapp and not conversation.on_page):
                self.registry.leave(conversation)
                self._metrics.conversations.set(len(self.registry))

    @asynccontextmanager
    async def turn(self, conversation: Conversation) -> AsyncIterator[None]:
        """One turn of the conversation at a time, and the conversation as other gateways left it.

        Raises RequestError (conversation_gone) when it was erased while waiting.
        """
        async with conversation.lock, AsyncExitStack() as stack:
            if conversation.consent is not None:
                try:
                    await stack.enter_async_context(self._store.turn_lock(conversation.id))
                except STORE_FAULTS as exc:
                    # Better an answer without the lock than none: with the database down nothing is written.
                    logger().warning("turn_lock_failed", conversation=conversation.id, **fault(exc))
            if not conversation.gone:
                await self.refresh(conversation)
            if conversation.gone:
                raise RequestError("conversation_gone", 404)
            yield

    async def refresh(self, conversation: Conversation) -> None:
        """Takes in what another gateway has added to a kept conversation, or that it was erased there."""
        if not self._store.shared or conversation.consent is None:
            return
        try:
            found = await self._store.load(conversation.id, conversation.saved_seq)
        except STORE_FAULTS as exc:
            logger().warning("refresh_failed", conversation=conversation.id, **fault(exc))
            return
        if found is None:
            conversation.gone = True
            self.registry.remove(conversation.id)
            conversation.wake()
            return
        conversation.staff_id = found.conversation.claimed_by
        if found.conversation.last_seq > conversation.last_seq:
            known = {message.id for message in conversation.messages}
            for message in found.messages:
                if message.id not in known:
                    conversation.add(message)
            conversation.saved_seq = conversation.last_seq
            conversation.language = found.conversation.language

    async def flush(self, conversation: Conversation) -> bool:
        """Whether all of a kept conversation is written; what is not stays in memory and is tried again."""
        if conversation.consent is None or conversation.gone:
            return False
        rows = conversation.unsaved()
        last = conversation.last_seq
        conversation.stored = True
        try:
            await self._store.save(conversation.record(), rows)
        except STORE_FAULTS as exc:
            self._metrics.store_failures.inc()
            logger().error("store_failed", conversation=conversation.id, **fault(exc))
            self._alarms.raise_alarm("store", type(exc).__name__, conversation.id, kept=False)
            return False
        conversation.saved_seq = max(conversation.saved_seq, last)
        conversation.changed -= {row.id for row in rows}
        return True

    def unwritten(self) -> int:
        """How many messages of kept conversations the store does not have yet."""
        return sum(
            len(one.unsaved()) for one in self.registry.all() if one.consent is not None and not one.gone
        )

    async def write_rest(self) -> None:
        """Writes what is not written yet, as far as the store takes it; for the end, when no turn runs any more."""
        for conversation in self.registry.all():
            if conversation.consent is not None and conversation.unsaved():
                await self.flush(conversation)

    async def erase(self, conversation: Conversation) -> Erased:
        """Deletes the conversation for good, also with a turn under way: its reply is not kept.

        Without ``rows`` it could not be deleted and goes on; without ``engine`` the engine is asked again.
        """
        conversation.gone = True
        conversation.wake()
        async with conversation.lock:
            return await self.erase_now(conversation)

    async def erase_now(
        self, conversation: Conversation, *, expired: bool = False, with_requests: bool = True
    ) -> Erased:
        """As ``erase``, by who already holds the conversation's turn.

        ``expired``: its time is over, and nobody asked for it; what is held elsewhere has a time of its own, and
        without ``with_requests`` so have the requests for an appointment.
        """
        if await self.is_held(conversation):
            conversation.gone = False
            return Erased(rows=False, engine=False, held=True)
        conversation.gone = True
        sent = await self._delete_bookings(conversation) if with_requests else False
        rows = sent is not None and await self.delete_rows(conversation, clean=not expired)
        before = False if expired or not rows else await self._delete_elsewhere(conversation)
        if not rows or before is None:
            conversation.gone = False
            return Erased(rows=False, engine=False)
        sent = sent or before
        self.registry.remove(conversation.id)
        conversation.messages.clear()
        conversation.offered.clear()
        conversation.latest = ()
        conversation.values.clear()
        conversation.digests.clear()
        conversation.wake()
        self._metrics.conversations.set(len(self.registry))
        engine = await self.forget(conversation.id)
        if engine and conversation.overdue:
            # The engine may still finish the turn that was given up on, and keep it: ask once more later.
            await self._queue(conversation.id, 0)
        return Erased(rows=True, engine=engine, sent=sent)

    async def expire(self, before: datetime, *, with_requests: bool = True) -> bool:
        """Erases kept conversations whose last message is older than ``before``, some at a time; ``with_requests``
        also the requests for an appointment that were made in them.

        Whether none is left; False also when the store failed, which is logged and tried again later.
        """
        limit = self._limits.expired_at_once
        try:
            found = await self._store.expired(before, limit)
        except STORE_FAULTS as exc:
            logger().error("expired_not_found", **fault(exc))
            return False
        for conversation_id in found:
            try:
                # As a turn of it: a message that arrives now comes first and keeps it, or finds it gone.
                async with self.use(conversation_id) as conversation, self.turn(conversation):
                    if conversation.last_at >= before:
                        continue
                    erased = await self.erase_now(conversation, expired=True, with_requests=with_requests)
            except RequestError as error:
                if error.code == "conversation_gone":
                    continue
                return False
            if erased.held:
                # Put on hold since it was found.
                continue
            if not erased.rows:
                return False
            self._metrics.tally("expired")
        return len(found) < limit

    def let_go(self, conversation_id: str) -> None:
        """Lets go of a conversation that was erased elsewhere and is not kept; its page is told that it is gone."""
        conversation = self.registry.get(conversation_id, time.monotonic())
        if conversation is None or conversation.consent is not None:
            return
        conversation.gone = True
        self.registry.remove(conversation_id)
        conversation.wake()

    async def delete_rows(self, conversation: Conversation, *, clean: bool = True) -> bool:
        """Whether the store holds nothing of the conversation any more. Without ``clean`` its files are cleaned with
        the next sweep: for who deletes many."""
        if not conversation.stored:
            return True
        try:
            await self._store.erase(conversation.id, clean=clean)
        except Held:
            # Since it was looked up.
            return False
        except STORE_FAULTS as exc:
            logger().error("erase_failed", conversation=conversation.id, **fault(exc))
            self._alarms.raise_alarm("store", "erase_failed", conversation.id, kept=False)
            return False
        conversation.stored = False
        conversation.saved_seq = 0
        return True

    async def unclaim(self, conversation: Conversation) -> None:
        """The member of staff who had taken the conversation over is gone; who else takes it over may."""
        conversation.staff_id = None
        try:
            await self._review.release(conversation.id, None)
        except STORE_FAULTS as exc:
            logger().error("not_released", conversation=conversation.id, **fault(exc))

    async def is_held(self, conversation: Conversation) -> bool:
        """Whether the firm has to keep it. Where the store cannot tell, deleting fails as well."""
        if not conversation.stored:
            return False
        try:
            return await self._review.is_held(conversation.id)
        except STORE_FAULTS as exc:
            logger().error("hold_not_read", conversation=conversation.id, **fault(exc))
            return False

    async def _delete_bookings(self, conversation: Conversation) -> bool | None:
        """Whether the firm's system already had a request; None when the database could not be used."""
        try:
            return await self._bookings.erase(conversation.id)
        except STORE_FAULTS as exc:
            logger().error("erase_failed", conversation=conversation.id, **fault(exc))
            self._alarms.raise_alarm("store", "erase_failed", conversation.id, kept=False)
            return None

    async def _delete_elsewhere(self, conversation: Conversation) -> bool | None:
        """As ``_delete_bookings``, of where else the conversation, or an earlier one of the person, may be held."""
        if self.elsewhere is None:
            return False
        try:
            return await self.elsewhere.erase(conversation.id)
        except STORE_FAULTS as exc:
            logger().error("erase_failed", conversation=conversation.id, **fault(exc))
            self._alarms.raise_alarm("store", "erase_failed", conversation.id, kept=False)
            return None

    async def forget(self, conversation_id: str, attempts: int = 0) -> bool:
        """Whether the engine has forgotten the conversation; if not, it will be asked again."""
        try:
            await self._engine.forget(conversation_id)
        except EngineError as exc:
            logger().warning("forget_failed", conversation=conversation_id, **fault(exc))
            await self._queue(conversation_id, attempts)
            return False
        return True

    def forget_later(self, conversation_id: str) -> None:
        """Has the engine asked to forget the conversation with the next sweep."""
        self._unqueued.add(conversation_id)

    async def retry_forgets(self) -> None:
        """Asks the engine again for what it has still to forget."""
        for conversation_id in sorted(self._unqueued):
            self._unqueued.discard(conversation_id)
            await self.forget(conversation_id)
        for pending in await self._store.due_forgets(self._clock.now()):
            if await self.forget(pending.conversation_id, pending.attempts + 1):
                await self._store.forgotten(pending.conversation_id)

    async def put_away(self) -> None:
        """Lets go of what nobody has used for long: kept ones stay in the store, others are gone."""
        now = time.monotonic()
        for conversation in self.registry.all():
            if conversation.consent is not None and conversation.unsaved() and not conversation.lock.locked():
                async with conversation.lock:
                    await self.flush(conversation)
        for conversation in self.registry.idle(
            now, self._limits.idle_seconds, self._limits.idle_kept_seconds
        ):
            self.registry.remove(conversation.id)
            # What goes on in WhatsApp ends there, when its time is over.
            if conversation.consent is None and not conversation.is_whatsapp:
                conversation.gone = True
                await self.forget(conversation.id)
        self._metrics.conversations.set(len(self.registry))

    async def _open(self, conversation_id: str, *, briefly: bool = False) -> Conversation:
        found = self.registry.get(conversation_id, time.monotonic())
        if found is None:
            try:
                kept = await self._store.load(conversation_id)
                values = {} if kept is None else await self._bookings.values(conversation_id)
                other = None if kept is not None else await self._find_elsewhere(conversation_id)
            except STORE_FAULTS as exc:
                logger().error("load_failed", conversation=conversation_id, **fault(exc))
                raise RequestError("storage_unavailable", 503, {"seconds": 30}) from None
            # Another request may have brought it in meanwhile: there must be only one in memory.
            found = self.registry.get(conversation_id, time.monotonic())
            if found is None:
                if kept is not None:
                    found = restored(kept.conversation, kept.messages)
                    found.values.update(values)
                    found.trim(self._limits.messages_in_memory)
                elif other is not None:
                    found = other
                else:
                    raise RequestError("conversation_gone", 404)
                if briefly:
                    self.registry.add(found, time.monotonic())
                else:
                    self.begin(found)
        if found.gone:
            raise RequestError("conversation_gone", 404)
        return found

    async def _find_elsewhere(self, conversation_id: str) -> Conversation | None:
        return None if self.elsewhere is None else await self.elsewhere.find(conversation_id)

    async def _queue(self, conversation_id: str, attempts: int) -> None:
        wait = self._limits.forget_retry_seconds * 2 ** min(attempts, 6)
        try:
            await self._store.queue_forget(
                conversation_id, self._clock.now() + timedelta(seconds=wait), attempts
            )
        except STORE_FAULTS as exc:
            self._unqueued.add(conversation_id)
            logger().error("forget_not_queued", conversation=conversation_id, **fault(exc))
