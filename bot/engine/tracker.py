"""Where conversations stand: state, not history, one row a conversation."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.errors import EngineError, SettingsError
from bot.engine.database import conversations, open_database
from bot.engine.state import shortened

#: Conversations without consent that are kept in memory, and for how many seconds after their last turn.
MOST_IN_MEMORY = 5000
SECONDS_IN_MEMORY = 2 * 60 * 60

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A conversation as stored: its events, and the last message with the reply that it got, both as JSON."""

    state: str
    message_id: str
    reply: str
    saved_at: float


@dataclass
class Turn:
    """One turn in work. What Rasa saves meanwhile waits in ``tracker`` until the reply is known."""

    conversation: str
    message_id: str
    consent: bool
    before: Row | None
    in_table: bool
    tracker: DialogueStateTracker | None = None

    @property
    def earlier_reply(self) -> dict[str, Any] | None:
        """The reply that this very message got before, or None when it is new."""
        if self.before is None or self.before.message_id != self.message_id:
            return None
        reply: dict[str, Any] = json.loads(self.before.reply)
        return reply


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def in_turn(turn: Turn) -> Iterator[None]:
    """Inside the block, Rasa's loads and saves of this conversation belong to the turn."""
    token = _turn.set(turn)
    try:
        yield
    finally:
        _turn.reset(token)


class StateTrackerStore(TrackerStore):
    """Keeps a conversation in memory until the person consents, then in one row of a table.

    A turn's state and its reply are written together: if the engine dies before that, the turn has not happened
    and may be asked for again; if it dies after it, the reply is there. An error of the database fails the turn
    (``fails_openly``, see ``bot.engine.rasa_fixes``).
    """

    fails_openly = True

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        clock: Callable[[], float] = time.time,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        if not host:
            raise SettingsError(["The tracker store has no address: set FARO_ENGINE_DATABASE."])
        self._database = open_database(host)
        self._insert = (sqlite if self._database.dialect.name == "sqlite" else postgresql).insert
        self._memory: OrderedDict[str, Row] = OrderedDict()
        self._clock = clock

    async def begin(self, conversation: str, message_id: str, consent: bool) -> Turn:
        """The turn of a message, with the state it starts from."""
        row = self._remembered(conversation)
        if row is not None:
            return Turn(conversation, message_id, consent, row, in_table=False)
        row = await self._in_thread(lambda: self._read(conversation))
        return Turn(conversation, message_id, consent, row, in_table=row is not None)

    async def commit(self, turn: Turn, reply: dict[str, Any]) -> None:
        """Store where the turn led and what it answered, in one write. Raises EngineError when it led nowhere."""
        if turn.tracker is None:
            raise EngineError("The turn ended without a state.")
        events = shortened(list(turn.tracker.events), self.domain.slots)
        state = json.dumps([event.as_dict() for event in events], ensure_ascii=False)
        row = Row(state, turn.message_id, json.dumps(reply, ensure_ascii=False), self._clock())
        if turn.consent:
            await self._in_thread(lambda: self._write(turn.conversation, row))
            self._memory.pop(turn.conversation, None)
            return
        if turn.in_table:
            # Consent was taken back.
            await self._in_thread(lambda: self._delete(turn.conversation))
        self._remember(turn.conversation, row)

    async def forget(self, conversation: str) -> None:
        """Erase a conversation wherever it is kept."""
        self._memory.pop(conversation, None)
        await self._in_thread(lambda: self._delete(conversation))

    async def save(self, tracker: DialogueStateTracker) -> None:
        turn = _turn.get()
        if turn is not None and turn.conversation == tracker.sender_id:
            turn.tracker = tracker
            return
        # Outside a turn (a shell, a test story) nobody has consented.
        await self.commit(Turn(tracker.sender_id, "", False, None, in_table=False, tracker=tracker), {})

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        turn = _turn.get()
        if turn is None or turn.conversation != sender_id:
            turn = await self.begin(sender_id, "", consent=False)
        return None if turn.before is None else self._rebuild(sender_id, turn.before)

    async def keys(self) -> Iterable[str]:
        stored = await self._in_thread(self._names)
        return [*self._memory, *(name for name in stored if name not in self._memory)]

    def _rebuild(self, conversation: str, row: Row) -> DialogueStateTracker | None:
        events = deserialise_events(json.loads(row.state))
        forms = {event.name for event in events if isinstance(event, ActiveLoop) and event.name}
        if not forms <= set(self.domain.form_names):
            # The model was trained anew without this form: the conversation begins again.
            return None
        tracker = self.init_tracker(conversation)
        for event in events:
            tracker.update(event)
        return tracker

    def _remembered(self, conversation: str) -> Row | None:
        row = self._memory.get(conversation)
        if row is not None and self._clock() - row.saved_at > SECONDS_IN_MEMORY:
            del self._memory[conversation]
            return None
        return row

    def _remember(self, conversation: str, row: Row) -> None:
        self._memory[conversation] = row
        self._memory.move_to_end(conversation)
        oldest_allowed = self._clock() - SECONDS_IN_MEMORY
        while self._memory:
            oldest = next(iter(self._memory))
            if len(self._memory) <= MOST_IN_MEMORY and self._memory[oldest].saved_at >= oldest_allowed:
                return
            del self._memory[oldest]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # A slow database must not hold up the turns of other people.
        return await asyncio.get_running_loop().run_in_executor(None, work)

    def _read(self, conversation: str) -> Row | None:
        columns = (
            conversations.c.state,
            conversations.c.message_id,
            conversations.c.reply,
            conversations.c.saved_at,
        )
        with self._database.connect() as connection:
            found = connection.execute(
                sa.select(*columns).where(conversations.c.conversation == conversation)
            ).first()
        return None if found is None else Row(*found)

    def _write(self, conversation: str, row: Row) -> None:
        values = {
            "state": row.state, "message_id": row.message_id, "reply": row.reply, "saved_at": row.saved_at
        }  # fmt: skip
        statement = self._insert(conversations).values(conversation=conversation, **values)
        with self._database.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["conversation"], set_=values))

    def _delete(self, conversation: str) -> None:
        with self._database.begin() as connection:
            connection.execute(sa.delete(conversations).where(conversations.c.conversation == conversation))
        if self._database.dialect.name == "sqlite":
            with self._database.connect() as connection:
                # The write-ahead log still holds the row until it is folded into the file.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _names(self) -> list[str]:
        with self._database.connect() as connection:
            return list(connection.execute(sa.select(conversations.c.conversation)).scalars())
