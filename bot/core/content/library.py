"""The library: every article and notice, filled with the law of the day, ready to be told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from bot.core import template
from bot.core.content.approvals import FILE_NAME as APPROVALS
from bot.core.content.approvals import Approval, changed_approvals, content_hash
from bot.core.content.article import PART_LIMITS, Article, Part, Section
from bot.core.content.glossary import Glossary
from bot.core.content.notices import NOTICE_LIMIT, Notice
from bot.core.content.store import (
    NOTE_APPROVED,
    NOTE_CHANGING,
    NOTE_REVIEW_DUE,
    NOTE_UNAPPROVED,
    WITHHELD,
    Content,
    Topic,
    read_content,
)
from bot.core.datafile import near
from bot.core.errors import ContentFileError, DataFileError, LawFileError
from bot.core.firm import Firm, load_firm
from bot.core.law import Authority, NotInForce, Parameters, Value, format_date, format_value, load_parameters
from bot.core.messages import LANGUAGES, Choice, Reply, Source
from bot.core.problems import Problem, Report
from bot.core.template import Placeholder, placeholders

DEMO = "demo"
PRODUCTION = "production"

TALK_TO_PERSON = "/talk_to_human"
SECTION_CHOICES = 4
RELATED_CHOICES = 2

# A disk is asked at most this often whether a file changed (seconds).
_RELOAD_EVERY = 1.0

type Stamp = dict[str, tuple[int, int]]


class _NotTellable(Exception):
    """A text needs a value that is not in force."""


class Library:
    """Answers and notices, from files that may change while it is in use.

    ``mode`` "production" withholds what no lawyer of the firm has approved. A broken edit leaves everything
    as it was and is told to ``on_problem``, once for each state of the files.
    """

    def __init__(
        self,
        root: Path,
        content: Content,
        parameters: Parameters,
        firm: Firm,
        mode: str = DEMO,
        on_problem: Callable[[DataFileError], None] | None = None,
        stamp: Stamp | None = None,
    ) -> None:
        self.root = root
        self.parameters = parameters
        self.firm = firm
        self.mode = mode
        self.on_problem = on_problem
        #: Why the files as they stand now are not told, but their last good state; None when they are.
        self.problem: DataFileError | None = None
        self._content = content
        self._hashes: dict[str, str] = {}
        self._stamp = stamp
        self._looked: float | None = None

    # what there is

    @property
    def topics(self) -> dict[str, Topic]:
        """The topics by intent."""
        return self._content.topics

    @property
    def parents(self) -> dict[str, str]:
        """The older topic by each topic that was later taken out of it."""
        found = ((intent, topic.articles[LANGUAGES[0]].parent) for intent, topic in self.topics.items())
        return {intent: parent for intent, parent in found if parent is not None}

    @property
    def notices(self) -> dict[str, Notice]:
        """The notices by id, as written."""
        return self._content.notices

    @property
    def glossary(self) -> Glossary:
        """The agreed words."""
        return self._content.glossary

    def label(self, name: str, lang: str) -> str:
        """A button's title from labels.yml; raises KeyError for a name that is not there."""
        return self._content.labels[name][lang]

    # telling

    def answer(self, intent: str, lang: str, section: str | None, today: date) -> Reply:
        """The section of a topic's article as told on a day; the general one when ``section`` is unknown.

        When there is nothing that may be told (no such topic, a value not in force, or in production an
        article that nobody approved) it is the notice ``answer_withheld`` with the way to a person.
        """
        topic = self.topics.get(intent)
        if topic is None:
            return self.withheld(lang, today)
        approval = self.approval(intent)
        if self.mode == PRODUCTION and approval is None:
            return self.withheld(lang, today)
        article = topic.articles.get(lang) or topic.articles[LANGUAGES[0]]
        chosen = article.section(section)
        try:
            return self._tell(article, chosen, approval, today)
        except _NotTellable:
            return self.withheld(lang, today)

    def as_told(self, intent: str, lang: str, section: str, today: date) -> Reply | None:
        """As ``answer``, approved or not: for who has to approve it. None when a value is not in force on that day."""
        article = self.topics[intent].articles[lang]
        try:
            return self._tell(article, article.section(section), self.approval(intent), today)
        except _NotTellable:
            return None

    def withheld(self, lang: str, today: date) -> Reply:
        """The notice that there is no answer to this, with the way to a person."""
        return self.notice(WITHHELD, lang, today=today)

    def notice(self, id: str, lang: str, *, today: date | None = None, **values: str) -> Reply:
        """A notice with its placeholders filled, those without a point from ``values``.

        Without ``today`` the newest value of the law is told, so that an emergency notice needs no date. A
        third-language notice comes in its own language, whatever ``lang`` is. Raises ContentFileError when
        there is no such notice or a value is not given.
        """
        notice = self.notices.get(id)
        if notice is None:
            raise _one(Report(), "notice_missing", str(self.root / "notices" / f"{id}.yml"), id=id)
        told = lang if lang in notice.texts else next(iter(notice.texts))
        used: dict[str, Value] = {}

        def value(placeholder: Placeholder) -> str:
            if "." in placeholder.name:
                known = LANGUAGES[0] if told not in LANGUAGES else told
                try:
                    return self._value(placeholder, known, today, used)
                except _NotTellable:
                    raise _one(
                        Report(), "not_in_force", notice.path, name=placeholder.name, date=today or "?"
                    ) from None
            if placeholder.name not in values:
                raise _one(Report(), "notice_value_missing", notice.path, id=id, name=placeholder.name)
            return values[placeholder.name]

        text = template.fill(notice.texts[told], value)
        title = template.fill(notice.titles.get(told, ""), value)
        choices = tuple(Choice(choice.titles[told], choice.payload) for choice in notice.choices)
        return Reply(
            kind=notice.kind,
            id=id,
            lang=told,
            text=text,
            title=title,
            choices=choices,
            parameters={
                name: format_value(law, told if told in LANGUAGES else "en") for name, law in used.items()
            },
        )

    def questions(self, intent: str, lang: str, today: date) -> dict[str, tuple[str, ...]]:
        """The questions that each section of a topic answers, by its id; the heading, as told on a day, comes first."""
        sections = self.topics[intent].articles[lang].sections
        return {
            s.id: (told, *s.asks)
            for s in sections
            if (told := self.filled(s.question, lang, today)) is not None
        }

    def filled(self, text: str, lang: str, today: date) -> str | None:
        """A text with the values of the day, or None when one is not in force."""
        try:
            return template.fill(text, lambda placeholder: self._value(placeholder, lang, today, {}))
        except _NotTellable:
            return None

    def _value(self, placeholder: Placeholder, lang: str, today: date | None, used: dict[str, Value]) -> str:
        """What stands for a placeholder; law values go into ``used``."""
        if placeholder.is_firm:
            return self.firm.value(placeholder.name.removeprefix(template.FIRM), lang)
        found = (
            self.parameters.latest(placeholder.name)
            if today is None
            else self.parameters.at(placeholder.name, today)
        )
        if isinstance(found, NotInForce):
            raise _NotTellable
        used[placeholder.name] = found
        return format_value(found, lang, placeholder.style)

    def _tell(self, article: Article, section: Section, approval: Approval | None, today: date) -> Reply:
        lang = article.lang
        used: dict[str, Value] = {}

        def value(placeholder: Placeholder) -> str:
            return self._value(placeholder, lang, today, used)

        text = template.fill(section.short.text, value)
        full = "" if section.full is None else template.fill(section.full.text, value)
        notes: list[str] = []
        for parameter in [law.parameter for law in used.values()]:
            if parameter.changing is not None:
                note = template.fill(parameter.changing[lang], value)
                if note not in notes:
                    notes.append(note)
        if notes:
            notes.insert(0, self.notice(NOTE_CHANGING, lang, today=today).text)
        authority = [*article.sources, *(source for law in used.values() for source in law.authority)]
        checked = min((source.checked for source in authority), default=None)
        checked_words = "" if checked is None else format_date(checked, lang)
        if approval is None:
            notes.append(self.notice(NOTE_UNAPPROVED, lang, today=today, checked=checked_words).text)
        else:
            notes.append(
                self.notice(
                    NOTE_APPROVED,
                    lang,
                    today=today,
                    checked=checked_words,
                    name=approval.by,
                    date=format_date(approval.on, lang),
                ).text
            )
        if today > article.review_due:
            due = format_date(article.review_due, lang)
            notes.append(self.notice(NOTE_REVIEW_DUE, lang, today=today, date=due).text)
        return Reply(
            kind="answer",
            id=article.intent,
            lang=lang,
            text=text,
            full=full,
            title=article.title,
            section=section.id,
            choices=tuple(self._choices(article, section)),
            sources=_sources(authority),
            notes=tuple(notes),
            facts_checked=None if checked is None else checked.isoformat(),
            approved_by=None if approval is None else approval.by,
            approved_on=None if approval is None else approval.on.isoformat(),
            parameters={name: format_value(law, lang) for name, law in used.items()},
            version=self.hash(article.intent)[:16],
        )

    def _choices(self, article: Article, section: Section) -> Iterator[Choice]:
        """Other sections (those after this one first, then from the start), related topics, a person."""
        here = article.sections.index(section)
        others = article.sections[here + 1 :] + article.sections[:here]
        for other in others[:SECTION_CHOICES]:
            yield Choice(other.label, f"/{article.intent}{json.dumps({'section': other.id})}")
        offered = [self.topics[intent] for intent in article.related if intent in self.topics]
        if self.mode == PRODUCTION:
            offered = [topic for topic in offered if self.is_approved(topic.intent)]
        for topic in offered[:RELATED_CHOICES]:
            yield Choice(topic.articles[article.lang].label, f"/{topic.intent}")
        yield Choice(self.label("label_person", article.lang), TALK_TO_PERSON)

    # approvals

    def hash(self, intent: str) -> str:
        """What an approval of this topic holds: it changes with any edit of its files or parameters."""
        if intent not in self._hashes:
            topic = self.topics[intent]
            digests = [topic.articles[lang].digest for lang in LANGUAGES]
            laws = [f"{name} {self.parameters.get(name).digest}" for name in self.parameters_of(intent)]
            self._hashes[intent] = content_hash([*digests, *laws])
        return self._hashes[intent]

    def parameters_of(self, intent: str) -> list[str]:
        """The ids of the law parameters that a topic can tell, those of "changing" sentences included."""
        names: set[str] = set()
        for article in self.topics[intent].articles.values():
            for section in article.sections:
                names |= {p.name for p in section.placeholders() if p.is_parameter}
        for name in sorted(names):
            for sentence in (self.parameters.get(name).changing or {}).values():
                names |= {p.name for p in placeholders(sentence) if p.is_parameter}
        return sorted(names)

    def approval(self, intent: str) -> Approval | None:
        """The approval of a topic as it stands now; None when there is none or an edit voided it."""
        approval = self._content.approvals.get(intent)
        return approval if approval is not None and approval.hash == self.hash(intent) else None

    def recorded_approval(self, intent: str) -> Approval | None:
        """What approvals.yml says about a topic, whether it still holds or not."""
        return self._content.approvals.get(intent)

    def is_approved(self, intent: str) -> bool:
        """Whether a lawyer approved exactly what the files say now."""
        return self.approval(intent) is not None

    def approve(self, intent: str, by: str, on: date) -> Approval:
        """Record that ``by`` approves the topic as it stands; what others recorded meanwhile stays.

        Raises ContentFileError when it is unknown or the approvals cannot be read, OSError when they cannot be written.
        """
        if intent not in self.topics:
            path = str(self.root / "topics")
            raise _one(Report(), "unknown_topic", path, topic=intent, near=near(intent, self.topics))
        approval = Approval(intent, self.hash(intent), by, on)
        with changed_approvals(self.root / APPROVALS) as approvals:
            approvals[intent] = approval
        self._recorded(approvals)
        return approval

    def withdraw(self, intent: str) -> bool:
        """Whether there was an approval of the topic to take back. Raises as ``approve``."""
        with changed_approvals(self.root / APPROVALS) as approvals:
            found = approvals.pop(intent, None)
        self._recorded(approvals)
        return found is not None

    def _recorded(self, approvals: dict[str, Approval]) -> None:
        """Takes over what was just written, so that it is not read once more; edits of texts are still found."""
        self._content.approvals.clear()
        self._content.approvals.update(approvals)
        if self._stamp is not None:
            self._stamp = {**self._stamp, **_stamp_of([self.root / APPROVALS])}

    # change

    def reload_if_changed(self, now: float) -> bool:
        """Whether new content was taken over. ``now`` is a clock that only goes forward, in seconds.

        Cheap: the files are looked at no more than once a second.
        """
        if self._looked is not None and now - self._looked < _RELOAD_EVERY:
            return False
        self._looked = now
        return self.reload()

    def reload(self) -> bool:
        """As ``reload_if_changed``, but looks at the files whenever it is called."""
        stamp = _look(self.root, self.parameters, self.firm)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            parameters = load_parameters(self.parameters.root)
            firm = load_firm(self.firm.path)
            content, report = read_content(self.root, parameters)
            report.raise_first(ContentFileError)
        except DataFileError as exc:
            self.problem = exc
            if self.on_problem is not None:
                self.on_problem(exc)
            return False
        self.problem = None
        self.parameters, self.firm, self._content = parameters, firm, content
        self._hashes.clear()
        return True


