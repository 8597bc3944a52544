"""What proposals would change in the project's files, and which of them cannot be taken."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.nlu_files import Line, example_lines, place_of, with_line
from bot.cli.overlap import exam_lines, folded, near_copies
from bot.core import yaml12
from bot.core.messages import LANGUAGES
from bot.core.rewording import one_line, problem_of
from bot.transcripts.learning import Proposal

NLU = Path("data") / "nlu"
CORRECTED = Path("tests") / "conversations" / "corrected.yml"
EXAM = Path("tests") / "eval"

#: Sections by topic, of every topic that has an article.
type Sections = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Refused:
    """A proposal that stays open, and why."""

    proposal: Proposal
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written. ``files`` are new contents by path from the root; ``known`` stood there before."""

    files: Mapping[Path, str]
    examples: tuple[Proposal, ...]
    tests: tuple[Proposal, ...]
    known: tuple[Proposal, ...]
    refused: tuple[Refused, ...]


def make_plan(proposals: Sequence[Proposal], root: Path, sections: Sections) -> Plan:
    """The examples that the proposals make, without those that would spoil the examples or the exam.

    ``files`` holds no tests yet: which of them hold is known after training (``with_tests``).
    """
    taught = {folded(line.text) or line.text: line.intent for line in example_lines(root / NLU)}
    tested = {_words(one): (one.get("id"), one.get("section")) for one in _first_turns(root)}
    there = frozenset(tested)
    exam = dict(exam_lines(root / EXAM))
    files: dict[Path, str] = {}
    examples: list[Proposal] = []
    tests: list[Proposal] = []
    known: list[Proposal] = []
    refused: list[Refused] = []
    for proposal in proposals:
        reason = _problem(proposal, root, sections)
        key = folded(proposal.text)
        if reason is None and proposal.kind == "example":
            reason = _spoils(proposal, taught, exam)
        elif reason is None:
            reason = _contradicts(proposal, tested)
        if reason is not None:
            refused.append(Refused(proposal, reason))
        elif proposal.kind == "test":
            # One of the same words in this plan is written or not as the first of them.
            (known if key in there else tests).append(proposal)
            tested.setdefault(key, (proposal.topic, proposal.section))
        elif key in taught:
            known.append(proposal)
        else:
            taught[key] = proposal.topic
            line = Line(proposal.language, proposal.topic, proposal.section, proposal.text)
            place = place_of(NLU, line)
            content = files.get(place) or (root / place).read_text(encoding="utf-8")
            files[place] = with_line(content, line)
            examples.append(proposal)
    return Plan(files, tuple(examples), tuple(tests), tuple(known), tuple(refused))


def _problem(proposal: Proposal, root: Path, sections: Sections) -> str | None:
    """Why nothing at all can be made of it."""
    if proposal.language not in LANGUAGES:
        return f"{proposal.language!r} is not a language of the examples"
    if one_line(proposal.text) != proposal.text or (found := problem_of(proposal.text)) is not None:
        told = "several lines" if one_line(proposal.text) != proposal.text else found
        return f"the text may not go into the files ({told}); take the proposal back in the console and rewrite it"
    if proposal.section is not None and proposal.section not in sections.get(proposal.topic, ()):
        return f"the article {proposal.topic} has no section {proposal.section}"
    if proposal.kind == "test":
        return (
            None
            if proposal.topic in sections
            else f"{proposal.topic} has no article that a test could ask for"
        )
    place = place_of(NLU, Line(proposal.language, proposal.topic, None, ""))
    return None if (root / place).is_file() else f"there is no {place}"


def _spoils(proposal: Proposal, taught: Mapping[str, str], exam: Mapping[str, str]) -> str | None:
    """Why it may not be an example."""
    other = taught.get(folded(proposal.text), proposal.topic)
    if other != proposal.topic:
        return f"the same line is an example of {other}"
    if copies := near_copies(exam, [proposal.text]):
        return f"it is a near copy of {copies[0][0]}, which measures and may not train"
    return None


def _contradicts(proposal: Proposal, tested: Mapping[str, tuple[str | None, str | None]]) -> str | None:
    """Why it may not be a test: its words have another right answer."""
    wanted = (proposal.topic, proposal.section)
    other = tested.get(folded(proposal.text), wanted)
    if other == wanted:
        return None
    return f"the same words are a test of {'/'.join(part for part in other if part)}"


def _first_turns(root: Path) -> Iterator[dict[str, Any]]:
    return (case["turns"][0] for case in read_cases(root))


def _words(turn: Mapping[str, Any]) -> str:
    return folded(str(turn.get("say", "")))


def read_cases(root: Path) -> list[dict[str, Any]]:
    """The conversation tests that were made of corrected turns. Raises DataFileError for a file that is not YAML."""
    return list(yaml12.load_file(root / CORRECTED) or [])


def with_tests(plan: Plan, tests: Iterable[Proposal], root: Path) -> dict[Path, str]:
    """The files of the plan, with these of its tests; those of the same words once."""
    by_words: dict[str, Proposal] = {}
    for proposal in tests:
        by_words.setdefault(folded(proposal.text), proposal)
    added = "".join(map(_case, by_words.values()))
    if not added:
        return dict(plan.files)
    return {**plan.files, CORRECTED: (root / CORRECTED).read_text(encoding="utf-8") + added}


def _case(proposal: Proposal) -> str:
    """One test as ``tests/conversations/test_answers.py`` reads it. JSON's strings are YAML's."""
    said, name = (
        json.dumps(text, ensure_ascii=False) for text in (proposal.text, f"corrected: {proposal.text}")
    )
    section = f", section: {proposal.section}" if proposal.section else ""
    return (
        f"\n- name: {name}\n  language: {proposal.language}\n  turns:\n"
        f"    - {{say: {said}, id: {proposal.topic}{section}, kind: answer}}\n"
    )


def difference(files: Mapping[Path, str], root: Path) -> Iterator[str]:
    """The lines that change, as ``git diff`` shows them."""
    for path, content in sorted(files.items()):
        before = (root / path).read_text(encoding="utf-8") if (root / path).exists() else ""
        yield from difflib.unified_diff(
            before.splitlines(keepends=True), content.splitlines(keepends=True), f"a/{path}", f"b/{path}", n=1
        )


def write(files: Mapping[Path, str], root: Path) -> None:
    """Writes the files: all of them, or where one cannot be written none."""
    before = {path: (root / path).read_bytes() for path in files}
    try:
        for path, content in files.items():
            (root / path).write_text(content, encoding="utf-8")
    except (OSError, UnicodeError):
        for path, old in before.items():
            (root / path).write_bytes(old)
        raise
