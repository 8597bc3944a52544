"""Kept conversations are erased when the firm's time for them is over, as if the person had erased them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partialmethod
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError

from bot.core.content import load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import Reply
from bot.gateway import worker
from bot.gateway.app import DESK, METRICS, RETENTION
from bot.gateway.conversations import CORRECTION
from bot.gateway.main import FreshFirm
from bot.gateway.worker import sweep, write_counts
from bot.transcripts.records import AlarmRecord
from bot.transcripts.review import Review
from tests.conftest import ROOT
from tests.databases import made
from tests.gateway.conftest import Gateway, SmallFirm, Start, Talk, checked
from tests.gateway.test_desk_correct import nothing

DAY = 86_400.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of an empty database; None for the gateway's own SQLite."""
    if request.param == "sqlite":
        yield None
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield address


async def _sweep(gateway: Gateway, days: float = 0.0) -> None:
    gateway.clock.pass_seconds(days * DAY)
    metrics = gateway.app[METRICS]
    await sweep(gateway.keeper, gateway.app[RETENTION], gateway.store, metrics, gateway.clock)


async def _kept(gateway: Gateway, text: str = "remember quetzalcoatl") -> Talk:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send(text)
    return talk


async def _gone(gateway: Gateway, talk: Talk) -> bool:
    response = await gateway.client.get(f"{talk.path}/messages", headers=talk.headers)
    return (await checked(response)).get("code") == "conversation_gone"


async def test_a_correction_keeps_nobody_s_conversation_for_longer(
    start: Start, database: str | None
) -> None:
    gateway = await start(database=database)
    talk = await _kept(gateway)
    gateway.clock.pass_seconds(89 * DAY)
    news = Reply("notice", CORRECTION, "en", "The fee is $102.", parameters={"fee.annual": "$102"})
    assert await gateway.app[DESK].correct(talk.id, "k1", news, nothing) == "left"
    gateway.keeper.registry.remove(talk.id)
    await _sweep(gateway)
    assert not await _gone(gateway, talk)
    await _sweep(gateway, 1.1)
    assert await _gone(gateway, talk)


async def test_after_the_time_nothing_is_left_in_memory_rows_and_engine(
    start: Start, database: str | None
) -> None:
    gateway = await start(database=database)
    old = await _kept(gateway)
    gateway.clock.pass_seconds(DAY)
    younger = await _kept(gateway)
    await _sweep(gateway, days=89.5)
    assert await _gone(gateway, old)
    assert await gateway.store.load(old.id) is None
    assert gateway.engine.forgotten == [old.id]
    assert not await _gone(gateway, younger)
    await write_counts(gateway.store, gateway.app[METRICS], gateway.clock)
    assert (await gateway.store.counts(gateway.clock.now().date()))["expired"] == 1


async def test_a_conversation_that_this_gateway_never_held_is_erased_too(
    start: Start, database: str | None
) -> None:
    one = await start(database=database)
    talk = await _kept(one)
    two = await start(database=database)
    await _sweep(two, days=91)
    assert await two.store.load(talk.id) is None
    assert two.engine.forgotten == [talk.id]
    assert len(two.keeper.registry) == 0


async def test_the_last_message_counts_and_not_the_first(gateway: Gateway) -> None:
    talk = await _kept(gateway)
    gateway.clock.pass_seconds(80 * DAY)
    await talk.send("one more question")
    await _sweep(gateway, days=80)
    assert not await _gone(gateway, talk)
    await _sweep(gateway, days=11)
    assert await _gone(gateway, talk)


async def test_a_message_that_comes_just_before_the_erasure_keeps_the_conversation(gateway: Gateway) -> None:
    talk = await _kept(gateway)
    gateway.clock.pass_seconds(91 * DAY)

    async def found_before_the_message(_before: datetime, _limit: int) -> tuple[str, ...]:
        await talk.send("still here")
        return (talk.id, "c_erased_meanwhile")

    gateway.store.expired = found_before_the_message  # type: ignore[method-assign]
    await _sweep(gateway)
    assert not await _gone(gateway, talk)
    assert await gateway.store.load(talk.id) is not None


