"""Erasing is final, reaches every part, and says truthfully what it has not reached yet."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

from aiohttp.test_utils import unused_port

from bot.core.messages import Choice, Reply
from tests.gateway.conftest import Gateway, Start, checked, ids


async def _gone(gateway: Gateway, talk: object) -> bool:
    response = await gateway.client.get(f"{talk.path}/messages", headers=talk.headers)  # type: ignore[attr-defined]
    return (await checked(response)).get("code") == "conversation_gone"


async def test_erasing_deletes_memory_rows_and_engine(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send("remember quetzalcoatl")
    response = await talk.erase()
    assert response.status == 204
    await checked(response)
    assert await _gone(gateway, talk)
    assert await gateway.store.load(talk.id) is None
    assert gateway.engine.forgotten == [talk.id]
    assert (await checked(await talk.erase()))["code"] == "conversation_gone"


async def test_after_erasing_the_words_are_nowhere_in_the_database_files(
    gateway: Gateway, tmp_path: Path
) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send("remember quetzalcoatl")
    assert any(b"quetzalcoatl" in file.read_bytes() for file in tmp_path.glob("faro.db*"))
    await talk.erase()
    assert not any(b"quetzalcoatl" in file.read_bytes() for file in tmp_path.glob("faro.db*"))
    with sqlite3.connect(tmp_path / "faro.db") as database:
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    database.close()


async def test_a_conversation_without_consent_can_be_erased_with_the_database_down(gateway: Gateway) -> None:
    talk = await gateway.begin()

    async def broken(*_args: object, **_options: object) -> None:
        raise OSError("down")

    gateway.store.erase = broken  # type: ignore[method-assign,assignment]
    assert (await talk.erase()).status == 204


async def test_an_erasure_that_the_database_refuses_is_not_claimed(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    await talk.agree()

    async def broken(*_args: object, **_options: object) -> None:
        raise OSError("down")

    erase, gateway.store.erase = gateway.store.erase, broken  # type: ignore[method-assign,assignment]
    response = await talk.erase()
    data = await checked(response)
    assert (response.status, data["code"]) == (503, "erase_failed")
    assert data["title"] == "Todavía no se pudo borrar"
    gateway.store.erase = erase  # type: ignore[method-assign]
    assert (await talk.erase()).status == 204


async def test_an_engine_that_cannot_be_reached_is_asked_again_later(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.engine.forgets_fail = True
    response = await talk.erase()
    data = await checked(response)
    assert response.status == 202
    assert data == {"erased": True, "pending": ["engine"], "text": "[erased_pending en]"}
    gateway.engine.forgets_fail = False
    await gateway.keeper.retry_forgets()
    assert gateway.engine.forgotten == []
    gateway.clock.pass_seconds(61)
    await gateway.keeper.retry_forgets()
    assert gateway.engine.forgotten == [talk.id]
    assert await gateway.store.due_forgets(gateway.clock.now() + timedelta(days=9)) == ()


async def test_a_pending_deletion_survives_a_restart(start: Start) -> None:
    first = await start(url=f"http://127.0.0.1:{unused_port()}")
    talk = await first.begin()
    assert (await talk.erase()).status == 202
    await first.client.close()
    second = await start()
    second.clock.pass_seconds(61)
    await second.keeper.retry_forgets()
    assert second.engine.forgotten == [talk.id]


async def test_a_pending_deletion_waits_longer_each_time(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.forgets_fail = True
    await talk.erase()
    gateway.clock.pass_seconds(61)
    await gateway.keeper.retry_forgets()
    gateway.clock.pass_seconds(61)
    assert await gateway.store.due_forgets(gateway.clock.now()) == ()
    gateway.clock.pass_seconds(60)
    assert len(await gateway.store.due_forgets(gateway.clock.now())) == 1


async def test_erasing_by_choice_asks_first_and_says_what_was_done(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.engine.replies = [Reply("notice", "x", "en", "?", choices=(Choice("Erase", "gateway:erase"),))]
    data = await talk.press((await talk.send("please erase everything"))["messages"], "Erase")
    assert ids(data) == ["[erase_ask en]"]
    assert ids(await talk.send("no")) == ["[erase_kept en]"]
    assert ids(await talk.press(data["messages"], "erase_yes")) == ["[erased en]"]
    assert await _gone(gateway, talk)
    assert await gateway.store.load(talk.id) is None


async def test_erasing_by_a_typed_yes(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    gateway.engine.replies = [
        Reply("notice", "erase_ask", "es", "?", choices=(Choice("Sí, borrar", "gateway:erase_yes"),))
    ]
    await talk.send("borre todo")
    assert ids(await talk.send("sí")) == ["[erased es]"]
    assert await _gone(gateway, talk)


async def test_erasing_by_choice_with_the_engine_down_says_so(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [Reply("notice", "x", "en", "?", choices=(Choice("Yes", "gateway:erase_yes"),))]
    data = await talk.send("erase")
    gateway.engine.forgets_fail = True
    assert ids(await talk.press(data["messages"], "Yes")) == ["[erased_pending en]"]


async def test_erasing_during_a_turn_keeps_nothing_of_it(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.engine.mode = "slow"
    turn = asyncio.create_task(talk.post({"client_message_id": "late", "text": "remember quetzalcoatl"}))
    await gateway.engine.working.wait()
    erasure = asyncio.create_task(talk.erase())
    while not gateway.keeper.registry.all()[0].gone:
        await asyncio.sleep(0)
    gateway.engine.release.set()
    status, data = await turn
    assert (status, data["code"]) == (404, "conversation_gone")
    assert (await erasure).status == 204
    assert await gateway.store.load(talk.id) is None
    assert gateway.engine.forgotten == [talk.id]


async def test_after_a_turn_that_was_given_up_on_the_engine_is_asked_to_forget_twice(start: Start) -> None:
    gateway = await start(turn_seconds=0.05)
    talk = await gateway.begin()
    gateway.engine.mode = "slow"
    await talk.send("work permit")
    assert (await talk.erase()).status == 204
    gateway.engine.release.set()
    gateway.clock.pass_seconds(61)
    await gateway.keeper.retry_forgets()
    assert gateway.engine.forgotten == [talk.id, talk.id]


async def test_alarms_no_longer_name_an_erased_conversation(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.engine.mode = "empty"
    await talk.send("work permit")
    await gateway.alarms.settled()
    assert (await gateway.store.alarms())[0].conversation_id == talk.id
    await talk.erase()
    assert (await gateway.store.alarms())[0].conversation_id is None


class _Elsewhere:
    """Holds an earlier conversation of the person, of which the firm's system has a request."""

    async def find(self, conversation_id: str) -> None:
        return None

    async def erase(self, conversation_id: str) -> bool:
        return True


async def test_what_the_firm_has_of_an_earlier_conversation_is_told_too(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.keeper.elsewhere = _Elsewhere()
    response = await talk.erase()
    assert (response.status, (await response.json())["pending"]) == (202, ["firm"])