def _look(root: Path, parameters: Parameters, firm: Firm) -> Stamp:
    """When each file was last written, and its size."""
    return _stamp_of({*root.rglob("*.md"), *root.rglob("*.yml"), *parameters.root.rglob("*.yml"), firm.path})


def _stamp_of(paths: Iterable[Path]) -> Stamp:
    stamp: Stamp = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        stamp[str(path)] = (status.st_mtime_ns, status.st_size)
    return stamp


def load_library(
    content: Path,
    parameters: Parameters,
    firm: Firm,
    *,
    mode: str = DEMO,
    on_problem: Callable[[DataFileError], None] | None = None,
) -> Library:
    """The library in a folder; raises ContentFileError with the first thing that is wrong.

    Nothing is checked against a day here: what is not in force is withheld when asked for, and
    ``check_library`` finds it before.
    """
    stamp = _look(content, parameters, firm)
    read, report = read_content(content, parameters)
    report.raise_first(ContentFileError)
    return Library(content, read, parameters, firm, mode, on_problem, stamp)


def check_library(content: Path, parameters: Parameters, firm: Firm, today: date) -> list[Problem]:
    """Everything that is wrong in the folder, and what is past its review date on ``today`` (a warning)."""
    read, report = read_content(content, parameters, today)
    if not read.topics and not report.errors:
        report.add("no_articles", str(content / "topics"))
    library = Library(content, read, parameters, firm)
    for topic in read.topics.values():
        for article in topic.articles.values():
            if article.review_due < today:
                report.warn("review_due", article.path, article.lines["review"], date=article.review_due)
            for section in article.sections:
                question = Part(section.question, section.line)
                _check_filled(
                    library,
                    article.lang,
                    section.id,
                    question,
                    PART_LIMITS["short"],
                    article.path,
                    today,
                    report,
                )
                for name, part in section.parts.items():
                    _check_filled(
                        library,
                        article.lang,
                        f"{section.id} {name}",
                        part,
                        PART_LIMITS[name],
                        article.path,
                        today,
                        report,
                    )
    for intent, approval in read.approvals.items():
        if intent in read.topics and not library.is_approved(intent):
            report.warn("approval_void", str(content / APPROVALS), None, topic=intent, by=approval.by)
    for notice in read.notices.values():
        for lang, text in notice.texts.items():
            part = Part(text, notice.lines[lang])
            _check_filled(library, lang, notice.id, part, NOTICE_LIMIT, notice.path, today, report, flat=True)
    return list(report)


