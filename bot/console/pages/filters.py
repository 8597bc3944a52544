"""What a list of conversations is narrowed by: from a form or an address to the store's filter and back.

What is searched for never stands in an address: it may name a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.transcripts.records import Filter, Place

CHANNELS = ("web", "whatsapp")
OUTCOMES = ("open", "answered", "unanswered", "triaged", "person", "booked", "apology")
URGENCIES = ("emergency", "urgent", "soon", "routine")
#: Those that somebody has to hear of at once.
PRESSING = ("emergency", "urgent")
#: The labels that staff can give; each has its words as ``label_<name>``.
LABELS = ("call_back", "check_answer", "translation", "conflict_check", "notario", "not_for_us", "training")

#: The longest text that is searched for.
LONGEST_SEARCH = 200

#: The fields that may stand in an address.
FIELDS = (
    "since", "until", "channel", "language", "topic", "outcome", "urgency", "reviewed", "held", "label", "staff",
    "reviewer", "writer",
)  # fmt: skip

_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "channel": CHANNELS,
    "language": ("en", "es"),
    "outcome": OUTCOMES,
    "urgency": URGENCIES,
    "reviewed": ("yes", "no"),
    "held": ("yes", "no"),
}
#: The longest label that an earlier version may have kept.
LONGEST_LABEL = 64

_LONGEST_VALUE = 64
_LATEST_DAY = date(9998, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def read_fields(given: Mapping[str, str]) -> dict[str, str]:
    """The fields that say something; what is none of theirs is left out, so that an old address still works."""
    found: dict[str, str] = {}
    for name in FIELDS:
        value = given.get(name, "").strip()
        if not value or len(value) > _LONGEST_VALUE or not value.isprintable():
            continue
        if name in _ONE_OF and value not in _ONE_OF[name]:
            continue
        if name in ("since", "until") and _day(value) is None:
            continue
        found[name] = value
    return found


def filter_of(fields: Mapping[str, str], timezone: str, text: str = "") -> Filter:
    """The store's filter; days are those of the firm's clock, both included."""
    since, until = _day(fields.get("since", "")), _day(fields.get("until", ""))
    return Filter(
        since=None if since is None else _midnight(since, timezone),
        until=None if until is None else _midnight(until + timedelta(days=1), timezone),
        reviewed=_yes_no(fields.get("reviewed", "")),
        held=_yes_no(fields.get("held", "")),
        channel=fields.get("channel", ""),
        language=fields.get("language", ""),
        topic=fields.get("topic", ""),
        outcome=fields.get("outcome", ""),
        urgency=fields.get("urgency", ""),
        label=fields.get("label", ""),
        staff=fields.get("staff", ""),
        reviewer=fields.get("reviewer", ""),
        writer=fields.get("writer", ""),
        text=" ".join(text.split())[:LONGEST_SEARCH],
    )


def read_key(given: str) -> tuple[datetime, str] | None:
    """After which row a list goes on; None for the start, and for what is no such place."""
    moment, _, id = given.partition("-")
    if not id or len(given) > 2 * _LONGEST_VALUE or not (moment.isascii() and moment.isdigit()):
        return None
    try:
        return _EPOCH + int(moment) * _TICK, id
    except OverflowError:
        return None


def written_key(key: tuple[datetime, str] | None) -> str:
    """A place in a list as ``read_key`` reads it; empty for none."""
    return "" if key is None else f"{(key[0] - _EPOCH) // _TICK}-{key[1]}"


def read_place(given: str, ranks: Collection[str]) -> Place | None:
    """After which row a queue goes on; None for its start, and for what is no place among ``ranks``."""
    rank, _, rest = given.partition("-")
    key = read_key(rest)
    return None if key is None or rank not in ranks else (rank, *key)


def written_place(place: Place | None) -> str:
    """A place in a queue as ``read_place`` reads it; empty for none."""
    return "" if place is None else f"{place[0]}-{written_key(place[1:])}"


def _day(written: str) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if day <= _LATEST_DAY else None


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone))


def _yes_no(written: str) -> bool | None:
    return {"yes": True, "no": False}.get(written)
