"""Reminders of a date: offered, agreed to, sent on their days and on no other, and never from an old count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.content import load_library
from bot.core.deadlines import Deadline, NotCovered, Span
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import Choice, Reply
from bot.gateway.app import BOT
from bot.gateway.main import FreshNotices
from bot.gateway.whatsapp.reminders import asked_for, days_ahead, following, is_daytime, zones_of
from bot.gateway.whatsapp.tables import reminders
from bot.simulator.cloud import Template
from bot.simulator.phone import titles
from bot.simulator.twilio import Content
from bot.transcripts.records import ConsentRecord
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import messages
from tests.gateway.conftest import SmallDeadlines
from tests.whatsapp.gateways import DATA_KEY, Begin, WhatsAppGateway, texts, until

PROVIDERS = ("cloud", "twilio")
SID = "HX" + "1" * 32
WINDOW_SID = "HX" + "2" * 32
CLOUD_TEMPLATES = {"FARO_WHATSAPP_TEMPLATES": "reminder_es=aviso_fecha,window_es=hay_respuesta"}
TWILIO_TEMPLATES = {"FARO_TWILIO_TEMPLATES": f"reminder_es={SID},window_es={WINDOW_SID}"}
BODY = "Hola. Usted le pidió a Example Firm que le recordara una fecha. Tiempo que queda: {{1}}."
WRITE = "Hola. Example Firm tiene una respuesta."
#: A Friday, and days before it on both sides of the change of clocks.
DUE = date(2027, 3, 19)
#: What the person must never read in a message that nobody asked for just now.
TOPICS = ("asilo", "asylum", "2027", "marzo", "deadline", "solicitud", "corte")


@cache
def notices() -> FreshNotices:
    """The words that people get."""
    firm = load_firm(BOT / "content" / "firm.yml")
    return FreshNotices(load_library(BOT / "content", load_parameters(Path("bot/law/parameters")), firm))


@dataclass(slots=True)
class Law(SmallDeadlines):
    """The real engine; ``moved`` days are what a change of law adds, ``gone`` that it covers the case no more."""

    moved: int = 0
    gone: bool = False
    asked: list[Span] = field(default_factory=list)

    def calculate(
        self,
        calculation: str,
        inputs: Mapping[str, object],
        today: date | Span,
        as_of: date | None,
        include: tuple[str, ...],
    ) -> Deadline | NotCovered:
        assert isinstance(today, Span)
        self.asked.append(today)
        result = SmallDeadlines.calculate(self, calculation, inputs, today, as_of, include)
        if self.gone:
            return NotCovered(calculation, today.earliest, "not_covered", ())
        if isinstance(result, Deadline) and result.date is not None:
            return replace(result, date=result.date + timedelta(days=self.moved), file_by=None)
        return result

    def title(self, calculation: str, lang: str) -> str:
        return {"en": "Your date", "es": "Su fecha"}[lang]


def at(gateway: WhatsAppGateway, *moment: int) -> None:
    """Puts the clock of every gateway, and the provider's, to a moment in UTC."""
    gateway.clock.ahead = datetime(*moment, tzinfo=UTC) - datetime.now(UTC)  # type: ignore[misc]


def told(due: date = DUE, today: date = date(2026, 11, 22)) -> Reply:
    """An answer with a person's own date, as the actions give it."""
    arrived = due.replace(year=due.year - 1)
    keep = {
        "calculation": "one_year_filing",
        "inputs": {"last_arrival": arrived.isoformat()},
        "today": today.isoformat(),
        "calendar_until": due.isoformat(),
        "labels": {"calendar": "C", "print": "P", "copy": "O"},
    }
    choices = (
        Choice("Otra fecha", '/calculate_deadline{"calculation": "more"}'),
        Choice("Hablar con alguien", "/talk_to_human"),
    )
    return Reply(
        "answer", "deadline_one_year_filing", "es", "Su último día es ese.", choices=choices, keep=keep
    )


