"""What a word means, from the glossary."""

from __future__ import annotations

from actions.turn import Turn
from bot.core.content import Library
from bot.core.content.glossary import folded
from bot.core.messages import Choice, Reply


def meaning_of(words: Library, turn: Turn) -> Reply | None:
    """The glossary's answer to "what does X mean", or None when the message asks something else.

    An article whose first question is about the word tells more, and has sources: then None as well.
    """
    term = words.glossary.asked(turn.text)
    if term is None or term.meaning is None:
        return None
    more = words.withheld(turn.language, turn.today).choices
    topic = words.topics.get(turn.intent)
    if topic is not None:
        article = topic.articles[turn.language]
        if folded(term.words[turn.language]) in folded(article.sections[0].question):
            return None
        more = (Choice(article.label, f"/{turn.intent}"), *more)
    word = term.words[turn.language]
    return Reply(
        kind="notice",
        id="glossary",
        lang=turn.language,
        title=word[0].upper() + word[1:],
        text=term.meaning[turn.language],
        choices=more,
    )
