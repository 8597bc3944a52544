"""What both wire modules do alike: names of people, ids, and text that no database or encoder trips over. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.gateway.whatsapp.model import WireError

_PHONE = re.compile(r"\+?([0-9]{4,20})")
#: Two letters of a country, a dot, and up to 128 letters and digits; ENT marks one that several businesses share.
_BUSINESS_SCOPED = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_ROW = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CODE = re.compile(r"[A-Za-z0-9_]{1,32}")
#: Halves of a character that JSON's escapes and broken percent-encoding can bring, and NUL, which PostgreSQL refuses.
_UNWRITABLE = re.compile(r"[\ud800-\udfff\x00]")


def aliases(found: Iterable[object]) -> tuple[str, ...]:
    """The names among ``found``, each once: phone numbers, then the business's own id of a person, then shared ones.

    A name is known by its form and not by the field it stands in: since 2026 ``from`` may hold either.
    """
    named = {alias for value in found if isinstance(value, str) and (alias := _alias(value.strip()))}
    return tuple(sorted(named, key=lambda alias: (not alias.startswith("phone:"), ".ENT." in alias, alias)))


def is_business_scoped(address: str) -> bool:
    """Whether an address is a business-scoped id and no phone number."""
    return _BUSINESS_SCOPED.fullmatch(address) is not None


def identifier(value: object) -> str:
    """A provider's id of a message. Raises WireError for anything that cannot be one."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WireError("a message has no usable id")
    return value


def referred(value: object) -> str:
    """The id of another message that one speaks of, or nothing."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def own_row(value: object) -> str:
    """Our own id of a message, as a provider hands it back, or nothing."""
    return value if isinstance(value, str) and _ROW.fullmatch(value) else ""


def error_code(value: object) -> str:
    """A provider's error code as text, or nothing."""
    found = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return found if _CODE.fullmatch(found) else ""


def clean(value: object) -> str:
    """A text with every character that can be written and stored, as it was typed; nothing for other values."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else ""


def _alias(value: str) -> str:
    if phone := _PHONE.fullmatch(value):
        return f"phone:{phone[1]}"
    return f"bsuid:{value}" if _BUSINESS_SCOPED.fullmatch(value) else ""