async def opened(begin: Begin, provider: str = "cloud", **options: Any) -> WhatsAppGateway:
    options.setdefault("environ", CLOUD_TEMPLATES if provider == "cloud" else TWILIO_TEMPLATES)
    gateway = await begin(provider, notices=notices(), **options)
    standin: Any = gateway.standin
    standin.clock = gateway.clock.now
    if provider == "cloud":
        standin.templates["aviso_fecha", "es"] = Template(BODY)
        standin.templates["hay_respuesta", "es"] = Template(WRITE)
    else:
        standin.contents[SID] = Content(SID, "es", {}, {"twilio/text": {"body": BODY}}, approved=True)
        standin.contents[WINDOW_SID] = Content(
            WINDOW_SID, "es", {}, {"twilio/text": {"body": WRITE}}, approved=True
        )
    at(gateway, 2026, 11, 22, 15)
    return gateway


async def says(gateway: WhatsAppGateway, person: Any, text: str) -> list[Any]:
    """What comes to a message, all of it."""
    before = len(person.sees)
    await person.deliver(person.prepare("text", text=text, at=gateway.clock.now()))
    await gateway.idle(30)
    return list(person.sees[before:])


async def presses(gateway: WhatsAppGateway, person: Any, title: str) -> list[Any]:
    before = len(person.sees)
    await person.presses(title)
    await gateway.idle(30)
    return list(person.sees[before:])


async def agreed(gateway: WhatsAppGateway, due: date = DUE, state: str = "CA") -> Any:
    """A person who has a reminder."""
    gateway.engine.replies = [told(due, gateway.clock.now().date())]
    gateway.engine.slots = {"us_state": state}
    ana = gateway.phone()
    await says(gateway, ana, "¿qué día es mi límite?")
    await presses(gateway, ana, "Recordarme")
    (yes,) = await presses(gateway, ana, "Sí, recordarme")
    assert yes.text.startswith("Listo. Le voy a recordar la fecha")
    gateway.engine.replies = None
    await gateway.idle()
    return ana


async def rows(gateway: WhatsAppGateway) -> list[Any]:
    async with gateway.store.database.connect() as connection:
        return list((await connection.execute(select(reminders).order_by(reminders.c.created_at))).all())


async def reminded(gateway: WhatsAppGateway, person: Any, *others: WhatsAppGateway) -> list[Any]:
    """What comes after one look of each gateway at the same time."""
    before = len(person.sees)
    await asyncio.gather(*(each.service.reminders.round() for each in (gateway, *others)))
    await gateway.idle(30)
    return list(person.sees[before:])


# Days and hours.


def test_reminders_come_sixty_thirty_seven_and_one_days_before() -> None:
    today = DUE - timedelta(days=61)
    days = []
    while (day := following(DUE, today)) <= DUE:
        days.append((DUE - day).days)
        today = day
    assert days == [60, 30, 7, 1]
    assert day == DUE + timedelta(days=1)


@pytest.mark.parametrize(
    ("left", "ahead"),
    [
        (400, (60, 30, 7, 1)),
        (61, (60, 30, 7, 1)),
        (60, (30, 7, 1)),
        (8, (7, 1)),
        (7, (1,)),
        (1, ()),
        (-3, ()),
    ],
)
def test_only_days_that_lie_ahead_are_promised(left: int, ahead: tuple[int, ...]) -> None:
    assert days_ahead(DUE, DUE - timedelta(days=left)) == ahead


@pytest.mark.parametrize(
    ("state", "timezone", "expected"),
    [
        ("", "", ("America/New_York",)),
        ("CA", "", ("America/Los_Angeles",)),
        ("CA", "America/Chicago", ("America/Chicago",)),
        ("", "Europe/Madrid", ("America/New_York",)),
    ],
)
def test_the_hours_are_those_of_the_person(state: str, timezone: str, expected: tuple[str, ...]) -> None:
    assert zones_of(state, timezone, "America/New_York") == expected


def test_a_state_in_two_zones_waits_for_both() -> None:
    zones = zones_of("FL", "", "America/New_York")
    assert len(zones) == 2
    assert not is_daytime(datetime(2027, 1, 5, 14, 30, tzinfo=UTC), zones)
    assert is_daytime(datetime(2027, 1, 5, 15, 0, tzinfo=UTC), zones)
    assert not is_daytime(datetime(2027, 1, 5, 23, 0, tzinfo=UTC), zones)


