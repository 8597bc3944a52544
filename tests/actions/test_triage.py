"""The questions about a person's situation as Rasa calls them, on 21 November 2026."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker

from actions import triage
from actions.conversation import ActionEmergency
from actions.deadlines import STATE as DEADLINE
from actions.situation import FORM, STATE, interview_of
from actions.topics import ActionAnswerTopic
from actions.triage import (
    DATES_TOLD,
    FACTS,
    ActionAskTriageFacts,
    ActionStartTriage,
    ActionStopTriage,
    ActionTellDateSoFar,
    ActionTellTriage,
    ValidateTriageForm,
)
from bot.core.content import Library
from bot.core.messages import LANGUAGES, Reply
from bot.core.triage.facts import DAYS, QUESTIONS, Facts
from bot.core.triage.interview import Interview
from bot.core.triage.rules import load
from tests.actions.builders import Conversation, Nearness, dates_in, payloads, run_in_loop

every_language = pytest.mark.parametrize("lang", LANGUAGES)

YEAR = {"earliest": "2025-12-05", "latest": "2025-12-05"}
NEAR_YEAR = {
    "place": "us", "detained": "no", "filed": "no", "court": "no", "order": "no", "entry": "uninspected",
    "arrival": YEAR, "status": "none", "lawyer": "no",
}  # fmt: skip


class Talk(Conversation):
    starts, validates, asks, ends = (
        ActionStartTriage,
        ValidateTriageForm,
        ActionAskTriageFacts,
        ActionTellTriage,
    )
    form, wanted, intent = FORM, FACTS, "start_triage"

    @property
    def facts(self) -> dict[str, Any]:
        return interview_of(Tracker.from_dict(self.tracker("", ""))).facts.as_dict()

    def knows(self, asked: str | None = None, **facts: Any) -> Talk:
        """The conversation with facts that were told before; in the form when something is asked."""
        put = () if asked is None else (asked,)
        known = Interview(facts=Facts.from_dict(facts), begun=asked is not None, asked=asked, put=put)
        self.slots[STATE] = known.as_dict()
        self.loop = None if asked is None else FORM
        return self


@pytest.fixture(autouse=True)
def _words(words: Library, near: Nearness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage, "library", lambda: words)


def names(replies: list[Reply]) -> list[str]:
    return [reply.id for reply in replies]


# the beginning


@every_language
async def test_it_begins_with_what_it_is_and_is_not_and_asks_where(words: Library, lang: str) -> None:
    talk = Talk(lang)
    said = await talk.start("my situation")
    assert names(said) == ["triage_intro", "triage_ask_place"]
    assert {reply.lang for reply in said} == {lang}
    assert said[-1].kind == "question"
    titles = [choice.title for choice in said[-1].choices]
    codes = (*QUESTIONS["place"], "unknown", "refused")
    assert titles == [words.label(f"label_triage_place_{code}", lang) for code in codes]
    assert talk.loop == FORM


async def test_what_was_said_before_is_used_and_not_asked_for_again() -> None:
    talk = Talk().knows(place="us", detained="no")
    assert names(await talk.start("my situation")) == ["triage_intro", "triage_ask_filed"]


async def test_what_the_request_itself_says_is_read_back_and_used() -> None:
    talk = Talk()
    said = await talk.start("look at my situation. i am in texas and i have no lawyer")
    assert names(said) == ["triage_intro", "triage_noted", "triage_ask_detained"]
    assert "In the U.S." in said[1].text
    assert talk.facts == {"place": "us", "lawyer": "no"}


async def test_an_interrupted_one_goes_on_where_it_stood_without_its_beginning() -> None:
    talk = Talk()
    await talk.start("my situation")
    await talk.answer("in texas")
    talk.loop = None
    assert names(await talk.start("my situation")) == ["triage_ask_detained"]


async def test_it_leaves_the_form_of_an_appointment() -> None:
    talk = Talk()
    talk.loop = "booking_form"
    events, _ = await run_in_loop(ActionStartTriage(), talk.tracker("my situation", "start_triage"))
    assert {"event": "active_loop", "timestamp": None, "name": None} in events
    assert events[-1] == {"event": "followup", "timestamp": None, "name": FORM}


async def test_when_all_is_known_the_result_is_told_at_once() -> None:
    talk = Talk().knows(**NEAR_YEAR)
    said = await talk.start("my situation")
    assert names(said) == ["triage_intro", "triage_result", "deadline_one_year_filing"]
    assert talk.loop is None


# answers


@pytest.mark.parametrize(
    ("lang", "asked", "text", "code", "following"),
    [
        ("es", "place", "estoy en miami", "us", "triage_ask_detained"),
        ("en", "place", "i don't know", "unknown", "triage_ask_detained"),
        ("es", "detained", "no sé", "unknown", "triage_ask_filed"),
        ("en", "detained", "prefer not to say", "refused", "triage_ask_filed"),
        ("es", "detained", "si, a mi esposo lo tiene ice", "relative", "triage_ask_removal_soon"),
        ("en", "filed", "a notario did it", "other", "triage_ask_court"),
    ],
)
async def test_an_answer_is_kept_as_a_code_and_the_next_question_follows(
    lang: str, asked: str, text: str, code: str, following: str
) -> None:
    order = list(QUESTIONS)
    before = {q: told for q, told in NEAR_YEAR.items() if order.index(q) < order.index(asked)}
    talk = Talk(lang).knows(asked, **before)
    said = await talk.answer(text)
    assert names(said)[-1] == following
    assert talk.facts[asked] == code


async def test_a_pressed_choice_is_an_answer() -> None:
    talk = Talk("es")
    asked = await talk.start("mi situación")
    said = await talk.press("En Estados Unidos", asked)
    assert (names(said), talk.facts) == (["triage_ask_detained"], {"place": "us"})


async def test_a_day_is_read_back_before_anything_else_is_asked() -> None:
    talk = Talk("es").knows(
        "arrival", place="us", detained="no", filed="no", court="no", order="no", entry="visa"
    )
    said = await talk.answer("llegué el 3 de marzo de 2026", "inform_date")
    assert names(said)[0] == "triage_noted"
    assert "martes 3 de marzo de 2026" in said[0].text
    assert talk.facts["arrival"] == {"earliest": "2026-03-03", "latest": "2026-03-03"}


async def test_of_a_day_with_two_readings_both_are_offered() -> None:
    talk = Talk().knows("arrival", **{**NEAR_YEAR, "arrival": None})
    said = await talk.answer("03/04/2026", "inform_date")
    assert names(said) == ["deadline_two_readings"]
    assert [payload for payload in payloads(said[0]) if "arrival:2026" in payload] == [
        '/start_triage{"triage_answer": "arrival:2026-03-04/2026-03-04"}',
        '/start_triage{"triage_answer": "arrival:2026-04-03/2026-04-03"}',
    ]
    assert "arrival" not in talk.facts


@every_language
@pytest.mark.parametrize("asked", sorted(QUESTIONS))
async def test_every_question_can_be_left_open_in_two_ways(lang: str, asked: str) -> None:
    said = await Talk(lang).knows(asked).run(ActionAskTriageFacts(), "", "")
    (question,) = said
    assert question.kind == "question"
    codes = [payload.split(":")[-1].rstrip('"}') for payload in payloads(question)]
    assert codes[-2:] == ["unknown", "refused"]
    assert codes[:-2] == list(QUESTIONS[asked])
    assert asked not in DAYS or len(codes) <= 3
    assert question.expects == ("date" if asked in DAYS else "")


@pytest.mark.parametrize(("lang", "picked"), [("en", "15 March 2026"), ("es", "15 de marzo de 2026")])
async def test_a_day_picked_in_a_calendar_is_an_answer(lang: str, picked: str) -> None:
    talk = Talk(lang).knows("arrival", **{**NEAR_YEAR, "arrival": None})
    await talk.answer(picked, "inform_date")
    assert talk.facts["arrival"] == {"earliest": "2026-03-15", "latest": "2026-03-15"}


async def test_what_is_not_understood_is_asked_once_more_and_then_left_open() -> None:
    talk = Talk().knows("order", place="us", detained="no", filed="no", court="no")
    again = await talk.answer("purple monday")
    assert names(again) == ["triage_ask_order"]
    assert again[0].text.startswith("I am sorry, I did not understand.")
    moved = await talk.answer("purple tuesday")
    assert names(moved)[0] == "triage_moved_on"
    assert talk.facts["order"] == "unknown"


async def test_a_question_instead_of_an_answer_is_left_to_the_rules() -> None:
    talk = Talk().knows("court", place="us", detained="no", filed="no")
    before = dict(talk.slots)
    assert await talk.answer("how much does it cost?", "filing_fee") == []
    assert talk.slots == before


async def test_what_was_asked_besides_an_answer_is_answered_before_the_next_question(near: Nearness) -> None:
    near.of = {"work_permit/general": 0.9}
    talk = Talk().knows("detained", place="us")
    said = await talk.answer("no, nobody. can i work while i wait?", "work_permit")
    assert names(said) == ["work_permit", "triage_ask_filed"]


async def test_a_message_that_a_rule_answered_is_not_heard_again() -> None:
    talk = Talk().knows("detained", place="us")
    tracker = talk.tracker("no", "deny")
    tracker["events"] += [{"event": "action", "name": "action_answer_topic"}]
    assert await run_in_loop(ValidateTriageForm(), tracker) == ([], [])


# changing one's mind


async def test_an_answer_is_changed_in_passing_and_the_change_is_said() -> None:
    talk = Talk("es").knows("order", place="us", detained="no", filed="no", court="no")
    said = await talk.answer("no perdon, si tengo corte")
    assert names(said)[0] == "triage_corrected"
    assert "Caso en la corte: Sí" in said[0].text
    assert talk.facts["court"] == "yes"


async def test_after_the_result_an_answer_can_be_changed_by_choices() -> None:
    talk = Talk().knows(**NEAR_YEAR)
    result = await talk.start("my situation")
    which = await talk.press("Change an answer", result)
    assert names(which) == ["triage_which_to_correct"]
    assert len(which[0].choices) == len(NEAR_YEAR)
    asked = await talk.press("Court case", which)
    assert names(asked) == ["triage_ask_court"]
    assert "court" not in talk.facts


async def test_with_nothing_answered_there_is_nothing_to_change() -> None:
    talk = Talk()
    await talk.start("my situation")
    talk.slots[STATE] |= {"asked": "correct"}
    assert names(await talk.run(ActionAskTriageFacts(), "", "")) == ["triage_nothing_to_correct"]


# the result


@every_language
async def test_the_result_has_a_picture_its_words_what_keeps_it_and_three_ways_on(
    words: Library, lang: str
) -> None:
    talk = Talk(lang).knows("lawyer", **{**NEAR_YEAR, "lawyer": None})
    said = await talk.answer("no")
    assert names(said) == ["triage_result", "deadline_one_year_filing"]
    result, dated = said
    assert result.picture["svg"].startswith("<svg")
    assert result.picture["text"]
    assert set(result.keep["labels"]) == {"print", "copy"}
    assert payloads(result) == [
        "/book_consultation",
        "/talk_to_human",
        '/start_triage{"triage_answer": "correct:which"}',
    ]
    assert words.notice("triage_limits", lang, today=None).text in result.full  # type: ignore[arg-type]
    assert dated.keep["calculation"] == "one_year_filing"
    assert dated.choices == ()


async def test_the_date_that_was_told_is_what_a_short_question_is_about_then() -> None:
    talk = Talk().knows("lawyer", **{**NEAR_YEAR, "lawyer": None})
    await talk.answer("no")
    assert talk.slots[DEADLINE]["calculation"] == "one_year_filing"
    assert talk.slots[FACTS] is None


async def test_a_removal_within_days_comes_before_everything_else() -> None:
    talk = Talk().knows("removal_soon", place="us", detained="relative")
    said = await talk.answer("yes tomorrow", "inform_date")
    assert names(said)[:2] == ["triage_emergency_first", "triage_result"]
    assert said[0].kind == "emergency"
    assert "very soon" in said[1].text


async def test_an_emergency_told_earlier_makes_the_result_one() -> None:
    talk = Talk(emergency="agents").knows("lawyer", **{**NEAR_YEAR, "lawyer": None})
    said = await talk.answer("no")
    assert "This cannot wait" in said[0].text


async def test_no_more_dates_are_told_than_can_be_taken_in() -> None:
    facts = {
        **NEAR_YEAR, "filed": "self", "court": "yes", "appointment": "hearing",
        "appointment_date": {"earliest": "2026-12-01", "latest": "2026-12-01"}, "letter": "denial",
        "letter_date": {"earliest": "2026-11-10", "latest": "2026-11-10"},
    }  # fmt: skip
    said = await Talk().knows(**facts).start("my situation")
    assert 1 <= len([name for name in names(said) if name.startswith("deadline_")]) <= DATES_TOLD


@every_language
async def test_the_result_never_says_that_somebody_qualifies(lang: str) -> None:
    said = await Talk(lang).knows(**NEAR_YEAR).start("my situation")
    text = "\n".join(f"{reply.text}\n{reply.full}" for reply in said).lower()
    assert [word for word in ("you qualify", "usted califica", "you are eligible") if word in text] == []


# stopping


@pytest.mark.parametrize(
    ("facts", "intent", "said"),
    [
        ({"place": "us"}, "stop", ["triage_stopped", "triage_result"]),
        ({}, "stop", ["triage_stopped"]),
        ({"place": "us"}, "goodbye", ["triage_stopped"]),
    ],
    ids=["with an answer", "without an answer", "with a goodbye"],
)
async def test_who_stops_is_let_go_with_what_can_be_told(
    facts: dict[str, str], intent: str, said: list[str]
) -> None:
    talk = Talk().knows("detained", **facts)
    assert names(await talk.run(ActionStopTriage(), "stop", intent)) == said
    assert (talk.loop, talk.slots[FACTS]) == (None, None)
    assert talk.facts == facts


# in between


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"place": "us"}, ["triage_date_later", "triage_ask_detained"]),
        ({"place": "us", "arrival": YEAR}, ["deadline_one_year_filing", "triage_ask_detained"]),
    ],
    ids=["its day is not known yet", "its day is known"],
)
async def test_a_date_asked_for_in_between_is_told_or_announced(
    facts: dict[str, Any], said: list[str]
) -> None:
    talk = Talk().knows("detained", **facts)
    told = await talk.run(ActionTellDateSoFar(), "when is my one year over", "calculate_deadline")
    told += await talk.run(ActionAskTriageFacts(), "when is my one year over", "calculate_deadline")
    assert names(told) == said


async def test_between_two_questions_a_question_of_time_is_about_the_year() -> None:
    talk = Talk().knows("detained", place="us", arrival=YEAR)
    (day,) = dates_in("I arrived on December 5, 2025")
    talk.slots["date_arrival"] = day["value"]
    said = await talk.run(ActionAnswerTopic(), "how long do i have?", "one_year_deadline")
    assert names(said) == ["deadline_one_year_filing"]
    assert talk.loop == FORM


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ice is at my door", False),
        (
            "the police in my town beat me and held me for two weeks because i went to a march, they broke my arm and "
            "told my mother that next time they would kill me, so i left",
            True,
        ),
    ],
    ids=["what happens now", "a story of what happened once"],
)
async def test_after_an_emergency_nothing_is_asked_on_top_of_its_lines(text: str, asks: bool) -> None:
    talk = Talk().knows("detained", place="us")
    lines = {False: "emergency_agents", True: "story_heard"}[asks]
    assert names(await talk.run(ActionEmergency(), text, "emergency")) == [lines]
    tracker = talk.tracker(text, "emergency")
    tracker["events"] += [{"event": "action", "name": "action_emergency"}]
    _, replies = await run_in_loop(ActionAskTriageFacts(), tracker)
    assert names(replies) == (["triage_ask_detained"] if asks else [])


async def test_a_story_is_no_answer_to_what_was_asked() -> None:
    talk = Talk("es").knows("detained", place="us")
    story = (
        "a mi hermano lo mataron los pandilleros y despues vinieron a la casa a buscarme, me golpearon y me dijeron "
        "que me iban a matar tambien si no pagaba la renta, por eso me fui"
    )
    await talk.answer(story, "emergency")
    assert "detained" not in talk.facts


# the file of the rules


def test_a_broken_edit_of_the_rules_leaves_the_last_good_ones_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = triage._LEVELS
    edited = tmp_path / "levels.yml"
    edited.write_text(shipped.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(triage, "_LEVELS", edited)
    fresh = triage._FreshRules()
    good = fresh.now()
    assert good == load(edited)
    edited.write_text("not: [rules", "utf-8")
    os.utime(edited, ns=(1, 1))
    assert fresh.now() == good
    edited.write_text(shipped.read_text("utf-8"), "utf-8")
    os.utime(edited, ns=(2, 2))
    assert fresh.now() == good
