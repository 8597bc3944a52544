"""What goes out: in order, and at most once more where nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.gateway.whatsapp.model import Option, Outbound
from bot.gateway.whatsapp.records import OutRow, Trouble
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.tables import outbox
from tests.booking.conftest import OLD_KEY
from tests.whatsapp.conftest import KEY
from tests.whatsapp.storing import (
    HOLD,
    answer,
    at,
    claim,
    heard,
    next_out,
    reply,
    said,
    said_in,
    take,
)


async def asked(store: WhatsAppStore, *replies: str, who: int = 1) -> str:
    """The id of a person who asked and whose replies are queued."""
    await take(store, said(f"wamid.q{who}", who=who))
    work = await claim(store, 2)
    await answer(store, work, *replies)
    return work.person.id


async def row_of(store: WhatsAppStore, row: OutRow) -> Any:
    async with store.database.connect() as connection:
        return (await connection.execute(select(outbox).where(outbox.c.id == row.id))).one()


async def test_replies_leave_one_by_one_in_order(store: WhatsAppStore) -> None:
    await asked(store, "uno", "dos", "tres")
    for number, text in enumerate(("uno", "dos", "tres")):
        row = await next_out(store)
        assert (said_in(row), row.attempts, row.unsure, row.provider) == (text, 1, 0, "cloud")
        assert row.window_until is not None
        assert await store.next_out("other", at(2), HOLD) is None
        assert await store.sent(row, f"wamid.out{number}", at(2)) is True
        assert await store.sent(row, f"wamid.out{number}", at(2)) is False
        kept = await row_of(store, row)
        assert (kept.state, kept.status) == ("sent", "sent")
    assert await store.next_out("s", at(99), HOLD) is None
    assert await store.next_out_due() is None


async def test_every_part_of_a_message_comes_out(store: WhatsAppStore) -> None:
    person = await asked(store)
    message = Outbound(
        "list", "¿Qué?", (Option("k_1", "Uno", "the first"), Option("k_2", "Dos")), "Ver", "https://x.example"
    )
    template = Outbound("template", template="t", language="es", values=("a", "b"))
    assert await store.queue(person, "news", [message, template], at(3)) == 2
    for expected in (message, template):
        row = await next_out(store, 3)
        assert row.message == expected
        await store.sent(row, row.id, at(3))


async def test_the_same_effect_is_queued_once(store: WhatsAppStore) -> None:
    person = await asked(store, "uno")
    assert await store.queue(person, "news", [reply("a"), reply("b")], at(3)) == 2
    assert await store.queue(person, "news", [reply("a"), reply("b"), reply("c")], at(4)) == 1
    assert await store.queue("p_unknown", "news", [reply("a")], at(4)) == 0
    seen = []
    while (row := await store.next_out("s", at(5), HOLD)) is not None:
        seen.append(said_in(row))
        await store.sent(row, row.id, at(5))
    assert seen == ["uno", "a", "b", "c"]


async def test_what_is_tried_again_holds_back_only_its_person(store: WhatsAppStore) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store)
    await asked(store, "tres", who=2)
    assert said_in(row) == "uno"
    assert await store.again(row, at(30), "131056: pair rate", at(3)) is True
    assert await store.again(row, at(30), "131056", at(3)) is False
    other = await next_out(store, 3)
    assert said_in(other) == "tres"
    await store.sent(other, "wamid.o", at(3))
    assert await store.next_out("s", at(29), HOLD) is None
    assert await store.next_out_due() == at(30)
    row = await next_out(store, 30)
    assert (said_in(row), row.attempts) == ("uno", 2)
    assert (await row_of(store, row)).last_error == "131056:_pair_rate"


async def test_a_refused_message_is_told_and_the_next_goes_on(store: WhatsAppStore) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store)
    assert await store.failed(row, "131026", at(3)) is True
    assert (await row_of(store, row)).body is None
    assert await store.troubles(at(3)) == (Trouble("failed", row.id, "131026", None),)
    assert await store.troubles(at(3)) == ()
    assert said_in(await next_out(store, 3)) == "dos"


# Where nobody knows.


async def _breaks(store: WhatsAppStore, row: OutRow, how: str, second: float) -> float:
    """The sending ends without an answer; when it is looked at again."""
    if how == "unsure":
        assert await store.unsure(row, at(second), "read_timeout") is True
        return second
    # The lease runs out, and somebody looks.
    assert await store.next_out("x", at(second + 30), HOLD) is None
    return second + 30


@pytest.mark.parametrize("how", ["unsure", "killed"])
async def test_a_broken_sending_is_sent_once_more_and_never_a_third_time(
    store: WhatsAppStore, how: str
) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store, 10)
    second = await _breaks(store, row, how, 10)
    assert await store.next_out("s", at(second + 4.9), HOLD) is None
    again = await next_out(store, second + 5)
    assert (again.id, said_in(again), again.unsure, again.attempts) == (row.id, "uno", 1, 2)
    second += 5
    if how == "unsure":
        assert await store.unsure(again, at(second), "read_timeout") is True
    else:
        second += 30
    following = await next_out(store, second)
    assert said_in(following) == "dos"
    kept = await row_of(store, row)
    assert (kept.state, kept.body, kept.unsure) == ("unknown", None, 2)
    (trouble,) = await store.troubles(at(second))
    assert (trouble.kind, trouble.id) == ("unknown", row.id)
    await store.sent(following, "wamid.2", at(second))
    assert await store.next_out("s", at(9999), HOLD) is None


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
@pytest.mark.parametrize("when", ["unsure", "killed", "sending again", "unknown", "tried again"])
async def test_a_status_that_names_it_settles_it(store: WhatsAppStore, when: str, state: str) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store, 10)
    second: float = 12
    if when != "killed":
        await store.unsure(row, at(11), "read_timeout")
    if when in ("sending again", "unknown", "tried again"):
        row = await next_out(store, 17)
        second = 18
    if when == "unknown":
        await store.unsure(row, at(18), "read_timeout")
    if when == "tried again":
        await store.again(row, at(99), "http_503", at(18))
    taken = await take(store, heard("wamid.out", state, row=row.id), seconds=second)
    assert taken.statuses == 1
    kept = await row_of(store, row)
    assert (kept.state, kept.status, kept.body) == ("sent", state, None)
    assert said_in(await next_out(store, second)) == "dos"
    # Whoever still held it has nothing left to say.
    assert await store.unsure(row, at(second), "late") is False
    assert await store.again(row, at(second), "late", at(second)) is False
    assert await store.sent(row, "wamid.out", at(second)) is False
    # From now on the provider's own id is enough.
    await take(store, heard("wamid.out", "read"), seconds=second + 1)
    assert (await row_of(store, row)).status == "read"


async def test_a_sender_that_lost_its_lease_says_only_what_is_true_whoever_sent_it(
    store: WhatsAppStore,
) -> None:
    await asked(store, "uno")
    lost = await next_out(store, 2)
    assert await store.next_out("x", at(32), HOLD) is None
    holder = await next_out(store, 37)
    assert await store.failed(lost, "late", at(38)) is False
    assert await store.blocked(lost, "late", at(38)) is False
    assert await store.sent(lost, "wamid.1", at(38)) is True
    assert await store.unsure(holder, at(38), "late") is False
    assert await store.next_out("s", at(9999), HOLD) is None


async def test_after_surely_not_sent_the_one_time_more_is_still_there(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    await store.unsure(await next_out(store, 2), at(3), "read_timeout")
    row = await next_out(store, 8)
    await store.again(row, at(20), "http_503", at(9))
    row = await next_out(store, 20)
    assert (row.unsure, row.attempts) == (1, 3)
    assert await store.sent(row, "wamid.1", at(21)) is True


# Statuses.


async def statuses(store: WhatsAppStore, *states: str) -> Any:
    await asked(store, "uno")
    row = await next_out(store)
    await store.sent(row, "wamid.out", at(2))
    for number, state in enumerate(states):
        await take(store, heard("wamid.out", state, seconds=3 + number, code="131026"), seconds=3 + number)
    return await row_of(store, row)


@pytest.mark.parametrize(
    ("states", "last", "state"),
    [
        (("sent", "delivered", "read"), "read", "sent"),
        (("read", "delivered", "sent"), "read", "sent"),
        (("delivered", "sent", "delivered"), "delivered", "sent"),
        (("failed", "sent"), "failed", "failed"),
        (("delivered", "failed"), "delivered", "sent"),
        (("read", "failed"), "read", "sent"),
        # A second copy arrived although the first had failed.
        (("failed", "delivered"), "delivered", "sent"),
        (("something new",), "sent", "sent"),
    ],
)
async def test_a_status_never_goes_backwards(
    store: WhatsAppStore, states: tuple[str, ...], last: str, state: str
) -> None:
    kept = await statuses(store, *states)
    assert (kept.status, kept.state) == (last, state)


async def test_a_failure_told_afterwards_is_trouble(store: WhatsAppStore) -> None:
    kept = await statuses(store, "failed")
    assert await store.troubles(at(9)) == (Trouble("failed", kept.id, "131026", None),)


async def test_a_failure_that_overtook_the_answer_stays(store: WhatsAppStore) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store)
    await take(store, heard("wamid.out", "failed", row=row.id, code="131026"), seconds=3)
    assert await store.sent(row, "wamid.out", at(3)) is False
    assert (await row_of(store, row)).state == "failed"
    assert said_in(await next_out(store, 3)) == "dos"


# What is handed back behind the answer.


async def test_what_came_too_fast_goes_out_again(store: WhatsAppStore) -> None:
    await asked(store, "uno", "dos")
    row = await next_out(store)
    await store.sent(row, "wamid.1", at(2))
    await take(store, heard("wamid.1", "failed", code="131056"), seconds=3)
    # The provider says how long that takes; nothing else goes to the person before.
    assert await store.next_out("s", at(8), HOLD) is None
    again = await next_out(store, 9)
    assert (again.id, said_in(again), again.attempts, again.unsure) == (row.id, "uno", 2, 0)
    # Heard a second time it says nothing new.
    assert (await take(store, heard("wamid.1", "failed", code="131056"), seconds=9)).statuses == 1
    assert await store.sent(again, "wamid.2", at(9)) is True
    await take(store, heard("wamid.1", "failed", code="131056"), seconds=9)
    await take(store, heard("wamid.2", "delivered"), seconds=10)
    kept = await row_of(store, row)
    assert (kept.state, kept.status, kept.body) == ("sent", "delivered", None)
    assert await store.troubles(at(11)) == ()
    assert said_in(await next_out(store, 10)) == "dos"


async def test_a_rate_error_that_overtakes_the_answer_counts_too(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    row = await next_out(store)
    for number in (1, 2):
        await take(store, heard(f"wamid.{number}", "failed", row=row.id, code="130429"), seconds=3)
        assert await store.sent(row, f"wamid.{number}", at(3)) is False
        row = await next_out(store, 3 + 2 * number)
        assert row.attempts == number + 1
    assert await store.sent(row, "wamid.3", at(8)) is True


@pytest.mark.parametrize("why", ["other code", "wiped", "too late", "stopped"])
async def test_what_cannot_go_out_again_is_told(store: WhatsAppStore, why: str) -> None:
    person = await asked(store)
    await store.queue(person, "news:1", [reply("uno")], at(2))
    row = await next_out(store)
    second = 86_500 if why == "too late" else 4
    await store.sent(row, "wamid.1", at(second - 1))
    if why == "wiped":
        second = 400
        await store.sweep(at(second))
        assert (await row_of(store, row)).body is None
    if why == "stopped":
        await store.stop(person, at(3))
    code = "131026" if why == "other code" else "130429"
    await take(store, heard("wamid.1", "failed", code=code), seconds=second)
    kept = await row_of(store, row)
    assert (kept.state, kept.body) == ("failed", None)
    assert [trouble.code for trouble in await store.troubles(at(second))] == [code]


async def test_a_rate_error_of_a_copy_before_says_nothing_about_the_last_one(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    row = await next_out(store)
    await store.unsure(row, at(3), "timeout")
    row = await next_out(store, 9)
    await store.sent(row, "wamid.2", at(9))
    await take(store, heard("wamid.1", "failed", row=row.id, code="130429"), seconds=10)
    assert (await row_of(store, row)).state == "sent"
    assert await store.next_out("s", at(99), HOLD) is None


async def test_what_was_sent_stays_sealed_for_some_minutes_only(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    row = await next_out(store)
    await store.sent(row, "wamid.1", at(2))
    await store.sweep(at(2 + 299))
    assert (await row_of(store, row)).body is not None
    await store.sweep(at(2 + 300))
    assert (await row_of(store, row)).body is None


async def test_statuses_and_messages_mixed_in_one_post(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    await asked(store, "dos", who=2)
    rows = [await next_out(store), await next_out(store)]
    for number, row in enumerate(rows):
        await store.sent(row, f"wamid.out{number}", at(3))
    taken = await take(
        store,
        heard("wamid.out0", "read"),
        said("wamid.1", "a"),
        heard("wamid.out1", "delivered", row=rows[1].id),
        said("wamid.2", "b", who=3),
        heard("wamid.unknown", "read"),
        heard("wamid.out0", "delivered"),
        seconds=4,
    )
    assert (len(taken.new), taken.statuses) == (2, 3)
    assert [(await row_of(store, row)).status for row in rows] == ["read", "delivered"]


async def test_the_fate_of_news_is_known_by_its_name_until_it_is_forgotten(store: WhatsAppStore) -> None:
    person = await asked(store, "an answer")
    await store.sent(await next_out(store), "wamid.answer", at(3))
    keys = [f"staff:{name}" for name in ("one", "two", "three", "four", "five")]
    for key in keys:
        await store.queue(person, key, [reply(key)], at(3))

    async def fates() -> list[str]:
        found = await store.fates(person)
        assert [key for key, _ in found] == [f"{key}:0" for key in keys], "and no answer to a question"
        return [fate for _, fate in found]

    assert await fates() == ["waiting"] * 5
    row = await next_out(store, 4)
    assert (await fates())[0] == "waiting", "on its way"
    await store.sent(row, "wamid.one", at(4))
    assert (await fates())[0] == "sent"
    for state in ("delivered", "read", "delivered"):
        await take(store, heard("wamid.one", state), seconds=5)
    assert (await fates())[0] == "read"
    await store.sent(await next_out(store, 5), "wamid.two", at(5))
    await take(store, heard("wamid.two", "failed", code="131026"), seconds=6)
    await store.failed(await next_out(store, 6), "131026", at(6))
    await store.blocked(await next_out(store, 7), "window", at(7))
    assert await fates() == ["read", "failed", "failed", "blocked", "waiting"]
    await store.stop(person, at(8))
    assert await fates() == ["read", "failed", "failed", "dropped", "dropped"]
    assert await store.fates("p_unknown") == ()


async def test_a_status_of_another_provider_names_nothing(store: WhatsAppStore) -> None:
    await asked(store, "uno")
    row = await next_out(store)
    await store.sent(row, "SM1", at(3))
    assert (await store.take("twilio", [heard("SM1", "read")], at(4), ())).statuses == 0


# The closed window.


async def test_what_the_window_kept_back_goes_out_when_the_person_writes(store: WhatsAppStore) -> None:
    person = await asked(store)
    await store.queue(person, "news", [reply("uno"), reply("dos")], at(90_000))
    template = Outbound("template", template="window", language="es")
    for text in ("uno", "dos"):
        row = await next_out(store, 90_000)
        assert said_in(row) == text
        assert await store.blocked(row, "window", at(90_000), template) is True
        assert await store.blocked(row, "window", at(90_000), template) is False
    row = await next_out(store, 90_000)
    assert row.message == template
    await store.sent(row, "wamid.t", at(90_001))
    assert await store.next_out("s", at(90_002), HOLD) is None
    assert [trouble.kind for trouble in await store.troubles(at(90_002))] == ["blocked", "blocked"]
    await take(store, said("wamid.2", "sí", seconds=90_010), seconds=90_010)
    await answer(store, await claim(store, 90_020), "tres", seconds=90_020)
    seen = []
    while (row := await store.next_out("s", at(90_021), HOLD)) is not None:  # type: ignore[assignment]
        seen.append(said_in(row))
        await store.sent(row, row.id, at(90_021))
    assert seen == ["uno", "dos", "tres"]


# Several senders.


async def test_senders_at_the_same_time_keep_each_persons_order(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    for who in range(8):
        await asked(stores[0], *(f"{who}.{n}" for n in range(4)), who=who)
    seen: list[str] = []
    busy: set[str] = set()

    async def send(number: int) -> None:
        store = stores[number % 3]
        while await store.next_out_due() is not None:
            row = await store.next_out(f"s{number}", at(3), HOLD)
            if row is None:
                await asyncio.sleep(0.01)
                if (due := await store.next_out_due()) is None or due > at(3):
                    # The others have what is left.
                    return
                continue
            assert row.person_id not in busy
            busy.add(row.person_id)
            await asyncio.sleep(0)
            seen.append(said_in(row))
            busy.discard(row.person_id)
            assert await store.sent(row, row.id, at(3)) is True

    await asyncio.gather(*(send(number) for number in range(6)))
    await send(0)
    assert sorted(seen) == sorted(f"{who}.{n}" for who in range(8) for n in range(4))
    for who in range(8):
        mine = [text for text in seen if text.startswith(f"{who}.")]
        assert mine == sorted(mine)


async def test_a_body_whose_key_is_lost_is_told_apart(open_store: Callable[..., Any]) -> None:
    old, new = await open_store(keys=(OLD_KEY,)), await open_store(keys=(KEY,))
    await asked(old, "uno", "dos")
    row = await next_out(new)
    assert row.message is None
    assert await new.failed(row, "unreadable", at(3)) is True
