"""The conversation that leads to a request for a consultation: who, how to reach them, when, and their consent.

A pure machine like the one of the deadlines: ``begin`` and ``hear`` take what a person said and give the interview as
it stands, ``Interview.asked`` says what to ask next. **No value is kept.** The gateway swaps a name, a number or an
address for a token before anything is stored, and ``Heard.values`` says what stands behind a token; the state holds the
tokens, codes and the names of countries and mail providers. It is JSON, so that it can lie in a slot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.core.booking.answers import (
    SHORT,
    agrees,
    asks,
    asks_why,
    cancels,
    code_in,
    field_in,
    has_condition,
    has_no_such,
    is_little,
    is_plain_answer,
    language_in,
    names_neither,
    names_oneself,
    passes_over,
    wants_change,
    ways_in,
)
from bot.core.booking.contact import (
    DID_YOU_MEAN,
    INVALID,
    NONE,
    WHICH_COUNTRY,
    Email,
    Name,
    Phone,
    as_typed,
    read_email,
    read_name,
    read_phone,
    region_in,
)
from bot.core.booking.questions import (
    AGAIN,
    ANY,
    ASK_LAWYER,
    BASE,
    BELONGING,
    CANCELLED,
    CODES,
    CONFLICT,
    CONSENT,
    CONTACT_ASKED,
    CORRECT,
    CORRECTABLE,
    DONE,
    EMAIL,
    EMAIL_ENDING,
    EMAIL_KNOWN,
    GAVE_UP,
    INTERPRETER,
    LANGUAGE,
    LANGUAGE_OTHER,
    LAWYER,
    MORE,
    NAME,
    NAME_KNOWN,
    NEEDED,
    NO,
    NO_CONTACT,
    NO_SLOT,
    NOT_UNDERSTOOD,
    OPTIONAL,
    OTHER,
    OTHER_WAY,
    PHONE,
    PHONE_COUNTRY,
    PHONE_KNOWN,
    REACH,
    REFUSED,
    REVIEW,
    SAFE_MESSAGE,
    SAID_NO,
    SECOND_OPINION,
    SLOT,
    UNKNOWN,
    WHATSAPP,
    WHEN,
    YES,
)
from bot.core.booking.slots import spread
from bot.core.deadlines.wanted import does_not_know, goes_back, says_no, says_yes
from bot.core.language import plain

#: So often may an answer not be understood before the firm's phone number is given instead.
PATIENCE = 3

#: Intents that say nothing by themselves, so that a question to which they are the answer was not understood.
_EMPTY = frozenset(
    {
        "nlu_fallback",
        "inform_date",
        "affirm",
        "deny",
        "book_consultation",
        "thank",
        "greet",
        "change_language",
        "",
    }
)

#: Intents that are never an answer, whatever the words.
_OF_OTHERS = frozenset({"restart", "delete_my_data", "emergency"})

#: The parts of the state that are lists in JSON.
_LISTS = ("regions", "declined", "trail", "slots", "seen")

_TOKEN = re.compile(r"\[([A-Z_]+)_\d+\]")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message.

    ``text`` holds tokens where values stood; ``values`` is what stands behind them and behind the tokens of the state,
    and is never kept. ``choice`` is a pressed button as (question, code). ``known`` are tokens of values from earlier
    in the conversation, by kind ("PHONE", "EMAIL", "NAME"). ``has_lawyer`` comes from triage, None when not known.
    ``consent_version`` names the text of consent that is shown, see ``telling.consent_version``. ``slots`` are the free
    times of the firm's calendar, written as in ``slots``, in order; empty where there is none or it cannot be read.
    ``timezone`` is that in which times are told, an IANA name.
    """

    text: str
    intent: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    choice: tuple[str, str] | None = None
    channel: str = "web"
    known: Mapping[str, str] = field(default_factory=dict)
    has_lawyer: bool | None = None
    language: str = "en"
    consent_version: str = ""
    slots: tuple[str, ...] = ()
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Interview:
    """What is known and what is asked.

    ``answers`` maps a question to its code or token, ``proposed`` to a token to read back instead of asking.
    ``regions`` are the countries that fit a number, ``again`` is the token of a value that was not taken, ``declined``
    are ways that the person does not have. ``trail`` are the questions answered, for the way back. ``slots`` are the
    times offered now, ``seen`` those offered before, ``more`` says whether there are others; ``picked`` that a time was
    chosen in this very interview, ``reopened`` that it corrects a request whose time was taken by somebody else.
    ``asked`` is None before the beginning and when there is an ``outcome``.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    asked: str | None = None
    trouble: str | None = None
    regions: tuple[str, ...] = ()
    again: str | None = None
    declined: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    more: bool = False
    picked: bool = False
    reopened: bool = False
    timezone: str = ""
    misses: int = 0
    represented: bool = False
    channel: str = "web"
    language: str = "en"
    outcome: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the person confirmed what was read back, with consent."""
        return self.outcome == DONE

    @property
    def contact_asked(self) -> str | None:
        """The kind of ``questions.PERSONAL`` for which the gateway swaps the whole reply; None when it need not."""
        return CONTACT_ASKED.get(self.asked or "")

    @property
    def choices(self) -> tuple[str, ...]:
        """The codes of the buttons for what is asked."""
        if self.asked == PHONE_COUNTRY:
            return (*self.regions, OTHER) if self.regions else ()
        if self.asked == REACH:
            return tuple(code for code in CODES[REACH] if code != WHATSAPP or self.channel == WHATSAPP)
        if self.asked == SLOT:
            return (*self.slots, *((MORE,) if self.more else ()), NO_SLOT)
        if self.asked == CORRECT:
            return tuple(name for name in CORRECTABLE if name in self.answers)
        return CODES.get(self.asked or "", ())

    @property
    def slot(self) -> str | None:
        """The time that was chosen from the calendar."""
        told = self.answers.get(SLOT)
        return None if told == NO_SLOT else told

    @property
    def wants_time(self) -> bool:
        """Whether free times of a calendar are to be offered next, where there are any."""
        open_when = WHEN not in self.answers and self.answers.get(SLOT) != NO_SLOT
        return self.asked == SLOT or (self.asked == WHEN and open_when)

    @property
    def facts(self) -> dict[str, Any]:
        """What a delivery needs, with tokens for values.

        ``phone`` is read with ``read_phone(value, (phone_region,), strict=not phone_loose)``; ``email`` with
        ``as_typed(value)`` when ``email_as_typed``, else with ``read_email(value, mended=True)``; ``name`` with
        ``read_name(value)``. Raises KeyError before the interview is complete.
        """
        told = self.answers
        return {
            "name": told[NAME],
            "reach": told[REACH],
            "phone": told.get(PHONE),
            "phone_region": told.get("phone_region"),
            "phone_loose": "phone_loose" in told,
            "email": told.get(EMAIL),
            "email_as_typed": "email_as_typed" in told,
            "safe_to_leave_message": told[SAFE_MESSAGE],
            "language": told[LANGUAGE],
            "language_other": told.get(LANGUAGE_OTHER),
            "interpreter": told[INTERPRETER],
            "when": told[WHEN] if self.slot is None else ANY,
            "slot": self.slot,
            "conflict": told[CONFLICT],
            "consent": {"version": told["consent_version"], "language": told["consent_language"]},
        }

    def as_dict(self) -> dict[str, Any]:
        """JSON that ``from_dict`` reads back."""
        data = asdict(self)
        data["answers"], data["proposed"] = dict(self.answers), dict(self.proposed)
        for name in _LISTS:
            data[name] = list(data[name])
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Interview:
        """The interview that ``as_dict`` wrote; an empty one for None."""
        if not data:
            return cls()
        known = dict(data)
        for name in _LISTS:
            known[name] = tuple(data.get(name, ()))
        return cls(**known)


