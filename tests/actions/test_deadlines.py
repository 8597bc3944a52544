"""The deadline conversation as Rasa calls it, on 21 November 2026."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Action, Tracker

from actions.conversation import ActionSayNotice
from actions.deadlines import (
    FACTS,
    FORM,
    STATE,
    ActionAskDeadlineFacts,
    ActionStartDeadline,
    ActionStopDeadline,
    ActionTellDeadline,
    ValidateDeadlineForm,
    asked_with_date,
    interview_of,
)
from actions.topics import ActionAnswerTopic, ActionDidYouMean
from actions.turn import Turn
from bot.core.content import Library
from bot.core.content.notices import NOTICE_LIMIT
from bot.core.deadlines.interview import CONFIRM, DATE
from bot.core.deadlines.wanted import ASKED_FOR
from bot.core.messages import LANGUAGES, Reply
from tests.actions.builders import dates_in, payloads, run_all, state

pytestmark = pytest.mark.usefixtures("words")

every_language = pytest.mark.parametrize("lang", LANGUAGES)


class Talk:
    """A conversation whose slots and loop live on between the actions, as in Rasa's tracker."""

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang
        self.slots: dict[str, Any] = {}
        self.loop: str | None = None

    def tracker(self, text: str, intent: str, entities: dict[str, Any] | None = None) -> dict[str, Any]:
        found = state(intent, text=text, language=self.lang, entities=entities, loop=self.loop)
        found["slots"].update(self.slots)
        found["latest_message"]["entities"] += dates_in(text)
        found["events"] = [{"event": "user"}]
        return found

    def run(
        self, action: Action, text: str, intent: str, entities: dict[str, Any] | None = None
    ) -> list[Reply]:
        """What an action says; its events are kept."""
        events, replies = run_all(action, self.tracker(text, intent, entities))
        for event in events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] in ("followup", "active_loop"):
                self.loop = event["name"]
        return replies

    def start(self, text: str, intent: str = "calculate_deadline", **entities: Any) -> list[Reply]:
        """What is said to a request: the date, or the form's first question."""
        replies = self.run(ActionStartDeadline(), text, intent, entities)
        return replies or self.run(ActionAskDeadlineFacts(), text, intent)

    def answer(self, text: str, intent: str = "inform_date", **entities: Any) -> list[Reply]:
        """What is said to an answer within the form."""
        self.run(ValidateDeadlineForm(), text, intent, entities)
        if self.slots.get(FACTS) is not None or interview_of(self.now()).gave_up:
            self.loop = None
            return self.run(ActionTellDeadline(), text, intent)
        return self.run(ActionAskDeadlineFacts(), text, intent)

    def now(self) -> Tracker:
        return Tracker.from_dict(self.tracker("", ""))


QUESTION = {"en": "when is my one year over", "es": "¿cuándo se me cumple el año?"}


# from the question to the date


@every_language
def test_a_date_is_asked_for_read_back_and_told(lang: str) -> None:
    talk = Talk(lang)
    (question,) = talk.start(QUESTION[lang])
    assert talk.loop == FORM
    assert (question.kind, question.id, question.lang) == ("question", "deadline_ask_one_year_filing", lang)
    assert payloads(question) == ['/inform_date{"day": "unknown"}']
    assert question.expects == "date"
    (confirmation,) = talk.answer("3/25/2026")
    assert confirmation.expects == ""
    assert confirmation.id == "deadline_confirm_one_year_filing"
    assert {"en": "March 25, 2026", "es": "25 de marzo de 2026"}[lang] in confirmation.text
    assert payloads(confirmation) == ["/affirm", "/deny"]
    (answer,) = talk.answer("yes" if lang == "en" else "sí", "affirm")
    assert (answer.kind, answer.id, answer.lang) == ("answer", "deadline_one_year_filing", lang)
    assert {"en": "Thursday, March 25, 2027", "es": "jueves 25 de marzo de 2027"}[lang] in answer.text
    based = {"en": "Counted from: your last arrival", "es": "Contado desde: su última llegada"}[lang]
    assert based in answer.text
    assert based in answer.full
    assert answer.keep["calculation"] == "one_year_filing"
    assert answer.keep["inputs"] == {"last_arrival": "2026-03-25"}
    assert payloads(answer) == ['/calculate_deadline{"calculation": "more"}', "/talk_to_human"]
    assert talk.slots["topic"] == "one_year_deadline"
    assert talk.slots[FACTS] is None