def _one(report: Report, code: str, path: str, **details: object) -> DataFileError:
    """The exception for a single problem."""
    report.add(code, path, None, **details)
    return next(iter(report)).error(ContentFileError)


def _sources(authority: Iterable[Authority]) -> tuple[Source, ...]:
    """Each citation once, with its oldest check."""
    found: dict[tuple[str, str], date] = {}
    for source in authority:
        key = (source.cite, source.url)
        found[key] = min(source.checked, found.get(key, source.checked))
    return tuple(Source(cite, url, checked.isoformat()) for (cite, url), checked in found.items())


def _check_filled(
    library: Library,
    lang: str,
    what: str,
    part: Part,
    limit: int,
    path: str,
    today: date,
    report: Report,
    flat: bool = False,
) -> None:
    """Whether a text can be told on ``today`` and fits. ``flat``: it has only one line in its file."""
    tellable = True
    for placeholder in placeholders(part.source):
        if not placeholder.is_parameter or placeholder.name not in library.parameters:
            continue
        found = library.parameters.at(placeholder.name, today)
        if isinstance(found, NotInForce):
            tellable = False
            line = part.line if flat else part.line_at(placeholder.position)
            report.add("not_in_force", path, line, name=placeholder.name, date=today)
    if not tellable:
        return
    spoken = lang if lang in LANGUAGES else LANGUAGES[0]

    def value(placeholder: Placeholder) -> str:
        if "." not in placeholder.name:
            return placeholder.name
        try:
            return library._value(placeholder, spoken, today, {})
        except (KeyError, LawFileError):
            return placeholder.name

    length = len(template.fill(part.text, value))
    if length > limit:
        report.add("too_long", path, part.line, what=what, length=length, limit=limit)