def begin(before: Interview, heard: Heard) -> Interview:
    """The interview that a request starts.

    One that is open goes on where it stood. One that was confirmed is read back whole, so that a second request is a
    correction of the first; after a cancellation or without consent nothing of it is left. Who could not have the
    time that was chosen is only asked for another one.
    """
    return _with_times(_begun(before, heard), heard)


def as_it_stands(before: Interview, slot: str | None) -> Interview:
    """A confirmed interview with the time that its appointment has by now; None: it has none, or none any more."""
    if before.outcome != DONE or before.slot is None:
        return before
    left = {name: told for name, told in before.answers.items() if name != SLOT}
    return replace(before, answers=left if slot is None else {**left, SLOT: slot})


def hear(interview: Interview, heard: Heard) -> Interview | None:
    """The interview after an answer, or None when the message was no answer to what was asked."""
    after = _heard(interview, heard)
    return None if after is None else _with_times(after, heard)


def _begun(before: Interview, heard: Heard) -> Interview:
    again = heard.choice == (SLOT, AGAIN)
    if before.asked is not None and before.outcome is None:
        if again:
            return _again(before)
        return _with_tokens(replace(before, trouble=None), heard) or replace(before, trouble=None)
    kept = dict(before.answers) if before.outcome == DONE else {}
    if kept.get("consent_version") != heard.consent_version:
        # What is kept was agreed to in other words.
        kept.pop(CONSENT, None)
    proposed = {
        question: token
        for question, kind in ((NAME, "NAME"), (PHONE, "PHONE"), (EMAIL, "EMAIL"))
        if question not in kept and (token := heard.known.get(kind)) and _usable(question, token, heard)
    }
    started = Interview(
        answers=kept,
        proposed=proposed,
        represented=heard.has_lawyer is True,
        channel=heard.channel,
        language=heard.language,
        timezone=heard.timezone,
    )
    if again and before.outcome == DONE:
        return _again(started)
    given = _with_tokens(started, heard)
    if given is None or started.represented:
        return _next(given or started)
    return given


