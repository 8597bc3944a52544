"""The emergency list on its own tables: nothing missed, hardly a false alarm, the right kind."""

from __future__ import annotations

import runpy
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.emergency import KINDS, POINTS_FILE, _Book, classify, features
from bot.core.errors import DataFileError

TABLES = Path("tests/vectors/emergency")
FALSE_ALARMS = 0.02
#: The kind may be one that is answered just as well; recall may not.
RIGHT_KIND = 0.97


def rows(name: str, language: str) -> list[tuple[str, str]]:
    lines = (TABLES / f"{name}.{language}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(first, text) for first, _, text in (line.partition("\t") for line in lines)]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_tables_hold_300_of_each_and_every_kind(language: str) -> None:
    positive, negative = rows("positive", language), rows("negative", language)
    assert len(positive) >= 300
    assert len(negative) >= 300
    for kind in KINDS:
        assert sum(k == kind for k, _ in positive) >= (30 if kind == "unclear" else 60)
    assert len({text for _, text in positive + negative}) == len(positive) + len(negative)


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_emergency_is_missed(language: str) -> None:
    assert [text for _, text in rows("positive", language) if classify(text, language) is None] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_kind_is_right(language: str) -> None:
    told = [(kind, classify(text, language)) for kind, text in rows("positive", language)]
    right = sum(found is not None and found.kind == kind for kind, found in told)
    assert right / len(told) >= RIGHT_KIND


@pytest.mark.parametrize("language", ["en", "es"])
def test_near_misses_raise_hardly_a_false_alarm(language: str) -> None:
    negative = rows("negative", language)
    wrong = [text for _, text in negative if classify(text, language) is not None]
    assert len(wrong) / len(negative) <= FALSE_ALARMS, wrong


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("la migra esta en mi puerta y me quiero matar", "suicide"),
        ("ICE is at my door right now", "agents"),
        ("mi esposo me esta pegando ahorita", "violence"),
        ("ayuda", "unclear"),
        ("🆘", "unclear"),
    ],
)
def test_which_kind_wins(text: str, kind: str) -> None:
    found = classify(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "what do I do if ICE comes to my door",
        "qué hago si llega la migra",
        "I was detained in 2022",
        "me agarraron en la frontera el año pasado",
        "mi esposo me pegaba en mi país",
        "they killed my brother in 2019",
        "quisieron matarme en mi pais por eso vine",
        "in my country police arrested me",
        "can domestic violence be a ground for asylum",
        "gang threats asylum",
        "me muero de hambre",
        "this wait is killing me",
        "me quiero morir de la risa",
        "I'm dying to know",
        "mi jefe me mata si falto",
        "ice cream",
        "help with my application",
        "necesito ayuda para llenar la i589",
        "urgente necesito una cita",
        "emergency advance parole",
        "ayuda del gobierno",
        "my brother was taken last week, how do I find him",
        "tengo orden de deportación",
        "hice mi cita con inmigración afuera de la corte",
        "Can I travel? My mother is dying in Honduras",
    ],
)
def test_what_is_asked_told_or_said_in_fun_is_no_emergency(text: str) -> None:
    assert classify(text, "es") is None
    assert classify(text, "en") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("agentes afura", "agents"),
        ("hice at my door", "agents"),
        ("imigration is outside", "agents"),
        ("I.C.E. is outside my house", "agents"),
        ("they taking my husband", "agents"),
        ("ice esta afuera de mi casa", "agents"),
        ("last year he hit me and NOW he is outside with a gun", "violence"),
        ("If they deport me I will kill myself", "suicide"),
        ("my husband is beating me here in Houston, in Honduras he did it too", "violence"),
        ("estoy en Reynosa y me tienen secuestrada", "abroad"),
        ("SOS\u200b", "unclear"),
        ("ayudenme xfa", "unclear"),
    ],
)
def test_phone_spelling_and_mixed_languages_are_understood(text: str, kind: str) -> None:
    found = classify(text)
    assert found is not None
    assert found.kind == kind


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def stretched(text: str) -> str:
    return "".join(c * 3 if c.lower() in "aeou" else c for c in text)


@pytest.mark.parametrize("change", [str.upper, str.lower, without_accents, stretched, lambda t: f"  {t} 😭"])
@pytest.mark.parametrize("table", ["positive", "negative"])
def test_capitals_accents_and_stretched_letters_change_nothing(
    table: str, change: Callable[[str], str]
) -> None:
    for language in ("en", "es"):
        for _, text in rows(table, language)[::9]:
            assert classify(change(text)) == classify(text), text


def test_the_danger_is_seen_at_the_end_of_a_long_story() -> None:
    story = next(text for reason, text in rows("negative", "es") if reason == "story")
    assert classify(story) is None
    found = classify(f"{story} Perdone, en este momento mi marido me está pegando.")
    assert found is not None
    assert found.kind == "violence"


