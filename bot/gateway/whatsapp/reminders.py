"""Reminders of a date: offered below it, agreed to, and worked out again before each is sent.

A reminder says that a date is near and how much time is left, never which date or what for: those the person asks for.
Nothing is sent from an old count: with every law file that changes, and on every day on which a reminder is due, the
date is counted anew from the same facts.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.deadlines import InputError, NotCovered
from bot.core.deadlines.calendar_file import ALARM_DAYS, key_days
from bot.core.deadlines.own_day import STATES, own_days, zone_inside
from bot.core.deadlines.phrases import count
from bot.core.law import format_date
from bot.core.messages import GATEWAY_PREFIX, Choice, Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Deadlines, Firm
from bot.gateway.typed import folded
from bot.gateway.voice import wording
from bot.gateway.whatsapp.limits import SHAPES
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.records import Person, Reminder
from bot.gateway.whatsapp.rendering import render
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words

#: Nobody is written to outside these hours of their own day (the second one excluded).
FIRST_HOUR, LAST_HOUR = 9, 18
#: How long one gateway has a reminder to itself; also how soon one is looked at again for which it is too early.
HOLD = timedelta(minutes=15)
#: How soon a change of law reaches dates of which nobody is reminded just now.
LOOK_OVER = timedelta(hours=1)
#: Between two looks at what is due, in seconds.
PAUSE = 60.0
#: A free text goes only when so much is left of the 24 hours, so that it does not come too late on its way.
WINDOW_LEFT = timedelta(hours=1)

#: An approved template for a provider, a language and its values; None where there is none.
Template = Callable[[str, str, tuple[str, ...]], Outbound | None]

_COMMAND = re.compile(r"reminder(\{.*\})_(ask|yes)", re.DOTALL)
_DATES = "date, the date, my date, see date, fecha, la fecha, mi fecha, ver fecha, ver la fecha"
_DATES_TOO = "reminders, my reminders, reminder, recordatorios, mis recordatorios, recordatorio"
_END = "stop reminders, stop reminder, stop the reminders, no more reminders, quitar recordatorio"
_END_TOO = "quitar recordatorios, quitar el recordatorio, parar recordatorios, no mas recordatorios"
_WORDS = {
    **dict.fromkeys(f"{_DATES}, {_DATES_TOO}".split(", "), "dates"),
    **dict.fromkeys(f"{_END}, {_END_TOO}".split(", "), "end"),
}


def asked_for(text: str) -> str:
    """``dates`` when the whole message asks for what one is reminded of, ``end`` to end it; else empty."""
    return _WORDS.get(folded(text), "")


def days_ahead(due: date, today: date) -> tuple[int, ...]:
    """How many days before ``due`` reminders still come, counted from the day after ``today``; the most first."""
    return tuple(days for days in ALARM_DAYS if due - timedelta(days=days) > today)


def following(due: date, today: date) -> date:
    """The day of the next reminder after ``today``; when there is none, the day after ``due``, when all is deleted."""
    ahead = days_ahead(due, today)
    return due - timedelta(days=ahead[0]) if ahead else due + timedelta(days=1)


def zones_of(state: str, timezone: str, firm_timezone: str) -> tuple[str, ...]:
    """Where a person may be: their browser's zone, else those of their state, else the firm's."""
    here = zone_inside(timezone)
    return (here,) if here is not None else STATES.get(state) or (firm_timezone,)


def is_daytime(now: datetime, zones: tuple[str, ...]) -> bool:
    """Whether it is a time to write in every one of the zones."""
    return all(FIRST_HOUR <= now.astimezone(ZoneInfo(zone)).hour < LAST_HOUR for zone in zones)


class Reminders:
    """Offers, takes and sends reminders; any number of gateways may do so at once."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        deadlines: Deadlines,
        firm: Firm,
        words: Words,
        clock: Clock,
        metrics: Metrics,
        template: Template,
        alarm: Callable[[str, str | None], None],
        offers: bool,
    ) -> None:
        """``offers``: whether reminders can be sent at all; without a template nearly none could."""
        self._store = store
        self._deadlines = deadlines
        self._firm = firm
        self._words = words
        self._clock = clock
        self._metrics = metrics
        self._template = template
        self._alarm = alarm
        self._offers = offers
        #: Called when something was queued.
        self.wake_sender: Callable[[], None] = _nothing
        self._looked_over: datetime | None = None
        # Whether staff have been told of those whose key is missing.
        self._told_closed = False

    # In the conversation.

    def offered(self, reply: Reply) -> Reply:
        """A reply that tells a person's own date, with the choice to be reminded while there is a day for that."""
        keep = reply.keep
        if not self._offers or not keep.get("calendar_until"):
            return reply
        if not days_ahead(date.fromisoformat(keep["calendar_until"]), date.fromisoformat(keep["today"])):
            return reply
        facts = {name: keep[name] for name in ("calculation", "inputs")}
        remind = Choice(self._words.label("whatsapp_remind", reply.lang), _payload(facts, "ask"))
        return replace(reply, choices=(*reply.choices, remind))

    async def obey(self, conversation: Conversation, command: str) -> tuple[Reply, ...] | None:
        """What to say to a ``gateway:reminder...`` choice; None when it is none of ours."""
        language = conversation.language
        person = await self._store.of_conversation(conversation.id, self._clock.now())
        if person is None:
            return None
        if command == "reminder_no":
            return (self._words.say("whatsapp_reminder_no", language),)
        if command == "reminder_end":
            return await self._end(person, language)
        found = _COMMAND.fullmatch(command)
        if found is None:
            return None
        facts = json.loads(found[1])
        body = {
            "inputs": facts["inputs"],
            "state": conversation.us_state,
            "timezone": conversation.timezone,
        }
        due, today = self._due(facts["calculation"], body), self._today(body)
        ahead = () if due is None else days_ahead(due, today)
        if due is None or not ahead:
            return (self._words.say("whatsapp_reminder_too_late", language),)
        when = _when(ahead, language)
        if found[2] == "ask":
            return (self._question(facts, when, language),)
        return (await self._add(person, facts["calculation"], body, due, today, when, language),)

    async def answer(self, person: Person, language: str, wish: str) -> tuple[Reply, ...]:
        """What to say to a word that ``asked_for`` knows; nothing for who has no reminders."""
        running = await self._store.reminders_of(person.id)
        if not running:
            return ()
        if wish == "end":
            return await self._end(person, language)
        told = [await self._told(reminder, person, language) for reminder in running]
        # One message, so that it is the same one when it is said again after a crash.
        texts = dict.fromkeys(reply.text for reply in told)
        choices = dict.fromkeys(choice for reply in told for choice in reply.choices)
        return (replace(told[0], text="\n\n".join(texts), choices=tuple(choices)),)

    def _question(self, facts: Mapping[str, Any], when: str, language: str) -> Reply:
        asked = self._words.say("whatsapp_reminder_ask", language, when=when)
        yes, *others = asked.choices
        return replace(
            asked, kind="question", choices=(replace(yes, payload=_payload(facts, "yes")), *others)
        )

    async def _add(
        self,
        person: Person,
        calculation: str,
        body: dict[str, Any],
        due: date,
        today: date,
        when: str,
        language: str,
    ) -> Reply:
        now = self._clock.now()
        # The wording without the days, which differ: so it can be shown later to what somebody agreed.
        shown = self._words.say("whatsapp_reminder_ask", language, when="...")
        added = await self._store.add_reminder(
            person.id,
            calculation,
            body,
            due,
            following(due, today),
            language,
            wording((shown.text, shown.full)),
            now,
            now,
        )
        if added is None:
            return self._words.say("whatsapp_reminder_stopped", language)
        self._metrics.tally("reminder_agreed")
        return self._words.say("whatsapp_reminder_yes", language, when=when)

    async def _end(self, person: Person, language: str) -> tuple[Reply, ...]:
        await self._store.end_reminders(person.id, self._clock.now())
        return (self._words.say("whatsapp_reminder_ended", language),)

    async def _told(self, reminder: Reminder, person: Person, language: str) -> Reply:
        """The date by the law as it is now; one that moved is kept so."""
        due, today = self._due_of(reminder), self._today(reminder.body)
        now = self._clock.now()
        if due is None or due < today:
            await self._store.end_reminders(person.id, now, reminder.id)
            self._alarm("reminder_not_countable", person.conversation_id)
            return self._words.say("whatsapp_reminder_lost", language)
        if due != reminder.due_on:
            await self._store.move_reminder(reminder.id, due, following(due, today), reminder.body or {}, now)
        what = self._deadlines.title(reminder.calculation, language)
        day = format_date(due, language)
        if due == today:
            return self._words.say("whatsapp_reminder_today", language, what=what, date=day)
        left = count((due - today).days, "days", language)
        return self._words.say("whatsapp_reminder_due", language, what=what, date=day, days=left)

    # Sending.

    async def work(self) -> None:
        """Reminds until cancelled; what one round raises ends in the log and not the reminding."""
        while True:
            # First of all people are answered who wrote while no gateway ran.
            await asyncio.sleep(PAUSE)
            try:
                await self.round()
            except Exception as exc:  # The database may be away for a while.
                logger().error("reminding_broke", **fault(exc))

    async def round(self) -> int:
        """Sends what is due, and now and then looks at all that run; how many messages were queued."""
        now = self._clock.now()
        queued = await self._remind()
        if self._looked_over is None or not timedelta(0) <= now - self._looked_over < LOOK_OVER:
            queued += await self._look_over()
            self._looked_over = now
        if queued:
            self.wake_sender()
        return queued

    async def _remind(self) -> int:
        queued = 0
        # Until it is that day in the last place where it can be.
        latest = (self._clock.now_in("Pacific/Kiritimati")).date()
        while due := await self._store.take_reminders(latest, self._clock.now(), HOLD):
            for reminder in due:
                queued += await self._guarded(reminder, taken=True)
        return queued

    async def _look_over(self) -> int:
        """Finds the dates that a change of law has moved."""
        queued, after, closed = 0, "", False
        while running := await self._store.open_reminders(after):
            for reminder in running:
                if reminder.body is None:
                    # Its key may come back until its next day has come.
                    closed = True
                    continue
                queued += await self._guarded(reminder, taken=False)
                # Counting takes some milliseconds each, and people wait for answers.
                await asyncio.sleep(0)
            after = running[-1].id
        if closed and not self._told_closed:
            self._alarm("reminder_unreadable", None)
        self._told_closed = closed
        return queued

    async def _guarded(self, reminder: Reminder, *, taken: bool) -> int:
        """One reminder, so that one that breaks keeps no other from being sent."""
        try:
            return await self._care(reminder, taken)
        except Exception as exc:
            logger().error("reminder_broke", reminder=reminder.id, **fault(exc))
            return 0

    async def _care(self, reminder: Reminder, taken: bool) -> int:
        """How many messages are queued about a reminder: none by night, one when it moved, or is ``taken`` and due."""
        now, today = self._clock.now(), self._today(reminder.body)
        if not is_daytime(self._local(), self._zones(reminder.body)):
            return 0
        over = reminder.next_on is not None and reminder.next_on > reminder.due_on
        if over and taken and reminder.due_on < today:
            # Its last one was sent, and the day has passed.
            await self._store.reminded(reminder, None, now)
            return 0
        due = self._due_of(reminder)
        if due is None or (due < today and due != reminder.due_on):
            return await self._lose(reminder, "reminder_not_countable", today)
        if due != reminder.due_on:
            return await self._move(reminder, due, today)
        if not taken or reminder.next_on is None or reminder.next_on > today:
            return 0
        if due < today:
            return await self._lose(reminder, "reminder_too_late", today)
        return await self._send(reminder, due, today)

    async def _send(self, reminder: Reminder, due: date, today: date) -> int:
        now, language = self._clock.now(), reminder.language
        person = await self._store.person(reminder.person_id, now)
        if person is None:
            return 0
        left = count((due - today).days, "days", language)
        until = person.window_until
        out: tuple[Outbound, ...] = ()
        if until is not None and now < until - WINDOW_LEFT:
            out = self._free(person, self._words.say("whatsapp_template_reminder", language, days=left))
        elif (approved := self._template(person.provider, language, (left,))) is not None:
            out = (approved,)
        if not out:
            # The word waits until they write, and until then stands among those whom staff have to call.
            return await self._lose(reminder, "reminder_no_template", today)
        sent = await self._store.reminded(reminder, following(due, today), now, out)
        if sent:
            self._metrics.tally("reminder_sent")
        return len(out) if sent else 0

    async def _move(self, reminder: Reminder, due: date, today: date) -> int:
        """The date is another one now; which one, the person asks for."""
        now = self._clock.now()
        person = await self._store.person(reminder.person_id, now)
        if person is None:
            return 0
        out = self._free(person, self._words.say("whatsapp_reminder_changed", reminder.language))
        moved = await self._store.move_reminder(
            reminder.id, due, following(due, today), reminder.body or {}, now, out
        )
        return len(out) if moved else 0

    async def _lose(self, reminder: Reminder, code: str, today: date) -> int:
        """It cannot be kept: staff and the person hear so, and it ends."""
        now = self._clock.now()
        person = await self._store.person(reminder.person_id, now)
        if person is None:
            return 0
        out = self._free(person, self._words.say("whatsapp_reminder_lost", reminder.language))
        # Named by this day: it may have moved to its last one with a message before.
        if not await self._store.move_reminder(reminder.id, today, None, {}, now, out):
            return 0
        self._alarm(code, person.conversation_id)
        return len(out)

    def _free(self, person: Person, reply: Reply) -> tuple[Outbound, ...]:
        """A notice in our own words; outside the 24 hours it waits, and a template asks the person to write."""
        shown = {**reply.as_dict(), "choices": ()}
        return render([shown], SHAPES[person.provider], self._words, reply.lang).messages

    # Days.

    def _due_of(self, reminder: Reminder) -> date | None:
        """As ``_due``; also None for what cannot be opened any more."""
        return None if reminder.body is None else self._due(reminder.calculation, reminder.body)

    def _due(self, calculation: str, body: Mapping[str, Any]) -> date | None:
        """The day that counts, by the law as it is now; None when there is none."""
        days = own_days(self._local(), body["state"], body["timezone"], self._firm.timezone)
        try:
            # By the day that it is now, whatever day the date was first asked on.
            facts = {name: value for name, value in body["inputs"].items() if name != "today"}
            result = self._deadlines.calculate(calculation, facts, days, None, ())
        except InputError:
            return None
        return None if isinstance(result, NotCovered) else max(key_days(result).values(), default=None)

    def _today(self, body: Mapping[str, Any] | None) -> date:
        """The day where the person is; in two zones the earlier one, of which both have the daytime."""
        now = self._local()
        return min(now.astimezone(ZoneInfo(zone)).date() for zone in self._zones(body))

    def _zones(self, body: Mapping[str, Any] | None) -> tuple[str, ...]:
        known = body or {}
        return zones_of(known.get("state", ""), known.get("timezone", ""), self._firm.timezone)

    def _local(self) -> datetime:
        return self._clock.now_in(self._firm.timezone)


def _nothing() -> None:
    """Where nobody waits to be woken."""


def _payload(facts: Mapping[str, Any], step: str) -> str:
    """A choice that carries its facts: what it is pressed for may be two hours and many messages ago."""
    return f"{GATEWAY_PREFIX}reminder{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))}_{step}"


def _when(ahead: tuple[int, ...], language: str) -> str:
    """``60, 30, 7 and 1 days before``."""
    *others, last = ahead
    if not others:
        return f"{count(last, 'days', language)} {_BEFORE[language]}"
    return f"{', '.join(map(str, others))} {_AND[language]} {last} {_DAYS[language]} {_BEFORE[language]}"


_AND = {"en": "and", "es": "y"}
_DAYS = {"en": "days", "es": "días"}
_BEFORE = {"en": "before", "es": "antes"}
