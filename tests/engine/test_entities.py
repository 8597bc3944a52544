from pathlib import Path
from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

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


@pytest.mark.parametrize("text", ["esta es mi pregunta", "I live in Georgia", "ice cream", "una carta", ""])
def test_common_words_are_not_taken_for_the_domain(extractor: DomainEntityExtractor, text: str) -> None:
    assert found(extractor, text) == set()


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
    } == set(read_patterns(SHIPPED))
