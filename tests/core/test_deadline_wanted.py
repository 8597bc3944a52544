"""Which calculation is meant by words, by events and by topics, and what counts as an answer."""

from __future__ import annotations

import pytest

from bot.core.dates import EVENTS
from bot.core.deadlines import CALCULATIONS
from bot.core.deadlines.wanted import (
    ASKED_FOR,
    TO_COME,
    asks_for_time,
    by_events,
    by_topic,
    by_words,
    does_not_know,
    goes_back,
    says_no,
    says_yes,
    topic_of,
    wanted,
)

WORDS_EN = {
    "one_year_filing": [
        "When does my one year finish?",
        "is there still time for the 1-year thing",
        "tell me the last day I can ask for asylum",
        "what is the deadline to apply for asylum",
        "has my year run out? my year to file",
        "until when can I hand in the 589",
    ],
    "asylum_ead_clock": [
        "when can I ask for my work permit",
        "how many days until the 150 days are over",
        "which day can I send the I-765",
        "when do my 180 days end",
        "is my clock running",
        "first day for a work card please",
        "how long for the ead",
    ],
    "ead_renewal_window": [
        "when should I renew my work permit",
        "my permit expires in march, when do I start",
        "earliest day for renewing the card",
        "the card will expire, what day can I begin",
    ],
    "annual_asylum_fee_due": [
        "by when is the annual fee due",
        "how long to pay the yearly fee",
    ],
    "bia_appeal": [
        "how many days to appeal",
        "the judge said no, last day for my appeal?",
        "when must the EOIR-26 arrive",
        "deadline for the Board",
        "how long do I have for the BIA",
    ],
    "petition_for_review": [
        "the Board refused me, how long for the federal court",
        "days for a petition for review",
        "when must I be at the court of appeals",
        "time limit for the ninth circuit",
    ],
    "motion_to_reopen": [
        "how long do I have to reopen my case",
        "deadline for a motion to re-open",
        "is it too late to have it reopened",
    ],
    "motion_to_reconsider": [
        "how many days for a motion to reconsider",
        "can they still reconsider, what day",
    ],
    "motion_to_reopen_in_absentia": [
        "I missed my hearing, how long do I have",
        "they ordered me in absentia, what is the deadline",
        "I missed court, is there time to fix it",
    ],
    "noid_response": ["how long to answer the NOID", "I got an intent to deny, when is my answer due"],
    "i730_deadline": [
        "last day for the I-730",
        "how long do I have to bring my wife",
        "until when can I bring my kids",
        "deadline of the family petition",
    ],
    "i485_one_year": ["when can I get my green card", "what day can I send the I-485"],
    "naturalization": [
        "when can I apply for citizenship",
        "first day for the N-400",
        "when am I allowed to naturalize",
    ],
    "eoir33": [
        "how many days to tell them I moved",
        "when is the EOIR-33 due",
        "we moved, how long do we have",
        "deadline for the AR-11",
        "time to report a new address",
    ],
    "individual_hearing_filings": [
        "by when must my evidence be in before the hearing",
        "last day to give papers to the judge",
        "when are documents due for my individual",
    ],
    "credible_fear_ij_review": [
        "I failed the credible fear, how long until the judge looks",
        "reasonable fear review, what day",
    ],
    "child_age_lock": ["my son turns 21 soon, is he covered", "will she age out", "he is almost 21 years"],
}

