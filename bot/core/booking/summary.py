"""What the firm gets of a confirmed request: the contact with its real values, and codes for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.booking.contact import Email, Name, Phone, as_typed, read_email, read_name, read_phone
from bot.core.booking.slots import window
from bot.core.deadlines.results import Deadline
from bot.core.errors import BotError
from bot.core.triage.facts import Facts
from bot.core.triage.levels import Assessment
from bot.core.triage.rules import LEVELS, ROUTINE

#: What the person agreed to with the text of consent.
SCOPE = ("contact", "share_with_firm")

#: The reason of a request without triage.
NOT_ASKED = "not_asked"


class ValueGone(BotError):
    """A value that the request needs is no longer kept; ``question`` asks for it."""

    def __init__(self, question: str) -> None:
        self.question = question
        super().__init__(f"The value for {question} is gone. Ask for it again.")


def contact(told: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """The contact under the names of the schema, from ``Interview.facts`` and the values behind its tokens.

    Only the way that was chosen is given on. Raises ValueGone.
    """
    name = read_name(_value(told["name"], values, "name"))
    if not isinstance(name, Name):
        raise ValueGone("name")
    found = {
        "name_as_given": name.as_given,
        "preferred_channel": told["reach"],
        "safe_to_leave_message": told["safe_to_leave_message"],
        # Two words can be a name and a surname or two names: only what is sure is told apart.
        **({"given_name": name.given, "family_name": name.family} if name.given and name.family else {}),
    }
    if told["reach"] == "phone":
        regions = (told["phone_region"],) if told["phone_region"] else ()
        phone = read_phone(
            _value(told["phone"], values, "phone"), regions, strict=not told.get("phone_loose")
        )
        if not isinstance(phone, Phone):
            raise ValueGone("phone")
        found["phone_e164"] = phone.e164
    elif told["reach"] == "email":
        text = _value(told["email"], values, "email")
        email = as_typed(text) if told.get("email_as_typed") else read_email(text, mended=True)
        if not isinstance(email, Email):
            raise ValueGone("email")
        found["email"] = email.address
    if str(told["when"]).startswith("["):
        found["safe_times_text"] = _value(told["when"], values, "when")[:200]
    return found


def details(
    told: Mapping[str, Any],
    values: Mapping[str, str],
    *,
    facts: Facts,
    found: Assessment | None,
    channel: str,
    conversation: str,
    us_state: str | None,
    timezone: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Everything else, as ``bot.booking.payload.consultation`` takes it: codes, and no story.

    ``conversation`` is empty where the transcript is not kept; ``found`` is None without triage.
    """
    other = told.get("language_other")
    when = str(told["when"])
    consent = told["consent"]
    return {
        "language": {
            "preferred": told["language"],
            "interpreter_needed": told["interpreter"],
            **({"other_text": values[other][:200]} if other is not None and other in values else {}),
        },
        "location": {"us_state": us_state, "timezone": timezone},
        "availability": [window(told["slot"])]
        if told.get("slot")
        else values.get(when, "")[:200]
        if when.startswith("[")
        else when,
        "triage": {
            "reasons": [reason.code for reason in found.reasons] if found else [NOT_ASKED],
            "rules_version": found.rules_version if found else None,
        },
        "facts": facts.as_dict(),
        "deadline": _deadline(found) if found else None,
        "consent": {
            "text_version": consent["version"],
            "language": consent["language"],
            "given_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "scope": list(SCOPE),
        },
        "source": {"channel": channel},
        "transcript": {"conversation_ref": conversation},
        "conflict_check": told["conflict"],
    }


def level_of(found: Assessment | None, asked: bool) -> str:
    """How urgent a request is. Where triage was not asked for (``asked``), what nobody was asked does not count."""
    if found is None:
        return ROUTINE
    levels = [reason.level for reason in found.reasons if asked or not reason.code.startswith("unknown_")]
    return min(levels, key=LEVELS.index, default=ROUTINE)


def _deadline(found: Assessment) -> dict[str, Any] | None:
    """The date that presses most among those that were told; None where there is none with a day."""
    dated = [result for result in found.dates if isinstance(result, Deadline) and result.date is not None]
    if not dated:
        return None
    result = dated[0]
    ends = {
        name: end.date.isoformat()
        for name, end in (("earliest", result.earliest), ("latest", result.latest))
        if end is not None and end.date is not None
    }
    assert result.date is not None
    return {
        "calculation": result.calculation,
        "last_day": result.date.isoformat(),
        **ends,
        "days_left": result.days_left,
        "computed_on": result.counted_on.isoformat(),
        "method_version": found.rules_version,
        "caveats": [caveat.code for caveat in result.caveats][:20] or [],
    }


def _value(token: Any, values: Mapping[str, str], question: str) -> str:
    value = values.get(str(token))
    if value is None:
        raise ValueGone(question)
    return value