def _heard(interview: Interview, heard: Heard) -> Interview | None:
    if interview.asked is None or interview.outcome is not None:
        return None
    interview = replace(
        interview,
        language=heard.language,
        channel=heard.channel,
        timezone=heard.timezone or interview.timezone,
    )
    if not _TOKEN.sub("", heard.text).strip(" .,;:!?"):
        # What the engine makes of a bare token means nothing.
        heard = replace(heard, intent="")
    if heard.choice is not None:
        return _chosen(interview, *heard.choice, heard)
    # What was said with the values put back is read for its meaning only; nothing of it goes into the state.
    told = " ".join(plain(_TOKEN.sub(lambda found: heard.values.get(found[0], found[0]), heard.text)).split())
    clear = " ".join(plain(heard.text).replace("\u2019", "'").split())
    bare = clear.strip(" .,;:!\u00a1")
    short = len(clear.split()) <= SHORT
    if cancels(bare):
        return _ended(interview, CANCELLED)
    if (changed := _changed_at_once(interview, clear)) is not None:
        return changed
    if asks_why(clear) and interview.asked in (NAME, REACH, CONSENT):
        # Said of one's data it sounds like a wish to erase them.
        return replace(interview, trouble=NEEDED)
    if heard.intent == "stop" and short:
        return _ended(interview, CANCELLED)
    if (heard.intent in _OF_OTHERS and not passes_over(bare)) or (
        heard.intent == "change_language" and interview.asked not in (LANGUAGE, LANGUAGE_OTHER)
    ):
        return None
    if goes_back(clear):
        return _back(interview)
    given = _with_tokens(interview, heard)
    if given is not None:
        return given
    if heard.intent not in _EMPTY and asks(clear):
        return None
    wanted = _to_change(interview, clear)
    if wanted is not None:
        return _ask(interview, wanted)
    answer = _answered(interview, told, heard)
    if answer is not None:
        return answer
    if passes_over(bare) or (does_not_know(clear) and short):
        return _skipped(interview)
    return _missed(interview) if heard.intent in _EMPTY or _TOKEN.search(heard.text) else None


def _changed_at_once(interview: Interview, clear: str) -> Interview | None:
    """The interview after a correction that names its answer: "I do not want messages left" while something else is
    asked; None for everything else."""
    for question in (SAFE_MESSAGE, INTERPRETER):
        if question == interview.asked or question not in interview.answers or field_in(clear) != question:
            continue
        code = code_in(question, clear)
        if code is not None and code != interview.answers[question] and not asks(clear):
            return _settled(interview, question, {question: code})
    return None


