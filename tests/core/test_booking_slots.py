"""Free times of the firm's calendar: which are offered, how one is chosen, and what goes on without them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.booking.interview import Heard, Interview, as_it_stands, begin, hear
from bot.core.booking.moments import appointment_in_words, time_on_a_button, zone_in_words
from bot.core.booking.questions import AGAIN, ANY, MORE, NO_SLOT
from bot.core.booking.slots import OFFERED, slot_of, spread, start_of, window
from bot.core.booking.summary import details
from bot.core.content.notices import TITLE_LIMIT
from bot.core.triage.facts import Facts

NEW_YORK = "America/New_York"
HALF = timedelta(minutes=30)
TUESDAY = datetime(2026, 11, 24, 14, tzinfo=UTC)


def slot(days: int = 0, hours: float = 0) -> str:
    start = TUESDAY + timedelta(days=days, hours=hours)
    return slot_of(start, start + HALF)


#: Three days with four times each: from nine in New York, two hours apart.
FREE = tuple(slot(day, hour) for day in range(3) for hour in (0, 2, 4, 6))
FIRST = (slot(0, 0), slot(0, 4), slot(1, 4), slot(1, 6), slot(2, 6))
VALUES = {"[NAME_1]": "Ana Lopez", "[PHONE_1]": "305 555 0142"}


class Talk:
    """A conversation at the question of when; ``free`` is what the calendar tells."""

    def __init__(self, free: tuple[str, ...] = FREE) -> None:
        self.free = free
        self.now = Interview()
        self.begin()
        for press in ("safe_message:yes", "language:en"):
            assert self.press(press)

    def begin(self, press: str = "") -> None:
        text = "" if press or self.now.outcome else "i am [NAME_1], call [PHONE_1]"
        self.now = begin(self.now, self.heard(press, text))

    def heard(self, press: str = "", text: str = "") -> Heard:
        question, _, code = press.partition(":")
        choice = (question, code) if press else None
        return Heard(text, "", VALUES, choice, consent_version="v1", slots=self.free, timezone=NEW_YORK)

    def press(self, press: str) -> bool:
        return self._took(hear(self.now, self.heard(press)))

    def says(self, text: str) -> bool:
        return self._took(hear(self.now, self.heard(text=text)))

    def _took(self, after: Interview | None) -> bool:
        self.now = after or self.now
        assert Interview.from_dict(json.loads(json.dumps(self.now.as_dict()))) == self.now
        return after is not None

    def to_the_end(self) -> None:
        for press in ("consent:yes", "conflict:no", "review:confirm"):
            assert self.press(press), press
        assert self.now.complete


def test_times_are_offered_in_place_of_the_question_when() -> None:
    talk = Talk()
    assert talk.now.asked == "slot"
    assert talk.now.choices == (*FIRST, MORE, NO_SLOT)


@pytest.mark.parametrize("free", [(), FREE[:0]])
def test_without_times_the_ordinary_question_is_asked(free: tuple[str, ...]) -> None:
    talk = Talk(free)
    assert talk.now.asked == "when"
    assert talk.press("when:mornings")
    talk.to_the_end()
    assert (talk.now.facts["when"], talk.now.facts["slot"]) == ("mornings", None)


def test_a_chosen_time_is_the_answer_to_when_and_travels_as_one_window() -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[1]}")
    assert talk.now.asked == "consent"
    talk.to_the_end()
    told = talk.now.facts
    assert (told["slot"], told["when"], talk.now.picked) == (FIRST[1], ANY, True)
    sent = details(
        told,
        VALUES,
        facts=Facts(),
        found=None,
        channel="web",
        conversation="",
        us_state=None,
        timezone=None,
        now=TUESDAY,
    )
    assert sent["availability"] == [{"start": "2026-11-24T18:00:00Z", "end": "2026-11-24T18:30:00Z"}]


def test_other_times_come_until_all_were_seen_and_an_earlier_one_can_still_be_chosen() -> None:
    talk = Talk()
    shown = list(talk.now.slots)
    while MORE in talk.now.choices:
        assert talk.press("slot:more")
        assert not set(shown) & set(talk.now.slots)
        shown += talk.now.slots
    assert sorted(shown) == list(FREE)
    assert talk.now.asked == "slot"
    assert talk.press(f"slot:{FIRST[0]}")
    assert talk.now.slot == FIRST[0]


@pytest.mark.parametrize(
    "text", ["more times", "another day", "no, otro día", "¿hay más tarde?", "más horarios"]
)
def test_other_times_can_be_asked_for_in_words(text: str) -> None:
    talk = Talk()
    assert talk.says(text)
    assert (talk.now.asked, set(talk.now.slots) & set(FIRST)) == ("slot", set())


def test_other_times_that_cannot_be_had_lead_to_the_ordinary_question() -> None:
    talk = Talk()
    talk.free = ()
    assert talk.press("slot:more")
    assert (talk.now.asked, talk.now.choices[0]) == ("when", "mornings")


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ("slot:none", "when"),
        ("no", "when"),
        ("ninguna", "when"),
        ("no puedo en ninguna", "when"),
        ("none of those work", "when"),
        ("i don't know", "when"),
        ("skip", "when"),
        ("blue", "slot"),
    ],
)
def test_none_of_the_times_leads_to_the_ordinary_question(answer: str, asked: str) -> None:
    talk = Talk()
    assert talk.press(answer) if answer.startswith("slot:") else talk.says(answer)
    assert talk.now.asked == asked
    if asked == "when":
        assert talk.press("when:weekend")
        talk.to_the_end()
        assert (talk.now.facts["when"], talk.now.facts["slot"]) == ("weekend", None)


def test_what_is_not_understood_three_times_is_asked_in_general() -> None:
    talk = Talk()
    for _ in range(2):
        assert talk.says("blue")
        assert (talk.now.asked, talk.now.trouble, talk.now.slots) == ("slot", "not_understood", FIRST)
    assert talk.says("blue")
    assert (talk.now.asked, talk.now.trouble) == ("when", None)


@pytest.mark.parametrize("code", ["2026-11-24T03:00:00Z/2026-11-24T03:30:00Z", "x", ""])
def test_a_time_that_was_never_offered_means_nothing(code: str) -> None:
    talk = Talk()
    before = talk.now
    assert not talk.press(f"slot:{code}")
    assert talk.now == before


def test_the_time_can_be_corrected_by_button_and_in_words() -> None:
    talk = Talk()
    for press in (f"slot:{FIRST[0]}", "consent:yes", "conflict:no"):
        assert talk.press(press)
    assert talk.now.asked == "review"
    assert talk.press("review:correct")
    assert "slot" in talk.now.choices
    assert "when" not in talk.now.choices
    assert talk.press("correct:slot")
    assert (talk.now.asked, talk.now.slots) == ("slot", FIRST)
    assert talk.press(f"slot:{FIRST[2]}")
    assert (talk.now.asked, talk.now.slot) == ("review", FIRST[2])
    assert talk.says("change the time")
    assert talk.now.asked == "slot"
    assert talk.press("slot:none")
    assert talk.now.asked == "when"
    assert talk.press("when:evenings")
    assert (talk.now.asked, talk.now.facts["when"], talk.now.slot) == ("review", "evenings", None)


def test_a_time_to_be_corrected_without_others_is_asked_about_in_general_and_offered_once_there_are() -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[0]}")
    talk.free = ()
    assert talk.press("correct:slot")
    # This is when the action reads the calendar: it must see that a time is wanted.
    assert (talk.now.asked, talk.now.wants_time) == ("when", True)
    assert talk.says("blue")
    assert (talk.now.asked, talk.now.wants_time) == ("when", True)
    talk.free = FREE
    assert talk.says("blue")
    assert (talk.now.asked, talk.now.slot) == ("slot", FIRST[0])
    assert talk.press("slot:none")
    assert (talk.now.asked, talk.now.wants_time) == ("when", False)


def test_back_leads_to_the_times_again() -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[0]}")
    assert talk.says("back")
    assert (talk.now.asked, talk.now.slots, talk.now.slot) == ("slot", FIRST, None)


@pytest.mark.parametrize("left", [FREE[1:], ()], ids=["others are free", "none is known"])
def test_after_the_time_was_taken_only_another_one_is_asked_for(left: tuple[str, ...]) -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[0]}")
    talk.to_the_end()
    # What the calendar told a moment ago may still name the one that was taken.
    talk.free = (FIRST[0], *left) if left else ()
    talk.begin(f"slot:{AGAIN}")
    assert talk.now.reopened
    if not left:
        assert talk.now.asked == "when"
        return
    assert talk.now.asked == "slot"
    assert FIRST[0] not in talk.now.choices
    chosen = talk.now.slots[0]
    assert talk.press(f"slot:{chosen}")
    assert talk.now.asked == "review"
    assert talk.press("review:confirm")
    assert (talk.now.complete, talk.now.picked, talk.now.facts["slot"]) == (True, True, chosen)


def test_another_time_can_be_asked_for_while_something_else_is_corrected() -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[0]}")
    talk.to_the_end()
    talk.begin()
    assert (talk.now.asked, talk.now.picked) == ("review", False)
    assert talk.press(f"slot:{AGAIN}")
    assert (talk.now.asked, talk.now.reopened, talk.now.slot) == ("slot", True, None)


def test_an_open_request_goes_on_with_times_as_they_are_now() -> None:
    talk = Talk()
    talk.free = FREE[4:]
    talk.begin()
    assert talk.now.asked == "slot"
    assert talk.now.slots == spread(FREE[4:], NEW_YORK)


@pytest.mark.parametrize(
    ("now", "asked", "read"), [(FIRST[3], "review", FIRST[3]), (None, "slot", None)], ids=["moved", "gone"]
)
def test_a_second_request_reads_back_the_appointment_as_it_stands(
    now: str | None, asked: str, read: str | None
) -> None:
    talk = Talk()
    assert talk.press(f"slot:{FIRST[0]}")
    talk.to_the_end()
    talk.now = as_it_stands(talk.now, now)
    talk.begin()
    assert (talk.now.asked, talk.now.slot, talk.now.picked) == (asked, read, False)


def test_only_a_confirmed_request_with_a_time_changes_with_its_appointment() -> None:
    talk = Talk()
    assert as_it_stands(talk.now, FIRST[0]) == talk.now
    assert talk.press("slot:none")
    assert talk.press("when:any")
    talk.to_the_end()
    assert as_it_stands(talk.now, FIRST[0]) == talk.now


def test_a_state_of_before_there_were_times_is_read() -> None:
    data = Interview().as_dict()
    for name in ("slots", "seen", "more", "picked", "reopened", "timezone"):
        del data[name]
    assert Interview.from_dict(data) == Interview()


# which times are offered


@given(
    st.sets(st.integers(0, 14 * 48 - 1), max_size=60),
    st.sampled_from([NEW_YORK, "America/Los_Angeles", "UTC"]),
    st.integers(0, 9),
)
def test_the_offer_is_in_order_from_the_earliest_and_as_many_days_as_there_are(
    halves: set[int], zone: str, count: int
) -> None:
    slots = [slot(0, half / 2) for half in halves]
    offered = spread(slots, zone, count)
    assert len(offered) == min(count, len(slots))
    assert list(offered) == sorted(set(offered))
    assert set(offered) <= set(slots)
    if offered:
        assert offered[0] == min(slots)

    def days(some: Any) -> int:
        return len({start_of(one).astimezone(ZoneInfo(zone)).date() for one in some})

    assert days(offered) == min(count, days(slots))


def test_a_slot_is_an_interval_in_utc() -> None:
    start = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("America/Chicago"))
    code = slot_of(start, start + HALF)
    assert code == "2026-11-24T15:00:00Z/2026-11-24T15:30:00Z"
    assert start_of(code) == start
    assert window(code) == {"start": "2026-11-24T15:00:00Z", "end": "2026-11-24T15:30:00Z"}
    assert OFFERED == 5


# in words


@pytest.mark.parametrize(
    ("start", "zone", "en", "es"),
    [
        ("2026-11-24T15:30:00Z", NEW_YORK, "Tue Nov 24, 10:30 AM", "mar 24 nov 10:30 am"),
        ("2026-11-24T17:00:00Z", NEW_YORK, "Tue Nov 24, 12:00 PM", "mar 24 nov 12:00 pm"),
        ("2026-11-25T04:30:00Z", "America/Los_Angeles", "Tue Nov 24, 8:30 PM", "mar 24 nov 8:30 pm"),
        ("2026-09-30T14:30:00Z", NEW_YORK, "Wed Sep 30, 10:30 AM", "mié 30 sept 10:30 am"),
    ],
)
def test_a_time_on_a_button(start: str, zone: str, en: str, es: str) -> None:
    moment = datetime.fromisoformat(start)
    assert (time_on_a_button(moment, zone, "en"), time_on_a_button(moment, zone, "es")) == (en, es)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.sampled_from(["en", "es"]))  # noqa: DTZ001
def test_a_time_always_fits_on_a_button(moment: datetime, lang: str) -> None:
    assert len(time_on_a_button(moment.replace(tzinfo=UTC), "America/Chicago", lang)) <= TITLE_LIMIT


@pytest.mark.parametrize(
    ("days", "en"),
    [
        ((0, 1), "Eastern Standard Time"),
        ((-24, -23), "Eastern Daylight Time / Eastern Standard Time"),
        ((), ""),
    ],
)
def test_the_zone_of_times_is_named_with_both_names_where_the_clocks_change(
    days: tuple[int, ...], en: str
) -> None:
    assert zone_in_words([TUESDAY + timedelta(days=day) for day in days], NEW_YORK, "en") == en


def test_the_review_and_the_button_tell_the_same_time() -> None:
    moment = start_of(FIRST[0])
    assert appointment_in_words(moment, NEW_YORK, "en").startswith("Tuesday, November 24, 2026, 9:00")
    assert time_on_a_button(moment, NEW_YORK, "en") == "Tue Nov 24, 9:00 AM"
    assert replace(Interview(), answers={"slot": FIRST[0]}).slot == FIRST[0]
