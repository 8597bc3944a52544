"""The conversation that leads to a deadline, one message after the other, on 22 November 2026."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dates import events_of, find_dates
from bot.core.deadlines.inputs import Span
from bot.core.deadlines.interview import (
    CALCULATION,
    CHANGED,
    CONFIRM,
    DATE,
    FUTURE,
    IMPOSSIBLE,
    MORE,
    NO_DATE,
    READING,
    TOO_OLD,
    UNKNOWN,
    Heard,
    Interview,
    Said,
    begin,
    hear,
    noted,
)
from bot.core.deadlines.wanted import ASKED_FOR

TODAY = date(2026, 11, 22)
THIRD, FIFTH = date(2026, 3, 3), date(2026, 3, 5)


def day(month: int, number: int, year: int = 2026) -> Span:
    return Span(date(year, month, number), date(year, month, number))


def said(text: str) -> tuple[Said, ...]:
    """The dates of a text, as the engine gives them."""
    found = find_dates(text, TODAY)
    return tuple(
        Said(tuple(Span(r.earliest, r.latest) for r in one.readings), event, one.text, one.assumed)
        for one, event in zip(found, events_of(text, found), strict=True)
    )


def heard(text: str, intent: str = "", **others: Any) -> Heard:
    """A message as it is understood; one with a date informs of it unless something else is said."""
    dates = said(text)
    return Heard(text, intent or ("inform_date" if dates else "nlu_fallback"), TODAY, dates, **others)


def asked(text: str, **others: Any) -> Interview:
    """The interview that a question for a date starts."""
    return begin(Interview(), heard(text, "calculate_deadline", **others))


def after(interview: Interview, *messages: str | Heard) -> Interview:
    """The interview after messages that are all answers."""
    for message in messages:
        following = hear(interview, heard(message) if isinstance(message, str) else message)
        assert following is not None, message
        interview = following
    return interview


def step(interview: Interview) -> tuple[str | None, str | None, str | None]:
    return interview.asked, interview.event, interview.trouble


ASKS_FOR_THE_YEAR = ["when is my one year over", "¿cuándo se me cumple el año?"]
both = pytest.mark.parametrize("question", ASKS_FOR_THE_YEAR, ids=["en", "es"])


# what is asked


@both
def test_the_day_is_asked_read_back_and_used(question: str) -> None:
    begun = asked(question)
    assert (begun.calculation, *step(begun)) == ("one_year_filing", DATE, "arrival", None)
    told = after(begun, "3/25/2026")
    assert (*step(told), told.dates, told.complete) == (
        CONFIRM,
        "arrival",
        None,
        {"arrival": day(3, 25)},
        False,
    )
    done = after(told, "yes" if question.isascii() else "sí")
    assert done.complete
    assert done.asked is None
    assert done.inputs == {"last_arrival": "2026-03-25"}


@pytest.mark.parametrize(
    "text",
    ["I came on march 25, 2026, when is my deadline", "llegué el 25 de marzo de 2026, ¿hasta cuándo tengo?"],
)
def test_a_day_that_was_said_with_the_question_is_only_read_back(text: str) -> None:
    begun = asked(text)
    assert (begun.calculation, *step(begun)) == ("one_year_filing", CONFIRM, "arrival", None)
    assert begun.dates == {"arrival": day(3, 25)}


@pytest.mark.parametrize("text", ["I need a date please", "necesito saber una fecha"])
def test_without_a_hint_it_is_asked_which_date_is_wanted(text: str) -> None:
    begun = asked(text)
    assert step(begun) == (CALCULATION, None, None)
    assert step(after(begun, heard("", "calculate_deadline", calculation=MORE))) == (MORE, None, None)
    assert step(after(begun, heard("", "calculate_deadline", calculation="eoir33"))) == (DATE, "moved", None)


@pytest.mark.parametrize(
    ("text", "intent", "event"),
    [
        ("for my work permit", "work_permit", "filed"),
        ("la de apelar", "appeal", "judge_decision"),
        ("to bring my kids", "nlu_fallback", "granted"),
        ("the second one", "credible_fear", "fear_decision"),
        ("llegué el 3 de marzo de 2026", "inform_date", "arrival"),
    ],
)
def test_which_date_is_wanted_can_be_typed(text: str, intent: str, event: str) -> None:
    assert after(asked("I need a date"), heard(text, intent)).event == event


def test_a_question_instead_of_the_wanted_date_is_no_answer() -> None:
    begun = asked("I need a date")
    assert hear(begun, heard("what does all of that cost in the end", "filing_fee")) is None


@pytest.mark.parametrize("text", ["how long do I have", "¿cuánto tiempo tengo?"])
def test_the_topic_told_last_and_a_day_from_before_are_taken(text: str) -> None:
    known = {"filed": Said((day(9, 1),), "filed")}
    begun = asked(text, topic="work_permit", known=known)
    assert (begun.calculation, *step(begun)) == ("asylum_ead_clock", CONFIRM, "filed", None)


@pytest.mark.parametrize(
    "one", [Said((day(1, 3), day(3, 1)), "filed"), Said((), "filed"), Said((day(9, 1, 2027),), "filed")]
)
def test_a_day_from_before_that_is_not_sure_is_asked_again(one: Said) -> None:
    begun = asked("how long for my work permit", known={"filed": one})
    assert step(begun) == (DATE, "filed", None)


def test_either_of_two_events_answers_a_motion() -> None:
    begun = asked("how long to reopen my case")
    for text, event in (
        ("the Board decided on june 2, 2026", "board_decision"),
        ("el juez me negó el 2 de junio de 2026", "judge_decision"),
    ):
        done = after(begun, text, "yes")
        assert done.confirmed == {event}
        assert done.inputs == {"final_order": "2026-06-02"}


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("will my daughter age out", "january 5, 2008", "september 1, 2026"),
        ("mi hija cumple 21 pronto", "el 5 de enero de 2008", "el 1 de septiembre de 2026"),
    ],
)
def test_the_age_of_a_child_takes_two_days_one_after_the_other(
    question: str, first: str, second: str
) -> None:
    begun = asked(question)
    assert step(begun) == (DATE, "birth", None)
    born = after(begun, first, "yes")
    assert (*step(born), born.complete) == (DATE, "filed", None, False)
    done = after(born, second, "yes")
    assert done.inputs == {"child_dob": "2008-01-05", "i589_received": "2026-09-01"}


# readings


@both
def test_a_day_that_can_mean_two_is_asked_and_picked_by_button(question: str) -> None:
    torn = after(asked(question), "03/04/2026")
    assert step(torn) == (READING, "arrival", None)
    assert torn.readings == (day(3, 4), day(4, 3))
    for picked in torn.readings:
        done = after(torn, heard("", "inform_date", day=picked))
        assert done.complete
        assert done.dates == {"arrival": picked}


@pytest.mark.parametrize(
    ("answer", "picked"),
    [
        ("april 3", day(4, 3)),
        ("march 4, 2026", day(3, 4)),
        ("el 3 de abril", day(4, 3)),
        ("el 4 de marzo de 2026", day(3, 4)),
        ("in april", day(4, 3)),
    ],
)
def test_a_reading_is_picked_by_typing(answer: str, picked: Span) -> None:
    done = after(asked("when is my one year over"), "03/04/2026", answer)
    assert done.complete
    assert done.dates == {"arrival": picked}


def test_another_day_instead_of_a_reading_is_read_back() -> None:
    told = after(asked("when is my one year over"), "03/04/2026", "may 20, 2026")
    assert step(told) == (CONFIRM, "arrival", None)
    assert told.dates == {"arrival": day(5, 20)}


def test_a_reading_that_lies_ahead_is_not_offered() -> None:
    told = after(asked("when is my one year over"), "12/11/2026")
    assert step(told) == (CONFIRM, "arrival", None)
    assert told.dates == {"arrival": day(11, 12)}


# days that cannot be


@pytest.mark.parametrize("text", ["february 30, 2026", "el 31 de abril de 2026"])
def test_a_day_that_does_not_exist_is_asked_again(text: str) -> None:
    told = after(asked("when is my one year over"), text)
    assert step(told) == (DATE, "arrival", IMPOSSIBLE)
    assert told.said
    assert step(after(told, "march 2, 2026")) == (CONFIRM, "arrival", None)


@pytest.mark.parametrize("text", ["I arrived on june 1, 2027", "llegué el 1 de junio de 2027"])
def test_an_arrival_that_lies_ahead_is_asked_again(text: str) -> None:
    told = after(asked("when is my one year over"), text)
    assert step(told) == (DATE, "arrival", FUTURE)
    assert told.readings == (day(6, 1, 2027),)
    assert told.dates == {}


def test_a_hearing_may_lie_ahead() -> None:
    told = after(asked("by when must my evidence be in before the hearing"), "june 1, 2027")
    assert step(told) == (CONFIRM, "hearing", None)


def test_a_day_of_another_age_is_asked_again() -> None:
    told = after(asked("when is my one year over"), "3/3/1926")
    assert step(told) == (DATE, "arrival", TOO_OLD)


# not knowing, going back, not understanding


@pytest.mark.parametrize("answers", [("i don't know", "no idea"), ("no sé", "no me acuerdo")])
def test_not_knowing_gets_help_once_and_ends_the_second_time(answers: tuple[str, str]) -> None:
    helped = after(asked("when is my one year over"), answers[0])
    assert (*step(helped), helped.gave_up) == (DATE, "arrival", UNKNOWN, False)
    ended = after(helped, answers[1])
    assert (ended.gave_up, ended.asked, ended.complete) == (True, None, False)


def test_after_help_a_month_is_enough() -> None:
    told = after(asked("when is my one year over"), "i don't know", "around march 2026")
    assert step(told) == (CONFIRM, "arrival", None)
    assert told.dates["arrival"].earliest < told.dates["arrival"].latest


def test_the_button_for_not_knowing_does_the_same() -> None:
    pressed = Heard("", "inform_date", TODAY, pressed_unknown=True)
    torn = after(asked("when is my one year over"), "03/04/2026")
    helped = after(torn, pressed)
    assert step(helped) == (DATE, "arrival", UNKNOWN)
    assert after(helped, pressed).gave_up


def test_not_knowing_takes_back_a_day_that_was_read_back() -> None:
    told = after(asked("when is my one year over"), "march 3, 2026", "no sé")
    assert step(told) == (DATE, "arrival", UNKNOWN)
    assert told.dates == {}


@pytest.mark.parametrize("word", ["back", "atrás"])
def test_back_goes_from_the_confirmation_to_the_day_and_then_to_the_choice(word: str) -> None:
    told = after(asked("when is my one year over"), "march 3, 2026", word)
    assert step(told) == (DATE, "arrival", None)
    chosen = after(told, word)
    assert (*step(chosen), chosen.calculation) == (CALCULATION, None, None, None)


def test_back_goes_from_readings_to_the_day() -> None:
    assert step(after(asked("when is my one year over"), "03/04/2026", "back")) == (DATE, "arrival", None)


@pytest.mark.parametrize("question", ["when is my one year over", "I need a date"])
def test_three_answers_that_are_not_understood_end_it(question: str) -> None:
    begun = asked(question)
    twice = after(begun, "mmm", "the thing")
    assert (twice.misses, twice.gave_up) == (2, False)
    assert twice.trouble == (None if begun.asked == CALCULATION else NO_DATE)
    ended = after(twice, "well")
    assert (ended.gave_up, ended.asked, ended.complete) == (True, None, False)


def test_an_answer_that_is_understood_starts_the_count_again() -> None:
    told = after(asked("will she age out"), "mmm", "mmm", "january 5, 2008", "yes")
    assert told.misses == 0


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how much does it cost", "filing_fee"),
        ("¿puedo trabajar?", "work_permit"),
        ("I don't know if I can work", "work_permit"),
        ("no sé cómo pagar", "filing_fee"),
        ("let me talk to someone", "talk_to_human"),
        ("bye", "goodbye"),
        ("stop", "stop"),
    ],
)
def test_a_question_or_a_request_is_no_answer(text: str, intent: str) -> None:
    for interview in (
        asked("when is my one year over"),
        after(asked("when is my one year over"), "03/04/2026"),
        after(asked("when is my one year over"), "march 3, 2026"),
    ):
        assert hear(interview, heard(text, intent)) is None


def test_another_calculation_can_be_wanted_in_the_middle() -> None:
    told = after(asked("when is my one year over"), heard("how long to appeal", "calculate_deadline"))
    assert (told.calculation, *step(told)) == ("bia_appeal", DATE, "judge_decision", None)


# confirming


@pytest.mark.parametrize(
    "answer", ["yes", "yeah that's right", "sí", "si esa es la fecha correcta", "correcto"]
)
def test_a_yes_confirms(answer: str) -> None:
    assert after(asked("when is my one year over"), "march 3, 2026", answer).complete


@pytest.mark.parametrize("answer", ["no", "no, that is not the right day", "esa no es", "está mal"])
def test_a_no_asks_for_the_right_day(answer: str) -> None:
    told = after(asked("when is my one year over"), "march 3, 2026", answer)
    assert (*step(told), told.dates) == (DATE, "arrival", CHANGED, {})
    assert after(told, "march 5, 2026", "yes").inputs == {"last_arrival": "2026-03-05"}


@pytest.mark.parametrize(
    "text", ["no, I have no court and no lawyer", "no tengo corte ni abogado ni papeles todavía"]
)
def test_a_no_that_tells_something_else_is_no_denial(text: str) -> None:
    before = after(asked("when is my one year over"), "march 3, 2026")
    told = after(before, heard(text, "deny"))
    assert (told.asked, told.dates, told.misses) == (CONFIRM, before.dates, 1)


@pytest.mark.parametrize("text", ["si no pago qué pasa", "si llego tarde qué hago"])
def test_an_if_is_no_yes(text: str) -> None:
    before = after(asked("when is my one year over"), "march 3, 2026")
    assert hear(before, heard(text, "denied_or_referred")) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("so how much time do I have", "one_year_deadline"),
        ("entonces cuánto tiempo me queda", "calculate_deadline"),
        ("and when is the deadline", "nlu_fallback"),
    ],
)
def test_a_question_for_the_date_confirms_an_exact_day(text: str, intent: str) -> None:
    before = after(asked("when is my one year over"), "march 3, 2026")
    assert after(before, heard(text, intent)).complete


def test_a_question_for_another_date_confirms_nothing() -> None:
    before = after(asked("when is my one year over"), "march 3, 2026")
    told = hear(before, heard("when can I get my work permit", "work_permit"))
    assert told is None


@pytest.mark.parametrize(
    ("vague", "again"), [("last year", "last year yeah"), ("el año pasado", "el año pasado sí")]
)
def test_the_same_or_a_wider_date_said_again_confirms(vague: str, again: str) -> None:
    begun = asked("when is my one year over")
    assert after(begun, vague, again).complete
    narrow = after(begun, "june 2025", again)
    assert narrow.complete
    assert narrow.inputs == {"last_arrival": {"earliest": "2025-06-01", "latest": "2025-06-30"}}


@pytest.mark.parametrize("narrower", ["in june", "june 2025", "en junio", "en junio de 2025"])
def test_a_narrower_date_replaces_a_wider_one_and_is_read_back(narrower: str) -> None:
    told = after(asked("when is my one year over"), "last year", narrower)
    assert step(told) == (CONFIRM, "arrival", None)
    assert told.dates == {"arrival": Span(date(2025, 6, 1), date(2025, 6, 30))}


# corrections


@pytest.mark.parametrize(
    "correction",
    [
        "no, it was the 5th",
        "no, it was march 5",
        "no, fue el 5",
        "no, el 5 de marzo",
        "march 5, 2025",
        "the 5th",
    ],
)
def test_a_correction_is_read_back_with_the_month_and_year_of_before(correction: str) -> None:
    told = after(asked("when is my one year over"), "march 3, 2025", correction)
    assert step(told) == (CONFIRM, "arrival", None)
    assert told.dates == {"arrival": day(3, 5, 2025)}


@pytest.mark.parametrize(
    "correction", ["no, it was the 5th", "no, fue el 5 de marzo", "it was march 5, 2025, not the 3rd"]
)
def test_a_correction_after_the_answer_keeps_the_calculation_and_asks_again(correction: str) -> None:
    done = after(asked("when is my one year over"), "march 3, 2025", "yes")
    told = begin(done, heard(correction))
    assert (told.calculation, *step(told), told.complete) == (
        "one_year_filing",
        CONFIRM,
        "arrival",
        None,
        False,
    )
    assert told.dates["arrival"] == day(3, 5, 2025)
    assert after(told, "yes").inputs == {"last_arrival": "2025-03-05"}


def test_a_new_date_without_a_no_is_the_last_one_of_its_kind() -> None:
    done = after(asked("when is my one year over"), "march 3, 2025", "yes")
    told = begin(done, heard("I came back on may 5"))
    assert told.dates["arrival"] == day(5, 5)


def test_a_correction_that_cannot_be_in_that_year_keeps_its_own() -> None:
    told = after(asked("when is my one year over"), "march 3, 2026", "no, december 20")
    assert told.dates == {"arrival": day(12, 20, 2025)}


def test_the_same_day_again_after_the_answer_needs_no_question() -> None:
    done = after(asked("when is my one year over"), "march 3, 2025", "yes")
    assert begin(done, heard("how long do I have, I came march 3, 2025", "calculate_deadline")).complete


# more than one day


@pytest.mark.parametrize(
    "text",
    [
        "I came on march 3, 2026 and filed on september 1, 2026",
        "llegué el 3 de marzo de 2026 y presenté la solicitud el 1 de septiembre de 2026",
    ],
)
def test_the_day_of_a_second_event_is_kept_for_later(text: str) -> None:
    told = after(asked("when is my one year over"), text)
    assert told.dates == {"arrival": day(3, 3), "filed": day(9, 1)}
    assert step(told) == (CONFIRM, "arrival", None)
    done = after(told, "yes")
    assert done.confirmed == {"arrival"}
    following = begin(done, heard("and when is my work permit", "calculate_deadline"))
    assert (following.calculation, *step(following)) == ("asylum_ead_clock", CONFIRM, "filed", None)


def test_a_day_beside_the_point_is_not_taken() -> None:
    told = hear(
        asked("when is my one year over"), heard("my brother was killed on march 3, 2024", "eligibility")
    )
    assert told is None or "arrival" not in told.dates


def test_a_confirmed_day_serves_the_next_calculation_at_once() -> None:
    done = after(asked("how long to bring my wife"), "june 2, 2026", "yes")
    following = begin(done, heard("and the green card, what day?", "calculate_deadline"))
    assert following.complete
    assert following.calculation == "i485_one_year"


def test_a_follow_up_question_without_a_name_is_the_same_calculation() -> None:
    done = after(asked("when is my one year over"), "march 3, 2026", "yes")
    again = begin(done, heard("so how many days is that", "calculate_deadline"))
    assert (again.calculation, again.complete) == ("one_year_filing", True)


# days in passing


def test_an_exact_day_in_passing_is_noted() -> None:
    kept = noted(Interview(), said("I came on march 3, 2026")[0], TODAY)
    assert kept is not None
    assert (kept.dates, kept.confirmed) == ({"arrival": day(3, 3)}, {"arrival"})


@pytest.mark.parametrize(
    "text",
    [
        "I came in march 2026",
        "I came on 03/04/2026",
        "I came on june 1, 2027",
        "on march 3, 2026",
        "I came february 30",
    ],
)
def test_a_day_that_has_to_be_asked_about_is_not_noted(text: str) -> None:
    assert noted(Interview(), said(text)[0], TODAY) is None


# the way through a slot


def test_an_interview_survives_the_way_through_json() -> None:
    begun = asked("when is my one year over")
    for interview in (
        Interview(),
        begun,
        after(begun, "03/04/2026"),
        after(begun, "last year"),
        after(begun, "last year", "yes"),
        after(begun, "june 1, 2027"),
        after(begun, "no sé", "no sé"),
    ):
        assert Interview.from_dict(json.loads(json.dumps(interview.as_dict()))) == interview
    assert Interview.from_dict(None) == Interview()


# whatever is said

TEXTS = [
    "yes", "no", "sí", "back", "atrás", "no sé", "skip", "mmm", "", "👍", "how long do I have", "cuánto cuesta",
    "march 3, 2026", "03/04/2026", "el 5", "no, the 5th", "last year", "in june", "february 30", "june 1, 2027",
    "march 3, 1926", "I came on march 3, 2026 and filed on september 1, 2026", "mi hijo nació el 2 de mayo de 2010",
    "february 29, 2024", "no, february 29", "before christmas", "when is my one year over", "will she age out",
    "how long to reopen my case", "permiso de trabajo", "the hearing is on may 4, 2027", "I moved last month",
]  # fmt: skip
INTENTS = [
    "",
    "affirm",
    "deny",
    "inform_date",
    "calculate_deadline",
    "nlu_fallback",
    "work_permit",
    "thank",
    "goodbye",
]

messages = st.one_of(
    st.builds(heard, st.sampled_from(TEXTS), st.sampled_from(INTENTS)),
    st.builds(
        Heard,
        st.text(max_size=20),
        st.sampled_from(INTENTS),
        st.just(TODAY),
        st.sampled_from([said(text) for text in TEXTS]),
    ),
    st.builds(
        Heard,
        st.just(""),
        st.sampled_from(INTENTS),
        st.just(TODAY),
        calculation=st.sampled_from([None, MORE, "nothing", *ASKED_FOR]),
        day=st.sampled_from([None, day(3, 4), day(6, 1, 2027), Span(date(2025, 1, 1), date(2025, 12, 31))]),
        pressed_unknown=st.booleans(),
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(messages, st.booleans()), max_size=12))
def test_no_sequence_of_messages_raises_or_completes_without_confirmation(
    sequence: list[tuple[Heard, bool]],
) -> None:
    interview = Interview()
    for message, starts in sequence:
        if starts or interview.asked is None:
            interview = begin(interview, message)
        else:
            interview = hear(interview, message) or interview
        interview = Interview.from_dict(json.loads(json.dumps(interview.as_dict())))
        assert interview.confirmed <= interview.dates.keys()
        assert interview.complete or interview.gave_up or interview.asked is not None
        if interview.complete:
            assert interview.calculation is not None
            groups = ASKED_FOR[interview.calculation].values()
            assert all(any(event in interview.confirmed for event in events) for events in groups)
            assert interview.inputs.keys() == ASKED_FOR[interview.calculation].keys()
        if interview.asked == READING:
            assert len(interview.readings) > 1
        if interview.asked == CONFIRM:
            assert interview.event in interview.dates


@pytest.mark.parametrize("text", ["today", "hoy"])
def test_the_present_is_no_day_that_is_noted(text: str) -> None:
    assert noted(Interview(), Said((Span(TODAY, TODAY),), "arrival", text), TODAY) is None