@pytest.mark.parametrize(
    ("moment", "daytime"),
    [
        ((2027, 3, 13, 13, 59), False),
        ((2027, 3, 13, 14, 0), True),
        ((2027, 3, 14, 12, 59), False),
        ((2027, 3, 14, 13, 0), True),
        ((2027, 3, 14, 21, 59), True),
        ((2027, 3, 14, 22, 0), False),
    ],
)
def test_the_clock_change_moves_the_hours(moment: tuple[int, ...], daytime: bool) -> None:
    now = datetime(*moment, tzinfo=UTC)  # type: ignore[misc]
    assert is_daytime(now, ("America/New_York",)) is daytime


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Fecha", "dates"),
        ("¡FECHA!", "dates"),
        ("ver la fecha", "dates"),
        ("date", "dates"),
        ("Quitar recordatorio", "end"),
        ("stop reminders.", "end"),
        ("qué fecha es hoy", ""),
        ("", ""),
    ],
)
def test_words_about_reminders(text: str, wish: str) -> None:
    assert asked_for(text) == wish


# In the conversation.


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_date_offers_a_reminder_and_the_yes_is_kept(begin: Begin, provider: str) -> None:
    gateway = await opened(begin, provider)
    gateway.engine.replies = [told()]
    gateway.engine.slots = {"us_state": "CA"}
    ana = gateway.phone()
    shown = await says(gateway, ana, "¿qué día es mi límite?")
    assert "Recordarme" in titles(shown)
    (asked,) = await presses(gateway, ana, "Recordarme")
    assert "60, 30, 7 y 1 días antes" in asked.text
    assert "ALTO" in asked.text
    assert titles([asked]) == ["Sí, recordarme", "No, gracias"]
    assert await rows(gateway) == []
    (yes,) = await says(gateway, ana, "sí")
    assert "60, 30, 7 y 1 días antes" in yes.text
    await gateway.idle()
    (row,) = await rows(gateway)
    assert (row.calculation, row.due_on, row.next_on) == ("one_year_filing", DUE, date(2027, 1, 18))
    assert row.language == "es"
    assert len(row.consent_version) == 16
    assert row.consent_at is not None
    assert b"last_arrival" not in row.body
    (reminder,) = await gateway.store.open_reminders()
    assert reminder.body == {"inputs": {"last_arrival": "2026-03-19"}, "state": "CA", "timezone": ""}


async def test_a_no_keeps_nothing(begin: Begin) -> None:
    gateway = await opened(begin)
    gateway.engine.replies = [told()]
    ana = gateway.phone()
    await says(gateway, ana, "¿qué día es mi límite?")
    await presses(gateway, ana, "Recordarme")
    (no,) = await presses(gateway, ana, "No, gracias")
    assert no.text.startswith("Está bien, sin recordatorio.")
    assert await rows(gateway) == []


@pytest.mark.parametrize(
    ("reply", "environ"),
    [
        (told(due=date(2026, 11, 23)), CLOUD_TEMPLATES),
        (replace(told(), keep={}), CLOUD_TEMPLATES),
        (replace(told(), keep={**told().keep, "calendar_until": None}), CLOUD_TEMPLATES),
        (told(), {}),
    ],
    ids=["tomorrow", "no date of their own", "no single day", "no template to send it with"],
)
async def test_what_cannot_be_reminded_of_is_not_offered(
    begin: Begin, reply: Reply, environ: dict[str, str]
) -> None:
    gateway = await opened(begin, environ=environ)
    gateway.engine.replies = [reply]
    shown = await says(gateway, gateway.phone(), "¿qué día es mi límite?")
    assert "Otra fecha" in titles(shown)
    assert "Recordarme" not in titles(shown)


async def test_the_facts_of_a_reminder_are_in_no_intent(begin: Begin) -> None:
    gateway = await opened(begin)
    gateway.engine.replies = [told()]
    ana = gateway.phone()
    await says(gateway, ana, "¿qué día es mi límite?")
    await presses(gateway, ana, "Sí, guardar")
    await presses(gateway, ana, "Recordarme")
    async with gateway.store.database.connect() as connection:
        intents = set((await connection.execute(select(messages.c.intent))).scalars())
    assert "reminder_ask" in intents
    assert not any("last_arrival" in (intent or "") for intent in intents)