@every_language
@pytest.mark.parametrize("calculation", ASKED_FOR)
def test_every_calculation_has_its_questions_and_fits_a_message(calculation: str, lang: str) -> None:
    talk = Talk(lang)
    said = talk.start("", calculation=calculation)
    for _ in ASKED_FOR[calculation]:
        assert said[0].id.startswith("deadline_ask_")
        said = talk.answer("", day="2026-06-01/2026-06-30")
    (answer,) = said
    assert answer.kind == "answer"
    assert "{{" not in answer.text
    assert len(answer.text) <= NOTICE_LIMIT
    assert answer.keep["calculation"] == calculation


@every_language
@pytest.mark.parametrize("calculation", ASKED_FOR)
def test_every_day_and_every_range_is_read_back_in_its_own_words(calculation: str, lang: str) -> None:
    for text in ("june 3, 2026", "june 2026"):
        talk = Talk(lang)
        talk.start("", calculation=calculation)
        for _ in ASKED_FOR[calculation]:
            (read_back,) = talk.answer(text)
            assert read_back.id.startswith(
                "deadline_confirm_range_" if text == "june 2026" else "deadline_confirm_"
            )
            assert ("2026" in read_back.text, "{{" in read_back.text) == (True, False)
            (told,) = talk.answer("", "affirm")
        assert told.kind == "answer"


@every_language
def test_a_day_said_with_the_question_is_only_read_back(lang: str) -> None:
    text = {
        "en": "I came on march 25, 2026, until when can I apply",
        "es": "llegué el 25 de marzo de 2026, ¿hasta cuándo tengo?",
    }
    (said,) = Talk(lang).start(text[lang])
    assert said.id == "deadline_confirm_one_year_filing"


@every_language
def test_what_was_confirmed_before_is_told_at_once(lang: str) -> None:
    talk = Talk(lang)
    talk.start({"en": "how long to bring my wife", "es": "hasta cuándo puedo traer a mi esposa"}[lang])
    talk.answer("june 2, 2026")
    talk.answer("", "affirm")
    (answer,) = talk.start({"en": "and my green card?", "es": "¿y la residencia?"}[lang])
    assert answer.id == "deadline_i485_one_year"
    assert talk.loop is None


def test_a_day_from_an_earlier_message_is_read_back() -> None:
    talk = Talk()
    (entity,) = dates_in("they received it on september 1, 2026")
    talk.slots["date_filed"] = [entity["value"]]
    (said,) = talk.start("how long for my work permit")
    assert said.id == "deadline_confirm_asylum_ead_clock"
    assert "September 1, 2026" in said.text


@every_language
def test_which_date_is_wanted_can_be_chosen_and_then_another(lang: str) -> None:
    talk = Talk(lang)
    (which,) = talk.start("")
    assert which.id == "deadline_which"
    (more,) = talk.answer("", "calculate_deadline", calculation="more")
    assert more.id == "deadline_which_more"
    for choice in (*payloads(which), *payloads(more)):
        assert choice.startswith("/calculate_deadline{")
    (question,) = talk.answer("", "calculate_deadline", calculation="naturalization")
    assert question.id == "deadline_ask_naturalization"


def test_two_answers_are_told_one_after_the_other_for_a_child() -> None:
    talk = Talk()
    assert talk.start("will my daughter age out")[0].id == "deadline_ask_child_age_lock_birth"
    assert talk.answer("january 5, 2008")[0].id == "deadline_confirm_child_age_lock_birth"
    assert talk.answer("", "affirm")[0].id == "deadline_ask_child_age_lock_filed"
    talk.answer("september 1, 2026")
    (answer,) = talk.answer("", "affirm")
    assert "was under 21" in answer.text
    assert answer.text.count("Counted from:") == 2


@every_language
def test_a_child_born_after_the_application_is_a_matter_for_a_lawyer(lang: str) -> None:
    talk = Talk(lang)
    talk.start("", calculation="child_age_lock")
    for text in ("june 5, 2026", "september 1, 2025"):
        talk.answer(text)
        (said,) = talk.answer("", "affirm")
    assert said.id == "deadline_not_covered"


# what is asked again


