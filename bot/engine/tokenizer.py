"""Words of a message, cut as its language cuts them."""

from __future__ import annotations

from functools import cache
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language

from bot.engine.text import language_of

#: Cuts text whose language is not sure: it leaves "dont" whole, and Spanish words are never cut wrongly.
UNSURE = "es"


@cache
def tokenizing_pipeline(language: str) -> Language:
    """The blank spaCy pipeline of a language: its tokenizer and nothing to download."""
    return spacy.blank(language)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):
    """spaCy's English or Spanish tokenizer, by the language of the message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy"]

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        language = language_of(message) or UNSURE
        doc = tokenizing_pipeline(language).make_doc(message.get(attribute))
        return [Token(token.text, token.idx) for token in doc if not token.is_space]
