"""The conversation of triage, one message after the other, on 21 November 2026."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.dates import events_of, find_dates
from bot.core.deadlines.inputs import Span
from bot.core.deadlines.interview import Said
from bot.core.triage.asking import MOST_QUESTIONS, open_questions
from bot.core.triage.facts import QUESTIONS, Facts
from bot.core.triage.interview import (
    CORRECT,
    FUTURE,
    IMPOSSIBLE,
    MOST_IDLE,
    NO_DATE,
    NOT_UNDERSTOOD,
    TOO_OLD,
    TWO_READINGS,
    Heard,
    Interview,
    begin,
    hear,
    noted,
)

TODAY = date(2026, 11, 21)


def said(text: str) -> tuple[Said, ...]:
    """The dates of a text, as the engine gives them."""
    found = find_dates(text, TODAY)
    return tuple(
        Said(tuple(Span(r.earliest, r.latest) for r in one.readings), event, one.text, one.assumed)
        for one, event in zip(found, events_of(text, found), strict=True)
    )


def heard(text: str, intent: str = "nlu_fallback", **others: Any) -> Heard:
    return Heard(text, intent, TODAY, said(text), **others)


def pressed(question: str, code: str) -> Heard:
    return Heard("", "start_triage", TODAY, choice=(question, code))


def started(text: str = "", **others: Any) -> Interview:
    return begin(Interview(), heard(text, "start_triage", **others))


def after(interview: Interview, *messages: str | Heard) -> Interview:
    """The interview after messages that are all answers."""
    for message in messages:
        following = hear(interview, heard(message) if isinstance(message, str) else message)
        assert following is not None, message
        interview = following
    return interview


def asking(question: str, **known: Any) -> Interview:
    """An interview that asks a question of somebody in the U.S."""
    facts = Facts.from_dict({"place": "us", **known})
    return Interview(facts=facts, begun=True, asked=question, put=(question,))


def facts_of(interview: Interview) -> dict[str, Any]:
    return interview.facts.as_dict()


# Each: who it is, the first message, what is answered to each question, in the order in which they come.
PERSONS: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "who crossed unseen, years ago, and did nothing",
        "",
        [
            ("place", "estoy en houston"),
            ("detained", "no, nadie"),
            ("filed", "todavia no"),
            ("court", "no tengo"),
            ("order", "nunca"),
            ("entry", "por el rio"),
            ("arrival", "en marzo de 2024"),
            ("status", "ninguno"),
        ],
    ),
    (
        "who stayed after a visa",
        "",
        [
            ("place", "here in new jersey"),
            ("detained", "no"),
            ("filed", "not yet"),
            ("court", "no"),
            ("order", "no"),
            ("entry", "with a tourist visa"),
            ("arrival", "january 2026"),
            ("status_end", "it expired in july 2026"),
        ],
    ),
    (
        "whose parole was ended",
        "",
        [
            ("place", "aqui"),
            ("detained", "no"),
            ("filed", "no"),
            ("court", "no"),
            ("order", "no"),
            ("entry", "con cbp one"),
            ("arrival", "el 5 de mayo de 2024"),
            ("status_end", "en abril de 2025"),
        ],
    ),
    (
        "who came unseen and has TPS",
        "",
        [
            ("place", "en florida"),
            ("detained", "no"),
            ("filed", "no"),
            ("court", "no"),
            ("order", "no"),
            ("entry", "cruce el rio"),
            ("arrival", "en 2021"),
            ("status", "tengo tps"),
            ("status_end", "se me acabo el 7 de noviembre de 2025"),
        ],
    ),
    (
        "who was let go at the border and has a court date",
        "",
        [
            ("place", "usa"),
            ("detained", "no"),
            ("filed", "no"),
            ("court", "si"),
            ("appointment", "el 3 de mayo de 2027"),
            ("order", "no"),
            ("arrival", "en 2023"),
            ("status", "ninguno"),
        ],
    ),
    (
        "who filed and waits for a hearing",
        "",
        [
            ("place", "in the us"),
            ("detained", "no"),
            ("filed", "yes i did"),
            ("court", "yes"),
            ("appointment", "hearing on march 3 2028"),
            ("letter", "nothing"),
            ("order", "no"),
            ("lawyer", "yes"),
        ],
    ),
    (
        "who filed at USCIS",
        "",
        [
            ("place", "in texas"),
            ("detained", "no"),
            ("filed", "i filed in 2025"),
            ("court", "no"),
            ("letter", "only the receipt"),
            ("order", "no"),
            ("lawyer", "no"),
        ],
    ),
    (
        "who got a notice of intent",
        "",
        [
            ("place", "in texas"),
            ("detained", "no"),
            ("filed", "yes"),
            ("court", "no"),
            ("letter", "notice of intent to deny"),
            ("letter_date", "november 10 2026"),
            ("order", "no"),
            ("lawyer", "no"),
        ],
    ),
    (
        "who was granted asylum and asks for the family",
        "me aprobaron el asilo el 17 de septiembre de 2026",
        [
            ("place", "aqui"),
            ("detained", "no"),
            ("filed", "yo la mande"),
            ("court", "no"),
            ("order", "no"),
            ("family", "mis hijos estan en honduras"),
            ("lawyer", "no"),
        ],
    ),
    (
        "for whom a notary filed",
        "",
        [
            ("place", "aqui"),
            ("detained", "no"),
            ("filed", "un notario me lleno el asilo"),
            ("court", "no"),
            ("appointment", "no"),
            ("letter", "no"),
            ("order", "no"),
            ("arrival", "2024"),
        ],
    ),
    (
        "who has an old order",
        "",
        [
            ("place", "here"),
            ("detained", "no"),
            ("filed", "no"),
            ("court", "no"),
            ("order", "yes, i was deported in 2018"),
            ("removal_soon", "no"),
            ("lawyer", "no"),
        ],
    ),
    (
        "whose husband is held",
        "",
        [
            ("place", "aqui"),
            ("detained", "mi esposo esta detenido"),
            ("removal_soon", "no"),
            ("lawyer", "no"),
        ],
    ),
    (
        "who is held and says it first",
        "estoy en un centro de detencion",
        [("removal_soon", "no"), ("lawyer", "no")],
    ),
    (
        "who is to be removed tomorrow",
        "",
        [
            ("place", "aqui"),
            ("detained", "mi hermano lo tienen preso"),
            ("removal_soon", "si, mañana lo deportan"),
        ],
    ),
    ("who is abroad", "", [("place", "todavia en mi pais"), ("order", "no"), ("family", "no")]),
    (
        "who is abroad and was deported",
        "me deportaron en 2019 y estoy en honduras",
        [("family", "mi esposa esta alla en estados unidos"), ("lawyer", "no")],
    ),
    ("who waits at the border", "", [("place", "en tijuana"), ("order", "no")]),
    (
        "who is young and alone",
        "tengo 16 años y necesito ayuda",
        [
            ("place", "en texas"),
            ("detained", "no"),
            ("alone_minor", "si, vine solo"),
            ("filed", "no"),
            ("court", "no"),
            ("order", "no"),
            ("entry", "cruce el rio"),
            ("arrival", "hace 3 meses"),
            ("status", "ninguno"),
        ],
    ),
    (
        "who has an I-220A",
        "i have an i-220a and i live in miami",
        [
            ("detained", "no"),
            ("filed", "no"),
            ("court", "no"),
            ("appointment", "ice check-in on december 1 2026"),
            ("order", "no"),
            ("arrival", "march 2022"),
        ],
    ),
    (
        "who says nearly everything at once",
        "ya estoy en estados unidos, entre el 3 de marzo de 2025 por el rio, no tengo corte ni abogado",
        [("detained", "no"), ("filed", "no"), ("order", "no"), ("status", "no")],
    ),
    (
        "who knows nothing",
        "",
        [
            ("place", "no se"),
            ("detained", "no se"),
            ("filed", "no se"),
            ("court", "no se"),
            ("appointment", "no se"),
            ("letter", "no se"),
            ("order", "no se"),
            ("entry", "no se"),
            ("arrival", "no se"),
            ("status", "no se"),
        ],
    ),
]


@pytest.mark.parametrize(("who", "first", "answers"), PERSONS, ids=[person[0] for person in PERSONS])
def test_a_person_is_asked_these_questions(who: str, first: str, answers: list[tuple[str, str]]) -> None:
    interview = started(first)
    asked = []
    for question, answer in answers:
        asked.append(interview.asked)
        assert interview.asked == question, asked
        interview = after(interview, answer)
    assert interview.complete, interview.asked


def test_nobody_who_knows_the_answers_is_asked_much() -> None:
    """Typical persons meet at most eight questions, who is held at most four."""
    more = {"who came unseen and has TPS", "who is young and alone", "who knows nothing"}
    for who, _, answers in PERSONS:
        assert len(answers) <= MOST_QUESTIONS or who in more, who
        if any(question == "removal_soon" for question, _ in answers) and "order" not in dict(answers):
            assert len(answers) <= 4, who


SEVERAL: list[tuple[str, str, dict[str, Any]]] = [
    ("place", "si ya estoy en estados unidos, en new jersey", {"place": "us"}),
    (
        "place",
        "i came with a visa in may 2025, no court no lawyer",
        {
            "place": "us",
            "entry": "visa",
            "arrival": {"earliest": "2025-05-01", "latest": "2025-05-31"},
            "court": "no",
            "lawyer": "no",
        },
    ),
    (
        "place",
        "Mi esposo esta detenido y tengo abogado",
        {"detained": "relative", "lawyer": "yes", "mentioned": ["family"]},
    ),
]


@pytest.mark.parametrize(("asked", "text", "expected"), SEVERAL, ids=[row[1] for row in SEVERAL])
def test_one_message_answers_several_questions(asked: str, text: str, expected: dict[str, Any]) -> None:
    assert facts_of(after(started(), text)) == expected


def test_what_was_said_before_is_used_and_only_the_rest_is_asked() -> None:
    before = noted(Interview(), heard("entre el 3 de marzo de 2025 por el rio"))
    assert before is not None and not before.begun
    interview = begin(before, heard("que puedo hacer", "start_triage"))
    assert interview.asked == "detained"
    assert interview.facts.arrival == Span(date(2025, 3, 3), date(2025, 3, 3))


def test_what_tells_nothing_is_not_noted() -> None:
    assert noted(Interview(), heard("how much does it cost?")) is None
    assert noted(Interview(), heard("03/04/2025")) is None


def test_dates_of_earlier_messages_are_known_by_their_event() -> None:
    arrival = said("march 3 2025")[0]
    interview = begin(Interview(), heard("", "start_triage", known={"arrival": arrival}))
    assert interview.facts.arrival == Span(date(2025, 3, 3), date(2025, 3, 3))
    doubtful = begin(Interview(), heard("", "start_triage", known={"arrival": said("03/04/2025")[0]}))
    assert doubtful.facts.arrival is None and doubtful.trouble is None


def test_a_date_in_the_first_message_that_can_mean_two_days_is_asked_about_first() -> None:
    interview = started("I arrived on 03/04/2025")
    assert (interview.asked, interview.trouble, len(interview.readings)) == ("arrival", TWO_READINGS, 2)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("30 de febrero de 2025", IMPOSSIBLE),
        ("3 de marzo de 2027", FUTURE),
        ("3 de marzo de 1950", TOO_OLD),
        ("03/04/2025", TWO_READINGS),
        ("hace frio", NO_DATE),
    ],
)
def test_a_day_that_can_not_be_meant_is_asked_again(text: str, trouble: str) -> None:
    interview = after(asking("arrival"), text)
    assert (interview.asked, interview.trouble) == ("arrival", trouble)


@pytest.mark.parametrize(
    "answer", ["march 4", "4 de marzo de 2025", pressed("arrival", "2025-03-04/2025-03-04")], ids=str
)
def test_one_of_two_readings_is_picked(answer: str | Heard) -> None:
    interview = after(asking("arrival"), "03/04/2025", answer)
    picked = interview.facts.arrival
    assert isinstance(picked, Span) and picked.earliest.month == 3 and interview.asked != "arrival"


@pytest.mark.parametrize("answer", ["no se", "i dont know", pressed("arrival", "unknown")], ids=str)
def test_who_does_not_know_which_of_two_readings_may_mean_both(answer: str | Heard) -> None:
    interview = after(asking("arrival"), "03/04/2025", answer)
    assert interview.facts.arrival == Span(date(2025, 3, 4), date(2025, 4, 3))


def test_a_year_that_is_not_over_ends_today_for_an_arrival() -> None:
    assert after(asking("arrival"), "2026").facts.arrival == Span(date(2026, 1, 1), TODAY)


def test_a_day_without_a_year_is_the_coming_one_for_a_hearing_and_the_last_one_for_an_arrival() -> None:
    hearing = after(asking("appointment_date", appointment="hearing"), "15 de enero")
    assert hearing.facts.appointment_date == Span(date(2027, 1, 15), date(2027, 1, 15))
    assert after(asking("arrival"), "15 de enero").facts.arrival == Span(date(2026, 1, 15), date(2026, 1, 15))


@pytest.mark.parametrize("text", ["atras", "back", "go back", "la anterior"])
def test_one_question_back_takes_the_answer_back(text: str) -> None:
    interview = after(started(), "aqui", "no", text)
    assert (interview.asked, interview.facts.detained) == ("detained", None)
    assert after(interview, text).asked == "place"
    assert after(interview, text, text).asked == "place"


@pytest.mark.parametrize(
    "text", ["quiero corregir una respuesta", "i want to change an answer", "me equivoque en una"]
)
def test_an_answer_can_be_chosen_and_changed(text: str) -> None:
    interview = after(started(), "aqui", "no", "no", text)
    assert interview.asked == CORRECT and interview.correctable == ("place", "detained", "filed")
    for choice in ("si presente la solicitud", pressed(CORRECT, "filed")):
        reopened = (
            after(interview, pressed(CORRECT, "filed"))
            if isinstance(choice, str)
            else after(interview, choice)
        )
        assert (reopened.asked, reopened.facts.filed) == ("filed", None)
        assert after(reopened, "yo la mande").facts.filed == "self"
    assert after(interview, "la de detenido").asked == "detained"


def test_a_correction_that_names_the_answer_needs_no_choice() -> None:
    interview = after(started(), "aqui", "no", "change: my arrival was march 3 2025")
    assert interview.facts.arrival == Span(date(2025, 3, 3), date(2025, 3, 3)) and interview.asked == "filed"
    again = after(interview, "no, i arrived on march 5 2025")
    assert again.corrected == "arrival" and again.facts.arrival == Span(date(2025, 3, 5), date(2025, 3, 5))


@pytest.mark.parametrize("text", ["no perdon, si tengo corte", "no sorry, i do have court"])
def test_an_earlier_answer_is_corrected_while_another_question_is_open(text: str) -> None:
    interview = after(started(), "aqui", "no", "no", "no")
    assert (interview.asked, interview.facts.court) == ("order", "no")
    corrected = after(interview, text)
    assert (corrected.facts.court, corrected.facts.order, corrected.corrected) == ("yes", None, "court")
    assert after(corrected, "no tengo fecha").corrected is None


def test_another_letter_takes_the_day_of_the_one_before_back() -> None:
    interview = after(asking("letter", detained="no", filed="self", court="no"), "noid", "november 10 2026")
    changed = after(interview, pressed("letter", "annual_fee"))
    assert (changed.facts.letter, changed.facts.letter_date, changed.asked) == (
        "annual_fee",
        None,
        "letter_date",
    )


@pytest.mark.parametrize("intent", ["nlu_fallback", "", "affirm"])
def test_what_is_not_understood_twice_is_left_as_not_known(intent: str) -> None:
    once = after(asking("entry"), heard("mmm", intent))
    assert (once.asked, once.trouble) == ("entry", NOT_UNDERSTOOD)
    twice = after(once, heard("mmm mmm", intent))
    assert twice.facts.entry == "unknown" and twice.asked != "entry"


def test_a_day_that_stays_doubtful_is_left_at_last() -> None:
    interview: Interview = asking("arrival")
    for _ in range(4):
        if interview.asked == "arrival":
            interview = after(interview, "30 de febrero de 2025")
    assert interview.asked != "arrival" and interview.facts.arrival == "unknown"


@pytest.mark.parametrize("text", ["¿cuánto cuesta?", "how long does it take?", "que es un notario"])
def test_a_question_between_is_not_for_the_interview(text: str) -> None:
    assert hear(asking("court"), heard(text, "filing_fee")) is None


def test_a_topic_without_a_question_mark_is_not_for_the_interview_either() -> None:
    assert hear(asking("court"), heard("work permit", "work_permit")) is None


def test_a_message_that_answers_and_asks_does_both() -> None:
    interview = after(asking("court"), heard("no tengo corte, ¿puedo trabajar?", "work_permit"))
    assert interview.facts.court == "no" and interview.also_asks
    assert not after(interview, "no").also_asks


def test_a_button_of_something_else_is_no_answer() -> None:
    assert hear(asking("court"), pressed("color", "blue")) is None
    assert hear(asking("court"), pressed("court", "perhaps")) is None
    assert hear(asking("court"), pressed("arrival", "2025-13-01")) is None


@pytest.mark.parametrize("code", ["unknown", "refused"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_not_knowing_and_not_saying_are_answers_to_every_question(question: str, code: str) -> None:
    interview = after(asking(question), pressed(question, code))
    assert interview.facts.get(question) == code and interview.asked != question


def test_the_last_answer_can_be_changed_after_the_end() -> None:
    interview = after(started(), "tijuana", "no")
    assert interview.complete
    changed = after(interview, "perdon, ya estoy en estados unidos")
    assert changed.facts.place == "us" and changed.asked == "detained"
    assert hear(interview, heard("gracias", "thank")) is None


def test_an_interview_that_did_not_begin_is_not_complete() -> None:
    assert not Interview().complete and Interview().asked is None


def test_emergencies_stay_whatever_is_said_later() -> None:
    interview = started(emergencies=("agents",))
    later = after(
        interview, "aqui", heard("no", emergencies=("violence",)), "no, ya se fueron. no he presentado nada"
    )
    assert later.emergencies == ("agents", "violence")
    assert begin(later, heard("otra vez", "start_triage")).emergencies == ("agents", "violence")


WORDS = st.sampled_from(
    [
        "si", "no", "no se", "skip", "back", "atras", "quiero corregir una respuesta", "03/04/2025", "2024",
        "30 de febrero", "mi esposo esta detenido", "tengo corte", "no tengo corte", "i came with a visa in 2023",
        "un notario me lleno el asilo", "tps", "?", "que es asilo", "my tps ended", "mañana", "prefiero no decir",
        "noid", "aqui", "tijuana", "abroad", "mmm", "la corte", "tengo 16 años",
    ]
)  # fmt: skip
MESSAGES = st.one_of(WORDS, st.text(max_size=60))


@settings(max_examples=150, deadline=None)
@given(st.lists(MESSAGES, max_size=25))
def test_any_messages_give_an_interview_that_survives_json(messages: list[str]) -> None:
    interview = started()
    for message in messages:
        following = hear(interview, heard(message))
        if following is None:
            continue
        assert Interview.from_dict(json.loads(json.dumps(following.as_dict()))) == following
        assert following.asked in (*QUESTIONS, CORRECT, None)
        interview = following


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["unknown", "refused", "first", "last"]), min_size=len(QUESTIONS)))
def test_every_path_of_buttons_ends(picks: list[str]) -> None:
    interview = started()
    for pick in picks:
        if interview.asked is None:
            break
        codes = QUESTIONS[interview.asked] or ("2025-03-03/2025-03-03",)
        code = {"first": codes[0], "last": codes[-1]}.get(pick, pick)
        interview = after(interview, pressed(interview.asked, code))
    assert interview.complete
    assert set(open_questions(interview.facts)) <= {"lawyer"}


WORDS = (
    "hoy", "ayer", "tomorrow", "03/04/2025", "3", "12", "2019", "si", "no", "corte", "parole", "asilo", "carta",
    "denied", "nunca", "lunes", "detenido", "march", "self", "month",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@example("HOY")
@example("03/04/2025 ayer")
@example("12 tomorrow")
@example("2019 nunca lunes")
@given(st.text(max_size=30) | st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
def test_the_same_answer_over_and_over_comes_to_an_end(text: str) -> None:
    interview = started()
    for _ in range((MOST_IDLE + 1) * len(QUESTIONS)):
        following = hear(interview, heard(text))
        if following is None or following.complete:
            return
        interview = following
    assert interview.asked in (None, CORRECT, "place")


@pytest.mark.parametrize("intent", ["talk_to_human", "book_consultation"])
@pytest.mark.parametrize(
    "text", ["quiero q me llamen", "que me llame un abogado", "i want a lawyer to call me"]
)
def test_a_wish_for_a_person_does_not_answer_whether_there_is_a_lawyer(text: str, intent: str) -> None:
    assert hear(asking("lawyer", court="yes"), heard(text, intent)) is None