@every_language
def test_two_readings_are_choices(lang: str) -> None:
    talk = Talk(lang)
    talk.start(QUESTION[lang])
    (said,) = talk.answer("03/04/2026")
    assert said.id == "deadline_two_readings"
    assert payloads(said) == [
        '/inform_date{"day": "2026-03-04/2026-03-04"}',
        '/inform_date{"day": "2026-04-03/2026-04-03"}',
        '/inform_date{"day": "unknown"}',
    ]
    assert (
        said.choices[0].title
        == {"en": "Wednesday, March 4, 2026", "es": "miércoles 4 de marzo de 2026"}[lang]
    )
    (answer,) = talk.answer("", day="2026-04-03/2026-04-03")
    assert answer.keep["inputs"] == {"last_arrival": "2026-04-03"}


@every_language
@pytest.mark.parametrize(
    ("text", "intent", "notice"),
    [
        ("february 30, 2026", "inform_date", "deadline_impossible"),
        ("june 1, 2027", "inform_date", "deadline_future"),
        ("3/3/1926", "inform_date", "deadline_too_old"),
        ("mmm", "nlu_fallback", "deadline_no_date"),
        ("no sé", "nlu_fallback", "deadline_unknown"),
    ],
)
def test_what_cannot_be_used_is_asked_again_and_why(text: str, intent: str, notice: str, lang: str) -> None:
    talk = Talk(lang)
    talk.start(QUESTION[lang])
    (said,) = talk.answer(text, intent)
    assert (said.id, said.kind, said.expects) == (notice, "question", "date")
    assert "{{" not in said.text
    assert '/inform_date{"day": "unknown"}' in payloads(said)


def test_a_no_asks_for_the_right_day() -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    talk.answer("march 3, 2026")
    assert talk.answer("no", "deny")[0].id == "deadline_changed"


@every_language
def test_without_any_day_a_person_is_offered(lang: str) -> None:
    talk = Talk(lang)
    talk.start(QUESTION[lang])
    talk.answer("", day="unknown")
    (said,) = talk.answer("", day="unknown")
    assert said.id == "deadline_still_unknown"
    assert "/talk_to_human" in payloads(said)
    assert talk.slots["requested_slot"] is None


def test_a_correction_after_the_answer_is_read_back_and_counted_again() -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    talk.answer("march 3, 2026")
    talk.answer("yes", "affirm")
    (said,) = talk.start("no, it was the 5th", "inform_date")
    assert "March 5, 2026" in said.text
    (answer,) = talk.answer("yes", "affirm")
    assert "March 5, 2027" in answer.text


def test_another_question_sets_nothing_so_that_the_rules_answer_it() -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    events, replies = run_all(ValidateDeadlineForm(), talk.tracker("how much does it cost", "filing_fee"))
    assert (events, replies) == ([], [])


def test_what_a_rule_answered_is_not_heard_a_second_time() -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    tracker = talk.tracker("march 3, 2026", "inform_date")
    tracker["events"].append({"event": "action", "name": "action_answer_topic"})
    assert run_all(ValidateDeadlineForm(), tracker)[0] == []
    tracker["events"][-1]["name"] = FORM
    assert run_all(ValidateDeadlineForm(), tracker)[0] != []


@every_language
def test_stopping_leaves_the_form_and_keeps_what_was_confirmed(lang: str) -> None:
    talk = Talk(lang)
    talk.start("", calculation="child_age_lock")
    talk.answer("january 5, 2008")
    talk.answer("", "affirm")
    (said,) = talk.run(ActionStopDeadline(), "stop", "stop")
    assert said.id == "deadline_cancelled"
    assert (talk.loop, talk.slots["requested_slot"], talk.slots[FACTS]) == (None, None, None)
    assert interview_of(talk.now()).confirmed == {"birth"}


@every_language
@pytest.mark.parametrize("arrival", ["march 3, 2025", "november 2025", "in 2024", "in 2025"])
def test_lawful_status_that_ended_is_told_with_a_year_that_is_over(arrival: str, lang: str) -> None:
    talk = Talk(lang)
    talk.slots["date_status_ended"] = dates_in("my visa expired on june 1, 2026")[0]["value"]
    talk.start(QUESTION[lang])
    talk.answer(arrival)
    (answer,) = talk.answer("", "affirm")
    ended = {"en": "lawful status until June 1, 2026", "es": "estatus legal hasta el 1 de junio de 2026"}
    assert ended[lang] in answer.text
    assert len(answer.text) <= NOTICE_LIMIT