WORDS_ES = {
    "one_year_filing": [
        "¿Cuándo se me cumple el año?",
        "cuál es la fecha límite para el asilo",
        "hasta qué día puedo pedir asilo",
        "cuánto me queda del año",
        "ya se me pasó el plazo del asilo?",
        "último día para meter la 589",
        "todavía puedo solicitar el asilo a tiempo",
    ],
    "asylum_ead_clock": [
        "cuándo puedo pedir el permiso de trabajo",
        "cuántos días faltan para los 150",
        "desde qué día se manda la I-765",
        "cuándo se cumplen los 180 días",
        "cómo va mi reloj",
        "el ead para cuándo",
        "permiso para trabajar, qué día",
    ],
    "ead_renewal_window": [
        "cuándo renuevo mi permiso de trabajo",
        "mi permiso vence en marzo, desde cuándo empiezo",
        "qué día puedo hacer la renovación",
        "la tarjeta se me vence pronto",
    ],
    "annual_asylum_fee_due": [
        "hasta cuándo pago la cuota anual",
        "fecha de la tarifa anual",
        "el pago anual cuándo es",
    ],
    "bia_appeal": [
        "cuántos días tengo para apelar",
        "el juez me negó, hasta cuándo es la apelación",
        "qué día debe llegar el EOIR-26",
        "plazo para la Junta",
        "si apelo, cuánto tiempo hay",
    ],
    "petition_for_review": [
        "la Junta dijo que no, cuánto tiempo hay para la corte federal",
        "plazo en la corte de apelaciones",
        "días para el circuito",
    ],
    "motion_to_reopen": [
        "cuánto tiempo tengo para reabrir mi caso",
        "plazo de la reapertura",
        "quiero que reabran mi caso, hasta cuándo",
    ],
    "motion_to_reconsider": ["días para la moción de reconsiderar", "hasta cuándo piden que reconsideren"],
    "motion_to_reopen_in_absentia": [
        "falté a mi audiencia, cuánto tiempo tengo",
        "me dieron la orden en ausencia, qué plazo hay",
        "no fui a la corte, ya es tarde?",
    ],
    "noid_response": ["cuánto tiempo para contestar el NOID", "me llegó la intención de negar, cuándo vence"],
    "i730_deadline": [
        "último día de la I-730",
        "hasta cuándo puedo traer a mi esposa",
        "plazo para la petición familiar",
        "cuánto tiempo para traer a mis hijos",
    ],
    "i485_one_year": [
        "cuándo puedo pedir la residencia",
        "desde qué día la green card",
        "la I-485 para cuándo",
        "mi mica, qué día",
    ],
    "naturalization": [
        "cuándo puedo ser ciudadano",
        "qué día puedo pedir la ciudadanía",
        "fecha para la N-400",
    ],
    "eoir33": [
        "me mudé, cuántos días tengo",
        "plazo para el cambio de dirección",
        "hasta cuándo aviso que cambié mi domicilio",
        "el AR-11 hasta qué día",
    ],
    "individual_hearing_filings": [
        "hasta cuándo entrego pruebas antes de la audiencia",
        "último día de los papeles para el juez",
        "documentos de la individual, qué fecha",
    ],
    "credible_fear_ij_review": [
        "me negaron el miedo creíble, cuándo lo ve el juez",
        "temor razonable, qué plazo hay",
    ],
    "child_age_lock": [
        "mi hija cumple 21, sigue en mi caso?",
        "ya casi tiene 21 años mi hijo",
        "cuando cumplan 21 qué pasa",
    ],
}

ROWS = [(text, name) for table in (WORDS_EN, WORDS_ES) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("text", "name"), ROWS)
def test_the_words_name_a_calculation(text: str, name: str) -> None:
    assert by_words(text) == name
    assert by_words(text.upper()) == name
    assert wanted(text, (), None) == name


def test_the_table_is_long_enough_and_names_every_calculation() -> None:
    for table in (WORDS_EN, WORDS_ES):
        assert table.keys() == ASKED_FOR.keys()
        assert sum(map(len, table.values())) >= 60


@pytest.mark.parametrize(
    "text",
    [
        "how long do I have",
        "am I still in time",
        "hello",
        "can I work in a kitchen",
        "my brother was killed last year",
        "I came on march 3",
        "¿cuánto tiempo tengo?",
        "todavía estoy a tiempo?",
        "hola buenas",
        "mi hermano vino el año pasado",
        "llegué el 3 de marzo",
        "tengo miedo de volver",
        "",
    ],
)
def test_words_that_name_none_leave_it_open(text: str) -> None:
    assert by_words(text) is None
    assert wanted(text, (), None) is None


# events and topics