def test_a_text_of_any_length_is_read_at_both_ends() -> None:
    found = classify("bla " * 10_000 + "ICE is at my door right now")
    assert found is not None
    assert found.kind == "agents"


@given(st.text(max_size=400))
def test_any_text_gets_an_answer(text: str) -> None:
    found = classify(text)
    assert found is None or found.kind in KINDS
    assert found == classify(text)


def test_the_result_names_a_rule_and_holds_no_word_of_the_message() -> None:
    found = classify("mi marido me esta pegando en Falfurrias")
    assert found is not None
    assert found.rule == "blow-now"


def test_the_points_were_learned_from_these_tables() -> None:
    learn = runpy.run_path(str(TABLES / "learn.py"))
    head = POINTS_FILE.read_text(encoding="utf-8").splitlines()[:4]
    assert any(learn["tables_mark"]() in line for line in head), "run tests/vectors/emergency/learn.py"


def test_points_are_counted_over_windows_of_a_long_message() -> None:
    assert len(features("ICE is at my door")) == 1
    assert len(features("word " * 200)) > 1


def book(**changes: Any) -> _Book:
    data: dict[str, Any] = {
        "respell": {},
        "harmless": {"es": ["hice"]},
        "words": {"my": ["my, mi"]},
        "phrases": {
            name: ["nothing"]
            for name in (
                "asides",
                "harmless_uses",
                "story_now",
                "in_their_hands",
                "abroad",
                "person_abroad",
                "in_us",
                "us_agents",
            )
        }
        | {"gang_home": ["mara"], "supposing": ["if"], "door": ["at <my> (front) door/gate"]},
        "guards": {"supposing": {"phrases": "supposing", "before": 5, "after": 5}},
        "rules": {"door": {"kind": "agents", "needs": ["door"], "unless": ["supposing"]}},
        "signs": {"door": ["door"]},
        "cries": {},
    }
    return _Book(data | changes, "words.yml")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"words": None}, "the section 'words' is missing"),
        ({"words": {"my": ["in-laws"]}}, "'in-laws' is not one word"),
        ({"words": {"my": ["ab*"]}}, "'ab*' is too short"),
        ({"words": {"my": ["hijo~"]}}, "'hijo~' is too short to allow a wrong letter"),
        ({"signs": {"door": ["at <your> door"]}}, "no class of words is called <your>"),
        ({"signs": {"door": ["(at the) door"]}}, "in '(at the) door' brackets may hold one word only"),
        ({"signs": {"door": ["_ door"]}}, "the phrase '_ door' may begin with any word"),
        ({"guards": {"supposing": {"phrases": "supposing"}}}, "guard supposing must have"),
        (
            {"rules": {"x": {"kind": "agents", "needs": ["roof"], "unless": []}}},
            "no group of phrases is called 'roof'",
        ),
        ({"rules": {"x": {"kind": "fire", "needs": ["door"], "unless": []}}}, "the kind of x is 'fire'"),
        (
            {"rules": {"x": {"kind": "agents", "needs": ["door"], "unless": ["past"]}}},
            "rule x names the guard 'past'",
        ),
        ({"rules": {"x": {"kind": "agents", "needs": ["door"], "but": []}}}, "rule x must have"),
        ({"cries": {"x": {"kind": "unclear"}}}, "cry x must have"),
    ],
)
def test_a_mistake_in_the_words_file_is_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataFileError) as caught:
        book(**changes)
    assert caught.value.path == "words.yml"
    assert problem in caught.value.problem


def test_a_phrase_matches_with_and_without_what_may_be_missing() -> None:
    small = book()
    for text, words in (("at my door", 3), ("at mi front gate", 4)):
        message = small.read(text, None)
        assert (0, words) in [span for spans in small.find(message).values() for span in spans]
    assert not small.find(small.read("at, my door", None)).keys() & {
        number for rule in small.rules for number in rule.needs
    }


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("My brother is detained and they deport him tomorrow", "held"),
        ("mi hermano esta detenido y lo deportan mañana", "held"),
        ("my husband is in detention they are deporting him today", "held"),
        ("me tienen detenido y quieren que firme", "held"),
        ("se llevaron a mi esposo esta mañana", "held"),
        ("my mom is in ice custody and has a flight tonight", "held"),
        ("ICE is outside and my brother is detained already", "agents"),
        ("la migra esta en la puerta", "agents"),
        ("they are taking my husband right now", "agents"),
        ("quiero morirme, me tienen detenido", "suicide"),
    ],
)
def test_whoever_is_held_already_is_told_nothing_about_the_door(text: str, lines: str) -> None:
    found = classify(text)
    assert found is not None
    assert found.lines == lines
    assert (lines == "held") <= (found.kind == "agents")