# values that stand behind tokens


def _usable(question: str, token: str, heard: Heard) -> bool:
    """Whether a value from earlier can be read back as the answer to a question."""
    value = heard.values.get(token)
    if value is None:
        return False
    if question == NAME:
        return isinstance(read_name(value), Name)
    if question == PHONE:
        read = read_phone(value)
        return isinstance(read, Phone) or read.code == WHICH_COUNTRY
    return isinstance(read_email(value), Email)


def _with_tokens(interview: Interview, heard: Heard) -> Interview | None:
    """The interview with the values that a message gives, or None when it gives none that belong to it."""
    taken: Interview | None = None
    trouble: Interview | None = None
    for found in _TOKEN.finditer(heard.text):
        token, kind = found[0], found[1]
        value = heard.values.get(token)
        if value is None:
            continue
        now = taken or interview
        if kind == "NAME":
            own = names_oneself(heard.text[: found.start()])
            if not own and now.asked not in (NAME, NAME_KNOWN):
                continue
            read = _with_name(now, token, value)
        elif kind in ("PHONE", "EMAIL"):
            read = _with_contact(now, token, value, heard)
        elif kind == "WHEN":
            code = code_in(WHEN, plain(value))
            read = _settled(now, WHEN, {WHEN: code or token})
        elif kind == "LANGUAGE":
            read = _with_language(now, token, value)
        else:
            continue
        if read is None:
            continue
        if read.trouble is None:
            taken = read
        else:
            trouble = trouble or read
    return taken or trouble


def _with_name(interview: Interview, token: str, value: str) -> Interview | None:
    read = read_name(value)
    if isinstance(read, Name):
        if PHONE not in interview.answers and isinstance(read_phone(value), Phone):
            # "Ana Lopez 305 555 0142": the number is read back where it would be asked.
            interview = replace(interview, proposed={**interview.proposed, PHONE: token})
        return _settled(interview, NAME, {NAME: token})
    return _troubled(interview, NAME, f"name_{read.code}", token)


def _with_contact(interview: Interview, token: str, value: str, heard: Heard) -> Interview | None:
    """A number or an address by what it is, whatever kind the gateway took it for; None for neither."""
    email = read_email(value)
    if isinstance(email, Email) or (email.code == DID_YOU_MEAN and interview.asked != PHONE):
        return _with_email(interview, token, value)
    asks_country = interview.asked == PHONE_COUNTRY
    region = region_in(value) if asks_country else None
    if region is not None and PHONE in interview.answers:
        return _with_country(interview, region, heard)
    if interview.asked in (EMAIL, EMAIL_KNOWN, EMAIL_ENDING) and email.code != NONE:
        return _with_email(interview, token, value)
    phone = read_phone(value)
    if not isinstance(phone, Phone) and phone.code == NONE:
        if code_in(interview.asked or "", plain(value)) is not None or is_plain_answer(plain(value)):
            # "Por correo", swapped whole because a number was asked for.
            return None
        expected = EMAIL if interview.asked in (EMAIL, EMAIL_KNOWN, EMAIL_ENDING) else PHONE
        known = (REACH, PHONE, PHONE_KNOWN, EMAIL, EMAIL_KNOWN, EMAIL_ENDING)
        return (
            _troubled(interview, expected, f"{expected}_{NONE}", token) if interview.asked in known else None
        )
    return _with_phone(interview, token, value)


def _with_phone(interview: Interview, token: str, value: str) -> Interview:
    read = read_phone(value)
    if isinstance(read, Phone):
        return _settled(interview, PHONE, {PHONE: token, "phone_region": read.region}, reach=PHONE)
    if interview.trouble == f"phone_{INVALID}" and interview.again == token:
        # Given twice: the tables of numbers are older than the newest area codes.
        loose = read_phone(value, strict=False)
        if isinstance(loose, Phone):
            told = {PHONE: token, "phone_region": loose.region, "phone_loose": YES}
            return _settled(interview, PHONE, told, reach=PHONE)
    if read.code == WHICH_COUNTRY:
        return _settled(replace(interview, regions=read.regions), PHONE, {PHONE: token}, reach=PHONE)
    return _troubled(interview, PHONE, f"phone_{read.code}", token)