@pytest.mark.parametrize(
    ("events", "name"),
    [
        (["arrival"], "one_year_filing"),
        (["filed"], "asylum_ead_clock"),
        (["arrival", "filed"], "asylum_ead_clock"),
        (["judge_decision"], "bia_appeal"),
        (["judge_decision", "board_decision"], "petition_for_review"),
        (["in_absentia_order"], "motion_to_reopen_in_absentia"),
        (["granted"], "i730_deadline"),
        (["hearing", "status_ended"], "individual_hearing_filings"),
        (["moved"], "eoir33"),
        (["interview"], None),
        (["birth"], None),
        ([], None),
    ],
)
def test_the_event_of_a_date_says_what_is_mostly_wanted(events: list[str], name: str | None) -> None:
    assert by_events(events) == name
    assert wanted("and from then on?", events, None) == name


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("one_year_deadline", "one_year_filing"),
        ("work_permit", "asylum_ead_clock"),
        ("work_permit_renewal", "ead_renewal_window"),
        ("appeal", "bia_appeal"),
        ("family_abroad", "i730_deadline"),
        ("change_address", "eoir33"),
        ("filing_fee", None),
        (None, None),
    ],
)
def test_the_topic_told_last_says_what_how_long_means(topic: str | None, name: str | None) -> None:
    assert by_topic(topic) == name
    assert wanted("how long do I have", (), topic) == name
    assert wanted("¿cuánto tiempo tengo?", (), topic) == name


def test_words_come_before_events_and_those_before_the_topic_and_what_was_known() -> None:
    assert wanted("how long to appeal", ["arrival"], "work_permit") == "bia_appeal"
    assert wanted("it was in may", ["arrival"], "work_permit") == "one_year_filing"
    assert wanted("how long", (), "work_permit", ["arrival"]) == "asylum_ead_clock"
    assert wanted("how long", (), None, ["arrival"]) == "one_year_filing"


def test_words_that_ask_for_no_time_yield_to_a_date_of_something_else() -> None:
    assert wanted("they got it on may 3, I want to apply for asylum", ["filed"], None) == "asylum_ead_clock"
    assert wanted("me mudé en mayo y quiero apelar", ["moved"], None) == "eoir33"
    assert wanted("moved in may, when must I appeal", ["moved"], None) == "bia_appeal"
    assert wanted("green card since may", ["granted"], None) == "i485_one_year"


def test_every_calculation_and_event_of_the_tables_exists() -> None:
    assert ASKED_FOR.keys() <= CALCULATIONS.keys()
    for name, facts in ASKED_FOR.items():
        required = {field.name for field in CALCULATIONS[name].fields if field.required}
        assert required <= facts.keys() <= {field.name for field in CALCULATIONS[name].fields}
        assert {event for events in facts.values() for event in events} <= EVENTS.keys()
    assert EVENTS.keys() >= TO_COME


def test_a_calculation_leads_back_to_an_article_where_there_is_one() -> None:
    assert topic_of("one_year_filing") == "one_year_deadline"
    assert topic_of("child_age_lock") is None
    assert topic_of(None) is None
    for name in ASKED_FOR:
        assert topic_of(name) is None or by_topic(topic_of(name)) == name


# asking for time


@pytest.mark.parametrize(
    "text",
    [
        "how long do I have?",
        "how much time is left",
        "what is my deadline",
        "when can I start",
        "am I in time",
        "is it too late",
        "what day is it due date",
        "did my time run out",
        "¿cuánto tiempo tengo?",
        "cuanto me queda",
        "hasta cuando",
        "asta cuando tengo",
        "cuándo vence",
        "todavía estoy a tiempo",
        "ya es tarde?",
        "cuál es el plazo",
    ],
)  # fmt: skip
def test_a_question_for_time_is_known(text: str) -> None:
    assert asks_for_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "what does it cost",
        "who can help me",
        "I came in may",
        "cuánto cuesta",
        "quién me ayuda",
        "llegué en mayo",
        "",
    ],
)
def test_another_question_asks_for_no_time(text: str) -> None:
    assert not asks_for_time(text)


# answers