async def test_it_looks_once_an_hour(gateway: Gateway) -> None:
    asked: list[datetime] = []

    async def nothing(before: datetime, _limit: int) -> tuple[str, ...]:
        asked.append(before)
        return ()

    gateway.store.expired = nothing  # type: ignore[method-assign]
    for seconds in (0, 30, 3_500, 100, 30, -10 * DAY):
        gateway.clock.pass_seconds(seconds)
        await _sweep(gateway)
    first = datetime(2026, 11, 21, 12, tzinfo=UTC) - timedelta(days=90)
    assert [(moment - first).total_seconds() for moment in asked] == [0, 3_630, 3_660 - 10 * DAY]


async def test_many_are_erased_over_several_rounds_without_waiting_an_hour(start: Start) -> None:
    gateway = await start(expired_at_once=2)
    talks = [await _kept(gateway) for _ in range(5)]
    left = []
    for days in (91.0, 0.0, 0.0):
        await _sweep(gateway, days)
        left.append(len([talk for talk in talks if await gateway.store.head(talk.id)]))
    assert left == [3, 1, 0]


async def test_the_words_are_then_in_no_file_of_the_database(gateway: Gateway, tmp_path: Path) -> None:
    words = " ".join(f"quetzalcoatl{number}" for number in range(230))
    assert 3_000 < len(words) <= 4_000
    await _kept(gateway, words)
    files = list(tmp_path.glob("faro.db*"))
    assert any(b"quetzalcoatl" in file.read_bytes() for file in files)
    await _sweep(gateway, days=91)
    files = list(tmp_path.glob("faro.db*"))
    assert {"faro.db", "faro.db-wal"} <= {file.name for file in files}
    assert not any(b"quetzalcoatl" in file.read_bytes() for file in files)
    assert (tmp_path / "faro.db-wal").stat().st_size == 0


async def test_an_engine_that_is_down_is_asked_to_forget_later(gateway: Gateway) -> None:
    talk = await _kept(gateway)
    gateway.engine.forgets_fail = True
    await _sweep(gateway, days=91)
    assert await gateway.store.load(talk.id) is None
    gateway.engine.forgets_fail = False
    gateway.clock.pass_seconds(61)
    await _sweep(gateway)
    assert gateway.engine.forgotten == [talk.id]


@pytest.mark.parametrize("method", ["expired", "load", "erase"])
async def test_a_database_that_is_down_is_asked_again_with_the_next_sweep(start: Start, method: str) -> None:
    first = await start()
    talk = await _kept(first)
    gateway = await start()
    works = getattr(gateway.store, method)

    async def broken(*_args: Any, **_options: Any) -> None:
        raise OSError("down")

    setattr(gateway.store, method, broken)
    await _sweep(gateway, days=91)
    assert await first.store.head(talk.id) is not None
    setattr(gateway.store, method, works)
    await _sweep(gateway)
    assert await first.store.head(talk.id) is None


async def _asked(gateway: Gateway, conversation: str) -> str:
    """The id of a request for a consultation, made now."""
    saved = await gateway.bookings.request(
        conversation, f"e_{conversation}", {}, {}, "routine", "en", gateway.clock.now()
    )
    return saved.request_id


@pytest.mark.parametrize(
    ("days", "after_31", "after_91", "after_121"),
    [(30, False, False, False), (90, True, False, False), (120, True, True, False)],
    ids=["shorter", "the same", "longer"],
)
async def test_requests_have_a_time_of_their_own(
    start: Start,
    database: str | None,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    after_31: bool,
    after_91: bool,
    after_121: bool,
) -> None:
    monkeypatch.setattr(SmallFirm, "__init__", partialmethod(SmallFirm.__init__, request_retention_days=days))
    gateway = await start(database=database)
    talk = await _kept(gateway)
    requests = [await _asked(gateway, talk.id), await _asked(gateway, "c_not_kept")]
    for passed, there, kept in ((31, after_31, True), (60, after_91, False), (30, after_121, False)):
        await _sweep(gateway, days=passed)
        assert (await gateway.store.head(talk.id) is not None) is kept
        assert [await gateway.bookings.by_id(id) is not None for id in requests] == [there, there]