def _with_country(interview: Interview, region: str, heard: Heard) -> Interview:
    """The number that is known, read as one of a country."""
    token = interview.answers[PHONE]
    value = heard.values.get(token)
    read = Phone("", region, "other") if value is None else read_phone(value, (region,))
    if isinstance(read, Phone):
        return _settled(interview, PHONE_COUNTRY, {"phone_region": read.region}, reach=PHONE)
    return _troubled(_without(interview, PHONE), PHONE, f"phone_{read.code}", token)


def _with_email(interview: Interview, token: str, value: str) -> Interview:
    read = read_email(value)
    if isinstance(read, Email):
        return _settled(interview, EMAIL, {EMAIL: token}, reach=EMAIL)
    if read.code == DID_YOU_MEAN:
        if interview.trouble == SAID_NO and interview.again == token and as_typed(value) is not None:
            return _settled(interview, EMAIL, {EMAIL: token, "email_as_typed": YES}, reach=EMAIL)
        return _settled(interview, EMAIL, {EMAIL: token, "email_ending": read.ending}, reach=EMAIL)
    return _troubled(interview, EMAIL, f"email_{read.code}", token)


def _with_language(interview: Interview, token: str, value: str) -> Interview | None:
    """The language in a reply to its question: one of the two, or another that stays a token."""
    told = plain(value)
    if language_in(told, interview.language) is not None:
        return _answered(replace(interview, asked=LANGUAGE), told, None)
    if is_plain_answer(told) or told in ("other", "otro", "otra", "otro idioma", "another language"):
        return None
    return _settled(_without(interview, LANGUAGE), LANGUAGE, {LANGUAGE: OTHER, LANGUAGE_OTHER: token})


# answers in words and by buttons


def _chosen(interview: Interview, question: str, code: str, heard: Heard) -> Interview | None:
    """The interview after a pressed button, also one of an earlier question; None for one that means nothing here."""
    if question == CORRECT:
        return _ask(interview, code) if code in CORRECTABLE else None
    if question == PHONE_COUNTRY:
        if PHONE not in interview.answers:
            return None
        if code == OTHER:
            return replace(interview, asked=PHONE_COUNTRY, regions=(), trouble=None)
        return _with_country(interview, code, heard)
    if question == SLOT:
        return _with_slot(interview, code)
    if code not in CODES.get(question, ()):
        return None
    return _with_code(interview, question, code, heard)


def _with_code(interview: Interview, question: str, code: str, heard: Heard | None) -> Interview | None:
    """The interview with one answer that is a code."""
    if question == LAWYER:
        if code == "no_longer":
            return _settled(interview, LAWYER, {LAWYER: code})
        return _ended(interview, SECOND_OPINION if code == SECOND_OPINION else ASK_LAWYER)
    if question in (NAME_KNOWN, PHONE_KNOWN, EMAIL_KNOWN):
        return _with_known(interview, question.removesuffix("_known"), code, heard)
    if question == EMAIL_ENDING:
        if EMAIL not in interview.answers:
            return None
        if code == YES:
            return _settled(interview, EMAIL_ENDING, {"email_mended": YES})
        token = interview.answers[EMAIL]
        return replace(_without(interview, EMAIL), asked=EMAIL, trouble=SAID_NO, again=token)
    if question == REVIEW:
        if code == "cancel":
            return _ended(interview, CANCELLED)
        if code == "correct":
            return _ask(interview, CORRECT)
        ready = interview.answers.get(CONSENT) == YES and _open_question(interview) == REVIEW
        return _ended(interview, DONE) if ready else _next(interview)
    if question == CONSENT:
        if code == NO:
            return _ended(interview, REFUSED)
        version = heard.consent_version if heard is not None else ""
        given = {CONSENT: YES, "consent_version": version, "consent_language": interview.language}
        return _settled(interview, CONSENT, given)
    if question == LANGUAGE:
        if code == OTHER:
            return _ask(_without(interview, LANGUAGE), LANGUAGE_OTHER)
        return _settled(_without(interview, LANGUAGE), LANGUAGE, {LANGUAGE: code, INTERPRETER: NO})
    if question == REACH:
        if code == WHATSAPP and interview.channel != WHATSAPP:
            return None
        return _settled(interview, REACH, {REACH: code})
    return _settled(interview, question, {question: UNKNOWN if code == "skip" else code})