# Sending.


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_each_reminder_comes_once_from_two_gateways_through_the_change_of_clocks(
    begin: Begin, provider: str
) -> None:
    gateway = await opened(begin, provider, deadlines=Law())
    other = await opened(begin, provider, beside=gateway, deadlines=Law())
    ana = await agreed(gateway)
    heard: list[tuple[str, str]] = []

    async def round_at(*moment: int) -> None:
        at(gateway, *moment)
        came = await reminded(gateway, ana, other)
        assert all(message.kind == "template" for message in came)
        heard.extend((f"{moment[1]}-{moment[2]}", message.text) for message in came)

    # Los Angeles is eight hours behind, and seven from March 14 on.
    for day, hour in [
        ((2027, 1, 17), 20),
        ((2027, 1, 18), 16),
        ((2027, 1, 18), 17),
        ((2027, 1, 18), 18),
        ((2027, 1, 25), 18),
        ((2027, 2, 17), 17),
        ((2027, 2, 18), 3),
        ((2027, 3, 12), 16),
        ((2027, 3, 12), 17),
        ((2027, 3, 18), 15),
        ((2027, 3, 18), 16),
        ((2027, 3, 19), 18),
        ((2027, 3, 20), 18),
        ((2027, 3, 30), 18),
    ]:
        await round_at(*day, hour, 5)
    days = [(when, text.partition("queda: ")[2]) for when, text in heard]
    assert days == [("1-18", "60 días."), ("2-17", "30 días."), ("3-12", "7 días."), ("3-18", "1 día.")]
    assert not any(topic in text.lower() for _, text in heard for topic in TOPICS)
    (row,) = await rows(gateway)
    assert row.ended_at is not None
    assert row.body is None
    assert gateway.metric("faro_alarms_total", kind="whatsapp") == 0


async def test_within_the_window_it_is_a_plain_text_with_the_same_words(begin: Begin) -> None:
    gateway = await opened(begin)
    at(gateway, 2027, 1, 17, 22)
    ana = await agreed(gateway)
    at(gateway, 2027, 1, 18, 17, 30)
    (heard,) = await reminded(gateway, ana)
    assert heard.kind == "text"
    assert "Tiempo que queda: 60 días." in heard.text
    assert not any(topic in heard.text.lower() for topic in TOPICS)


