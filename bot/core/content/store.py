"""What stands under bot/content at one moment, read from the disk with everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.core.content import rules
from bot.core.content.approvals import FILE_NAME as APPROVALS
from bot.core.content.approvals import Approval, read_approvals
from bot.core.content.article import Article, read_article
from bot.core.content.glossary import Glossary, read_glossary
from bot.core.content.notices import Notice, read_labels, read_notices
from bot.core.law import Parameters
from bot.core.messages import LANGUAGES
from bot.core.problems import Report
from bot.core.template import placeholders

WITHHELD = "answer_withheld"
NOTE_CHANGING = "note_changing"
NOTE_UNAPPROVED = "note_unapproved"
NOTE_APPROVED = "note_approved"
NOTE_REVIEW_DUE = "note_review_due"
#: The notices that answers are made with, and what the program fills into each.
NEEDED_NOTICES: dict[str, frozenset[str]] = {
    WITHHELD: frozenset(),
    NOTE_CHANGING: frozenset(),
    NOTE_UNAPPROVED: frozenset({"checked"}),
    NOTE_APPROVED: frozenset({"checked", "name", "date"}),
    NOTE_REVIEW_DUE: frozenset({"date"}),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What one intent is answered from: the same sections in each language."""

    intent: str
    articles: dict[str, Article]

    @property
    def sections(self) -> tuple[str, ...]:
        """The ids of its sections, in order; the same in every language."""
        return tuple(section.id for section in self.articles[LANGUAGES[0]].sections)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that stands in the files at one moment."""

    topics: dict[str, Topic] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    glossary: Glossary = field(default_factory=lambda: Glossary(()))
    approvals: dict[str, Approval] = field(default_factory=dict)


def read_content(root: Path, parameters: Parameters, today: date | None = None) -> tuple[Content, Report]:
    """What could be read under ``root``, and everything that is wrong whatever the day."""
    report = Report()
    glossary = read_glossary(root / "glossary.yml", report)
    labels = read_labels(root / "labels.yml", report)
    approvals = read_approvals(root / APPROVALS, report)
    notices = read_notices(root / "notices", report)
    units = parameters.units()
    for notice in notices.values():
        rules.check_notice(notice, units, glossary, report)
    for id, given in NEEDED_NOTICES.items():
        if id not in notices:
            path = root / "notices" / f"{id}.yml"
            if not path.exists():
                report.add("notice_missing", str(path), None, id=id)
            continue
        for text in notices[id].texts.values():
            for placeholder in placeholders(text):
                if "." not in placeholder.name and placeholder.name not in given:
                    report.add("notice_value_missing", notices[id].path, None, id=id, name=placeholder.name)
    files = sorted(path for path in (root / "topics").rglob("*") if path.is_file())
    articles: dict[str, dict[str, Article]] = {}
    intents = {path.name.split(".")[0] for path in files}
    for path in files:
        article = read_article(path, report, today)
        if article is not None:
            articles.setdefault(article.intent, {})[article.lang] = article
            rules.check_article(article, intents, units, glossary, report)
    topics: dict[str, Topic] = {}
    names = {path.name for path in files}
    for intent, found in articles.items():
        if len(found) == len(LANGUAGES):
            topics[intent] = Topic(intent, found)
            rules.check_pair(found[LANGUAGES[0]], found[LANGUAGES[1]], report)
            continue
        for lang in LANGUAGES:
            # A partner that exists and could not be read has its own problems in the report.
            if lang not in found and f"{intent}.{lang}.md" not in names:
                here = next(iter(found.values()))
                report.add("partner_missing", here.path, None, language=lang, partner=f"{intent}.{lang}.md")
    return Content(topics, notices, labels, glossary, approvals), report
