from pathlib import Path
from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core import yaml12
from bot.core.errors import ContentFileError
from bot.engine.entities import DomainEntityExtractor, alternatives, read_patterns

SHIPPED = Path("bot/content/entities.yml")


@pytest.fixture
def extractor(storage: Any, context: Any) -> DomainEntityExtractor:
    config = DomainEntityExtractor.get_default_config()
    component = DomainEntityExtractor.create(config, storage, Resource("entities"), context)
    component.train(TrainingData())
    return component


def found(extractor: DomainEntityExtractor, text: str, language: str = "es") -> set[tuple[str, str, str]]:
    before = [{"entity": "language", "value": language, "start": 0, "end": len(text)}]
    message = extractor.process([Message({"text": text, "entities": before})])[0]
    named = message.get("entities")[1:]
    return {(e["entity"], e["value"], text[e["start"] : e["end"]]) for e in named}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "I came on a B1/B2 visa", {("visa_class", "b2", "B1/B2")}),
        ("es", "llegue con visa de turista", {
            ("entry_manner", "admitted", "llegue con visa"), ("visa_class", "b2", "turista")}),
        ("es", "entre con i94", {("form", "i-94", "i94")}),
        ("en", "my I 220A paper", {("form", "i-220a", "I 220A")}),
        ("en", "we crossed the border without papers", {
            ("entry_manner", "no_inspection", "crossed the border"),
            ("entry_manner", "no_inspection", "without papers")}),
        ("es", "CRUCÉ EL RÍO", {("entry_manner", "no_inspection", "CRUCÉ EL RÍO")}),
        ("es", "tengo corte de inmigración", {("court", "immigration_court", "corte de inmigración")}),
        ("en", "an appeal to the BIA", {("court", "bia", "BIA")}),
        ("es", "me mandó USCIS a la oficina de asilo", {
            ("agency", "uscis", "USCIS"), ("agency", "uscis", "oficina de asilo")}),
        ("es", "mi esposo y mis hijos", {("relative", "spouse", "esposo"), ("relative", "child", "hijos")}),
        ("en", "my step-mother's brother", {("relative", "parent", "mother"), ("relative", "sibling", "brother")}),
        ("es", "soy hondureña", {("country", "HN", "hondureña")}),
        ("en", "we are Venezuelans", {("country", "VE", "Venezuelans")}),
        ("en", "she is from Haïti", {("country", "HT", "Haïti")}),
        ("es", "lo agarró la migra", {("detention", "detained", "lo agarró"), ("agency", "ice", "la migra")}),
        ("en", "he was released on bond", {("detention", "released", "released on bond")}),
    ],
)  # fmt: skip
def test_what_is_named_gets_a_value_without_a_language(
    extractor: DomainEntityExtractor, language: str, text: str, expected: set[tuple[str, str, str]]
) -> None:
    if "step-" in text:
        assert {value for _, value, _ in found(extractor, text, language)} == {"parent", "sibling"}
    else:
        assert found(extractor, text, language) == expected


@pytest.mark.parametrize(
    "text", ["esta es mi pregunta", "I am from Georgia", "ice cream", "una carta", "cruzamos la montaña", ""]
)
def test_common_words_are_not_taken_for_the_domain(extractor: DomainEntityExtractor, text: str) -> None:
    assert found(extractor, text) == set()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param("I live in Texas", "TX", "Texas", id="a state in English"),
        pytest.param("vivo en Carolina del Norte", "NC", "Carolina del Norte", id="a state in Spanish"),
        pytest.param("estoy en NUEVA YORK", "NY", "NUEVA YORK", id="in capitals"),
        pytest.param("somos de pensilvania", "PA", "pensilvania", id="in small letters"),
        pytest.param("we moved to Houston last year", "TX", "Houston", id="a city"),
        pytest.param("Nuevo México", "NM", "Nuevo México", id="New Mexico is not Mexico"),
        pytest.param("my address is in West Virginia", "WV", "West Virginia", id="the longer name wins"),
        pytest.param("vivo en Washington, D.C.", "DC", "Washington, D.C.", id="the capital"),
        pytest.param("estado de Washington", "WA", "estado de Washington", id="the state of Washington"),
        pytest.param("I live in Georgia", "GA", "Georgia", id="Georgia where a person lives"),
        pytest.param("Georgia", "GA", "Georgia", id="Georgia as the whole answer"),
        pytest.param("en Georgia.", "GA", "Georgia", id="Georgia as the whole answer, with in"),
        pytest.param("estoy en Montana", "MT", "Montana", id="a name that is a word, where a person is"),
        pytest.param("I live in Tulsa, OK", "OK", "Tulsa", id="a city with its code"),
        pytest.param("Springfield, MA 01101", "MA", "MA", id="a code after a comma"),
        pytest.param("vivo en TX", "TX", "TX", id="a code after en"),
        pytest.param("I am in CA right now", "CA", "CA", id="a code after in"),
        pytest.param("vivo en Boston y crucé por Texas", "MA", "Boston", id="not the way that was taken"),
        pytest.param(
            "crucé por Texas y vivo en Boston", "MA", "Boston", id="where the person lives, said last"
        ),
        pytest.param("my court is in Miami but I live in Ohio", "OH", "Ohio", id="not the court"),
        pytest.param("estoy en Florida, mi hermano vive en Maine", "FL", "Florida", id="not the brother"),
        pytest.param("estoy detenido en Texas", "TX", "Texas", id="where a detained person is"),
        pytest.param("Florida o Ohio", "OH", "Ohio", id="the last of two that are said alike"),
    ],
)
def test_the_state_is_the_one_in_which_the_person_is(
    extractor: DomainEntityExtractor, text: str, code: str, words: str
) -> None:
    for language in ("en", "es"):
        states = [named for named in found(extractor, text, language) if named[0].startswith("us_state")]
        assert states == [("us_state", code, words)]