def _with_known(interview: Interview, question: str, code: str, heard: Heard | None) -> Interview | None:
    """The interview after yes or no to a value from earlier."""
    token = interview.proposed.get(question)
    if token is None:
        return None
    left = replace(interview, proposed={k: v for k, v in interview.proposed.items() if k != question})
    value = heard.values.get(token) if heard is not None else None
    if code == NO:
        return _next(replace(left, trouble=None, misses=0))
    if value is None:
        # It is gone from the store of values, so that it has to be given again.
        return _ask(left, question)
    if question == NAME:
        return _with_name(left, token, value)
    return _with_phone(left, token, value) if question == PHONE else _with_email(left, token, value)


def _answered(interview: Interview, told: str, heard: Heard | None) -> Interview | None:
    """The interview after an answer in words to what is asked; None when the words are none."""
    asked = interview.asked or ""
    yes, no = says_yes(told), says_no(told)
    if not (yes or no) and heard is not None and len(told.split()) <= SHORT:
        yes, no = heard.intent == "affirm", heard.intent == "deny"
    if asked == CONSENT:
        # "Yes, but not my address" is no consent to what was read, and "no entiendo" is no refusal.
        if agrees(told):
            return _with_code(interview, CONSENT, YES, heard)
        refuses = code_in(CONSENT, told) == NO and not has_condition(told)
        return _with_code(interview, CONSENT, NO, heard) if refuses else None
    if asked in (NAME_KNOWN, PHONE_KNOWN, EMAIL_KNOWN, EMAIL_ENDING):
        code = YES if yes else NO if no else code_in(asked, told)
        return None if code is None else _with_code(interview, asked, code, heard)
    if asked == REVIEW:
        if no or (not has_condition(told) and (agrees(told) or code_in(REVIEW, told))):
            return _with_code(interview, asked, "correct" if no else "confirm", heard)
        return _ask(interview, CORRECT) if wants_change(told) else None
    if asked == PHONE_COUNTRY and heard is not None:
        region = region_in(told)
        return None if region is None else _with_country(interview, region, heard)
    if asked == CORRECT:
        field_named = _field_named(interview, told)
        if field_named in interview.answers:
            return _ask(interview, field_named or "")
        return _next(replace(interview, trouble=None)) if no else None
    if asked == LANGUAGE:
        code = language_in(told, interview.language)
        if code is None:
            return None
        settled = _settled(_without(interview, LANGUAGE), LANGUAGE, {LANGUAGE: code, INTERPRETER: NO})
        if not is_little(told):
            return settled
        # Whether an interpreter is needed is then not clear.
        return _next(replace(settled, answers={k: v for k, v in settled.answers.items() if k != INTERPRETER}))
    if asked in (NAME, PHONE, EMAIL, LANGUAGE_OTHER):
        return _no_such(interview, told)
    if asked == SLOT:
        code = code_in(SLOT, told) or (NO_SLOT if no else None)
        return None if code is None else _with_slot(interview, code)
    if asked == REACH and has_no_such(told):
        return _reached_otherwise(interview, told)
    code = code_in(asked, told)
    if code is None and (yes or no) and YES in CODES.get(asked, ()):
        code = YES if yes else NO
    if code is None or (code == WHATSAPP and interview.channel != WHATSAPP):
        return None
    return _with_code(interview, asked, code, heard)


def _reached_otherwise(interview: Interview, told: str) -> Interview:
    """Who says what they do not have: the first way that is named is that one, a second is how they are reached."""
    ways = [code for code in ways_in(told) if code in interview.choices]
    if len(ways) == 2 and not names_neither(told):
        return _settled(interview, REACH, {REACH: ways[1]})
    declined = tuple(dict.fromkeys((*interview.declined, *ways)))
    return _reach_again(replace(interview, declined=declined))


