import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.engine.tokenizer import BilingualTokenizer

TOKENIZER = BilingualTokenizer(BilingualTokenizer.get_default_config())


def words(text: str, language: str | None = None) -> list[str]:
    entities = [{"entity": "language", "value": language}] if language else []
    return [token.text for token in TOKENIZER.tokenize(Message({"text": text, "entities": entities}), "text")]


def test_english_is_cut_as_english() -> None:
    assert words("I don't know", "en") == ["I", "do", "n't", "know"]


@pytest.mark.parametrize("language", ["es", None])
def test_spanish_and_unsure_text_keep_their_words_whole(language: str | None) -> None:
    assert words("¿cant u llegué?", language) == ["¿", "cant", "u", "llegué", "?"]


def test_tokens_point_into_the_text() -> None:
    text = "Llegué  el 3 de marzo"
    for token in TOKENIZER.tokenize(Message({"text": text}), "text"):
        assert text[token.start : token.end] == token.text