async def test_who_asks_for_the_date_sees_it_and_can_end_it(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    at(gateway, 2027, 3, 12, 18)
    assert len(await reminded(gateway, ana)) == 1
    (date_told,) = await says(gateway, ana, "Fecha")
    assert "19 de marzo de 2027" in date_told.text
    assert "7 días" in date_told.text
    assert titles([date_told]) == ["Quitar recordatorio"]
    (ended,) = await says(gateway, ana, "quitar recordatorio")
    assert ended.text.startswith("Se acabaron los recordatorios.")
    at(gateway, 2027, 3, 18, 18)
    assert await reminded(gateway, ana) == []
    (row,) = await rows(gateway)
    assert row.body is None


async def test_the_word_of_who_has_no_reminders_goes_to_the_conversation(begin: Begin) -> None:
    gateway = await opened(begin)
    shown = await says(gateway, gateway.phone(), "fecha")
    assert gateway.engine.typed == ["fecha"]
    assert "You can ask for it later." in " ".join(texts(shown))


async def test_a_change_of_law_is_told_once_and_nothing_old_is_sent(begin: Begin) -> None:
    law, other_law = Law(), Law()
    gateway = await opened(begin, deadlines=law)
    other = await opened(begin, beside=gateway, deadlines=other_law)
    ana = await agreed(gateway)
    at(gateway, 2026, 12, 1, 18)
    assert await reminded(gateway, ana) == []
    # 80 days earlier: the first of the old reminders would come after the new date.
    law.moved = other_law.moved = -80
    at(gateway, 2026, 12, 1, 19, 30)
    (asked,) = await reminded(gateway, ana, other)
    assert asked.text == WRITE
    changed, date_told = await says(gateway, ana, "fecha")
    assert changed.text.startswith("Cambió una regla, y la fecha")
    assert not any(topic in changed.text.lower() for topic in TOPICS)
    assert "29 de diciembre de 2026" in date_told.text
    at(gateway, 2026, 12, 22, 18)
    (week,) = await reminded(gateway, ana)
    assert "7 días" in week.text
    at(gateway, 2026, 12, 28, 18)
    assert len(await reminded(gateway, ana, other)) == 1
    at(gateway, 2026, 12, 30, 18)
    assert await reminded(gateway, ana) == []
    at(gateway, 2027, 1, 18, 18)
    assert await reminded(gateway, ana) == []
    (row,) = await rows(gateway)
    assert row.ended_at is not None


@pytest.mark.parametrize("case", ["not covered", "passed meanwhile", "gateway was away"])
async def test_what_cannot_be_kept_ends_with_an_alarm_and_a_word(begin: Begin, case: str) -> None:
    law = Law()
    gateway = await opened(begin, deadlines=law)
    ana = await agreed(gateway)
    if case == "not covered":
        law.gone = True
        at(gateway, 2027, 1, 18, 18)
    elif case == "passed meanwhile":
        law.moved = -100
        at(gateway, 2027, 1, 18, 18)
    else:
        at(gateway, 2027, 4, 2, 18)
    (asked,) = await reminded(gateway, ana)
    assert asked.text == WRITE
    (row,) = await rows(gateway)
    assert row.ended_at is not None
    assert row.body is None
    assert gateway.metric("faro_alarms_total", kind="whatsapp") >= 1
    code = "reminder_too_late" if case == "gateway was away" else "reminder_not_countable"
    assert code in gateway.log.getvalue()
    lost, *_ = await says(gateway, ana, "hola")
    assert lost.text.startswith("Ya no le puedo recordar su fecha.")


async def test_a_reminder_whose_key_is_missing_waits_for_it_until_its_next_day(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    (row,) = await rows(gateway)
    lost = Keys(["0d" * 32])
    place = f"wa_reminders.body:{row.id}"
    value = Keys([DATA_KEY]).open(row.body, place)

    async def seal(keys: Keys) -> None:
        async with gateway.store.database.begin() as connection:
            await connection.execute(update(reminders).values(body=keys.seal(value, place)))

    await seal(lost)
    for hour in (17, 18, 19):
        at(gateway, 2026, 12, 1, hour, 30)
        assert await reminded(gateway, ana) == []
    assert gateway.log.getvalue().count("reminder_unreadable") == 1
    assert "reminder_not_countable" not in gateway.log.getvalue()
    (row,) = await rows(gateway)
    assert row.ended_at is None
    # The key is back in time.
    await seal(Keys([DATA_KEY]))
    at(gateway, 2027, 1, 18, 18)
    (sixty,) = await reminded(gateway, ana)
    assert "60 días" in sixty.text
    # And gone for good: the person hears so on the next day, and staff again.
    await seal(lost)
    at(gateway, 2027, 2, 17, 18)
    assert [one.text for one in await reminded(gateway, ana)] == [WRITE]
    (row,) = await rows(gateway)
    assert row.ended_at is not None
    assert "reminder_not_countable" in gateway.log.getvalue()


async def test_a_day_on_which_no_gateway_ran_is_made_up_for_once(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    at(gateway, 2027, 2, 19, 18)
    (late,) = await reminded(gateway, ana)
    assert "28 días" in late.text
    (row,) = await rows(gateway)
    assert row.next_on == date(2027, 3, 12)


async def test_a_running_gateway_reminds_by_itself(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateway.whatsapp.reminders.PAUSE", 0.1)
    gateway = await opened(begin)
    ana = await agreed(gateway)
    seen = len(ana.sees)
    at(gateway, 2027, 1, 18, 18)

    async def came() -> bool:
        return len(ana.sees) > seen

    await until(came)
    await gateway.idle(30)
    assert ["60 días" in message.text for message in ana.sees[seen:]] == [True]


async def test_without_window_and_template_staff_are_told_and_it_ends(begin: Begin) -> None:
    first = await opened(begin)
    ana = await agreed(first)
    first.standin.gateways.clear()
    await first.client.close()
    gateway = await opened(begin, beside=first, environ={})
    at(gateway, 2027, 1, 18, 18)
    assert await reminded(gateway, ana) == []
    assert "reminder_no_template" in gateway.log.getvalue()
    (row,) = await rows(gateway)
    assert row.ended_at is not None
    # They can be called, and hear of it themselves when they write.
    assert [one.state for one in await gateway.store.unreached()] == ["blocked"]
    lost, *_ = await says(gateway, ana, "hola")
    assert lost.text.startswith("Ya no le puedo recordar su fecha.")


# Ends.


async def test_stop_ends_reminders_and_start_brings_none_back(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    await says(gateway, ana, "ALTO")
    (row,) = await rows(gateway)
    assert row.ended_at is not None
    gateway.engine.replies = [told()]
    await says(gateway, ana, "¿qué día es mi límite?")
    await presses(gateway, ana, "Recordarme")
    (refused,) = await presses(gateway, ana, "Sí, recordarme")
    assert "INICIAR" in refused.text
    await says(gateway, ana, "INICIAR")
    at(gateway, 2027, 1, 18, 18)
    assert await reminded(gateway, ana) == []
    assert len(await rows(gateway)) == 1


async def test_an_erasure_removes_them(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    gateway.engine.replies = [
        Reply("question", "erase", "es", "¿Borrar?", choices=(Choice("Borrar todo", "gateway:erase_yes"),))
    ]
    await says(gateway, ana, "borrar mis datos")
    await presses(gateway, ana, "Borrar todo")
    await gateway.idle()
    assert await rows(gateway) == []
    at(gateway, 2027, 1, 18, 18)
    assert await reminded(gateway, ana) == []


async def test_it_outlives_a_conversation_whose_time_is_over(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = await agreed(gateway)
    person = await gateway.store.person((await rows(gateway))[0].person_id, gateway.clock.now())
    assert person is not None
    assert person.conversation_id is not None
    async with gateway.keeper.use(person.conversation_id) as conversation:
        conversation.consent = ConsentRecord("v", "es", gateway.clock.now())
        await gateway.keeper.flush(conversation)
    at(gateway, 2027, 3, 10, 12)
    assert await gateway.keeper.expire(gateway.clock.now() - timedelta(days=90))
    await gateway.tidying.sweep()
    assert await gateway.transcripts.load(person.conversation_id) is None
    at(gateway, 2027, 3, 12, 18)
    assert len(await reminded(gateway, ana)) == 1
    (date_told,) = await says(gateway, ana, "fecha")
    assert "19 de marzo" in date_told.text


# Crashes.


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_the_marking_neither_loses_nor_doubles(
    begin: Begin, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await opened(begin)
    other = await opened(begin, beside=gateway)
    ana = await agreed(gateway)
    at(gateway, 2027, 1, 18, 18)
    marked = gateway.store.reminded

    async def crash(*args: Any, **options: Any) -> bool:
        if when == "after":
            await marked(*args, **options)
        raise Crash

    monkeypatch.setattr(gateway.store, "reminded", crash)
    with pytest.raises(Crash):
        await gateway.service.reminders.round()
    before = len(ana.sees)
    assert await other.service.reminders.round() == 0
    gateway.clock.pass_time(minutes=16)
    assert await other.service.reminders.round() == (1 if when == "before" else 0)
    await gateway.idle()
    assert len(ana.sees) == before + 1


async def test_one_that_breaks_keeps_no_other_from_being_sent(begin: Begin) -> None:
    class Broken(Law):
        def calculate(self, calculation: str, inputs: Mapping[str, object], *rest: Any) -> Any:
            if inputs.get("last_arrival") == "2026-03-18":
                raise RuntimeError("sentinel")
            return super().calculate(calculation, inputs, *rest)

    law = Broken()
    gateway = await opened(begin, deadlines=Law())
    gateway.service.reminders._deadlines = Law()
    await agreed(gateway, date(2027, 3, 18))
    ben = await agreed(gateway)
    gateway.service.reminders._deadlines = law
    at(gateway, 2027, 1, 18, 18)
    assert len(await reminded(gateway, ben)) == 1
    assert "reminder_broke" in gateway.log.getvalue()
    assert "sentinel" not in gateway.log.getvalue()
