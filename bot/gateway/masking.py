"""What of a message may go on: personal values swapped for tokens, an answer to "what is your name" swapped whole.

The value behind a token of a booking stays in the memory of the conversation, so that its own page can show it, and
goes into the encrypted vault of ``bot.booking`` while an appointment is asked for. Every other value is let go.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from bot.core.booking.contact import Email, read_email
from bot.core.redact import KINDS, Masked

#: What a reply can ask for (``Reply.asks``), and the kind of the token that the answer becomes.
KIND_ASKED = {
    "name": "NAME",
    "phone": "PHONE",
    "email": "EMAIL",
    "when": "WHEN",
    "language_other": "LANGUAGE",
}

#: What stands in the place of a value that is no longer known.
HIDDEN = "••••"

_KEPT_KINDS = frozenset(KIND_ASKED.values())
_ALL_KINDS = _KEPT_KINDS | set(KINDS)
_TOKEN = re.compile(r"\[([A-Z][A-Z_]*)_\d+\]")
_SHOWN = re.compile(r"\[(?P<name>(?P<kind>[A-Z][A-Z_]*)_\d+)(?P<mended>:mended)?\]")
_KEY = secrets.token_bytes(32)


def kept_values(masked: Masked) -> dict[str, str]:
    """The values that an appointment may need, by token."""
    return {found.token: found.value for found in masked.values if found.kind in _KEPT_KINDS}


def ways_to_reach(text: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values of the numbers and addresses in a masked text, by token."""
    return {
        t[0]: values[t[0]] for t in _TOKEN.finditer(text) if t[1] in ("PHONE", "EMAIL") and t[0] in values
    }


def digest(text: str) -> bytes:
    """A short name for a text, good for telling two sendings apart while this process lives, and for nothing else."""
    return hashlib.blake2s(text.encode(), key=_KEY).digest()


def shown_to_owner(text: str, values: Mapping[str, str]) -> str:
    """The text with the person's own values in the place of tokens; ``HIDDEN`` where the value is gone."""
    if "[" not in text:
        return text
    return _SHOWN.sub(lambda token: _shown(token, values), text)


def _shown(token: re.Match[str], values: Mapping[str, str]) -> str:
    if token["kind"] not in _ALL_KINDS:
        return token[0]
    value = values.get(f"[{token['name']}]", HIDDEN)
    read = read_email(value, mended=True) if token["mended"] else None
    return read.address if isinstance(read, Email) else value


def shown_reply(message: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A message of the chat API as its own person sees it."""
    shown = {**message, "text": shown_to_owner(message["text"], values)}
    shown["full"] = shown_to_owner(message["full"], values)
    shown["choices"] = [{**c, "title": shown_to_owner(c["title"], values)} for c in message["choices"]]
    return shown


def story_marker(words: int, topics: str, language: str) -> str:
    """What is kept of a message that told what happened to a person."""
    told = f"{words} words, {topics}, {language}" if topics else f"{words} words, {language}"
    return f"[story not kept: {told}]"
