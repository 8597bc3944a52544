"""What somebody filled in on the page of a conversation, as an opinion; or what has to be mended first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from multidict import MultiMapping

from bot.console.judging.topics import Topics
from bot.console.pages import filters
from bot.console.telling import Say
from bot.transcripts.judging_records import GRADES, LABELS, RUBRIC, Judgement, Opinion, TurnJudgement

#: The longest note.
LONGEST_NOTE = 2_000
#: The longest topic that is looked up; no title is near it.
_LONGEST_TYPED = 300
_LABEL, _RIGHT, _RUBRIC = "label.", "right.", "rubric."
#: What is meant by a right topic without a label.
_IMPLIED = "wrong_topic"


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they stand on the page: labels and right topics by message id.

    ``tags`` are the ticked labels of the conversation, ``tagged`` those that it had when the page was made.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, str] = field(default_factory=dict)
    rubric: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    tags: frozenset[str] = frozenset()
    tagged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """What has to be mended, in words; ``at`` is the message, ``note``, or empty for the whole."""

    text: str
    at: str = ""


def read(form: MultiMapping[str]) -> Filled:
    """The fields of a form; codes that do not exist are left out."""
    labels = {name.removeprefix(_LABEL): value for name, value in form.items() if name.startswith(_LABEL)}
    rights = {
        name.removeprefix(_RIGHT): " ".join(value.split())
        for name, value in form.items()
        if name.startswith(_RIGHT)
    }
    rubric = {name: form.get(_RUBRIC + name, "") for name in RUBRIC}
    return Filled(
        labels={id: label for id, label in labels.items() if label in LABELS},
        rights={id: typed for id, typed in rights.items() if typed},
        rubric={name: grade for name, grade in rubric.items() if grade in GRADES},
        note=form.get("note", "").replace("\r\n", "\n").strip(),
        tags=frozenset(form.getall("tag", [])) & frozenset(filters.LABELS),
        tagged=frozenset(form.getall("tagged", [])) & frozenset(filters.LABELS),
    )


def filled_from(
    judgement: Judgement | None, topics: Topics, tagged: Iterable[str] = (), *, undone: bool = False
) -> Filled:
    """The fields as somebody left them, for changing what they thought.

    ``tagged`` are the labels of the conversation now. Those that a judgement changed which is ``undone`` are shown as
    it had them.
    """
    now = frozenset(tagged)
    if judgement is None:
        return Filled(tags=now, tagged=now)
    again = judgement.labels if undone else {}
    on = frozenset(name for name, put in again.items() if put)
    return Filled(
        tags=now - again.keys() | on,
        tagged=now,
        labels={turn.message_id: turn.label for turn in judgement.turns},
        rights={
            turn.message_id: topics.title(turn.topic, turn.section)
            for turn in judgement.turns
            if turn.topic is not None
        },
        rubric=judgement.rubric,
        note=judgement.note or "",
    )


def opinion_of(verdict: str, filled: Filled, topics: Topics, say: Say) -> Opinion | Problem:
    """The opinion, or what has to be mended first.

    "Needs fix" needs a label or a note, "good" has no labels; "urgent" needs nothing and is never held up.
    """
    urgent = verdict == "urgent"
    turns, note = [], filled.note
    for id in {**filled.labels, **filled.rights}:
        typed = filled.rights.get(id, "")
        found = topics.find(typed[:_LONGEST_TYPED]) if typed else None
        if typed and found is None:
            if not urgent:
                return Problem(say("judging_topic_unknown", typed=typed[:_LONGEST_TYPED]), id)
            # Nothing that was typed is lost.
            note = f"{note}\n{typed}".strip()
        label = filled.labels.get(id, _IMPLIED if found else "")
        if label:
            turns.append(TurnJudgement(id, label, *(found or (None, None))))
    if len(note) > LONGEST_NOTE and not urgent:
        return Problem(say("judging_note_long", limit=f"{LONGEST_NOTE:,}"), "note")
    if verdict == "fix" and not turns and not note:
        return Problem(say("judging_need_mark"))
    if verdict == "good" and turns:
        return Problem(say("judging_good_marked"), turns[0].message_id)
    # Others' changes meanwhile stay.
    changed = {name: name in filled.tags for name in filled.tags ^ filled.tagged}
    return Opinion(verdict, filled.rubric, note, tuple(turns), changed)
