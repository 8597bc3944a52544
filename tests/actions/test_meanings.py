"""What a word means is told from the glossary, unless an article begins with it."""

from __future__ import annotations

import pytest

from actions.topics import ActionAnswerTopic, ActionDidYouMean
from tests.actions.builders import Nearness, run_all, state


@pytest.mark.parametrize(
    ("text", "lang", "title"),
    [
        ("what does NTA mean?", "en", "Notice to Appear"),
        ("what is a master hearing", "en", "Master hearing"),
        ("que es parole", "es", "Parole"),
        ("¿Qué significa permiso adelantado de viaje?", "es", "Permiso adelantado de viaje"),
    ],
)
def test_a_word_is_explained(text: str, lang: str, title: str) -> None:
    _, (reply, *_) = run_all(ActionDidYouMean(), state("nlu_fallback", text=text, language=lang))
    assert (reply.id, reply.lang, reply.title) == ("glossary", lang, title)
    assert reply.text
    assert reply.choices[-1].payload == "/talk_to_human"


@pytest.mark.parametrize("text", ["what is my deadline", "que es lo mejor para mi caso", "/work_permit"])
def test_another_question_is_not_taken_for_one_about_a_word(text: str) -> None:
    _, (reply, *_) = run_all(ActionDidYouMean(), state("nlu_fallback", text=text, language="en"))
    assert reply.id != "glossary"


def test_an_article_about_the_word_tells_more(near: Nearness) -> None:
    near.of = {"what_is_asylum/general": 1.0}
    _, (reply, *_) = run_all(
        ActionAnswerTopic(), state("what_is_asylum", text="what is asylum?", language="en")
    )
    assert (reply.kind, reply.id) == ("answer", "what_is_asylum")
