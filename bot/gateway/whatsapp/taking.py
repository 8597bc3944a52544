"""Takes in what a provider posts: all of a POST is kept in one transaction, before it is acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.booking.database import insert
from bot.gateway.whatsapp import cloud, twilio
from bot.gateway.whatsapp.base import Base, code_of, is_, place
from bot.gateway.whatsapp.gathering import Gathering, Values
from bot.gateway.whatsapp.model import KINDS, Event, Inbound, NotSent, Renamed, Sender, Status
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import GIVEN_UP_AFTER, Taken, wait_after
from bot.gateway.whatsapp.tables import aliases, inbox, outbox, people

#: How far a message of ours has come. A second copy may arrive although the first failed.
_RANK = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}
#: States of a message of ours that a status decides.
_UNDECIDED = ("sending", "unsure", "unknown")
#: What a failed status of each provider means, and the codes of those after which the same message may go out again.
_MEANS = {"cloud": cloud.failure, "twilio": twilio.failure}
_TOO_FAST = {"cloud": cloud.TOO_FAST, "twilio": twilio.TOO_FAST}
#: By how much a message that names a danger overtakes what others wait for.
_AHEAD = timedelta(hours=1)


class Taking(Base):
    """What the webhooks need."""

    async def take(
        self, provider: str, events: Sequence[Event], now: datetime, urgent: Collection[str] = ()
    ) -> Taken:
        """Keeps what is new of a POST; the same again changes nothing.

        ``urgent``: the provider's ids of messages that must not wait for the end of a burst. They are due at once, as
        is whatever was pressed, also while the next try of older messages has still to wait.
        """
        if not events:
            return Taken()
        named = [
            (self._names.message(provider, event.id), event)
            for event in events
            if not isinstance(event, Status)
        ]
        statuses = [event for event in events if isinstance(event, Status)]
        names = sorted({name for _, event in named for name in self._names_of(provider, event)})
        # The provider waits for the answer, and sends again what takes too long.
        async with self._writing(first=True) as connection:
            await self._lock_names(connection, names)
            known = await self._known(connection, [name for name, _ in named])
            fresh, repeated = [], 0
            for name, event in named:
                repeated += name in known and isinstance(event, Inbound)
                if name not in known:
                    fresh.append((name, event))
                    known.add(name)
            owners = await self._owners(connection, provider, statuses)
            post = _Post(self, connection, provider, now, urgent)
            wanted = sorted({name for _, event in fresh for name in self._names_of(provider, event)})
            await post.find(wanted, owners)
            for name, event in fresh:
                if isinstance(event, Inbound):
                    repeated += not await post.message(name, event)
                elif isinstance(event, Renamed):
                    await post.renamed(name, event)
            counted = await post.statuses(statuses) if owners else 0
            await post.write()
        return Taken(tuple(post.new), repeated, counted, tuple(post.dropped))

    def _names_of(self, provider: str, event: Inbound | Renamed) -> list[str]:
        """All names under which the person of the event is, or shall be, known."""
        old = event.old if isinstance(event, Renamed) else ()
        return [
            *_aliases(self._names, provider, event.sender),
            *(self._names.alias(provider, one) for one in old),
        ]

    async def _lock_names(self, connection: AsyncConnection, names: list[str]) -> None:
        """Lets nobody else make the same new people at the same time; in order, so that nobody waits in a circle."""
        if self._shared and names:
            await connection.execute(
                text(
                    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) "
                    "FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS given(name, place) ORDER BY place"
                ),
                {"names": names},
            )

    async def _known(self, connection: AsyncConnection, names: list[str]) -> set[str]:
        if not names:
            return set()
        return set(await connection.scalars(select(inbox.c.id).where(inbox.c.id.in_(names))))

    async def _owners(
        self, connection: AsyncConnection, provider: str, statuses: Sequence[Status]
    ) -> set[str]:
        """The people to whom the messages went that the statuses name."""
        if not statuses:
            return set()
        named = _named(self._names, provider, statuses)
        return set(await connection.scalars(select(outbox.c.person_id).where(named)))


class _Post(Gathering):
    """One POST on its way into the database: its messages and statuses."""

    def __init__(
        self,
        store: Taking,
        connection: AsyncConnection,
        provider: str,
        now: datetime,
        urgent: Collection[str],
    ) -> None:
        super().__init__(store, connection, provider, now)
        self.new: list[str] = []
        self._urgent = urgent

    async def message(self, name: str, event: Inbound) -> bool:
        """Whether the message was new."""
        person = await self._person(
            _aliases(self._store._names, self._provider, event.sender), event.sender, event.at
        )
        person["last_in"] += 1
        caught, waits = False, True
        if event.kind == "deleted" and event.refers_to:
            caught = await self._take_back(person, event)
        elif event.kind == "edited" and event.refers_to:
            waits = not await self._edit(person, event)
        pressing = event.kind == "choice" or event.id in self._urgent
        if not await self._insert(name, person, event, waits=waits, pressing=pressing, caught=caught):
            return False
        self._due(person, pressing, danger=event.id in self._urgent)
        if waits:
            self.new.append(name)
        await self._reopen(person, event.at)
        return True

    async def renamed(self, name: str, event: Renamed) -> None:
        """The old names are let go of: a number may be given to somebody else."""
        old = [self._store._names.alias(self._provider, alias) for alias in event.old]
        current = _aliases(self._store._names, self._provider, event.sender)
        if any(one in self._of_name for one in (*old, *current)):
            person = await self._person([*current, *old], event.sender, event.at)
            self._address(person, event.sender.address)
            if any(one.startswith("phone:") for one in event.old):
                person["renamed_at"] = event.at
            gone = [one for one in old if one not in current]
            await self._connection.execute(delete(aliases).where(aliases.c.name.in_(gone)))
            for one in gone:
                self._of_name.pop(one, None)
            person_id = person["id"]
        else:
            person_id = None
        await self._remember(name, person_id, "renamed", event.at, "answered")

    async def statuses(self, events: Sequence[Status]) -> int:
        """How many named a message of ours."""
        # Read only now: nobody else changes the messages of people who are locked.
        found = await self._connection.execute(
            select(outbox).where(_named(self._store._names, self._provider, events))
        )
        rows: dict[str, Values] = {}
        for one in found:
            rows[one.id] = row = dict(one._mapping)
            rows[one.provider_name or one.id] = row
        counted, touched = 0, set()
        for event in events:
            provider_name = self._store._names.sent(self._provider, event.id)
            named = rows.get(event.row) or rows.get(provider_name)
            if named is None or named["person_id"] not in self._people:
                continue
            counted, row = counted + 1, named
            values = self._heard(row, event, provider_name)
            if values:
                row.update(values)
                await self._connection.execute(
                    update(outbox).where(outbox.c.id == row["id"]).values(**values)
                )
                touched.add(row["person_id"])
        if touched:
            await self.write()
            for person_id in touched:
                await self._store._out_due(self._connection, person_id, self._now)
                if self._people[person_id]["leaving_at"] is not None:
                    await self._store._leave(self._connection, person_id, self._now)
        return counted

    # Messages.

    async def _insert(
        self, name: str, person: Values, event: Inbound, *, waits: bool, pressing: bool, caught: bool
    ) -> bool:
        body = {
            "id": event.id,
            "text": event.text,
            "choice": event.choice,
            "title": event.title,
            "refers_to": event.refers_to,
            "caught": caught,
        }
        return await self._remember(
            name,
            person["id"],
            event.kind if event.kind in KINDS else "unsupported",
            event.at,
            "waiting" if waits else "answered",
            seq=person["last_in"],
            urgent=pressing,
            body=self._store._seal(body, place("wa_inbox.body", name)) if waits else None,
        )

    async def _remember(
        self, name: str, person_id: str | None, kind: str, at: datetime, state: str, **values: Any
    ) -> bool:
        row = {"seq": 0, "urgent": False, "body": None} | values
        statement = insert(self._store._database, inbox).values(
            id=name,
            person_id=person_id,
            kind=kind,
            sent_at=at,
            received_at=self._now,
            state=state,
            attempts=0,
            ended_at=None if state == "waiting" else self._now,
            **row,
        )
        first = statement.on_conflict_do_nothing(index_elements=["id"]).returning(inbox.c.id)
        return await self._connection.scalar(first) is not None

    def _due(self, person: Values, pressing: bool, *, danger: bool = False) -> None:
        """When the person may be claimed, now that something has come from them."""
        now, store = self._now, self._store
        person["waiting_since"] = person["waiting_since"] or now
        ready = now if pressing else min(now + store._pause, person["waiting_since"] + store._longest)
        if danger:
            # Who has been due the longest comes first: while many wait, danger goes before all of them.
            ready = now - _AHEAD
        held, due = person["held_until"], person["due_at"]
        if person["held_by"] is not None:
            # Whoever gives the person back looks at what has come.
            return
        if held is not None and held > now and not pressing:
            person["due_at"] = max(ready, held)
        elif due is None or due > now or pressing:
            person["due_at"] = ready if due is None or not pressing else min(due, ready)
            person["held_until"] = None
        person["leaving_at"] = None

    async def _take_back(self, person: Values, event: Inbound) -> bool:
        """Whether the message that is deleted was still unread; either way nobody reads it from now on.

        One that a try may have shown to the engine counts as read.
        """
        target = self._store._names.message(self._provider, event.refers_to)
        self._store._log_holds_wiped = True
        # Also when the deletion comes first: then its message is known before it is there.
        if await self._remember(target, person["id"], "deleted", event.at, "closed"):
            return False
        wiped = await self._connection.execute(
            update(inbox)
            .where(
                inbox.c.id == target,
                inbox.c.person_id == person["id"],
                is_(inbox.c.state, "waiting", "aside"),
            )
            .values(state="closed", body=None, last_error="deleted", ended_at=self._now)
            .returning(inbox.c.attempts, inbox.c.turn)
        )
        untried = wiped.one_or_none() == (0, None)
        return untried and not self._is_held(person)

    async def _edit(self, person: Values, event: Inbound) -> bool:
        """Whether the message still waited; it then says what it should have said."""
        target = self._store._names.message(self._provider, event.refers_to)
        # Without its new words nothing is known that it should say instead.
        if self._is_held(person) or not event.text:
            return False
        found = await self._connection.execute(
            select(inbox.c.body).where(
                inbox.c.id == target, inbox.c.person_id == person["id"], is_(inbox.c.state, "waiting")
            )
        )
        where = place("wa_inbox.body", target)
        body = self._store._open(found.scalar_one_or_none(), where)
        if body is None:
            return False
        self._store._log_holds_wiped = True
        values: Values = {"body": self._store._seal(body | {"text": event.text}, where)}
        if event.id in self._urgent:
            values["urgent"] = True
        await self._connection.execute(update(inbox).where(inbox.c.id == target).values(**values))
        return True

    def _is_held(self, person: Values) -> bool:
        return person["held_by"] is not None and person["held_until"] > self._now

    async def _reopen(self, person: Values, at: datetime) -> None:
        """The window is open: what it kept back goes out, before what is written now."""
        last = person["last_inbound_at"]
        # A provider's clock that runs ahead would keep the window open for too long.
        at = min(at, self._now)
        person["last_inbound_at"] = at if last is None else max(last, at)
        if person["blocked_at"] is None:
            return
        person["blocked_at"] = None
        await self._connection.execute(
            update(outbox)
            .where(
                outbox.c.person_id == person["id"], is_(outbox.c.state, "blocked"), outbox.c.body.is_not(None)
            )
            .values(state="queued", next_at=self._now)
        )
        await self.write()
        await self._store._out_due(self._connection, person["id"], self._now)
        person["out_due_at"] = self._before[person["id"]]["out_due_at"] = await self._connection.scalar(
            select(people.c.out_due_at).where(people.c.id == person["id"])
        )

    # Statuses.

    def _heard(self, row: Values, event: Status, provider_name: str) -> Values:
        """What changes in a message of ours; nothing when the status tells less than is known."""
        rank = _RANK.get(event.state)
        if rank is None or rank <= _RANK.get(row["status"] or "", 0):
            return {}
        values: Values = {"status": event.state, "status_at": event.at}
        undecided = row["state"] in _UNDECIDED or (row["state"] == "queued" and row["attempts"] > 0)
        if row["provider_name"] is None or (undecided and event.state != "failed"):
            values["provider_name"] = provider_name
        if event.state == "failed":
            if event.code in _TOO_FAST[self._provider] and (undecided or row["state"] == "sent"):
                again = self._too_fast(row, event, provider_name)
                if again is not None:
                    return again
            if undecided or row["state"] == "sent":
                values |= {
                    "state": "failed",
                    "last_error": code_of(event.code or "failed"),
                    "alarmed_at": None,
                }
        elif undecided or row["state"] == "failed":
            values |= {"state": "sent", "last_error": None, "sent_at": row["sent_at"] or self._now}
        if "state" in values or row["state"] == "sent":
            self._store._log_holds_wiped = True
            values |= {"body": None, "lease_until": None, "leased_by": None}
        return values

    def _too_fast(self, row: Values, event: Status, provider_name: str) -> Values | None:
        """Has a message go out again that the provider handed back because it came too fast; None when it must not.

        Nothing changes when the status speaks of another sending than the last one, or was heard before.
        """
        known, is_sent = row["provider_name"], row["state"] == "sent"
        if known is not None and (known == provider_name) != is_sent:
            return {}
        stopped = row["news"] and self._people[row["person_id"]]["stopped_at"] is not None
        late = self._now - row["created_at"] >= GIVEN_UP_AFTER
        means = _MEANS[self._provider](event.code)
        if row["body"] is None or stopped or late or not isinstance(means, NotSent):
            return None
        wait = timedelta(seconds=max(wait_after(row["attempts"]), means.seconds))
        return {
            "state": "queued",
            "next_at": self._now + wait,
            "last_error": code_of(event.code),
            "provider_name": provider_name,
            "status": None,
            "status_at": None,
            "lease_until": None,
            "leased_by": None,
        }


def _aliases(names: Names, provider: str, sender: Sender) -> list[str]:
    """The names of all aliases of somebody; who has none is known by the address."""
    return [names.alias(provider, alias) for alias in sender.aliases or (f"address:{sender.address}",)]


def _named(names: Names, provider: str, statuses: Sequence[Status]) -> ColumnElement[bool]:
    """Which messages of ours the statuses name, by our own id or by the provider's."""
    ids = {status.row for status in statuses if status.row}
    sent = {names.sent(provider, status.id) for status in statuses}
    return or_(outbox.c.id.in_(ids), outbox.c.provider_name.in_(sent))
