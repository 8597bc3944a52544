"""Whether a sentence may go into the project's files: nothing in it points to a person, and it is one line of words.

What people wrote is kept for a time and erased when they ask. What trains the model stays for good, so it must be
nobody's words any more.
"""

from __future__ import annotations

import unicodedata

from bot.core.redact import mask
from bot.core.story import story_in

#: The longest example that people write; the encoder reads no more than 600 letters of a message.
LONGEST = 400

#: Why a sentence cannot be taken.
EMPTY, TOO_LONG, MASKED, MARKS, COMMAND, PERSONAL, STORY = PROBLEMS = (
    "empty", "long", "masked", "marks", "command", "personal", "story",
)  # fmt: skip


def one_line(text: str) -> str:
    """The text on one line, composed, without what begins an item of a list."""
    return " ".join(unicodedata.normalize("NFC", text).split()).removeprefix("- ").strip()


def problem_of(text: str) -> str | None:
    """One of ``PROBLEMS`` for a text that ``one_line`` gave, or None for one that may be taken."""
    if not any(letter.isalpha() for letter in text):
        return EMPTY
    if len(text) > LONGEST:
        return TOO_LONG
    if set(text) & set("[]"):
        # A token such as [NAME_1], which stands for what somebody wrote; it would be read as a mark of an entity.
        return MASKED
    if set(text) & set("{}"):
        return MARKS
    if text.startswith("/"):
        return COMMAND
    if mask(text).values:
        return PERSONAL
    return None if story_in(text) is None else STORY