@pytest.mark.parametrize(
    "text",
    [
        "soy de Georgia",
        "they persecuted me in Georgia",
        "me llamo Virginia",
        "Columbus Day",
        "cuál es el paso siguiente",
        "crucé la montana",
        "my hearing was in Texas",
        "entré por Texas",
        "mi esposo está en Florida",
        "soy de Baja California",
        "llegué a Nuevo Laredo",
        "I am in Washington",
        "tell me, ok",
        "yes, OK",
        "my passport, ID and birth certificate",
        "VIVO EN MI CASA, ME AYUDA",
        "vivo en LA",
        "come in or hi",
        "en el or me da",
    ],
)
def test_what_may_be_no_state_or_not_the_persons_is_left_out(
    extractor: DomainEntityExtractor, text: str
) -> None:
    for language in ("en", "es"):
        assert not [named for named in found(extractor, text, language) if named[0].startswith("us_state")]


def test_every_state_of_the_list_has_a_day_of_its_own() -> None:
    patterns = read_patterns(SHIPPED)
    states = yaml12.load_file(Path("bot/core/us_states.yml"))["states"]
    assert {*patterns["us_state"], *patterns["us_state_maybe"]} == set(states)


def test_both_languages_are_found_in_a_message_of_either(extractor: DomainEntityExtractor) -> None:
    text = "mi husband tiene court"
    expected = {("relative", "spouse", "husband"), ("court", "immigration_court", "court")}
    assert found(extractor, text, "es") == found(extractor, text, "en") == expected


def test_a_model_keeps_its_patterns_when_the_file_is_gone(storage: Any, context: Any, tmp_path: Path) -> None:
    file = tmp_path / "entities.yml"
    file.write_text("agency: {uscis: [uscis]}", encoding="utf-8")
    config = {"patterns": str(file)}
    DomainEntityExtractor.create(config, storage, Resource("entities"), context).train(TrainingData())
    file.unlink()
    loaded = DomainEntityExtractor.load(config, storage, Resource("entities"), context)
    assert found(loaded, "write to USCIS") == {("agency", "uscis", "USCIS")}


def test_alternatives_are_written_out() -> None:
    assert alternatives("venezolan(o|a)") == ["venezolano", "venezolana"]
    assert alternatives("kid(|s)") == ["kid", "kids"]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("agency:\n  uscis: uscis\n", 2, "uscis is no list of phrases"),
        ("country:\n  NG: [níger]\n  NE: [Niger]\n", 3, "'niger' stands for both NG and NE"),
        ("agency:\n  ice: [ice]\n  ice: [migra]\n", 3, "duplicate key"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, content: str, line: int, problem: str) -> None:
    file = tmp_path / "entities.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ContentFileError) as caught:
        read_patterns(file)
    assert caught.value.line == line
    assert problem in caught.value.problem


def test_the_shipped_patterns_have_no_phrase_twice() -> None:
    assert {
        "visa_class",
        "form",
        "entry_manner",
        "court",
        "agency",
        "relative",
        "country",
        "detention",
        "us_state",
        "us_state_maybe",
    } == set(read_patterns(SHIPPED))