def _reach_again(interview: Interview) -> Interview:
    """The interview that asks for another way to be reached; it ends where there is none."""
    if not interview.declined:
        return _skipped(interview)
    left = _without(_without(_without(interview, EMAIL), PHONE), REACH)
    asked = replace(_ask(left, REACH), trouble=OTHER_WAY)
    return asked if set(asked.choices) - set(asked.declined) else _ended(interview, NO_CONTACT)


def _no_such(interview: Interview, told: str) -> Interview | None:
    """Who has no number (or address) is asked for the other way; who names the other way instead goes there."""
    if interview.asked not in (PHONE, EMAIL):
        return None
    other = code_in(REACH, told)
    if has_no_such(told):
        return _skipped(interview)
    if other is None or other == interview.asked or (other == WHATSAPP and interview.channel != WHATSAPP):
        return None
    return _settled(interview, REACH, {REACH: other})


def _to_change(interview: Interview, clear: str) -> str | None:
    """The answered question that the words want to change, or None."""
    if not wants_change(clear) or asks(clear):
        return None
    named = _field_named(interview, clear)
    return named if named in interview.answers and named in CORRECTABLE else None


def _field_named(interview: Interview, told: str) -> str | None:
    """The answer that the words name; a time is the one of the calendar where that was chosen."""
    named = field_in(told)
    return SLOT if named == WHEN and interview.slot is not None else named


# times of the calendar


def _with_times(interview: Interview, heard: Heard) -> Interview:
    """The interview with times to choose from where it asks for one; where there are none it asks when in general."""
    if not interview.wants_time:
        return interview
    left = [slot for slot in heard.slots if slot not in interview.seen]
    if not left:
        return replace(interview, asked=WHEN, slots=(), more=False)
    offered = spread(left, heard.timezone or "UTC")
    return replace(interview, asked=SLOT, slots=offered, more=len(left) > len(offered))


def _with_slot(interview: Interview, code: str) -> Interview | None:
    """The interview with a time, also one offered before, or with what was pressed instead; None for another code."""
    if code == AGAIN:
        return _again(interview)
    if code == MORE:
        return replace(_ask(interview, SLOT), slots=(), seen=(*interview.seen, *interview.slots))
    if code == NO_SLOT:
        return _settled(interview, SLOT, {SLOT: NO_SLOT})
    if code not in (*interview.slots, *interview.seen):
        return None
    return replace(_settled(_without(interview, WHEN), SLOT, {SLOT: code}), picked=True)


def _again(interview: Interview) -> Interview:
    """The interview that asks for another time, because the chosen one was taken."""
    taken = () if interview.slot is None else (interview.slot,)
    left = _without(interview, SLOT)
    return replace(_ask(left, SLOT), seen=(*interview.seen, *taken), reopened=True)


# the course of the conversation


def _open_question(interview: Interview) -> str:
    """What is still to be asked, in the order of the conversation."""
    told, proposed = interview.answers, interview.proposed
    if interview.represented and LAWYER not in told:
        return LAWYER
    if NAME not in told:
        return NAME_KNOWN if NAME in proposed else NAME
    if REACH not in told:
        known = next((question for question in (PHONE, EMAIL) if question in proposed), None)
        return REACH if known is None else f"{known}_known"
    if told[REACH] == PHONE and "phone_region" not in told:
        return PHONE if PHONE not in told else PHONE_COUNTRY
    if told[REACH] == EMAIL and EMAIL not in told:
        return EMAIL
    if told[REACH] == EMAIL and "email_ending" in told and "email_mended" not in told:
        return EMAIL_ENDING
    order = (SAFE_MESSAGE, LANGUAGE, INTERPRETER, WHEN, CONSENT, CONFLICT)
    settled = set(told) if interview.slot is None else {*told, WHEN}
    return next((question for question in order if question not in settled), REVIEW)


def _next(interview: Interview) -> Interview:
    """The interview with what is to be asked next."""
    return replace(_ask(interview, _open_question(interview)), outcome=None)


