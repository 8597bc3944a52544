"""Corrections from the sender to the phone: nobody is lost and nobody is told twice, whatever ends in between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.console.recall.sending import HOLD, Sender
from bot.core.law import Parameters, load_parameters
from bot.core.messages import Choice, Reply
from bot.core.told import standing
from bot.gateway.app import DESK
from bot.transcripts.corrections import Correction, Corrections
from tests.whatsapp.gateways import Begin, WhatsAppGateway, texts
from tests.whatsapp.test_desk import kept
from tests.whatsapp.test_desk_correct import TEMPLATES, approve

FEE = "fee.annual"
OLD = "$1"
NEWS = "News from the office."
TEXTS = dict.fromkeys(("en", "es"), f"{NEWS}\n\nWe said {{{{told}}}}.")


@cache
def law() -> Parameters:
    return load_parameters(Path("bot/law/parameters"))


@dataclass(frozen=True, slots=True)
class Noon:
    """A firm where it is noon now: WhatsApp may be written to."""

    name: str = "Example Firm"
    timezone: str = "UTC"

    @classmethod
    def now(cls, moment: datetime) -> Noon:
        # The names of these zones count westwards.
        ahead = 12 - moment.astimezone(UTC).hour
        return cls(timezone=f"Etc/GMT{-ahead:+d}" if ahead else "UTC")


def sender_of(gateway: WhatsAppGateway, corrections: Corrections) -> Sender:
    return Sender(
        corrections,
        desk=gateway.app[DESK],
        law=law,
        clock=gateway.clock,
        firm=Noon.now(gateway.clock.now()),
        gap=0,
    )


async def told(gateway: WhatsAppGateway, person: Any, *choices: Choice) -> None:
    """The person is told the old fee."""
    gateway.engine.replies = [
        Reply("answer", "fee", "en", f"The fee is {OLD}.", choices=choices, parameters={FEE: OLD})
    ]
    await person.says("work permit door")
    await person.hears(1)
    gateway.engine.replies = None
    await gateway.idle()


async def approved(corrections: Corrections, now: datetime) -> Correction:
    known = standing(law(), FEE, now.date())
    assert known is not None
    made = await corrections.propose(
        FEE,
        since=None,
        old_values=(OLD,),
        new_value=known.now,
        texts=TEXTS,
        staff="s_1",
        now=now,
    )
    assert await corrections.approve(made.id, TEXTS, "s_2", now) == "approved"
    return made


def kill(monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> None:
    """The gateway ends at this step."""

    async def ends(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(of, name, ends)


@pytest.mark.parametrize("fails", ["killed", "away"])
async def test_who_was_killed_between_keeping_and_queueing_is_made_up_for(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    gateway = await begin()
    person, _ = await kept(gateway)
    await told(gateway, person)
    corrections = Corrections(gateway.transcripts)
    made = await approved(corrections, gateway.clock.now())
    with monkeypatch.context() as patch:
        if fails == "killed":
            kill(patch, gateway.store, "queue")
            with pytest.raises(asyncio.CancelledError):
                await sender_of(gateway, corrections).round()
        else:

            async def away(*_: object) -> None:
                raise OSError

            patch.setattr(gateway.store, "queue", away)
            await sender_of(gateway, corrections).round()
    assert await corrections.counts(made.id) == {"sending": 1}
    await gateway.later(seconds=HOLD.total_seconds())
    assert await sender_of(gateway, corrections).round() == 1
    assert await corrections.counts(made.id) == {"sent": 1}
    (heard,) = await person.hears(1)
    assert heard.text.startswith(NEWS)
    await gateway.idle()
    assert sum(NEWS in text for text in texts(person.sees)) == 1


async def test_who_was_killed_after_queueing_tells_nobody_twice(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin()
    person, _ = await kept(gateway)
    await told(gateway, person)
    corrections = Corrections(gateway.transcripts)
    made = await approved(corrections, gateway.clock.now())
    with monkeypatch.context() as patch:
        kill(patch, corrections, "end")
        with pytest.raises(asyncio.CancelledError):
            await sender_of(gateway, corrections).round()
    await person.hears(1)
    # It went out in time; that nobody could write now is no reason to say that it did not.
    await gateway.later(hours=25)
    assert await sender_of(gateway, corrections).round() == 1
    assert await corrections.counts(made.id) == {"sent": 1}
    await gateway.idle()
    assert sum(NEWS in text for text in texts(person.sees)) == 1


async def test_who_did_not_agree_is_not_asked_to_write_when_the_day_has_passed_in_between(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin(environ=TEMPLATES["cloud"])
    approve(gateway)
    person, _ = await kept(gateway)
    await told(gateway, person)
    corrections = Corrections(gateway.transcripts)
    made = await approved(corrections, gateway.clock.now())
    with monkeypatch.context() as patch:
        kill(patch, gateway.store, "queue")
        with pytest.raises(asyncio.CancelledError):
            await sender_of(gateway, corrections).round()
    before = len(person.sees)
    await gateway.later(hours=25)
    assert await sender_of(gateway, corrections).round() == 1
    assert await corrections.counts(made.id) == {"unreachable": 1}
    (one,) = (await corrections.people(made, "unreachable")).rows
    assert one.reason == "window_closed"
    await gateway.idle()
    assert len(person.sees) == before


@pytest.mark.parametrize("step", ["queue", "end"])
async def test_stopping_keeps_it_from_who_has_not_had_it_and_says_sent_of_who_has(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    gateway = await begin()
    person, _ = await kept(gateway)
    await told(gateway, person)
    corrections = Corrections(gateway.transcripts)
    made = await approved(corrections, gateway.clock.now())
    with monkeypatch.context() as patch:
        kill(patch, gateway.store if step == "queue" else corrections, step)
        with pytest.raises(asyncio.CancelledError):
            await sender_of(gateway, corrections).round()
    await corrections.stop(made.id)
    await gateway.later(seconds=HOLD.total_seconds())
    await sender_of(gateway, corrections).round()
    assert await corrections.counts(made.id) == {"declined" if step == "queue" else "sent": 1}
    await gateway.idle()
    assert sum(NEWS in text for text in texts(person.sees)) == (step == "end")


@pytest.mark.parametrize("word", ["2", "Tuesday"])
async def test_what_was_offered_before_it_can_still_be_typed(begin: Begin, word: str) -> None:
    gateway = await begin()
    person, _ = await kept(gateway)
    await told(gateway, person, Choice("Monday", "/monday"), Choice("Tuesday", "/tuesday"))
    corrections = Corrections(gateway.transcripts)
    await approved(corrections, gateway.clock.now())
    await sender_of(gateway, corrections).round()
    await person.hears(1)
    await person.says(word)
    await person.hears(1)
    assert gateway.engine.turns[-1]["payload"] == "/tuesday"


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_two_gateways_with_two_corrections_of_one_value_tell_a_person_once(
    begin: Begin, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin(provider)
    person, _ = await kept(gateway)
    await told(gateway, person)
    corrections = Corrections(gateway.transcripts)
    # As it was when nothing kept two of them from being approved, or when both were approved in one moment.
    monkeypatch.setattr("bot.transcripts.corrections._is_going_out", no)
    made = [await approved(corrections, gateway.clock.now()) for _ in range(2)]
    rounds = await asyncio.gather(*(sender_of(gateway, corrections).round() for _ in range(2)))
    assert sum(rounds) == 2
    await person.hears(1)
    await gateway.idle()
    assert sum(NEWS in text for text in texts(person.sees)) == 1
    counts = [await corrections.counts(one.id) for one in made]
    assert sorted(map(str, counts)) == ["{'sent': 1}", "{'told': 1}"]


async def no(*_: object) -> bool:
    return False
