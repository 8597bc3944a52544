"""The people of one POST: found, made, or made one out of several that turn out to be the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.booking.database import insert
from bot.gateway.whatsapp.base import Base, new_id, place
from bot.gateway.whatsapp.model import Sender
from bot.gateway.whatsapp.tables import aliases, earlier, inbox, outbox, people, reminders

#: A row that is changed here, and written once at the end.
Values = dict[str, Any]


class Gathering:
    """People as they are changed by one transaction. ``dropped``: conversations that nobody carries on."""

    def __init__(self, store: Base, connection: AsyncConnection, provider: str, now: datetime) -> None:
        self.dropped: list[str] = []
        self._store = store
        self._connection = connection
        self._provider = provider
        self._now = now
        self._people: dict[str, Values] = {}
        self._before: dict[str, Values] = {}
        self._of_name: dict[str, str] = {}

    async def find(self, names: list[str], person_ids: set[str]) -> None:
        """Locks everybody whom the POST is about, in order, so that nobody waits in a circle."""
        for _ in range(5):
            if names:
                found = await self._connection.execute(
                    select(aliases.c.name, aliases.c.person_id).where(aliases.c.name.in_(names))
                )
                self._of_name = {row.name: row.person_id for row in found}
            ids = {*self._of_name.values(), *person_ids}
            if not ids:
                return
            locked = await self._connection.execute(
                select(people).where(people.c.id.in_(ids)).order_by(people.c.id).with_for_update()
            )
            self._people = {row.id: dict(row._mapping) for row in locked}
            if self._of_name.keys() <= {n for n, id in self._of_name.items() if id in self._people}:
                break
            # Somebody was erased, or became one with another, between the two looks.
        self._of_name = {name: id for name, id in self._of_name.items() if id in self._people}
        self._before = {id: dict(row) for id, row in self._people.items()}

    async def write(self) -> None:
        """Writes the people who have changed."""
        for id, person in self._people.items():
            before = self._before.get(id, {})
            values = {name: value for name, value in person.items() if before.get(name, ...) != value}
            if values:
                await self._store._change(
                    self._connection, id, self._now, **{k: v for k, v in values.items() if k != "updated_at"}
                )
            self._before[id] = dict(person)

    async def _person(self, names: list[str], sender: Sender, at: datetime) -> Values:
        """The one person behind the names: found, made, or made one out of several."""
        found = list(dict.fromkeys(self._of_name[name] for name in names if name in self._of_name))
        if not found:
            person = await self._make(sender, at)
        elif len(found) == 1:
            person = self._people[found[0]]
        else:
            person = await self._merge([self._people[id] for id in found])
        added = [name for name in names if self._of_name.get(name) != person["id"]]
        if added:
            statement = insert(self._store._database, aliases)
            await self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"], set_={"person_id": statement.excluded.person_id}
                ),
                [{"name": name, "person_id": person["id"]} for name in dict.fromkeys(added)],
            )
            self._of_name |= {name: person["id"] for name in added}
        # What comes late must not bring an old address back.
        if person["last_inbound_at"] is None or at >= person["last_inbound_at"]:
            self._address(person, sender.address)
        return person

    async def _make(self, sender: Sender, at: datetime) -> Values:
        id = new_id("p")
        nothing: Values = {column.name: None for column in people.columns}
        person = nothing | {
            "id": id,
            "provider": self._provider,
            "address": self._store._seal(sender.address, place("wa_people.address", id)),
            "language": "",
            "last_in": 0,
            "last_out": 0,
            "created_at": self._now,
            "updated_at": self._now,
        }
        await self._connection.execute(people.insert().values(**person))
        self._people[id], self._before[id] = person, dict(person)
        return person

    async def _merge(self, several: list[Values]) -> Values:
        """Several people turn out to be one: the oldest, or who is being answered just now."""
        await self.write()
        first, *others = sorted(
            several, key=lambda row: (row["held_by"] is None, row["created_at"], row["id"])
        )
        for other in others:
            await self._join(first, other)
        await self.write()
        return first

    async def _join(self, first: Values, other: Values) -> None:
        to, connection = {"person_id": first["id"]}, self._connection
        moved = {
            table: table.c.person_id == other["id"] for table in (aliases, earlier, inbox, outbox, reminders)
        }
        for table in (aliases, earlier, reminders):
            await connection.execute(update(table).where(moved[table]).values(to))
        for table, last in ((inbox, "last_in"), (outbox, "last_out")):
            # Behind what the other already has, so that each one's order stays.
            await connection.execute(
                update(table).where(moved[table]).values(to | {"seq": table.c.seq + first[last]})
            )
            first[last] += other[last]
        left = self._inherit(first, other)
        if left is not None:
            self.dropped.append(left)
            await self._store._left(connection, first["id"], left, self._now)
        await connection.execute(delete(people).where(people.c.id == other["id"]))
        del self._people[other["id"]], self._before[other["id"]]
        self._of_name = {n: first["id"] if id == other["id"] else id for n, id in self._of_name.items()}
        await self.write()
        since, due = await self._store._ready(connection, first["id"])
        first["waiting_since"] = since
        if first["held_by"] is None:
            held = first["held_until"]
            first["due_at"] = due if due is None or held is None else max(due, held)
        await self._store._out_due(connection, first["id"], self._now)
        first["out_due_at"] = self._before[first["id"]]["out_due_at"] = await connection.scalar(
            select(people.c.out_due_at).where(people.c.id == first["id"])
        )

    def _inherit(self, first: Values, other: Values) -> str | None:
        """What one person had is now the other's; the conversation is that of who wrote last. Returns the other one."""
        dropped = None
        later = (other["last_inbound_at"] or other["created_at"]) > (
            first["last_inbound_at"] or first["created_at"]
        )
        if other["conversation_id"] is not None:
            takes = first["conversation_id"] is None or (later and first["held_by"] is None)
            left = first["conversation_id"] if takes else other["conversation_id"]
            if left is not None and left != (other if takes else first)["conversation_id"]:
                dropped = left
            if takes:
                first |= {name: other[name] for name in ("conversation_id", "language", "state_until")}
                state = self._store._open(other["state"], place("wa_people.state", other["id"]))
                where = place("wa_people.state", first["id"])
                first["state"] = None if state is None else self._store._seal(state, where)
        if later:
            address = self._store._open(other["address"], place("wa_people.address", other["id"]))
            if address is not None:
                self._address(first, address)
        for name, choose in (
            ("stopped_at", min),
            ("greeted_at", max),
            ("blocked_at", min),
            ("renamed_at", max),
            ("last_inbound_at", max),
            ("created_at", min),
        ):
            both = [row[name] for row in (first, other) if row[name] is not None]
            first[name] = choose(both) if both else None
        first["leaving_at"] = None
        return dropped

    def _address(self, person: Values, address: str) -> None:
        where = place("wa_people.address", person["id"])
        if self._store._open(person["address"], where) != address:
            person["address"] = self._store._seal(address, where)