@pytest.mark.parametrize("days", [30, None])
async def test_settled_alarms_go_when_their_time_is_over_and_others_stay(
    start: Start, database: str | None, monkeypatch: pytest.MonkeyPatch, days: int | None
) -> None:
    monkeypatch.setattr(SmallFirm, "__init__", partialmethod(SmallFirm.__init__, alarm_retention_days=days))
    gateway = await start(database=database)
    began, review = gateway.clock.now(), Review(gateway.store)
    for name in ("early", "late", "open"):
        await gateway.store.add_alarm(AlarmRecord(name, began, "turn", "empty_turn"))
    assert await review.settle("early", "s_1", began)
    assert await review.settle("late", "s_1", began + timedelta(days=10))
    await _sweep(gateway, days=29)
    assert {alarm.id for alarm in await gateway.store.alarms()} == {"early", "late", "open"}
    await _sweep(gateway, days=2)
    left = {"late", "open"} if days else {"early", "late", "open"}
    assert {alarm.id for alarm in await gateway.store.alarms()} == left
    await _sweep(gateway, days=400)
    assert {alarm.id for alarm in await gateway.store.alarms()} == ({"open"} if days else left)


async def test_many_settled_alarms_go_over_several_rounds(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ALARMS_AT_ONCE", 2)
    gateway.app[RETENTION]._firm = SmallFirm(alarm_retention_days=1)
    at = gateway.clock.now()
    for number in range(5):
        await gateway.store.add_alarm(AlarmRecord(f"a_{number}", at, "turn", "c", None, "s_1", at))
    left = []
    for days in (2.0, 0.0, 0.0):
        await _sweep(gateway, days)
        left.append(len(await gateway.store.alarms()))
    assert left == [3, 1, 0]


def test_an_edit_of_the_time_holds_without_a_restart(tmp_path: Path) -> None:
    written = (ROOT / "bot/content/firm.yml").read_text(encoding="utf-8")
    file = tmp_path / "firm.yml"
    file.write_text(written, encoding="utf-8")
    library = load_library(
        ROOT / "bot/content", load_parameters(ROOT / "bot/law/parameters"), load_firm(file)
    )
    firm = FreshFirm(library)
    assert (firm.name, firm.phone, firm.timezone) == (
        "Example Immigration Law Office",
        "555-0100",
        "America/New_York",
    )
    assert (firm.retention_days, firm.request_retention_days, firm.alarm_retention_days) == (90, 90, 365)
    file.write_text(written.replace("retention_days: 90", "retention_days: 1000"), encoding="utf-8")
    library._looked = None
    assert (firm.retention_days, firm.request_retention_days) == (1000, 1000)
    assert "1,000 days" in library.notice("consent_ask", "en").text
    file.write_text(
        written.replace("request_retention_days: null", "request_retention_days: 30").replace(
            ": 365", ": null"
        ),
        encoding="utf-8",
    )
    library._looked = None
    assert (firm.retention_days, firm.request_retention_days, firm.alarm_retention_days) == (90, 30, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_file_is_written_anew_once_a_night_and_only_then(
    start: Start, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await start(database=database)
    done: list[datetime] = []

    async def rewrite() -> None:
        done.append(gateway.clock.now())
        raise OperationalError("VACUUM", {}, Exception("database or disk is full"))

    monkeypatch.setattr(gateway.store, "rewrite", rewrite)
    for _ in range(8 * 24):
        await _sweep(gateway, days=1 / 96)
    local = [moment.astimezone(ZoneInfo("America/New_York")) for moment in done]
    assert [moment.hour for moment in local] == [3, 3]
    assert local[1].date() - local[0].date() == timedelta(days=1)
