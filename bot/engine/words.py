"""Whole words and pairs of words: what pieces of words blur ("not", "no papers", "next to last")."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from bot.engine.ngrams import CharNgramFeaturizer


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class WordNgramFeaturizer(CharNgramFeaturizer):
    """Adds TF-IDF weights of words and pairs of words, beside those of ``CharNgramFeaturizer``.

    Measured on the development questions: one point more answered right (docs/understanding.md).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            **CharNgramFeaturizer.get_default_config(),
            "analyzer": "word",
            "shortest": 1,
            "longest": 2,
            "weight": 0.7,
        }