YES = [
    "yes", "Yes.", "yeah", "yep!", "yesss", "correct", "that's right", "that is correct", "right", "ok", "sure",
    "yes that is the right day", "I'm sure", "of course", "exactly", "it's right", "okay yes thank you", "👍",
    "sí", "si", "Sí, señor", "siii", "claro", "claro que sí", "correcto", "exacto", "así es", "esa es", "ese día", "ya",
    "eso", "de acuerdo", "está bien", "si esa es la fecha correcta", "sip", "simón", "por supuesto", "es cierto",
]  # fmt: skip

NO = [
    "no", "No.", "nope", "nah", "wrong", "that's wrong", "that is not right", "not that day", "it wasn't then",
    "no that is not the right day at all", "no, it was a different month", "I made a mistake", "not quite", "👎",
    "no, señor", "nel", "incorrecto", "está mal", "esa no es", "eso no", "equivocada", "para nada", "claro que no",
    "me equivoqué", "no esa no es la fecha que le dije", "negativo", "no fue así", "ese no",
]  # fmt: skip

DONT_KNOW = [
    "I don't know", "i dont know", "I do not remember", "can't remember", "i don't really know", "not sure",
    "no idea", "no clue", "idk", "I forgot", "who knows", "i dont know what day it was", "not sure of the day", "skip",
    "no sé", "no se", "nose", "no me acuerdo", "no recuerdo la fecha", "ya no me acuerdo", "ni idea", "quién sabe",
    "no estoy segura", "se me olvidó", "no sabría decirle", "no sé qué día fue", "no tengo idea", "no lo sé", "saltar",
]  # fmt: skip

BACK = [
    "back", "go back", "Go back please", "previous", "previous question", "take me back", "can I go back?",
    "atrás", "volver", "regresar", "ir atrás", "anterior", "la pregunta anterior", "volver atrás", "quiero volver",
]  # fmt: skip

NEITHER = [
    "yes but that's wrong", "yesterday", "right now I am in Texas", "ok what happens if I am late", "certainly maybe",
    "no, I have no court and no lawyer", "nobody told me about papers", "nothing", "noon", "can I work?",
    "I don't know if I can work", "I don't know how to file", "not sure if I need a lawyer", "go back to my country",
    "I came back in may", "previously I lived in Ohio", "I know the day", "I will never forget it",
    "si no pago qué pasa", "si llego tarde qué hago", "ya mandé la solicitud", "claro pero cuánto cuesta",
    "no tengo corte ni abogado ni papeles todavía", "noviembre", "nosotros vinimos juntos", "cita para mañana",
    "no sé si puedo trabajar", "no sé cómo pagar", "no se me olvidó", "quiero regresar a mi país", "siempre",
    "no puedo volver a mi país", "atrás quedó mi familia", "ya pasó el año?", "esta semana llegó mi hermano", "",
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_yes_is_a_yes(text: str) -> None:
    assert (says_yes(text), says_no(text), goes_back(text), does_not_know(text)) == (
        True,
        False,
        False,
        False,
    )


@pytest.mark.parametrize("text", NO)
def test_a_no_is_a_no(text: str) -> None:
    assert (says_yes(text), says_no(text), goes_back(text), does_not_know(text)) == (
        False,
        True,
        False,
        False,
    )


@pytest.mark.parametrize("text", DONT_KNOW)
def test_not_knowing_is_neither_yes_nor_no(text: str) -> None:
    assert (says_yes(text), says_no(text), goes_back(text), does_not_know(text)) == (
        False,
        False,
        False,
        True,
    )


@pytest.mark.parametrize("text", BACK)
def test_going_back_is_nothing_else(text: str) -> None:
    assert (says_yes(text), says_no(text), goes_back(text), does_not_know(text)) == (
        False,
        False,
        True,
        False,
    )


@pytest.mark.parametrize("text", NEITHER)
def test_what_only_resembles_an_answer_is_none(text: str) -> None:
    assert (says_yes(text), says_no(text), goes_back(text), does_not_know(text)) == (
        False,
        False,
        False,
        False,
    )