# dates in passing


@every_language
def test_a_day_in_passing_is_noted_and_spares_the_question(lang: str) -> None:
    talk = Talk(lang)
    text = {"en": "I came on march 25, 2026, hello", "es": "hola, llegué el 25 de marzo de 2026"}[lang]
    replies = talk.run(ActionSayNotice(), text, "greet")
    noted = replies[-1]
    assert noted.id == "deadline_noted"
    assert {"en": "March 25, 2026", "es": "25 de marzo de 2026"}[lang] in noted.text
    assert payloads(noted) == ["/calculate_deadline"]
    (answer,) = talk.start(QUESTION[lang])
    assert answer.id == "deadline_one_year_filing"


def test_a_day_already_noted_is_not_noted_again() -> None:
    talk = Talk()
    assert len(talk.run(ActionSayNotice(), "I came on march 25, 2026", "greet")) == 2
    assert len(talk.run(ActionSayNotice(), "I came on march 25, 2026", "greet")) == 1


@pytest.mark.parametrize(
    "text",
    ["I came in march 2026", "I came on 03/04/2026", "my visa expired on june 1, 2026", "good morning"],
)
def test_a_vague_day_or_one_that_nothing_is_counted_from_is_not_noted(text: str) -> None:
    assert [reply.id for reply in Talk().run(ActionSayNotice(), text, "greet")] == ["hello"]


def test_within_the_form_no_day_is_noted() -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    assert len(talk.run(ActionSayNotice(), "I filed on september 1, 2026", "greet")) == 1


# questions about a topic whose day is known


def calculation_asked(talk: Talk, text: str, intent: str) -> str | None:
    tracker = Tracker.from_dict(talk.tracker(text, intent))
    return asked_with_date(tracker, Turn.of(tracker))


@pytest.mark.parametrize(
    ("text", "intent", "calculation"),
    [
        ("am I still in time", "one_year_deadline", "one_year_filing"),
        ("¿todavía estoy a tiempo?", "one_year_deadline", "one_year_filing"),
        ("how many days are left", "nlu_fallback", "one_year_filing"),
        ("how long do I have to appeal", "appeal", None),
        ("what does it cost", "filing_fee", None),
        ("/one_year_deadline", "one_year_deadline", None),
        ("how long does it take until somebody reads all of my papers", "nlu_fallback", None),
    ],
)
def test_a_question_for_time_wants_the_date_where_its_day_is_known(
    text: str, intent: str, calculation: str | None
) -> None:
    talk = Talk()
    assert calculation_asked(talk, text, intent) is None
    talk.start(QUESTION["en"])
    talk.answer("march 25, 2026")
    talk.answer("yes", "affirm")
    assert calculation_asked(talk, text, intent) == calculation


def test_a_day_in_the_same_question_is_enough() -> None:
    text = "I came on march 25, 2026, am I still in time for asylum"
    assert calculation_asked(Talk(), text, "one_year_deadline") == "one_year_filing"
    assert (
        calculation_asked(Talk(), "my hearing is on may 4, 2027, am I in time", "one_year_deadline") is None
    )


@every_language
@pytest.mark.parametrize("action", [ActionAnswerTopic(), ActionDidYouMean()], ids=["topic", "unsure"])
def test_the_date_is_told_instead_of_the_article(action: Action, lang: str) -> None:
    talk = Talk(lang)
    talk.start(QUESTION[lang])
    talk.answer("march 25, 2026")
    talk.answer("", "affirm")
    (answer,) = talk.run(
        action, {"en": "am I still in time", "es": "¿estoy a tiempo?"}[lang], "one_year_deadline"
    )
    assert answer.id == "deadline_one_year_filing"


def test_the_state_is_plain_json(words: Library) -> None:
    talk = Talk()
    talk.start(QUESTION["en"])
    talk.answer("march 25, 2026")
    assert talk.slots[STATE]["asked"] == CONFIRM
    talk.answer("back", "nlu_fallback")
    assert talk.slots[STATE]["asked"] == DATE
    assert interview_of(talk.now()).as_dict() == talk.slots[STATE]