def _settled(
    interview: Interview, question: str, answers: Mapping[str, str], reach: str | None = None
) -> Interview:
    """The interview with an answer; a way to be reached that is given is the one that is used."""
    if question in (NAME, PHONE, EMAIL):
        interview = _without(interview, question)
    told = {**interview.answers, **answers}
    if reach is not None:
        told[REACH] = reach
    if question == WHEN and SLOT in told:
        told[SLOT] = NO_SLOT
    asked = interview.asked
    trail = interview.trail
    if asked is not None and asked not in (CORRECT, REVIEW) and asked not in trail[-1:]:
        trail = (*trail, asked)
    proposed = {name: token for name, token in interview.proposed.items() if name != question}
    return _next(replace(interview, answers=told, proposed=proposed, trail=trail))


def _without(interview: Interview, question: str) -> Interview:
    """The interview without an answer and what belongs to it."""
    gone = {question, *BELONGING.get(question, ())}
    return replace(
        interview, answers={name: told for name, told in interview.answers.items() if name not in gone}
    )


def _ask(interview: Interview, question: str) -> Interview:
    """The interview that asks something (again); the old answer stays until there is a new one."""
    return replace(interview, asked=question, trouble=None, again=None, misses=0)


def _back(interview: Interview) -> Interview:
    """One question back; from a correction, to where the conversation stood."""
    if interview.asked == CORRECT or interview.asked in interview.answers:
        return _next(interview)
    trail = list(interview.trail)
    while trail:
        before = BASE.get(question := trail.pop(), question)
        if before != interview.asked:
            return replace(_ask(_without(interview, before), before), trail=tuple(trail))
    return replace(interview, trouble=None)


def _skipped(interview: Interview) -> Interview:
    """Who does not want to say, or does not know: what is optional stays open, the rest is asked once more."""
    asked = interview.asked or ""
    if asked in OPTIONAL:
        return _settled(interview, asked, {asked: OPTIONAL[asked]})
    if asked in (LANGUAGE, LANGUAGE_OTHER):
        told = {LANGUAGE: interview.language, INTERPRETER: UNKNOWN if asked == LANGUAGE_OTHER else NO}
        return _settled(interview, LANGUAGE, told)
    if asked in (REVIEW, CORRECT):
        return replace(_next(interview), trouble=None)
    if asked in (NAME_KNOWN, PHONE_KNOWN, EMAIL_KNOWN, EMAIL_ENDING):
        return _with_code(interview, asked, NO, None) or interview
    if asked in (PHONE, PHONE_COUNTRY, EMAIL):
        way = EMAIL if asked == EMAIL else PHONE
        return _reach_again(replace(interview, declined=tuple(dict.fromkeys((*interview.declined, way)))))
    if asked == LAWYER:
        return _missed(interview)
    if interview.trouble in (NEEDED, OTHER_WAY):
        return _ended(interview, REFUSED if asked == CONSENT else NO_CONTACT)
    return replace(interview, trouble=NEEDED)


def _troubled(interview: Interview, question: str, trouble: str, token: str) -> Interview:
    """The interview that asks for a value again, because the one behind the token could not be used."""
    misses = interview.misses + 1
    if misses >= PATIENCE:
        return _ended(interview, GAVE_UP)
    return replace(interview, asked=question, trouble=trouble, misses=misses, again=token)


def _missed(interview: Interview) -> Interview:
    """The interview after a reply that was not understood: asked again, then left open or given up."""
    misses = interview.misses + 1
    asked = interview.asked or ""
    if misses >= PATIENCE:
        if asked in OPTIONAL or asked in (LANGUAGE, LANGUAGE_OTHER):
            return _skipped(interview)
        return _ended(interview, GAVE_UP)
    return replace(interview, trouble=NOT_UNDERSTOOD, misses=misses)


def _ended(interview: Interview, outcome: str) -> Interview:
    """The interview at its end; only a confirmed one keeps its answers."""
    kept = interview.answers if outcome == DONE else {}
    return replace(
        interview,
        answers=kept,
        proposed={},
        asked=None,
        trouble=None,
        regions=(),
        again=None,
        declined=(),
        trail=(),
        slots=(),
        seen=(),
        more=False,
        misses=0,
        outcome=outcome,
    )
